// What scripts/deployment.py measures in Chromium: { first, cold, times } in milliseconds, logits, and memory in bytes.
// Bytes come as base64.

const decode = base64 => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));

window.measureEngine = async (module, engine, network, rgb, runs) => {
  const { open } = await import(`data:text/javascript;base64,${module}`);
  const started = performance.now();
  const opened = await open(decode(engine), decode(network));
  const { milliseconds: first, logits } = opened.run(decode(rgb));
  const cold = performance.now() - started;
  const times = Array.from({ length: runs }, () => opened.run(decode(rgb)).milliseconds);
  return { first, cold, times, logits: [...logits], memory: opened.memory() };
};

window.measureLibrary = (script, library, files, network, rgb, runs, height, width) =>
  new Promise((resolve, reject) => {
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = new Worker(address, { type: "module" });
    worker.onerror = event => reject(new Error(event.message));
    worker.onmessage = ({ data }) => (data.problem ? reject(new Error(data.problem)) : resolve(data));
    const input = {
      library,
      files: files.map(decode),
      network: decode(network),
      rgb: decode(rgb),
      height,
      width,
      runs,
    };
    worker.postMessage(input);
  });
