// The shaded areas, their tooltips and selection, and the flows between districts.

const FLOW_STEPS = 24;
let chart = null;
let areaLayers = {};
let flowLayer = null;

function fillOf(column, area) {
  const value = shown(column, area);
  if (value === "c") return "url(#hatch)";
  if (!isNumber(value)) return data.colours.noData;
  const scale = scaleOf(column);
  return scale.colours[classOf(value, scale, column)];
}

function areaTooltip(area) {
  const value = shown(state.measure, area);
  const lines = [element("strong", { text: data.areas[area].name }), element("br"),
    element("span", { text: `${captionOf(state.measure)}: ${spokenText(value, state.measure, state.view)}` })];
  if (state.view === "figure" && state.measure === "without_local_place_share") {
    const of = [figure("without_local_place_pupils", area), figure("demand_pupils", area)];
    lines.push(element("br"), element("span", { text: `${valueText(of[0], "pupils")} of ${valueText(of[1], "pupils")} pupils` }));
  }
  return element("div", { className: "area-tip" }, ...lines);
}

function drawAreas() {
  for (const level of ["district", "cluster"]) {
    const layer = areaLayers[level];
    const wanted = level === state.level;
    if (wanted && !chart.hasLayer(layer)) chart.addLayer(layer);
    if (!wanted && chart.hasLayer(layer)) chart.removeLayer(layer);
    if (!wanted) continue;
    layer.eachLayer((shape) => {
      const area = shape.feature.properties.i;
      const chosen = area === state.selected;
      shape.setStyle({ fill: true, fillColor: fillOf(state.measure, area), fillOpacity: 1, stroke: chosen, color: data.colours.ink, weight: 3 });
      if (chosen) shape.bringToFront();
    });
  }
  const dashes = areaLayers.clusterBorders;
  if (state.level === "cluster") chart.addLayer(dashes);
  else chart.removeLayer(dashes);
  byId("cluster-key").hidden = state.level !== "cluster";
}

function prepareAreas(layers) {
  areaLayers = layers;
  for (const level of ["district", "cluster"]) {
    layers[level].eachLayer((shape) => {
      const area = shape.feature.properties.i;
      shape.bindTooltip(() => areaTooltip(area), { sticky: true, direction: "auto", opacity: 1 });
      shape.on("click", () => setState({ selected: state.selected === area ? -1 : area }));
    });
  }
}

// --- flows: gentle curves in map units, bent to one side so that both directions can be told apart

function flowsShown() {
  const years = ((data.flows[state.scenario] || {})[state.policy]) || {};
  return years[String(data.years[state.year].year)] || [];
}

function curve(from, to) {
  const a = chart.project(from, 10);
  const b = chart.project(to, 10);
  const across = L.point(-(b.y - a.y), b.x - a.x).multiplyBy(0.18);
  const middle = a.add(b).divideBy(2).add(across);
  const points = [];
  for (let step = 0; step <= FLOW_STEPS; step += 1) {
    const t = step / FLOW_STEPS;
    points.push(a.multiplyBy((1 - t) * (1 - t)).add(middle.multiplyBy(2 * t * (1 - t))).add(b.multiplyBy(t * t)));
  }
  return points;
}

// A band that narrows from home to school, with the widths in the same units as the curve.
function band(points, width) {
  const left = [];
  const right = [];
  const last = points.length - 1;
  points.forEach((point, place) => {
    const next = points[Math.min(place + 1, last)];
    const before = points[Math.max(place - 1, 0)];
    const along = next.subtract(before);
    const length = Math.hypot(along.x, along.y) || 1;
    const half = (width / 2) * (1 - 0.85 * (place / last));
    const aside = L.point(-along.y / length, along.x / length).multiplyBy(half);
    left.push(point.add(aside));
    right.unshift(point.subtract(aside));
  });
  return left.concat(right).map((point) => chart.unproject(point, 10));
}

function drawFlows() {
  flowLayer.clearLayers();
  if (!state.flows) return;
  const between = flowsShown().filter(([home, target, pupils]) => target >= 0 && home !== target && isNumber(pupils) && pupils > 0);
  const most = data.mostFlow || 1;
  between.sort((a, b) => b[2] - a[2]).forEach(([home, target, pupils]) => {
    const points = curve(data.areas[home].at, data.areas[target].at);
    const text = `${data.areas[home].name} to schools in ${data.areas[target].name}: ${numberText(pupils)} pupils`;
    L.polygon(band(points, 1.5 + 16 * (pupils / most)), {
      pane: "flows", stroke: true, color: "#FFFFFF", weight: 1, fillColor: data.colours.flow, fillOpacity: 0.8,
    }).bindTooltip(() => element("span", { text }), { sticky: true, opacity: 1 }).addTo(flowLayer);
  });
}

function startLayers(map, layers) {
  chart = map;
  prepareAreas(layers);
  flowLayer = L.layerGroup().addTo(chart);
  drawAreas();
  drawFlows();
}
