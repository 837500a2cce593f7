import { element } from "./shared.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const tiles = data.map(({ number, image_url, alt, note, mark }) => {
    const button = element("button", { className: mark, onclick: () => setTriggerValue("opened", number) });
    const image = element("span", { className: "image" });
    image.append(element("img", { src: image_url, alt }));
    button.append(image, element("span", { className: "note", textContent: note }));
    return button;
  });
  parentElement.querySelector(".tiles").replaceChildren(...tiles);
}
