// ONNX Runtime Web and TensorFlow.js, each in a worker of its own: a cold start is cold every time, and the page goes
// on meanwhile. In comes { library, files, network, rgb, height, width, runs }: the bytes of the library's files in the
// order of core/deployment/libraries.py, and a network as ONNX or flat file. Out goes { cold, first, times } in
// milliseconds, logits, probabilities, and memory in bytes; or { problem }. One thread each.

const LONGEST = 10_000; // milliseconds, after which fewer runs must do

self.onmessage = async ({ data }) => {
  try {
    postMessage(await measured(data));
  } catch (problem) {
    postMessage({ problem: problem.message });
  }
};

async function measured({ library, files, network, rgb, height, width, runs }) {
  const begun = performance.now();
  const { run, memory } = await { onnx, tensorflow }[library](files, network, [1, height, width, 3]);
  const timed = async () => {
    const started = performance.now();
    const answer = await run(rgb);
    return { answer, milliseconds: performance.now() - started };
  };
  const { answer, milliseconds: first } = await timed();
  const cold = performance.now() - begun;
  const times = [];
  do times.push((await timed()).milliseconds);
  while (times.length < runs && performance.now() - begun < LONGEST);
  return { cold, first, times, logits: [...answer.logits], probabilities: [...answer.probabilities], memory: memory() };
}

// An address of bytes that are here already: nothing is asked for.
function addressOf(bytes, type) {
  return URL.createObjectURL(new Blob([bytes], { type }));
}

async function onnx([script, wasm], network, shape) {
  const ort = await import(addressOf(script, "text/javascript"));
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasm });
  const session = await ort.InferenceSession.create(network, { executionProviders: ["wasm"] });
  const run = async rgb => {
    const { logits, probabilities } = await session.run({ pixels: new ort.Tensor("uint8", rgb, shape) });
    return { logits: logits.data, probabilities: probabilities.data };
  };
  return { run, memory: () => null }; // it does not tell
}

async function tensorflow([core, backend, wasm], network, shape) {
  for (const script of [core, backend]) await import(addressOf(script, "text/javascript")); // they set `tf`
  const where = addressOf(wasm, "application/wasm");
  const name = "tfjs-backend-wasm";
  tf.wasm.setWasmPaths({
    [`${name}.wasm`]: where,
    [`${name}-simd.wasm`]: where,
    [`${name}-threaded-simd.wasm`]: where,
  });
  await tf.setBackend("wasm");
  const scores = rebuilt(network);
  const run = rgb =>
    tf.tidy(() => {
      const logits = scores(tf.tensor4d(Float32Array.from(rgb), shape));
      return { logits: logits.dataSync(), probabilities: tf.softmax(logits).dataSync() };
    });
  return { run, memory: () => tf.backend().wasm.HEAPU8.byteLength };
}

// The network of a flat file as a function of TensorFlow.js from pixels (1, h, w, 3) to logits (1, classes).
function rebuilt(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const integers = (at, count) => Array.from({ length: count }, (_, place) => view.getInt32(at + 4 * place, true));
  const [size, height, width, channels, layers, metadata] = integers(12, 6);
  const readers = {
    4: at => view.getFloat32(at, true),
    2: at => half(view.getUint16(at, true)),
    1: at => view.getInt8(at),
  };
  let end = 36 + 28 * layers + metadata;
  const numbers = (count, bytes) => {
    const start = end;
    end += Math.ceil((count * bytes) / 4) * 4;
    return Float32Array.from({ length: count }, (_, place) => readers[bytes](start + place * bytes));
  };
  const steps = [];
  let x = tf.zeros([1, height, width, channels]); // goes through every layer, and tells its shape
  // The last layer is softmax.
  for (let layer = 0; layer < layers - 1; layer += 1) {
    const [kind, outputs, kernel, stride, same, relu] = integers(36 + 28 * layer, 6);
    const pad = same ? "same" : "valid";
    const activation = relu ? "relu" : "linear";
    let step = kind === 2 ? x => tf.maxPool(x, kernel, stride, pad) : x => tf.reshape(x, [1, -1]);
    if (kind === 1 || kind === 4) {
      const bias = tf.tensor1d(numbers(outputs, 4));
      const inputs = x.shape.at(-1);
      const scales = size === 1 ? tf.tensor1d(numbers(outputs, 4)) : tf.scalar(1);
      const window = kind === 1 ? [kernel, kernel, inputs, outputs] : [inputs, outputs];
      const filter = tf.mul(tf.tensor(numbers(kernel * kernel * inputs * outputs, size), window), scales);
      step =
        kind === 1
          ? x => tf.fused.conv2d({ x, filter, strides: stride, pad, bias, activation })
          : x => tf.fused.matMul({ a: x, b: filter, bias, activation });
    }
    steps.push(step);
    x = step(x);
  }
  return pixels => steps.reduce((x, step) => step(x), pixels);
}

// A number of 16 bits: sign, 5 bits of exponent, 10 of fraction.
function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return (bits >> 15 ? -1 : 1) * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}
