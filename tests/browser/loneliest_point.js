// Of the small points of the flat map the one with most room around it: where it lies on the screen, its number, its text.
stage => {
  const { marker_of, markers, coordinates, view } = stage;
  const box = stage.querySelector("canvas").getBoundingClientRect();
  const points = marker_of.map((_, i) => [
    box.left + (box.width * (1 + 0.94 * view.zoom * coordinates[3 * i] + view.x)) / 2,
    box.top + (box.height * (1 - 0.94 * view.zoom * coordinates[3 * i + 1] - view.y)) / 2,
  ]);
  const smallest = Math.min(...markers.map(marker => marker.size));
  const isInside = ([x, y]) => x > box.left + 20 && x < box.right - 20 && y > box.top + 60 && y < box.bottom - 20;
  const distance = (p, q) => (p === q ? Number.POSITIVE_INFINITY : Math.hypot(p[0] - q[0], p[1] - q[1]));
  const room = i => Math.min(...points.map(point => distance(point, points[i])));
  const loneliest = points
    .map((_, i) => i)
    .filter(i => markers[marker_of[i]].size === smallest && isInside(points[i]))
    .reduce((one, other) => (room(other) > room(one) ? other : one));
  return [...points[loneliest], loneliest, markers[marker_of[loneliest]].text];
};
