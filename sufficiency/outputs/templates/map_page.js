// The controls, and what each change redraws.

function afterScenario() {
  return state.after;
}

// Where the row of controls is short of room, "before" and "after" are for the ear alone.
function sideWords(side, title) {
  return side ? [element("span", { className: "side", text: `${side}: ` }), title] : [title];
}

function viewShown() {
  if (state.view === "change") return "change";
  if (state.scenario === data.baseline) return "before";
  return state.scenario === data.nothing ? "nothing" : "after";
}

function drawControls() {
  const before = scenarioOf(data.baseline).title;
  const after = scenarioOf(afterScenario());
  byId("scenario").value = state.scenario;
  byId("policy").value = state.policy;
  byId("flows-shown").checked = state.flows;
  byId("flows-shown").closest("li").classList.toggle("off", !state.flows);
  byId("measure").value = state.measure;
  drawPupils();
  byId("year").value = String(state.year);
  byId("year-label").textContent = yearLabel();
  byId("year").setAttribute("aria-valuetext", yearLabel());
  byId(`level-${state.level}`).checked = true;
  data.levels.filter((level) => level !== "district").forEach((level) => { byId(`level-${level}`).disabled = !givenAt(state.measure, level); });
  byId("view-change").disabled = onLand();
  byId("policy").disabled = onLand();
  byId(`view-${viewShown()}`).checked = true;
  byId("view-nothing-choice").hidden = !data.nothing;
  byId("view-nothing-words").textContent = data.nothing ? scenarioOf(data.nothing).title : "";
  const plain = after.id === "do_nothing";
  byId("view-before-words").replaceChildren(...sideWords(plain ? "" : "Before", before));
  byId("view-after-words").replaceChildren(...sideWords(plain ? "" : "After", after.title));
}

// Reach is told by phase alone, unserved land not of needs that were not recorded; the other choices wait until another measure is chosen.
function drawPupils() {
  const phases = data.reach ? data.reach.phases.map((phase) => phase.id) : [];
  byId("pupils").value = inReach() ? phaseShown() : inUnserved() ? choiceShown().id : state.pupils;
  const given = inReach() ? phases : inUnserved() ? data.unserved.choices.map((choice) => choice.id) : null;
  [...byId("pupils").options].forEach((option) => { option.disabled = given !== null && !given.includes(option.value); });
}

// What one choice asks of the others: the measure and the pupils, then the view, then the level.
function settled(patch) {
  const next = { ...state, ...patch };
  const kind = () => measureOf(next.measure).kind;
  const land = () => ["reach", "unserved"].includes(kind());
  if (kind() === "gain" && (patch.view === "figure" || next.after === data.baseline)) next.measure = data.start.measure;
  if (patch.measure && !land() && !data.groups.measures.includes(next.measure)) next.pupils = "all";
  if (next.pupils !== "all" && !land() && !data.groups.measures.includes(next.measure)) next.measure = data.start.measure;
  if (kind() === "gain") {
    next.view = "change";
    if (next.scenario === data.baseline || (next.scenario === data.nothing && patch.scenario !== data.nothing)) next.scenario = next.after;
  }
  if (land() || (next.view === "change" && next.scenario === data.baseline)) next.view = "figure";
  // where nothing more opens is before both: it is never the scenario after
  if (next.scenario !== data.baseline && next.scenario !== data.nothing) next.after = next.scenario;
  if (next.level !== "district" && !givenAt(next.measure, next.level, next.pupils)) next.level = "district";
  return Object.fromEntries(Object.entries(next).filter(([name, value]) => value !== state[name] || name in patch));
}

function choose(patch) {
  setState(settled(patch));
}

function wireControls() {
  byId("scenario").addEventListener("change", (event) => choose({ scenario: event.target.value }));
  byId("policy").addEventListener("change", (event) => choose({ policy: event.target.value }));
  byId("measure").addEventListener("change", (event) => choose({ measure: event.target.value }));
  byId("pupils").addEventListener("change", (event) => choose({ pupils: event.target.value }));
  byId("year").addEventListener("input", (event) => choose({ year: Number(event.target.value) }));
  byId("view-nothing").addEventListener("change", () => choose({ scenario: data.nothing, view: "figure" }));
  byId("view-before").addEventListener("change", () => choose({ scenario: data.baseline, view: "figure" }));
  byId("view-after").addEventListener("change", () => choose({ scenario: afterScenario(), view: "figure" }));
  byId("view-change").addEventListener("change", () => choose({ scenario: afterScenario(), view: "change" }));
  data.levels.forEach((level) => byId(`level-${level}`).addEventListener("change", () => choose({ level, selected: -1 })));
  byId("download").addEventListener("click", download);
  byId("print").addEventListener("click", () => window.print());
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
}

// A link may name a state, as in #scenario=programme&year=2030&view=change; anything unknown is left out.
function readAddress() {
  const wanted = new URLSearchParams(window.location.hash.slice(1));
  const patch = {};
  const known = { scenario: data.scenarios, policy: data.policies, measure: data.measures };
  for (const [name, list] of Object.entries(known)) {
    if (list.some((entry) => entry.id === wanted.get(name))) patch[name] = wanted.get(name);
  }
  const year = data.years.findIndex((entry) => String(entry.year) === wanted.get("year"));
  if (year >= 0) patch.year = year;
  if (byId("pupils").querySelector(`option[value="${CSS.escape(wanted.get("pupils") || "")}"]`)) patch.pupils = wanted.get("pupils");
  if (data.schemes.some((scheme) => scheme.id === wanted.get("scheme"))) patch.scheme = wanted.get("scheme");
  if (data.levels.includes(wanted.get("level"))) patch.level = wanted.get("level");
  if (wanted.get("flows") === "yes") patch.flows = true;
  if (wanted.get("view") === "change") patch.view = "change";
  return patch;
}

// The map is fitted anew to a changed window until the reader moves it.
let fitting = false;
let moved = false;

function fit() {
  fitting = true;
  const legend = byId("legend");
  const beside = window.getComputedStyle(legend).position === "absolute";
  const left = beside ? legend.offsetWidth + 14 : 8;
  // with no legend beside it the area is as wide as the map, and would lie under the search
  const search = document.querySelector(".overlay.search");
  const top = beside ? 8 : search.offsetTop + search.offsetHeight + 4;
  chart.invalidateSize({ animate: false });
  chart.setMinZoom(0);
  const corner = chart.getContainer().querySelector(".leaflet-bottom.leaflet-right").offsetHeight;
  const bottom = beside && chart.getSize().x > 760 ? 24 : corner + 6;
  // a window without room, as while a page is turned or closed, has no scale at which the area fits
  const room = chart.getSize().subtract([left + 8, top + bottom]);
  if (room.x > 0 && room.y > 0) chart.fitBounds(data.bounds, { paddingTopLeft: [left, top], paddingBottomRight: [8, bottom], animate: false });
  chart.setMinZoom(Math.max(0, chart.getZoom() - 1));
  fitting = false;
}

// A4 landscape at 96 pixels an inch, less the margins, is laid out before the browser takes the page.
function wirePrinting() {
  window.addEventListener("beforeprint", () => { document.body.classList.add("printing"); fit(); placeLabels(); });
  window.addEventListener("afterprint", () => { document.body.classList.remove("printing"); fit(); });
}

// A shape with a tooltip would take the focus: the table has a named row for each area instead.
function passShapesOver() {
  chart.getContainer().querySelectorAll("path").forEach((path) => path.setAttribute("tabindex", "-1"));
}

// What hover or focus shows goes with Escape.
function wireTooltips() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") chart.eachLayer((layer) => layer.closeTooltip && layer.closeTooltip());
  });
}

const stillMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function holdStill(map) {
  const panBy = map.panBy;
  map.panBy = (offset, options) => panBy.call(map, offset, { ...options, animate: false });
  map.options.inertia = false;
}

function redraw(patch) {
  const only = Object.keys(patch);
  drawControls();
  drawPanel();
  drawReach();
  drawAreas();
  drawFlows();
  drawScheme();
  if (only.includes("scheme")) drawSite();
  if (onLand() || only.some((name) => ["scenario", "year", "kinds", "measure"].includes(name))) drawSymbols();
  extras.redraw.forEach((more) => more(patch));
  drawLabels();
  passShapesOver();
}

function start(map, layers) {
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution("Boundaries: ONS, OGL v3 · Contains OS data © Crown copyright · Schools: GIAS, DfE");
  if (data.openStreetMap) map.attributionControl.addAttribution("Roads: © OpenStreetMap contributors");
  map.getContainer().setAttribute("aria-label", "Map. The table beside it holds the same figures.");
  map.getContainer().setAttribute("role", "region");
  L.control.scale({ position: "bottomright", maxWidth: 130 }).addTo(map);
  startSymbolLegend();
  chart = map;
  fit();
  startLayers(layers);
  startReach();
  startFlows();
  startLabels();
  startSchemes();
  startSearch();
  extras.start.forEach((more) => more());
  wireControls();
  wirePrinting();
  wireTooltips();
  if (stillMotion()) holdStill(map);
  map.on("movestart zoomstart", () => { moved = moved || !fitting; });
  // a longer headline makes the map lower, as a smaller window does
  new ResizeObserver(() => {
    if (document.body.classList.contains("printing")) return;
    if (moved) map.invalidateSize({ animate: false });
    else fit();
  }).observe(map.getContainer());
  onChange(redraw);
  setState({});
  const wanted = readAddress();
  if (Object.keys(wanted).length) choose(wanted);
  drawSymbols();
  placeLabels();
  document.body.dataset.ready = "yes";
}
