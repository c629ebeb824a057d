// The panel beside the map: headline figures, and the legend on the map.

const COUNTY = data.areas.findIndex((area) => area.level === "county");

// Where nothing more opens: the same figure of the two scenarios that are compared.
function othersLine(column) {
  const minutes = column.endsWith("_min");
  const told = (value) => (minutes && isNumber(value) ? `${numberText(value)} min` : valueText(value, column));
  return [data.baseline, state.after].map((id) => `${scenarioOf(id).title}: ${told(figure(column, COUNTY, id))}`).join("\n");
}

// The change from the baseline; where the baseline itself is shown, what the other scenario would change.
function changeLine(column, wordsOf) {
  if (state.scenario === data.nothing && state.view !== "change") return othersLine(column);
  const against = scenarioOf(data.baseline).title;
  if (state.scenario === data.baseline && state.after === data.baseline) return "";
  const other = state.scenario === data.baseline ? state.after : state.scenario;
  const words = wordsOf(change(column, COUNTY, other));
  if (!words) return "";
  return state.scenario === data.baseline ? `${scenarioOf(other).title}: ${words}` : `${words} ${/(shorter|longer)$/.test(words) ? "than" : "from"} ${against}`;
}

function minuteWords(value) {
  if (value === "c") return "change hidden (c)";
  if (!isNumber(value)) return "";
  if (value === 0) return "no change";
  return `${numberText(Math.abs(value))} ${Math.abs(value) === 1 ? "minute" : "minutes"} ${value < 0 ? "shorter" : "longer"}`;
}

function headline(label, value, detail, changed) {
  return element("div", { className: "headline" }, element("dt", { text: label }),
    element("dd", {}, element("strong", { text: value }), element("span", { text: detail }), element("em", { text: changed })));
}

function allHeadlines() {
  const without = figure("without_local_place_pupils", COUNTY);
  const share = figure("without_local_place_share", COUNTY);
  const demand = figure("demand_pupils", COUNTY);
  const places = figure("capacity_places", COUNTY);
  const minutes = figure("median_min", COUNTY);
  const range = data.demandRange[String(data.years[state.year].year)];
  const spread = range ? ` (range ${numberText(range[0])} to ${numberText(range[1])})` : "";
  const short = isNumber(demand) && isNumber(places) ? demand - places : null;
  const pupils = short === null ? "" : short > 0 ? `${numberText(short)} fewer than the pupils who need one` : `${numberText(-short)} more than the pupils who need one`;
  const balance = pupils && ignoresCapacity() ? `${pupils}; no limit in this view` : pupils;
  return [
    headline(ignoresCapacity() ? "No suitable local place at all" : "Pupils without a local place", valueText(without, "pupils"),
      `${valueText(share, "x_share")} of the ${valueText(demand, "pupils")} who need one${spread}`,
      changeLine("without_local_place_pupils", (value) => countWords(value, "pupil", "pupils"))),
    headline("Local state-funded places", valueText(places, "places"), balance,
      changeLine("capacity_places", (value) => countWords(value, "place", "places"))),
    headline("Typical journey, one way", isNumber(minutes) ? `${numberText(minutes)} min` : valueText(minutes, "x"),
      "half of the pupils placed travel less, direct by car without pick-ups", changeLine("median_min", minuteWords))];
}

function groupHeadlines(group) {
  const without = figure("without_local_place_pupils", COUNTY);
  const all = data.figures[state.scenario][state.policy].without_local_place_pupils[COUNTY][state.year];
  const part = isNumber(without) && isNumber(all) && all > 0 ? without / all : without === "c" || all === "c" ? "c" : null;
  const pupils = (value) => countWords(value, "pupil", "pupils");
  return [
    headline(ignoresCapacity() ? "No suitable local place at all" : "Without a local place", valueText(without, "pupils"),
      `${valueText(figure("without_local_place_share", COUNTY), "x_share")} of the ${valueText(figure("demand_pupils", COUNTY), "pupils")} ${group.many} who need one`,
      changeLine("without_local_place_pupils", pupils)),
    headline("With a local place", valueText(figure("placed_local_pupils", COUNTY), "pupils"), group.many, changeLine("placed_local_pupils", pupils)),
    headline("Part of all without one", valueText(part, "x_share"), `of the ${valueText(all, "pupils")} pupils of every need and phase`, "")];
}

function gainHeadlines() {
  const [better, worse] = ["better_off_pupils", "worse_off_pupils"].map((column) => gain(column, COUNTY));
  const than = `than with ${scenarioOf(data.baseline).title}`;
  const net = differenceOf(better, worse);
  return [headline("Pupils better off", valueText(better, "pupils"), than, ""), headline("Pupils worse off", valueText(worse, "pupils"), than, ""),
    headline("Better less worse off", isNumber(net) ? signedText(net) : valueText(net, "pupils"), "pupils; the rest see no change", "")];
}

function reachHeadlines() {
  const [near, middle, , far] = data.reach.labels.map((label, band) => landShare(band, COUNTY));
  const of = `of the land of ${data.areas[COUNTY].name}`;
  return [headline("Within 15 minutes", landText(near), of, ""), headline("Within 30 minutes", landText(near + middle), of, ""),
    headline("Beyond 45 minutes", far > 0 ? landText(far) : "None", of, "")];
}

function unservedHeadlines() {
  const of = `of the land of ${data.areas[COUNTY].name}`;
  const bands = unservedBands(COUNTY);
  const beyond = unservedShare(COUNTY);
  return [headline(`Beyond ${data.unserved.limit} minutes`, beyond === null ? "z" : beyond > 0 ? landText(beyond) : "None", of, landOthers(unservedShareIn)),
    headline("Within 15 minutes", bands ? landText(bands[0]) : "z", of, ""), headline("Beyond 45 minutes", bands ? (bands[3] > 0 ? landText(bands[3]) : "None") : "z", of, "")];
}

// The same share of the land in the other scenarios of the comparison.
function unservedShareIn(scenario) {
  const land = data.unserved.lands[data.unserved.sets[scenario][choiceShown().id][state.year]].shares[COUNTY];
  return land && land.slice(data.unserved.far).reduce((sum, share) => sum + share, 0);
}

function landOthers(shareIn) {
  const others = [...new Set([data.nothing, data.baseline, state.after])].filter((id) => id && id !== state.scenario);
  return others.map((id) => `${scenarioOf(id).title}: ${shareIn(id) === null ? "z" : landText(shareIn(id))}`).join("\n");
}

function drawHeadlines() {
  const group = groupShown();
  const made = inReach() ? reachHeadlines() : inUnserved() ? unservedHeadlines() : inGain() ? gainHeadlines() : group ? groupHeadlines(group) : allHeadlines();
  byId("headlines").replaceChildren(...made);
}

// --- legend

function legendRow(colour, label, count) {
  const swatch = svg("svg", { width: 26, height: 14, "aria-hidden": "true" },
    svg("rect", { x: 0.5, y: 0.5, width: 25, height: 13, fill: colour, stroke: data.colours.ink, "stroke-width": 0.5 }));
  return element("li", {}, swatch, element("span", { text: label }), element("span", { className: "count", text: count }));
}

function reachRows() {
  const { labels, colours } = data.reach;
  return labels.map((label, band) => {
    const share = landShare(band, COUNTY);
    const far = band === labels.length - 1;
    return legendRow(far ? "url(#hatch-far)" : colours[band], far && share === 0 ? "nowhere beyond 45 minutes" : label, landText(share));
  });
}

function areaRows() {
  const scale = scaleOf(state.measure);
  const counts = scale.colours.map(() => 0);
  let hidden = 0;
  let none = 0;
  areasOf(state.level).forEach((area) => {
    const value = shown(state.measure, area);
    if (value === "c") hidden += 1;
    else if (!isNumber(value)) none += 1;
    else counts[classOf(value, scale, state.measure)] += 1;
  });
  const rows = scale.labels.map((label, place) => legendRow(scale.colours[place], label, String(counts[place])));
  if (hidden) rows.push(legendRow("url(#hatch)", `c: ${HIDDEN_WORDS}`, String(hidden)));
  if (none) rows.push(legendRow(data.colours.noData, "no data", String(none)));
  return rows;
}

function drawLegend() {
  const counted = inReach() ? `share of the land of ${data.areas[COUNTY].name}` : `number of ${state.level}s`;
  byId("legend-title").textContent = captionOf(state.measure);
  byId("legend-unit").textContent = `${unitOf(state.measure)}${onLand() ? `, ${data.reach.profile}` : ""}; at the right, ${counted}`;
  byId("legend-classes").replaceChildren(...(inReach() ? reachRows() : areaRows()));
  byId("legend-state").textContent = [pupilsTitle(), scenarioWords(), !onLand() && policyShown().title, yearLabel()].filter(Boolean).join(" · ");
}

function startSymbolLegend() {
  const kinds = Object.keys(data.symbols).filter((kind) => data.settings.some((setting) => setting.kind === kind));
  kinds.forEach((kind) => { state.kinds[kind] = kind !== "support_base"; });
  const keep = (box) => box.closest("li").classList.toggle("off", !box.checked);
  const flows = element("input", { type: "checkbox", id: "flows-shown", checked: state.flows });
  flows.addEventListener("change", () => setState({ flows: flows.checked }));
  const arrow = svg("svg", { width: 15, height: 15, viewBox: "0 0 15 15", "aria-hidden": "true" },
    svg("path", { d: "M1,9 Q7,2 14,6 Q7,5 1,14 Z", fill: data.colours.flow }));
  const flowRow = element("li", { className: "off" }, element("label", { for: "flows-shown" }, flows, arrow, element("span", { text: "Flows to schools, by district" })));
  byId("legend-kinds").replaceChildren(...kinds.map((kind) => {
    const box = element("input", { type: "checkbox", id: `kind-${kind}`, checked: state.kinds[kind] });
    box.addEventListener("change", () => { keep(box); setState({ kinds: { ...state.kinds, [kind]: box.checked } }); });
    const key = symbolNode(kind, "open", 15);
    return element("li", { className: box.checked ? "" : "off" }, element("label", { for: `kind-${kind}` }, box, key, element("span", { text: data.symbols[kind].label })));
  }), flowRow);
  byId("legend-status").replaceChildren(...[["open", "open"], ["proposed", "proposed"], ["closed", "closing"]].map(([status, words]) =>
    element("li", {}, symbolNode("special_school", status, 13), element("span", { text: words }))));
}

function drawWords() {
  byId("finding").textContent = findingText();
  document.title = data.internal ? `${data.internal.mark}: ${findingText()}` : findingText();
  byId("subtitle").textContent = subtitleText();
  byId("policy-gloss").textContent = policyShown().gloss;
  byId("policy-note").hidden = !ignoresCapacity() || onLand();
  byId("measure-gloss").textContent = glossText();
  byId("pupils-note").textContent = pupilsNote();
  byId("pupils-note").hidden = !pupilsNote();
}

function drawPanel() {
  drawWords();
  drawHeadlines();
  drawLegend();
  drawTable();
  drawFlowTable();
}
