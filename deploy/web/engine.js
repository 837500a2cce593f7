// The engine in JavaScript: the same module in the dashboard's page, in the stand-alone page and in Node.

// Start the engine (the bytes of engine.wasm) with a network (the bytes of a flat file).
// -> { metadata, width, height, memory() in bytes, run(rgb) -> { probabilities, logits, embedding, milliseconds } }
export async function open(engine, network) {
  const { instance } = await WebAssembly.instantiate(engine); // it asks the system for nothing
  const wasm = instance.exports;
  wasm._initialize?.();
  const written = bytes => {
    const place = wasm.allocate(bytes.length);
    new Uint8Array(wasm.memory.buffer).set(bytes, place);
    return place;
  };
  const file = written(network);
  if (!wasm.load(file, network.length)) throw new Error("This is no flat file that the engine can read.");
  wasm.release(file);
  const width = wasm.width();
  const height = wasm.height();
  const pixels = written(new Uint8Array(3 * width * height));
  const floats = (name, count) => new Float32Array(wasm.memory.buffer, wasm[name](), count).slice();
  const run = rgb => {
    new Uint8Array(wasm.memory.buffer).set(rgb, pixels);
    const begun = performance.now();
    wasm.run(pixels);
    const milliseconds = performance.now() - begun;
    const [classes, features] = [wasm.classes(), wasm.features()];
    return {
      probabilities: floats("probabilities", classes),
      logits: floats("logits", classes),
      embedding: floats("embedding", features),
      milliseconds,
    };
  };
  return { metadata: metadata(network), width, height, run, memory: () => wasm.memory.buffer.byteLength };
}

// What stands in a flat file about the network: its name, class names, input size and digest.
function metadata(network) {
  const view = new DataView(network.buffer, network.byteOffset);
  const [layers, length] = [view.getInt32(28, true), view.getInt32(32, true)];
  const start = 36 + 28 * layers;
  return JSON.parse(new TextDecoder().decode(network.subarray(start, start + length)));
}

// The most probable classes, the first first: [[label, probability], ...].
export function top(labels, probabilities, count = 5) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  return order.slice(0, count).map(index => [labels[index], probabilities[index]]);
}

// Red, green and blue of a picture's pixels, whose alpha is left out.
export function withoutAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

// The value below which a share of the numbers lies, such as 0.5 (median) or 0.95.
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}
