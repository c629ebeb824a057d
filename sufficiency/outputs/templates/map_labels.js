// Names and road numbers by rank: each is placed only where it covers nothing placed before it.

const LONGEST_LINE = 17;
let labelPane = null;
let labels = [];
let leaderLayer = null;

function overlap(a, b, gap) {
  return a.left < b.right + gap && a.right > b.left - gap && a.top < b.bottom + gap && a.bottom > b.top - gap;
}

function makeLabel(kind, text, at, more) {
  const node = element("span", { className: `label ${kind}`, text, "aria-hidden": "true" });
  labelPane.append(node);
  return { kind, at: L.latLng(at), node, size: [node.offsetWidth, node.offsetHeight], ...more };
}

// A long name stands on two lines, broken at the space nearest its middle.
function brokenName(name) {
  if (name.length <= LONGEST_LINE) return name;
  const gaps = [...name.matchAll(/ /g)].map((found) => found.index);
  if (!gaps.length) return name;
  const gap = gaps.reduce((best, at) => (Math.abs(at - name.length / 2) < Math.abs(best - name.length / 2) ? at : best));
  return `${name.slice(0, gap)}\n${name.slice(gap + 1)}`;
}

// Over the bands of reach an area bears its name alone.
function areaLabel(area) {
  const name = state.level === "district" ? brokenName(data.areas[area].name) : "";
  if (inReach()) return name;
  const value = valueText(shown(state.measure, area), state.measure, viewOf(state.measure));
  const unit = state.view === "change" && isShare(state.measure) && value !== "c" && value !== "z" ? " pts" : "";
  return name ? `${name}\n${value}${unit}` : `${value}${unit}`;
}

function makeLabels() {
  labelPane.querySelectorAll(".label").forEach((node) => node.remove());
  const areas = areasOf(state.level).map((area) => {
    const text = areaLabel(area);
    return text && makeLabel(`area ${state.level}`, text, data.areas[area].at, { centred: true, area, least: state.level === "zone" ? 10.6 : 0 });
  }).filter(Boolean);
  // The most room goes last: a small area has fewer spots for its name.
  const room = (label) => { const box = shapeOf(label.area).getBounds(); return box.getNorth() - box.getSouth() + box.getEast() - box.getWest(); };
  areas.sort((a, b) => room(a) - room(b));
  const districts = new Set(areasOf("district").map((area) => data.areas[area].name));
  const towns = data.places.filter((place) => state.level !== "district" || !districts.has(place.text))
    .map((place) => makeLabel(place.outside ? "town outside" : place.people >= 8000 ? "town large" : "town", place.text, place.at,
      { least: place.people >= 8000 ? 0 : place.people >= 3000 ? 10.6 : 11.6, dot: 2 + Math.sqrt(place.people) / 40 }));
  const roads = data.roadLabels.map((road) => makeLabel(`road rank-${road.rank}`, road.text, road.at,
    { centred: true, least: [0, 0, 10.2, 11.2][road.rank], text: road.text }));
  labels = [...extras.labels.flatMap((more) => more()), ...areas, ...towns, ...roads];
}

// The places a label may take about its point: centred, or beside the dot.
function spotsOf(label, point) {
  const [width, height] = label.size;
  if (label.area !== undefined) return areaSpots(label, point);
  if (label.centred) return [[point.x - width / 2, point.y - height / 2]];
  return [label.dot + 2, label.dot + 9, label.dot + 16].flatMap((gap) => [
    [point.x + gap, point.y - height / 2], [point.x - gap - width, point.y - height / 2],
    [point.x - width / 2, point.y - gap - height], [point.x - width / 2, point.y + gap],
    [point.x + gap, point.y - height], [point.x + gap, point.y], [point.x - gap - width, point.y - height], [point.x - gap - width, point.y]]);
}

// Rings of the area in pixels, and whether a point lies inside them (even and odd crossings).
function insideTest(area) {
  const pixels = flatRings(shapeOf(area).getLatLngs()).map((ring) => ring.map((at) => chart.latLngToLayerPoint(at)));
  return (x, y) => {
    let inside = false;
    pixels.forEach((ring) => ring.forEach((a, place) => {
      const b = ring[(place + 1) % ring.length];
      if ((a.y > y) !== (b.y > y) && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    }));
    return inside;
  };
}

function flatRings(levels) {
  return levels[0] instanceof L.LatLng ? [levels] : levels.flatMap(flatRings);
}

// An area's name moves outwards from its middle, its own middle and ends staying inside the area where they can.
function areaSpots(label, point) {
  const [width, height] = label.size;
  const inside = insideTest(label.area);
  const spots = [];
  for (let ring = 0; ring <= 12; ring += 1) {
    for (let step = 0; step < (ring ? 12 : 1); step += 1) {
      const angle = (step / 12) * 2 * Math.PI;
      const x = point.x + Math.cos(angle) * ring * 9;
      const y = point.y + Math.sin(angle) * ring * 8;
      const within = [[x, y], [x - width / 2, y], [x + width / 2, y]].filter(([px, py]) => inside(px, py)).length;
      spots.push({ x, y, ring, within });
    }
  }
  const good = spots.filter((spot) => spot.within === 3);
  const fair = spots.filter((spot) => spot.within < 3 && spot.within > 0 && inside(spot.x, spot.y));
  return [...good, ...fair].map(({ x, y }) => [x - width / 2, y - height / 2]);
}

function coveredBoxes() {
  const frame = chart.getContainer().getBoundingClientRect();
  return [...document.querySelectorAll(".map-frame .overlay, .leaflet-control")].map((node) => {
    const box = node.getBoundingClientRect();
    const least = chart.containerPointToLayerPoint([box.left - frame.left, box.top - frame.top]);
    const most = chart.containerPointToLayerPoint([box.right - frame.left, box.bottom - frame.top]);
    return { left: least.x, top: least.y, right: most.x, bottom: most.y };
  }).filter((box) => box.right > box.left);
}

function placeLabels() {
  const zoom = chart.getZoom();
  const size = chart.getSize();
  const origin = chart.containerPointToLayerPoint([0, 0]);
  const view = { left: origin.x + 2, top: origin.y + 2, right: origin.x + size.x - 2, bottom: origin.y + size.y - 2 };
  const taken = [...coveredBoxes(), ...symbolBoxes()];
  const numbers = {};
  const free = (box) => box.left > view.left && box.right < view.right && box.top > view.top && box.bottom < view.bottom
    && !taken.some((other) => overlap(box, other, 1));
  leaderLayer.clearLayers();
  labels.forEach((label) => {
    const point = chart.latLngToLayerPoint(label.at);
    const wanted = zoom >= (label.least || 0);
    let spot = wanted && spotsOf(label, point).map(([left, top]) => ({ left, top, right: left + label.size[0], bottom: top + label.size[1] }))
      .find(free);
    if (wanted && !spot && label.area !== undefined && state.level !== "zone") spot = besideArea(label, point, free, view);
    const near = spot && label.text && (numbers[label.text] || []).some((other) => other.distanceTo(point) < 260);
    label.node.hidden = !spot || near;
    if (!spot || near) return;
    taken.push(spot);
    if (label.text) (numbers[label.text] = numbers[label.text] || []).push(point);
    L.DomUtil.setPosition(label.node, L.point(Math.round(spot.left), Math.round(spot.top)));
  });
}

// No room inside: the name stands in the nearest free spot, with a line to the middle of its area.
function besideArea(label, point, free, view) {
  const [width, height] = label.size;
  for (let reach = 40; reach <= 170; reach += 10) {
    for (let step = 0; step < 16; step += 1) {
      const angle = ((step * 7) % 16 / 16) * 2 * Math.PI;
      const middle = L.point(point.x + Math.cos(angle) * reach, point.y + Math.sin(angle) * reach);
      const box = { left: middle.x - width / 2, top: middle.y - height / 2, right: middle.x + width / 2, bottom: middle.y + height / 2 };
      if (!free(box)) continue;
      const edge = L.point(Math.max(box.left, Math.min(box.right, point.x)), Math.max(box.top, Math.min(box.bottom, point.y)));
      const ends = [edge, point].map((end) => chart.layerPointToLatLng(end));
      L.polyline(ends, { pane: "labels", color: "#FFFFFF", weight: 3.5, interactive: false }).addTo(leaderLayer);
      L.polyline(ends, { pane: "labels", color: data.colours.ink, weight: 1.2, interactive: false }).addTo(leaderLayer);
      return box;
    }
  }
  // Nothing is free: over its area, kept inside the map while its area is in view.
  const kept = (at, size, least, most) => (at < least || at > most ? at : Math.min(Math.max(at, least + size / 2), most - size / 2));
  const [x, y] = [kept(point.x, width, view.left, view.right), kept(point.y, height, view.top, view.bottom)];
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

function drawLabels() {
  makeLabels();
  placeLabels();
}

function startLabels() {
  labelPane = chart.getPane("labels");
  labelPane.classList.add("leaflet-zoom-hide");
  leaderLayer = L.layerGroup().addTo(chart);
  data.places.forEach((place) => {
    L.circleMarker(place.at, { pane: "dots", radius: 2 + Math.sqrt(place.people) / 40, stroke: false, fillColor: data.colours.dot,
      fillOpacity: 0.5, interactive: false }).addTo(chart);
  });
  chart.on("zoomend", () => { spreadSymbols(); placeLabels(); });
  chart.on("moveend resize", placeLabels);
}
