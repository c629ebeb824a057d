// The flows between districts: gentle curves in map units, bent to one side so that both directions can be told apart.

const FLOW_STEPS = 24;
// Widths at home: of hardly anybody, so that a flow can still be seen and pointed at, and how much the largest is wider.
const FLOW_LEAST = 4;
const FLOW_MORE = 13.5;
let flowLayer = null;

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

function drawFlow(from, to, pupils, most, text, least = FLOW_LEAST) {
  L.polygon(band(curve(from, to), least + FLOW_MORE * (pupils / most)), {
    pane: "flows", stroke: true, color: "#FFFFFF", weight: 1, fillColor: data.colours.flow, fillOpacity: 0.8,
  }).bindTooltip(() => element("span", { text }), { sticky: true, opacity: 1 }).addTo(flowLayer);
}

function drawFlows() {
  flowLayer.clearLayers();
  if (!state.flows) return;
  const between = flowsShown().filter(([home, target, pupils]) => target >= 0 && home !== target && isNumber(pupils) && pupils > 0);
  between.sort((a, b) => b[2] - a[2]).forEach(([home, target, pupils]) => {
    const text = `${data.areas[home].name} to schools in ${data.areas[target].name}: ${numberText(pupils)} pupils`;
    drawFlow(data.areas[home].at, data.areas[target].at, pupils, data.mostFlow || 1, text);
  });
}

function startFlows() {
  flowLayer = L.layerGroup().addTo(chart);
}
