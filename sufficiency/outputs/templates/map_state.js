// What is shown: the data, the state of the controls, and how figures read. Text reaches the page as text only.

const data = JSON.parse(document.getElementById("sufficiency-data").textContent);
const state = { ...data.start, selected: -1, flows: false, kinds: {}, scheme: "" };
const listeners = [];
// What the scripts of further layers add: to the start, to each redraw, to the labels, and to the card of a setting.
const extras = { start: [], redraw: [], labels: [], facts: [] };

function onChange(listener) {
  listeners.push(listener);
}

function setState(patch) {
  Object.assign(state, patch);
  listeners.forEach((listener) => listener(patch));
}

function byId(id) {
  return document.getElementById(id);
}

function element(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === "text") node.textContent = value;
    else if (name === "className") node.className = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  children.filter(Boolean).forEach((child) => node.append(child));
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  children.forEach((child) => node.append(child));
  return node;
}

const isNumber = (value) => typeof value === "number";
const isShare = (column) => column.endsWith("_share");
const measureOf = (id) => data.measures.find((measure) => measure.id === id);
const scenarioOf = (id) => data.scenarios.find((scenario) => scenario.id === id);
const areasOf = (level) => data.areas.map((area, place) => place).filter((place) => data.areas[place].level === level);
const yearLabel = () => data.years[state.year].label;
const policyShown = () => data.policies.find((policy) => policy.id === state.policy);
const ignoresCapacity = () => policyShown().ignoresCapacity;
const inReach = () => measureOf(state.measure).kind === "reach";
const inUnserved = () => measureOf(state.measure).kind === "unserved";
// Shares of land: neither the way of matching pupils nor a change between two scenarios has a bearing on them.
const onLand = () => inReach() || inUnserved();
const inGain = () => measureOf(state.measure).kind === "gain";
const isGain = (column) => (measureOf(column) || {}).kind === "gain";

// The broad area of need or phase whose figures are shown; null for all pupils.
function groupShown() {
  return onLand() || inGain() ? null : data.groups.list.find((group) => group.id === state.pupils) || null;
}

// Reach is always of one phase: the one chosen, else the largest.
function phaseShown() {
  const phases = data.reach.phases.map((phase) => phase.id);
  if (phases.includes(state.pupils)) return state.pupils;
  return phases.includes("phase:secondary") ? "phase:secondary" : phases[0];
}

// An area without a line of years never has the figure.
const inYear = (years) => (years ? years[state.year] : null);

// A figure of an area in the state shown: a number, "c" (hidden) or null (does not apply).
function figure(column, area, scenario) {
  const group = groupShown();
  const columns = ((group ? data.groups.of[group.id].figures : data.figures)[scenario || state.scenario] || {})[state.policy];
  const place = group ? data.groups.areas.indexOf(area) : area;
  return columns && columns[column] && place >= 0 ? inYear(columns[column][place]) : null;
}

function differenceOf(after, before) {
  if (after === "c" || before === "c") return "c";
  return isNumber(after) && isNumber(before) ? Math.round((after - before) * 1e4) / 1e4 : null;
}

function change(column, area, scenario) {
  const id = scenario || state.scenario;
  if (id === data.baseline) return 0;
  if (groupShown()) return differenceOf(figure(column, area, id), figure(column, area, data.baseline));
  const columns = (data.changes[id] || {})[state.policy];
  return columns && columns[column] ? inYear(columns[column][area]) : null;
}

function gain(column, area) {
  const columns = (data.gains.figures[state.scenario] || {})[state.policy];
  return columns ? inYear(columns[column][area]) : null;
}

// Unserved land is of all pupils, of one broad area of need or of one phase.
function choiceShown() {
  return data.unserved.choices.find((choice) => choice.id === state.pupils) || data.unserved.choices[0];
}

function unservedShown() {
  return data.unserved.lands[data.unserved.sets[state.scenario][choiceShown().id][state.year]];
}

// The share of an area's land in each band of minutes; null for an area too small to tell.
const unservedBands = (area) => unservedShown().shares[area];

function unservedShare(area) {
  const bands = unservedBands(area);
  return bands && bands.slice(data.unserved.far).reduce((sum, share) => sum + share, 0);
}

function shown(column, area) {
  if (measureOf(column) && measureOf(column).kind === "unserved") return unservedShare(area);
  if (isGain(column)) return gain(column, area);
  return state.view === "change" ? change(column, area) : figure(column, area);
}

// Some measures are not given for smaller areas in any year: then there is nothing to shade.
function givenAt(column, level, pupils) {
  const { kind } = measureOf(column);
  if (kind === "reach" || kind === "unserved") return level !== "zone";
  if (kind === "gain") return level !== "zone";
  if ((pupils || state.pupils) !== "all") return level === "district";
  const columns = (data.figures[state.scenario] || {})[state.policy];
  return areasOf(level).some((area) => (columns[column][area] || []).some((value) => value !== null));
}

function scaleOf(column) {
  if (inUnserved()) return data.unserved.scales[state.level];
  if (isGain(column)) return data.gains.scales[column][state.policy][state.level];
  const group = groupShown();
  if (group) return data.groups.of[group.id].scales[column][state.policy][state.view];
  return data.scales[column][state.policy][state.level][state.view];
}

// The bands of the open settings in the state shown; null where none is open.
function landShown() {
  const sets = data.reach.sets[state.measure][state.scenario][phaseShown()];
  return data.reach.lands[sets[state.year]] || null;
}

function landShare(band, area) {
  const land = landShown();
  return land ? land.shares[area][band] : band === data.reach.labels.length - 1 ? 1 : 0;
}

// The class of a number as it is printed (a share in whole percent); the same rule as class_of in breaks.py.
function classOf(number, scale, column) {
  const slack = 1e-9;
  const value = isShare(column) ? (Math.sign(number) * Math.round(Math.abs(number) * 100)) / 100 : number;
  if (!scale.balance) return scale.breaks.slice(1, -1).filter((edge) => value >= edge - slack).length;
  const side = (scale.breaks.length - 1) / 2;
  if (value === 0) return side;
  const distance = 1 + scale.breaks.slice(side + 1, -1).filter((edge) => Math.abs(value) > edge + slack).length;
  return value > 0 ? side + distance : side - distance;
}

// --- how figures read

// A hidden number may be large: it is hidden where it would give a small one away.
const HIDDEN_WORDS = "hidden, to protect small numbers";

function numberText(value, decimals) {
  const digits = { minimumFractionDigits: decimals || 0, maximumFractionDigits: decimals || 0 };
  const text = Math.abs(value).toLocaleString("en-GB", digits);
  return value < 0 && Number(text.replace(/,/g, "")) !== 0 ? "−" + text : text;
}

function signedText(value, decimals) {
  const text = numberText(value, decimals);
  return text.startsWith("−") || Number(text.replace(/,/g, "")) === 0 ? text : "+" + text;
}

// How a column reads in the state shown: pupils better or worse off are counts, not changes.
const viewOf = (column) => (isGain(column) ? "figure" : state.view);

function valueText(value, column, view) {
  if (value === null || value === undefined) return "z";
  if (!isNumber(value)) return String(value);
  if (view === "change") return isShare(column) ? signedText(value * 100) : signedText(value);
  if (column === "location_balance_places") return signedText(value);
  return isShare(column) ? numberText(value * 100) + "%" : numberText(value);
}

function spokenText(value, column, view) {
  if (value === "c") return HIDDEN_WORDS;
  if (value === null || value === undefined) return "no data";
  const unit = isShare(column) ? (view === "change" ? " percentage points" : "") : column.endsWith("_places") ? " places" : " pupils";
  return valueText(value, column, view) + unit;
}

function countText(value, noun) {
  return `${numberText(value)} ${noun}${Math.abs(value) === 1 ? "" : "s"}`;
}

function countWords(value, noun, nouns) {
  if (value === "c") return "change hidden (c)";
  if (!isNumber(value)) return "";
  return value === 0 ? "no change" : `${signedText(value)} ${Math.abs(value) === 1 ? noun : nouns}`;
}
