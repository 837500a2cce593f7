#!/usr/bin/env node
// What is on a picture, by the WebAssembly engine in Node:
//   node deploy/node/classify.mjs NETWORK.flat PICTURE.png [RUNS] [--json]
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { open, quantile, top } from "../web/engine.js";

const json = process.argv.includes("--json");
const [file, picture, runs = "100"] = process.argv.slice(2).filter(argument => !argument.startsWith("--"));
if (!picture) fail("usage: node classify.mjs NETWORK.flat PICTURE.png [RUNS] [--json]");
const engine = readFileSync(new URL("../../assets/engine/engine.wasm", import.meta.url));
const network = await open(engine, new Uint8Array(readFileSync(file)));
const { width, height, pixels } = picture === "-" ? readRaw() : readPng(readFileSync(picture));
if (width !== network.width || height !== network.height)
  fail(`The picture has ${width} x ${height} pixels, the network takes ${network.width} x ${network.height}.`);

const first = network.run(pixels);
const memory = process.memoryUsage.rss();
const times = Array.from({ length: Number(runs) }, () => network.run(pixels).milliseconds);
if (json) {
  const numbers = name => Array.from(first[name]);
  const outputs = Object.fromEntries(["probabilities", "logits", "embedding"].map(name => [name, numbers(name)]));
  console.log(JSON.stringify({ first: first.milliseconds, memory, times, ...outputs }));
} else {
  for (const [label, probability] of top(network.metadata.labels, first.probabilities))
    console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${label}`);
  const written = [first.milliseconds, quantile(times, 0.5), quantile(times, 0.95)].map(ms => ms.toFixed(2));
  console.log(`first ${written[0]} ms, p50 ${written[1]} ms, p95 ${written[2]} ms over ${times.length} runs`);
}

function fail(sentence) {
  console.error(sentence);
  process.exit(2);
}

// Raw RGB bytes from standard input.
function readRaw() {
  return { width: network.width, height: network.height, pixels: new Uint8Array(readFileSync(0)) };
}

// Width, height and RGB bytes of a PNG with 8 bits a colour, with or without alpha and not interlaced.
function readPng(bytes) {
  const parts = [];
  let header = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IHDR") {
      header = [data.readUInt32BE(0), data.readUInt32BE(4), data[8], data[9], data[12]];
    } else if (name === "IDAT") parts.push(data);
    at += length + 12;
  }
  const [width, height, depth, kind, interlaced] = header;
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced)
    fail("Expected a PNG with 8 bits a colour, not interlaced.");
  const step = kind === 2 ? 3 : 4;
  const row = width * step;
  const raw = inflateSync(Buffer.concat(parts));
  const lines = new Uint8Array(row * height);
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x += 1) {
      const left = x < step ? 0 : lines[y * row + x - step];
      const up = y ? lines[(y - 1) * row + x] : 0;
      const corner = x < step || !y ? 0 : lines[(y - 1) * row + x - step];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      lines[y * row + x] = raw[y * (row + 1) + 1 + x] + guess;
      if (x % step < 3) pixels[(y * width + Math.floor(x / step)) * 3 + (x % step)] = lines[y * row + x];
    }
  }
  return { width, height, pixels };
}

function paeth(left, up, corner) {
  const [a, b, c] = [left, up, corner].map(value => Math.abs(left + up - corner - value));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
