// What several components need.

export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

export function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

// A text with its {placeholders} filled in.
export function fill(text, values) {
  return text.replace(/{(\w+)}/g, (_, name) => values[name]);
}
