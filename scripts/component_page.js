// In an empty page: load a component's script. `render(data)` then draws it, and `sent` is what it has sent.
async script => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: component } = await import(address);
  const parentElement = document.getElementById("component");
  const send = (event, value) => window.sent.push([event, structuredClone(value)]);
  window.sent = [];
  window.render = async data => {
    component({ data, parentElement, setTriggerValue: send, setStateValue: send });
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  };
};
