// What is shown: the data, the state of the controls, and how figures read. Text reaches the page as text only.

const data = JSON.parse(document.getElementById("sufficiency-data").textContent);
const state = { ...data.start, selected: -1, flows: false, kinds: {} };
const listeners = [];

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

// A figure of an area in the state shown: a number, "c" (hidden) or null (does not apply).
function figure(column, area, scenario) {
  const columns = (data.figures[scenario || state.scenario] || {})[state.policy];
  return columns ? columns[column][area][state.year] : null;
}

function change(column, area, scenario) {
  const id = scenario || state.scenario;
  if (id === data.baseline) return 0;
  const columns = (data.changes[id] || {})[state.policy];
  return columns && columns[column] ? columns[column][area][state.year] : null;
}

function shown(column, area) {
  return state.view === "change" ? change(column, area) : figure(column, area);
}

// Some measures are not given for clusters in any year: then there is nothing to shade.
function givenAt(column, level) {
  const columns = (data.figures[state.scenario] || {})[state.policy];
  return areasOf(level).some((area) => columns[column][area].some((value) => value !== null));
}

function scaleOf(column) {
  return data.scales[column][state.policy][state.level][state.view];
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

function numberText(value, decimals) {
  const digits = { minimumFractionDigits: decimals || 0, maximumFractionDigits: decimals || 0 };
  const text = Math.abs(value).toLocaleString("en-GB", digits);
  return value < 0 && Number(text.replace(/,/g, "")) !== 0 ? "−" + text : text;
}

function signedText(value, decimals) {
  const text = numberText(value, decimals);
  return text.startsWith("−") || Number(text.replace(/,/g, "")) === 0 ? text : "+" + text;
}

function valueText(value, column, view) {
  if (value === null || value === undefined) return "z";
  if (!isNumber(value)) return String(value);
  if (view === "change") return isShare(column) ? signedText(value * 100) : signedText(value);
  if (column === "location_balance_places") return signedText(value);
  return isShare(column) ? numberText(value * 100) + "%" : numberText(value);
}

function spokenText(value, column, view) {
  if (value === "c") return "hidden, small number";
  if (value === null || value === undefined) return "no data";
  const unit = isShare(column) ? (view === "change" ? " percentage points" : "") : column.endsWith("_places") ? " places" : " pupils";
  return valueText(value, column, view) + unit;
}

function countWords(value, noun, nouns) {
  if (value === "c") return "change hidden (c)";
  if (!isNumber(value)) return "";
  return value === 0 ? "no change" : `${signedText(value)} ${Math.abs(value) === 1 ? noun : nouns}`;
}

// --- which scenario is "after": the last one chosen that is not the baseline

function captionOf(column) {
  const caption = ignoresCapacity() && column.startsWith("without_local") ? "Residents with no suitable local place at all (ignores capacity)"
    : measureOf(column).caption;
  return state.view === "change" ? `Change in: ${caption.charAt(0).toLowerCase()}${caption.slice(1)}` : caption;
}

function unitOf(column) {
  if (state.view !== "change") return measureOf(column).unit;
  return isShare(column) ? "percentage points" : measureOf(column).unit;
}

function subtitleText() {
  const scenario = scenarioOf(state.scenario).title;
  const which = state.view === "change" ? `${scenario} less ${scenarioOf(data.baseline).title}` : scenario;
  const policy = policyShown().title + (ignoresCapacity() ? " (ignores capacity)" : "");
  return [`${captionOf(state.measure)}, ${unitOf(state.measure)}`, `scenario: ${which}`, `policy: ${policy}`, yearLabel()].join(" · ");
}

function findingText() {
  const kind = state.view === "change" ? data.findings.change : data.findings.figure;
  return kind[state.measure][state.scenario][state.policy][state.year];
}
