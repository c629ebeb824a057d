// The panel beside the map: headline figures, legend, the table that says all that the map says, flows, download.

const COUNTY = data.areas.findIndex((area) => area.level === "county");

// The change from the baseline; where the baseline itself is shown, what the other scenario would change.
function changeLine(column, wordsOf) {
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

function drawHeadlines() {
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
  byId("headlines").replaceChildren(
    headline(ignoresCapacity() ? "No suitable local place at all" : "Pupils without a local place", valueText(without, "pupils"),
      `${valueText(share, "x_share")} of the ${valueText(demand, "pupils")} who need one${spread}`,
      changeLine("without_local_place_pupils", (value) => countWords(value, "pupil", "pupils"))),
    headline("Local state-funded places", valueText(places, "places"), balance,
      changeLine("capacity_places", (value) => countWords(value, "place", "places"))),
    headline("Typical journey, one way", isNumber(minutes) ? `${numberText(minutes)} min` : valueText(minutes, "x"),
      "half of the pupils placed travel less, direct by car without pick-ups", changeLine("median_min", minuteWords)));
}

// --- legend

function drawLegend() {
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
  const row = (swatch, label, count) => element("li", {}, swatch, element("span", { text: label }), element("span", { className: "count", text: String(count) }));
  const swatch = (colour) => svg("svg", { width: 26, height: 14, "aria-hidden": "true" },
    svg("rect", { x: 0.5, y: 0.5, width: 25, height: 13, fill: colour, stroke: data.colours.ink, "stroke-width": 0.5 }));
  const rows = scale.labels.map((label, place) => row(swatch(scale.colours[place]), label, counts[place]));
  if (hidden) rows.push(row(swatch("url(#hatch)"), "c: hidden, small number", hidden));
  if (none) rows.push(row(swatch(data.colours.noData), "no data", none));
  byId("legend-title").textContent = captionOf(state.measure);
  byId("legend-unit").textContent = `${unitOf(state.measure)}; at the right, number of ${state.level === "district" ? "districts" : "clusters"}`;
  byId("legend-classes").replaceChildren(...rows);
  byId("legend-state").textContent = `${state.view === "change" ? `${scenarioOf(state.scenario).title} less ${scenarioOf(data.baseline).title}`
    : scenarioOf(state.scenario).title} · ${policyShown().title} · ${yearLabel()}`;
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

// --- table

const COLUMNS = {
  figure: [["demand_pupils", "Need a place"], ["capacity_places", "Local places"], ["without_local_place_pupils", "Without a local place"],
    ["without_local_place_share", "Share without"], [data.ownShare, "Placed in own area"], ["location_balance_places", "Location balance"]],
  change: [["demand_pupils", "Need a place"], ["capacity_places", "Local places"], ["without_local_place_pupils", "Without a local place"],
    ["without_local_place_share", "Share without, points"], [data.ownShare, "Placed in own area, points"], ["location_balance_places", "Location balance"]],
};

const NEAREST_TITLES = { without_local_place_pupils: "No suitable local place", without_local_place_share: "Share with none" };

function columnTitle([column, title]) {
  if (!ignoresCapacity() || !NEAREST_TITLES[column]) return title;
  return NEAREST_TITLES[column] + (state.view === "change" && isShare(column) ? ", points" : "");
}

function tableRow(area) {
  const { name, level } = data.areas[area];
  const pick = element("button", { type: "button", className: "pick", "aria-pressed": String(area === state.selected), text: name });
  pick.addEventListener("click", () => {
    const chosen = state.selected !== area;
    const drawn = level === "district" || (level === "cluster" && givenAt(state.measure, level));
    setState(chosen && drawn ? { selected: area, level } : { selected: chosen ? area : -1 });
    const again = document.querySelector(`#figures tr[data-area="${area}"] .pick`);
    if (again) again.focus();
  });
  const head = element("th", { scope: "row" }, level === "county" ? element("span", { text: name }) : pick);
  const cells = COLUMNS[state.view].map(([column]) => {
    const value = shown(column, area);
    const text = valueText(value, column, state.view);
    const cell = element("td", { className: column === state.measure ? "current" : "" });
    if (value === "c" || text === "z") cell.append(element("abbr", { title: value === "c" ? "hidden, small number" : "does not apply", text }));
    else cell.textContent = text;
    return cell;
  });
  return element("tr", { className: `${level}${area === state.selected ? " selected" : ""}`, "data-area": String(area) }, head, ...cells);
}

function drawTable() {
  const head = element("tr", {}, element("th", { scope: "col", text: "Area" }),
    ...COLUMNS[state.view].map((entry) => element("th", { scope: "col", className: entry[0] === state.measure ? "current" : "", text: columnTitle(entry) })));
  byId("figures-head").replaceChildren(head);
  byId("figures-body").replaceChildren(...data.areas.map((area, place) => tableRow(place)));
  const scenario = scenarioOf(state.scenario).title;
  byId("figures-caption").textContent = state.view === "change"
    ? `Change, ${yearLabel()}: ${scenario} less ${scenarioOf(data.baseline).title}` : `Figures, ${yearLabel()}: ${scenario}`;
}

function drawFlowTable() {
  const districts = areasOf("district");
  const rows = flowsShown();
  const find = (home, target) => (rows.find((row) => row[0] === home && row[1] === target) || [0, 0, null])[2];
  byId("flows-head").replaceChildren(element("tr", {}, element("th", { scope: "col", text: "Home district" }),
    ...districts.map((target) => element("th", { scope: "col", text: data.areas[target].name })), element("th", { scope: "col", text: "Outside" })));
  byId("flows-body").replaceChildren(...districts.map((home) => element("tr", {}, element("th", { scope: "row", text: data.areas[home].name }),
    ...[...districts, -1].map((target) => element("td", { className: home === target ? "current" : "", text: valueText(find(home, target), "pupils") })))));
  byId("flows-caption").textContent = `Pupils placed, by district of home and of school: ${scenarioOf(state.scenario).title}, ${yearLabel()}`;
}

function drawWords() {
  byId("finding").textContent = findingText();
  document.title = findingText();
  byId("subtitle").textContent = subtitleText();
  byId("policy-gloss").textContent = policyShown().gloss;
  byId("policy-note").hidden = !ignoresCapacity();
  byId("measure-gloss").textContent = ignoresCapacity() && state.measure.startsWith("without_local") ? policyShown().gloss : measureOf(state.measure).gloss;
}

function drawPanel() {
  drawWords();
  drawHeadlines();
  drawLegend();
  drawTable();
  drawFlowTable();
}

// --- download: the table in tidy form, from the figures on this page only

function csvText(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber(value) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function csvTable() {
  const names = COLUMNS[state.view].map(([column]) => (state.view === "change" ? `change_in_${column}` : column));
  const lines = [["run_id", "illustrative", "scenario", "compared_with", "policy", "year", "level", "area_id", "area_name", ...names]];
  data.areas.forEach((area, place) => {
    lines.push([data.runId, data.illustrative, state.scenario, state.view === "change" ? data.baseline : "", state.policy, yearLabel(),
      area.level, area.id, area.name, ...COLUMNS[state.view].map(([column]) => {
        const value = shown(column, place);
        return value === null ? "z" : value;
      })]);
  });
  return "\ufeff" + lines.map((line) => line.map(csvText).join(",")).join("\r\n") + "\r\n";
}

function download() {
  const address = URL.createObjectURL(new Blob([csvTable()], { type: "text/csv" }));
  const name = ["sufficiency", state.view === "change" ? "change" : "", state.scenario, state.policy, yearLabel().replace("/", "-")].filter(Boolean).join("-");
  const link = element("a", { href: address, download: `${name}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(address);
}
