// The settings: shape = kind, fill = open, outline = proposed, cross = closing; size only where places are published.

const SYMBOL_PX = 14;
const SYMBOL_LEAST_PX = 12;
const SYMBOL_MOST_PX = 20;
// The middles of two targets lie at least 24 pixels apart (WCAG 2.2, 2.5.8); each is then set on a whole pixel, which
// brings two of them nearer by up to the diagonal of one.
const LEAST_APART_PX = 25.5;
let symbolMarkers = [];

function shapeNode(shape, look) {
  if (shape === "square") return svg("rect", { x: -7, y: -7, width: 14, height: 14, ...look });
  if (shape === "triangle") return svg("path", { d: "M0,-8.5 L8.5,7 L-8.5,7 Z", ...look });
  if (shape === "diamond") return svg("path", { d: "M0,-9 L9,0 L0,9 L-9,0 Z", ...look });
  return svg("circle", { r: shape === "ring" ? 6.5 : 7.5, ...look });
}

// status: open, proposed or closed. A white casing keeps every symbol apart from any colour beneath it.
function symbolNode(kind, status, sizePx) {
  const { shape, colour } = data.symbols[kind];
  const root = svg("svg", { width: sizePx, height: sizePx, viewBox: "-11 -11 22 22", "aria-hidden": "true", focusable: "false" });
  if (status === "closed") {
    const path = "M-7,-7 L7,7 M-7,7 L7,-7";
    root.append(svg("path", { d: path, stroke: "#FFFFFF", "stroke-width": 7, fill: "none" }));
    root.append(svg("path", { d: path, stroke: colour, "stroke-width": 3.5, fill: "none" }));
    return root;
  }
  const hollow = status === "proposed" || shape === "ring";
  root.append(shapeNode(shape, { fill: "none", stroke: "#FFFFFF", "stroke-width": 6 }));
  const dash = shape === "ring" && status === "proposed" ? { "stroke-dasharray": "3 2.5" } : {};
  root.append(shapeNode(shape, { fill: hollow ? "#FFFFFF" : colour, stroke: colour, "stroke-width": hollow ? 3 : 1, ...dash }));
  return root;
}

function statusOf(setting) {
  if (setting.listed && !setting.listed.includes(state.scenario)) return null;
  const flags = setting.open[state.scenario] || "";
  if (setting.status === "closed") return "closed";
  if (flags[state.year] === "1") return "open";
  return flags.slice(0, state.year).includes("1") ? "closed" : "proposed";
}

function statusWords(setting, status) {
  const flags = setting.open[state.scenario] || "";
  if (status === "open") return "open";
  if (status === "closed") return "closing or closed";
  const first = flags.indexOf("1", state.year);
  return first < 0 ? "proposed, not opening in this scenario" : `proposed, opens ${data.years[first].label}`;
}

function symbolSize(setting) {
  if (!setting.places) return SYMBOL_PX;
  const share = Math.sqrt(setting.places / data.mostPlaces);
  return Math.round(SYMBOL_LEAST_PX + (SYMBOL_MOST_PX - SYMBOL_LEAST_PX) * share);
}

function settingName(setting, status) {
  return `${setting.name}, ${data.symbols[setting.kind].label.toLowerCase()}, ${statusWords(setting, status)}`;
}

function settingCard(setting, status) {
  const facts = [["Kind", setting.type || data.symbols[setting.kind].label], ["Status", statusWords(setting, status)],
    ["Ages", setting.ages], ["Needs admitted", setting.needs],
    ["Places", setting.places ? `${numberText(setting.places)} (published, ${data.publishedYear})` : ""],
    ...extras.facts.flatMap((more) => more(setting)),
    ["Source", setting.source], ["Quality", setting.quality], ["Ages and needs", setting.offer]];
  const list = factList(facts);
  const mark = setting.illustrative ? element("p", { className: "mark", text: "Illustrative" }) : null;
  return element("div", { className: "card", tabindex: "-1" }, element("h2", { text: setting.name }), mark, list);
}

function makeMarker(setting, status) {
  const sizePx = symbolSize(setting);
  const icon = L.divIcon({ html: symbolNode(setting.kind, status, sizePx), className: counts(setting) ? "symbol" : "symbol faint", iconSize: [sizePx + 6, sizePx + 6] });
  const marker = L.marker(setting.at, { icon, keyboard: true, riseOnHover: true, pane: "settings" });
  marker.on("add", () => marker.getElement().setAttribute("aria-label", settingName(setting, status)));
  marker.bindTooltip(() => element("span", { text: settingName(setting, status) }), { direction: "top", opacity: 1, offset: [0, -8] });
  marker.bindPopup(() => settingCard(setting, status), { maxWidth: 290, minWidth: 220, autoPanPaddingTopLeft: [8, 58] });
  marker.on("popupopen", (event) => {
    marker.closeTooltip();
    event.popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", "Close card");
    const card = event.popup.getElement().querySelector(".card");
    card.focus({ preventScroll: true });
    event.popup.getElement().addEventListener("keydown", (key) => { if (key.key === "Escape") marker.closePopup(); });
  });
  marker.on("popupclose", () => marker.getElement() && marker.getElement().focus({ preventScroll: true }));
  return { marker, setting, status, sizePx, at: L.latLng(setting.at) };
}

// Over the bands of reach the settings that do not count stand back.
function counts(setting) {
  if (inUnserved()) return unservedShown().settings.includes(setting.id) && setting.kind !== "support_base";
  return !inReach() || (landShown() !== null && landShown().settings.includes(setting.id) && setting.kind !== "support_base");
}

function drawSymbols() {
  symbolMarkers.forEach(({ marker }) => marker.remove());
  symbolMarkers = data.settings.filter((setting) => state.kinds[setting.kind])
    .map((setting) => ({ setting, status: statusOf(setting) })).filter(({ status }) => status)
    .map(({ setting, status }) => makeMarker(setting, status));
  symbolMarkers.forEach(({ marker }) => marker.addTo(chart));
  spreadSymbols();
}

// Symbols that would cover each other are moved apart by a few pixels; at a closer zoom they stand where they are.
function spreadSymbols() {
  const spots = symbolMarkers.map(({ at, sizePx }) => ({ home: chart.latLngToLayerPoint(at), point: chart.latLngToLayerPoint(at), reach: Math.max(sizePx / 2 + 1, LEAST_APART_PX / 2) }));
  for (let round = 0; round < 60; round += 1) {
    let moved = false;
    for (let a = 0; a < spots.length; a += 1) {
      for (let b = a + 1; b < spots.length; b += 1) {
        const gap = spots[b].point.subtract(spots[a].point);
        const apart = Math.hypot(gap.x, gap.y);
        const wanted = spots[a].reach + spots[b].reach;
        if (apart >= wanted) continue;
        const angle = apart < 0.5 ? (a * 2.4) % (2 * Math.PI) : Math.atan2(gap.y, gap.x);
        const push = L.point(Math.cos(angle), Math.sin(angle)).multiplyBy((wanted - apart) / 2);
        spots[a].point = spots[a].point.subtract(push);
        spots[b].point = spots[b].point.add(push);
        moved = true;
      }
    }
    if (!moved) break;
  }
  spots.forEach((spot, place) => symbolMarkers[place].marker.setLatLng(chart.layerPointToLatLng(spot.point)));
}

function symbolBoxes() {
  const site = siteBox();
  const boxes = symbolMarkers.map(({ marker, sizePx }) => {
    const point = chart.latLngToLayerPoint(marker.getLatLng());
    return { left: point.x - sizePx / 2, right: point.x + sizePx / 2, top: point.y - sizePx / 2, bottom: point.y + sizePx / 2 };
  });
  return site ? [site, ...boxes] : boxes;
}
