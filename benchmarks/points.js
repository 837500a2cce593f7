// `drag(x, y, seconds)` moves a held mouse around a place, once a frame; it counts the frames in which WebGL drew.
() => {
  const mouse = { buttons: 1, bubbles: true, view: window, pointerId: 1, pointerType: "mouse", isPrimary: true };
  let drawn = false;
  for (const context of [WebGLRenderingContext, WebGL2RenderingContext])
    for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
      const draw = context.prototype[name];
      if (!draw) continue;
      context.prototype[name] = function (...values) {
        drawn = true;
        return draw.apply(this, values);
      };
    }

  window.drag = (x, y, seconds) =>
    new Promise(done => {
      const map = document.elementFromPoint(x, y);
      const started = performance.now();
      let angle = 0;
      let frames = 0;
      const onFrame = () => {
        frames += drawn;
        drawn = false;
        angle += 0.1;
        const place = { clientX: x + 100 * Math.sin(angle), clientY: y + 60 * Math.cos(angle) };
        map.dispatchEvent(new PointerEvent("pointermove", { ...place, ...mouse }));
        map.dispatchEvent(new MouseEvent("mousemove", { ...place, ...mouse }));
        const passed = (performance.now() - started) / 1000;
        if (passed < seconds) requestAnimationFrame(onFrame);
        else done([frames, passed]);
      };
      requestAnimationFrame(onFrame);
    });
};
