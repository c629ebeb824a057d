"use strict";
(function () {
const data = JSON.parse(document.getElementById("sufficiency-data").textContent);
const byId = (id) => document.getElementById(id);
const map = L.map("map", { preferCanvas: true, zoomSnap: 0.1, attributionControl: false, maxZoom: 17, fadeAnimation: false });
L.geoJSON(data.land, { interactive: false, style: { stroke: false, fillColor: data.colours.land, fillOpacity: 1 } }).addTo(map);
L.geoJSON(data.roads, { interactive: false, style: (feature) => feature.properties.style }).addTo(map);
L.geoJSON(data.borders, { interactive: false, style: (feature) => feature.properties.style }).addTo(map);
L.control.scale({ imperial: true, position: "bottomright" }).addTo(map);
map.fitBounds(data.bounds);

const markers = data.nodes.map((node, place) => L.circleMarker(node, { radius: 4 }).on("click", () => choose(place)).addTo(map));
let kind = 0;

function cell(row, text, number) {
  const box = row.insertCell();
  box.textContent = text;
  if (number) box.className = "number";
}

function look(place) {
  const one = data.classes[data.kinds[kind].classes[place]];
  if (one.shape === "disc") return { radius: 5, stroke: true, color: "#FFFFFF", weight: 0.6, fill: true, fillColor: one.colour, fillOpacity: 1 };
  if (one.shape === "ring") return { radius: 4, stroke: true, color: one.colour, weight: 2.6, fill: true, fillColor: "#FFFFFF", fillOpacity: 1 };
  return { radius: 2.4, stroke: false, fill: true, fillColor: one.colour, fillOpacity: 1 };
}

function symbol(one) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("width", "16");
  box.setAttribute("height", "16");
  box.setAttribute("aria-hidden", "true");
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  const ring = one.shape === "ring";
  const shape = { cx: 8, cy: 8, r: one.shape === "dot" ? 3 : 5, fill: ring ? "#FFFFFF" : one.colour, stroke: ring ? one.colour : "none", "stroke-width": 2.6 };
  for (const [name, value] of Object.entries(shape)) mark.setAttribute(name, value);
  box.append(mark);
  return box;
}

function choose(place) {
  const one = data.kinds[kind];
  byId("chosen").textContent = data.names[place] + ": " + data.classes[one.classes[place]].words
    + (one.minutes[place] === null ? "" : " (" + one.minutes[place].toLocaleString("en-GB") + " min)") + data.mark + ".";
}

function show() {
  const wanted = byId("need").value + " " + byId("phase").value;
  const found = data.kinds.findIndex((one) => one.id === wanted);
  byId("chosen").textContent = "Select a junction on the map for its value.";
  byId("areas-body").replaceChildren();
  byId("settings-body").replaceChildren();
  byId("legend-classes").replaceChildren();
  if (found < 0) {
    byId("finding").textContent = data.none;
    markers.forEach((marker) => marker.setStyle({ stroke: false, fill: false }));
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
  one.areas.forEach((area) => {
    const row = byId("areas-body").insertRow();
    area.forEach((text, column) => cell(row, text, column === 3));
  });
  one.settings.forEach((setting) => {
    const row = byId("settings-body").insertRow();
    setting.forEach((text, column) => cell(row, text, column > 1));
  });
}

byId("need").addEventListener("change", show);
byId("phase").addEventListener("change", show);
show();
})();
