"use strict";
(function () {
const data = JSON.parse(document.getElementById("sufficiency-data").textContent);
const byId = (id) => document.getElementById(id);
const map = L.map("map", { preferCanvas: true, zoomSnap: 0.1, attributionControl: false, maxZoom: 17, fadeAnimation: false });
L.geoJSON(data.land, { interactive: false, style: { stroke: false, fillColor: data.colours.land, fillOpacity: 1 } }).addTo(map);
L.geoJSON(data.roads, { interactive: false, style: (feature) => feature.properties.style }).addTo(map);
L.geoJSON(data.borders, { interactive: false, style: (feature) => feature.properties.style }).addTo(map);
L.control.scale({ imperial: true, position: "bottomright" }).addTo(map);
let fitting = false;
let moved = false;

// The county stands beside the legend, not under it, until the reader moves the map.
function fit() {
  fitting = true;
  const legend = byId("legend");
  const beside = window.getComputedStyle(legend).position === "absolute";
  map.invalidateSize({ animate: false });
  map.fitBounds(data.bounds, { paddingTopLeft: [beside ? legend.offsetWidth + 14 : 8, 8], paddingBottomRight: [8, 24], animate: false });
  fitting = false;
}

fit();
map.on("movestart zoomstart", () => { moved = moved || !fitting; });
new ResizeObserver(() => {
  if (document.body.classList.contains("printing")) return;
  if (moved) map.invalidateSize({ animate: false });
  else fit();
}).observe(map.getContainer());
window.addEventListener("beforeprint", () => { document.body.classList.add("printing"); fit(); });
window.addEventListener("afterprint", () => { document.body.classList.remove("printing"); fit(); });
map.getContainer().setAttribute("role", "region");
map.getContainer().setAttribute("aria-label", "Map. The table of every junction holds the same values.");
const PAGE_ROWS = 20;
const CHOOSE = "Select a junction on the map or in the tables for its value.";

const markers = data.nodes.map((node, place) => L.circleMarker(node, { radius: 4 }).on("click", () => choose(place)).addTo(map));
let kind = 0;
let ranked = [];
let listed = [];
let first = 0;
let chosen = -1;
// white about a dark ring: seen on every class, and on the land
const rings = data.chosenLines
  .map((line) => L.circleMarker(data.nodes[0] || data.bounds[0], { ...line, radius: 10, fill: false, interactive: false }));

function cell(row, text, number) {
  const box = row.insertCell();
  box.textContent = text;
  if (number) box.className = "number";
}

function look(place) {
  const one = data.classes[data.kinds[kind].classes[place]];
  if (one.shape === "disc") return { radius: 5, stroke: true, color: "#FFFFFF", weight: 0.6, fill: true, fillColor: one.colour, fillOpacity: 1 };
  if (one.shape === "ring") return { radius: 4, stroke: true, color: one.colour, weight: 2.6, fill: true, fillColor: "#FFFFFF", fillOpacity: 1 };
  if (one.shape === "eye") return { radius: 4, stroke: true, color: one.colour, weight: 2.6, fill: true, fillColor: data.colours.eye, fillOpacity: 1 };
  return { radius: 2.4, stroke: false, fill: true, fillColor: one.colour, fillOpacity: 1 };
}

function symbol(one) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("width", "16");
  box.setAttribute("height", "16");
  box.setAttribute("aria-hidden", "true");
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  const ring = one.shape === "ring" || one.shape === "eye";
  const inner = one.shape === "eye" ? data.colours.eye : "#FFFFFF";
  const shape = { cx: 8, cy: 8, r: one.shape === "dot" ? 3 : 5, fill: ring ? inner : one.colour, stroke: ring ? one.colour : "none", "stroke-width": 2.6 };
  for (const [name, value] of Object.entries(shape)) mark.setAttribute(name, value);
  box.append(mark);
  return box;
}

const outcome = (place) => data.classes[data.kinds[kind].classes[place]].words;
const minutesOf = (place) => data.kinds[kind].minutes[place];

function minutesText(minutes) {
  if (minutes === null) return "";
  const size = Math.abs(minutes).toLocaleString("en-GB", { minimumFractionDigits: 1 });
  return minutes < 0 ? "\u2212" + size : minutes > 0 ? "+" + size : size;
}

// Ring a junction, say its value, and turn its table to the page that holds it; no junction: take the ring away.
function choose(place) {
  chosen = place;
  rings.forEach((ring) => { if (place < 0) ring.remove(); else ring.setLatLng(data.nodes[place]).addTo(map); });
  if (place < 0) {
    byId("chosen").textContent = CHOOSE;
    mark();
    return;
  }
  const minutes = minutesOf(place);
  byId("chosen").textContent = data.names[place] + ": " + outcome(place)
    + (minutes === null ? "" : " (" + minutesText(minutes) + " min)") + data.mark + ".";
  if (!map.getBounds().contains(data.nodes[place])) map.panTo(data.nodes[place], { animate: false });
  const at = listed.indexOf(place);
  if (at >= 0) first = at - (at % PAGE_ROWS);
  list();
}

// A name that chooses its junction; the press keeps the focus though the table is drawn anew.
function pick(place, where) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pick";
  button.textContent = data.names[place];
  button.dataset.place = place;
  button.addEventListener("click", () => {
    choose(place);
    const again = byId(where).querySelector('[data-place="' + place + '"]');
    if (again) again.focus();
  });
  return button;
}

// What a place does first, then the least travel, then the name.
function rank() {
  const order = data.classes.map((one) => data.classes.findIndex((other) => other.words === one.words));
  const group = (place) => order[data.kinds[kind].classes[place]];
  const minutes = (place) => (minutesOf(place) === null ? Infinity : minutesOf(place));
  ranked = data.nodes.map((node, place) => place);
  ranked.sort((a, b) => group(a) - group(b) || (minutes(a) < minutes(b) ? -1 : minutes(a) > minutes(b) ? 1 : 0)
    || (data.names[a] < data.names[b] ? -1 : data.names[a] > data.names[b] ? 1 : a - b));
}

// The chosen junction in every table that names it.
function mark() {
  document.querySelectorAll(".panel .pick").forEach((button) => {
    const here = Number(button.dataset.place) === chosen;
    button.setAttribute("aria-pressed", String(here));
    button.closest("tr").className = here ? "selected" : "";
  });
}

function list() {
  const wanted = byId("find").value.trim().toLocaleLowerCase("en-GB");
  listed = ranked.filter((place) => data.names[place].toLocaleLowerCase("en-GB").includes(wanted));
  if (first >= listed.length) first = 0;
  const shown = listed.slice(first, first + PAGE_ROWS);
  byId("junctions-body").replaceChildren();
  shown.forEach((place) => {
    const row = byId("junctions-body").insertRow();
    row.insertCell().append(pick(place, "junctions-body"));
    cell(row, outcome(place), false);
    cell(row, minutesText(minutesOf(place)), true);
  });
  mark();
  byId("back").disabled = first === 0;
  byId("on").disabled = first + PAGE_ROWS >= listed.length;
  const many = (number) => number.toLocaleString("en-GB");
  byId("shown").textContent = shown.length ? many(first + 1) + " to " + many(first + shown.length) + " of " + many(listed.length) : wanted ? "No junction of this name" : "No junction";
}

function turn(by) {
  first = Math.max(0, first + by);
  list();
  // a button that has become idle would lose the focus
  const other = by > 0 ? "back" : "on";
  if (document.activeElement === document.body || document.activeElement.disabled) byId(other).focus();
}

function show() {
  const wanted = byId("need").value + " " + byId("phase").value;
  const found = data.kinds.findIndex((one) => one.id === wanted);
  choose(-1);
  byId("areas-body").replaceChildren();
  byId("settings-body").replaceChildren();
  byId("legend-classes").replaceChildren();
  if (found < 0) {
    byId("finding").textContent = data.none;
    markers.forEach((marker) => marker.setStyle({ stroke: false, fill: false }));
    ranked = [];
    list();
    return;
  }
  kind = found;
  const one = data.kinds[kind];
  byId("finding").textContent = one.finding;
  byId("subtitle").textContent = one.subtitle;
  const counts = data.classes.map(() => 0);
  one.classes.forEach((number, place) => {
    counts[number] += 1;
    const style = look(place);
    markers[place].setStyle(style).setRadius(style.radius);
  });
  let before = "";
  data.classes.forEach((entry, number) => {
    if (counts[number] === 0) return;
    if (entry.label && entry.words !== before) {
      const head = document.createElement("li");
      head.className = "outcome";
      head.textContent = entry.words + ":";
      byId("legend-classes").append(head);
    }
    before = entry.words;
    const item = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = entry.label || entry.words;
    const count = document.createElement("span");
    count.className = "count";
    count.textContent = counts[number].toLocaleString("en-GB");
    item.append(symbol(entry), words, count);
    byId("legend-classes").append(item);
  });
  one.areas.forEach(([name, place, does, travel]) => {
    const row = byId("areas-body").insertRow();
    cell(row, name, false);
    row.insertCell().append(pick(place, "areas-body"));
    cell(row, does, false);
    cell(row, travel, true);
  });
  first = 0;
  rank();
  list();
  one.settings.forEach((setting) => {
    const row = byId("settings-body").insertRow();
    setting.forEach((text, column) => cell(row, text, column > 1));
  });
}

byId("find").addEventListener("input", () => { first = 0; list(); });
byId("back").addEventListener("click", () => turn(-PAGE_ROWS));
byId("on").addEventListener("click", () => turn(PAGE_ROWS));
byId("need").addEventListener("change", show);
byId("phase").addEventListener("change", show);
show();
})();
