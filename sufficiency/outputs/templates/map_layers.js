// The shaded areas, their tooltips and selection.

let chart = null;
let areaLayers = {};
let chosenLayer = null;

function fillOf(column, area) {
  const value = shown(column, area);
  if (value === "c") return "url(#hatch)";
  if (!isNumber(value)) return data.colours.noData;
  const scale = scaleOf(column);
  return scale.colours[classOf(value, scale, column)];
}

function areaTooltip(area) {
  const lines = [element("strong", { text: data.areas[area].name })];
  const say = (text) => lines.push(element("br"), element("span", { text }));
  if (inReach()) {
    data.reach.labels.forEach((label, band) => say(`${label}: ${landText(landShare(band, area))} of its land`));
    return element("div", { className: "area-tip" }, ...lines);
  }
  if (inUnserved()) {
    const bands = unservedBands(area);
    if (!bands) say("too small to tell");
    else data.reach.labels.forEach((label, band) => say(`${label}: ${landText(bands[band])} of its land`));
    return element("div", { className: "area-tip" }, ...lines);
  }
  say(`${captionOf(state.measure)}: ${spokenText(shown(state.measure, area), state.measure, viewOf(state.measure))}`);
  if (state.view === "figure" && state.measure === "without_local_place_share") {
    const of = [figure("without_local_place_pupils", area), figure("demand_pupils", area)];
    say(`${valueText(of[0], "pupils")} of ${valueText(of[1], "pupils")} ${groupShown() ? groupShown().many : "pupils"}`);
  }
  return element("div", { className: "area-tip" }, ...lines);
}

// Over the bands of reach the areas stay, without a colour: they answer to the pointer and are chosen as ever.
function areaLook(area) {
  const chosen = area === state.selected;
  const line = { stroke: chosen, color: data.colours.ink, weight: 3 };
  if (inReach()) return { ...line, fill: true, fillColor: "#FFFFFF", fillOpacity: 0 };
  return { ...line, fill: true, fillColor: fillOf(state.measure, area), fillOpacity: state.tiles ? 0.6 : 1 };
}

function show(layer, wanted) {
  if (wanted && !chart.hasLayer(layer)) chart.addLayer(layer);
  if (!wanted && chart.hasLayer(layer)) chart.removeLayer(layer);
}

function drawAreas() {
  for (const level of data.levels) {
    const layer = areaLayers[level];
    show(layer, level === state.level);
    if (level !== state.level) continue;
    layer.eachLayer((shape) => {
      const area = shape.feature.properties.i;
      shape.setStyle(areaLook(area));
      if (area === state.selected) shape.bringToFront();
    });
  }
  drawChosen();
  // the dashes of a level stay while a finer one is shown
  const depth = data.levels.indexOf(state.level);
  data.levels.forEach((level, place) => {
    const dashes = areaLayers[`${level}Borders`];
    if (dashes) show(dashes, place <= depth);
  });
  byId("cluster-key").hidden = depth < data.levels.indexOf("cluster");
}

// The outline of the chosen area over every border.
function drawChosen() {
  chosenLayer.clearLayers();
  if (state.selected < 0 || data.areas[state.selected].level !== state.level) return;
  const look = { pane: "flows", interactive: false, fill: false, smoothFactor: 0 };
  const outline = shapeOf(state.selected).getLatLngs();
  data.chosenLines.forEach((line) => L.polygon(outline, { ...look, ...line }).addTo(chosenLayer));
}

function startLayers(layers) {
  areaLayers = layers;
  chosenLayer = L.layerGroup().addTo(chart);
  for (const level of data.levels) {
    layers[level].eachLayer((shape) => {
      const area = shape.feature.properties.i;
      shape.bindTooltip(() => areaTooltip(area), { sticky: true, direction: "auto", opacity: 1 });
      shape.on("click", () => setState({ selected: state.selected === area ? -1 : area }));
    });
  }
}

function shapeOf(area) {
  return areaLayers[data.areas[area].level].getLayers().find((shape) => shape.feature.properties.i === area);
}
