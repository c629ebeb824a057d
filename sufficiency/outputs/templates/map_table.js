// The table that says all that the map says, the table of flows, and the download.

const WITHOUT = [["without_local_place_pupils", "Without a local place"], ["without_local_place_share", "Share without"]];
const PLACED = [["capacity_places", "Local places"]];
const MORE = [[data.ownShare, "In own district"], ["location_balance_places", "Location balance"]];
const GAINS = [["better_off_pupils", "Better off"], ["worse_off_pupils", "Worse off"]];
const BAND_NAMES = ["to_15_min", "15_to_30_min", "30_to_45_min", "beyond_45_min"].map((band) => `land_${band}_share`);
const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const lowerCase = (text) => text.charAt(0).toLowerCase() + text.slice(1);
const NEEDING = [["demand_pupils", "Need a place"]];
const NEAREST_TITLES = { without_local_place_pupils: "No suitable local place", without_local_place_share: "Share with none" };

// Each column: its name in the download, its head, and whether the map is shaded by it.
function tableColumns() {
  if (inReach()) {
    return data.reach.labels.map((label, band) => ({ id: BAND_NAMES[band], band, title: sentenceCase(label), value: (area) => landShare(band, area), text: landText }));
  }
  if (inUnserved()) {
    const text = (value) => (value === null ? "z" : landText(value));
    const bands = data.reach.labels.map((label, band) => ({ id: BAND_NAMES[band], title: sentenceCase(label), value: (area) => unservedBands(area) && unservedBands(area)[band], text }));
    return [{ id: state.measure, title: `Beyond ${data.unserved.limit} minutes`, current: true, value: unservedShare, text }, ...bands];
  }
  const pairs = groupShown() ? [...NEEDING, ["placed_local_pupils", "With a local place"], ...WITHOUT] : [...NEEDING, ...PLACED, ...WITHOUT, ...MORE];
  if (state.view === "change" && !groupShown() && data.measures.some((measure) => measure.kind === "gain")) pairs.push(...GAINS);
  return pairs.map(([column, title]) => ({
    id: state.view === "change" && !isGain(column) ? `change_in_${column}` : column,
    title: columnTitle(column, title), current: column === state.measure, column,
    value: (area) => shown(column, area), text: (value) => valueText(value, column, viewOf(column)) }));
}

function columnTitle(column, title) {
  const plain = (ignoresCapacity() && NEAREST_TITLES[column]) || title;
  return plain + (!isShare(column) ? "" : state.view === "change" ? ", points" : ", of need");
}

// Where no scenario changes how many pupils need a place, the panel is spared that column; the download has it.
function columnsOfPanel() {
  const county = data.areas.findIndex((area) => area.level === "county");
  const still = state.view === "change" && !onLand() && shown("demand_pupils", county) === 0;
  return tableColumns().filter(({ column, current }) => column !== "demand_pupils" || current || !still);
}

// Clusters have no figures by group of pupils; zones, where there are any, are listed while they are shown.
function rowsShown() {
  return data.areas.map((area, place) => place).filter((place) => {
    const { level } = data.areas[place];
    if (groupShown()) return level === "county" || level === "district";
    return level !== "zone" || state.level === "zone";
  });
}

function tableRow(area, columns) {
  const { name, level } = data.areas[area];
  const pick = element("button", { type: "button", className: "pick", "aria-pressed": String(area === state.selected), text: name });
  pick.addEventListener("click", () => {
    const chosen = state.selected !== area;
    const drawn = level === "district" || givenAt(state.measure, level);
    setState(chosen && drawn ? { selected: area, level } : { selected: chosen ? area : -1 });
    const again = document.querySelector(`#figures tr[data-area="${area}"] .pick`);
    if (again) again.focus();
  });
  const head = element("th", { scope: "row" }, level === "county" ? element("span", { text: name }) : pick);
  const cells = columns.map((column) => {
    const value = column.value(area);
    const text = column.text(value);
    const cell = element("td", { className: column.current ? "current" : "" });
    if (value === "c" || text === "z") cell.append(element("abbr", { title: value === "c" ? HIDDEN_WORDS : "does not apply", text }));
    else cell.textContent = text;
    return cell;
  });
  return element("tr", { className: `${level}${area === state.selected ? " selected" : ""}`, "data-area": String(area) }, head, ...cells);
}

function drawTable() {
  const columns = columnsOfPanel();
  const head = element("tr", {}, element("th", { scope: "col", text: "Area" }),
    ...columns.map((column) => element("th", { scope: "col", className: column.current ? "current" : "", text: column.title })));
  byId("figures-head").replaceChildren(head);
  byId("figures-body").replaceChildren(...rowsShown().map((area) => tableRow(area, columns)));
  const whom = pupilsTitle() ? `; ${pupilsTitle()}` : "";
  const what = inReach() ? `Share of land by ${lowerCase(captionOf(state.measure))}` : inUnserved() ? "Share of land by minutes to the nearest suitable setting" : state.view === "change" ? "Change" : "Figures";
  byId("figures-caption").textContent = `${what}, ${yearLabel()}: ${scenarioWords()}${whom}${onLand() ? "" : "; shares are of the pupils who need a place"}`;
  fitTable();
}

// Fonts differ from machine to machine: where the table is wider than its panel, its letters become as much smaller.
function fitTable() {
  const table = byId("figures"), frame = byId("table");
  const parts = [table, ...table.querySelectorAll("thead th")];
  parts.forEach((part) => { part.style.fontSize = ""; });
  for (let turn = 0; turn < 3 && table.offsetWidth > frame.clientWidth; turn += 1) {
    const share = 0.98 * frame.clientWidth / table.offsetWidth;
    const sizes = parts.map((part) => parseFloat(getComputedStyle(part).fontSize));
    parts.forEach((part, place) => { part.style.fontSize = `${(sizes[place] * share).toFixed(2)}px`; });
  }
}

window.addEventListener("resize", fitTable);

function drawFlowTable() {
  const districts = areasOf("district");
  const rows = flowsShown();
  const find = (home, target) => (rows.find((row) => row[0] === home && row[1] === target) || [0, 0, null])[2];
  // a column that holds nothing in this state is left out
  const targets = [...districts, -1].filter((target) => districts.some((home) => find(home, target) !== null));
  byId("flows-head").replaceChildren(element("tr", {}, element("th", { scope: "col", text: "Home district" }),
    ...targets.map((target) => element("th", { scope: "col", text: target < 0 ? "Outside" : data.areas[target].name }))));
  byId("flows-body").replaceChildren(...districts.map((home) => element("tr", {}, element("th", { scope: "row", text: data.areas[home].name }),
    ...targets.map((target) => element("td", { className: home === target ? "current" : "", text: valueText(find(home, target), "pupils") })))));
  byId("flows-caption").textContent = `Pupils placed, by district of home and of school: ${scenarioOf(state.scenario).title}, ${yearLabel()}`;
}

// --- download: the table in tidy form, from the figures on this page only

function csvText(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber(value) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function csvTable() {
  const columns = tableColumns();
  const pupils = inReach() ? phaseShown() : inUnserved() ? choiceShown().id : groupShown() ? groupShown().id : "";
  const whom = pupils ? ["pupils"] : [];
  // a copy of an internal table keeps its mark, in every row
  const mark = data.internal ? [data.internal.mark] : [];
  const lines = [[...mark.map(() => "marking"), "run_id", "illustrative", "scenario", "compared_with", "policy", "year", "level", "area_id", "area_name", ...whom, ...columns.map((column) => column.id)]];
  rowsShown().forEach((place) => {
    const area = data.areas[place];
    lines.push([...mark, data.runId, data.illustrative, state.scenario, state.view === "change" ? data.baseline : "", onLand() ? "" : state.policy, yearLabel(),
      area.level, area.id, area.name, ...(pupils ? [pupils] : []), ...columns.map((column) => {
        const value = column.value(place);
        return value === null ? "z" : value;
      })]);
  });
  return "\ufeff" + lines.map((line) => line.map(csvText).join(",")).join("\r\n") + "\r\n";
}

function download() {
  const address = URL.createObjectURL(new Blob([csvTable()], { type: "text/csv" }));
  const what = inReach() ? `${state.measure}-${phaseShown()}` : inUnserved() ? `${state.measure}-${choiceShown().id}` : groupShown() ? groupShown().id : "";
  const name = [data.internal ? "internal" : "", "sufficiency", state.view === "change" ? "change" : "", what.replace(/[:_]/g, "-"), state.scenario, onLand() ? "" : state.policy,
    yearLabel().replace("/", "-")].filter(Boolean).join("-");
  const link = element("a", { href: address, download: `${name}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(address);
}
