// Schemes: a list to choose from, the site on the map, and a card with the released facts and figures.

let siteLayer = null;

const schemeShown = () => data.schemes.find((scheme) => scheme.id === state.scheme) || null;
const illustrativeWords = () => (data.illustrative ? " — illustrative" : "");

// A ring about an outline: proposed, whatever else stands there.
function siteNode(scheme) {
  const kind = data.symbols[scheme.kind] ? scheme.kind : scheme.kind.startsWith("fe_") || scheme.kind === "specialist_post_16" ? "post_16" : "support_base";
  const symbol = symbolNode(kind, "proposed", 22);
  symbol.prepend(svg("circle", { r: 17, fill: "none", stroke: "#FFFFFF", "stroke-width": 6 }), svg("circle", { r: 17, fill: "none", stroke: data.colours.ink, "stroke-width": 2.5 }));
  return symbol;
}

function drawSite() {
  siteLayer.clearLayers();
  const scheme = schemeShown();
  if (!scheme || !scheme.at) return;
  const icon = L.divIcon({ html: siteNode(scheme), className: "site", iconSize: [34, 34] });
  // no target of its own: what it says stands in the card
  const marker = L.marker(scheme.at, { icon, keyboard: false, interactive: false, pane: "settings", zIndexOffset: 1000 });
  marker.on("add", () => {
    marker.getElement().setAttribute("role", "img");
    marker.getElement().setAttribute("aria-label", `Site of the scheme: ${scheme.name}`);
  });
  marker.addTo(siteLayer);
}

function siteBox() {
  const scheme = schemeShown();
  if (!scheme || !scheme.at) return null;
  const { x, y } = chart.latLngToLayerPoint(scheme.at);
  return { left: x - 20, right: x + 20, top: y - 20, bottom: y + 20 };
}

// The site comes into view where it is not; the map stays as it is otherwise.
function showSite() {
  const scheme = schemeShown();
  if (!scheme || !scheme.at || chart.getBounds().pad(-0.05).contains(scheme.at)) return;
  chart.panTo(scheme.at, { animate: !stillMotion() });
}

function factList(pairs) {
  const list = element("dl");
  pairs.filter(([, value]) => value).forEach(([name, value]) => list.append(element("dt", { text: name }), element("dd", { text: value })));
  return list;
}

// What a line says of each year; it is left out where no year has it.
const EFFECT_LINES = [
  ["Places open", (effect) => effect.places],
  ["Pupils who would hold one", (effect) => effect.placed_pupils],
  ["Their journey, minutes one way", (effect) => effect.mean_min],
  ["Nearest other suitable local place, minutes", (effect) => effect.nearest_other_min],
  ["Without a local place in the county, with the scheme", (effect) => lackingWith(effect)],
  ["Without a local place in the county, without it", (effect) => sumOf(lackingWith(effect), effect.left_out_local_pupils)],
  ["Pupils who have a local place only with it", (effect) => effect.left_out_local_pupils],
  ["Of these, with no modelled place without it", (effect) => effect.left_out_placed_pupils],
  ["Travel of all pupils with it less without it, hours a day", (effect) => hoursOf(effect.left_out_travel_min_per_day), signedText],
];

// Schemes are weighed by the best use of places, whatever way of matching is shown.
function lackingWith(effect) {
  const columns = (data.figures[effect.scenario] || {}).optimal;
  const year = data.years.findIndex((entry) => entry.label === effect.year);
  const value = columns && year >= 0 ? columns.without_local_place_pupils[COUNTY][year] : null;
  // beside a scheme that was not weighed the county's figure would tell of nothing
  return effect.left_out_local_pupils === null ? null : value;
}

function sumOf(one, other) {
  if (one === "c" || other === "c") return "c";
  return isNumber(one) && isNumber(other) ? one + other : null;
}

const hoursOf = (minutes) => (isNumber(minutes) ? minutes / 60 : minutes);

function effectCell(value, text) {
  if (value === "c") return element("td", {}, element("abbr", { title: HIDDEN_WORDS, text: "c" }));
  return element("td", { text: isNumber(value) ? text(value) : valueText(value, "x") });
}

function homesLine(effect) {
  if (effect.homes === "c") return `Homes of those pupils, ${effect.year}: ${HIDDEN_WORDS} (c).`;
  const rest = isNumber(effect.homes_rest_pupils) && effect.homes_rest_pupils > 0 ? `elsewhere ${numberText(effect.homes_rest_pupils)}` : "";
  const homes = [effect.homes, rest].filter(Boolean).join("; ");
  return homes ? `Homes of those pupils, ${effect.year}: ${homes}.` : "";
}

// Before and after, for one scheme: with it, and with every other scheme of its scenario but not it.
function effectTable(scheme) {
  if (!scheme.effects.length) return null;
  const several = new Set(scheme.effects.map((effect) => effect.scenario)).size > 1;
  const heads = scheme.effects.map((effect) => (several ? `${scenarioOf(effect.scenario).title}, ${effect.year}` : effect.year));
  const lines = EFFECT_LINES.map(([name, valueOf, text]) => [name, scheme.effects.map(valueOf), text || numberText])
    .filter(([, values]) => values.some((value) => value !== null && value !== undefined));
  const weighed = scheme.effects.some((effect) => effect.left_out_local_pupils !== null && effect.left_out_local_pupils !== undefined);
  const titles = [...new Set(scheme.effects.map((effect) => scenarioOf(effect.scenario).title))].join(", ");
  const how = data.policies.find((policy) => policy.id === "optimal");
  const note = "Without it: every other scheme of the scenario, but not this one. Such figures do not add up over schemes, for schemes stand in for one another.";
  return element("div", {}, element("div", { className: "table-frame", tabindex: "0", role: "region", "aria-label": "What the scheme would do" },
    element("table", { className: "effects" }, element("caption", { text: `What it would do: ${[titles, how && how.title.toLowerCase()].filter(Boolean).join(", ")}${illustrativeWords()}` }),
      element("thead", {}, element("tr", {}, element("th", { scope: "col", text: "Measure" }), ...heads.map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, ...lines.map(([name, values, text]) => element("tr", {}, element("th", { scope: "row", text: name }), ...values.map((value) => effectCell(value, text))))))),
    ...scheme.effects.map(homesLine).filter(Boolean).map((text) => element("p", { className: "note", text })),
    weighed ? element("p", { className: "note", text: note }) : null);
}

function stockTable(scheme) {
  if (!scheme.stock.length) return null;
  return element("div", { className: "table-frame", tabindex: "0", role: "region", "aria-label": "Places open by year" }, element("table", {},
    element("caption", { text: `Places open that September${illustrativeWords()}` }),
    element("thead", {}, element("tr", {}, ...scheme.stock.map(([year]) => element("th", { scope: "col", text: year })))),
    element("tbody", {}, element("tr", {}, ...scheme.stock.map(([, places]) => element("td", { text: valueText(places, "x_places") }))))));
}

function whereWords(scheme) {
  if (!scheme.scenarios.length) return "in no scenario of this page";
  return scheme.scenarios.map((id) => scenarioOf(id).title).join(", ");
}

function drawScheme() {
  const scheme = schemeShown();
  byId("scheme").value = state.scheme;
  const card = byId("scheme-card");
  if (!scheme) {
    card.replaceChildren();
    return;
  }
  const pairs = [["What", `${scheme.type}, ${scheme.action}`], ["Where", scheme.where], ["Ages", scheme.ages], ["Needs admitted", scheme.needs],
    ["Opens", scheme.first], ["Places when complete", scheme.places === null ? "" : valueText(scheme.places, "x_places")], ["Capital", scheme.capital],
    ["Funding", scheme.funding], ["Delivery", scheme.rag], ["In scenarios", whereWords(scheme)], ...scheme.facts];
  const absent = !scheme.scenarios.includes(state.scenario)
    ? element("p", { className: "note", text: `The scenario shown, ${scenarioOf(state.scenario).title}, does not hold this scheme.` }) : null;
  const where = scheme.at ? null : element("p", { className: "note", text: "No position is known: it is not marked on the map." });
  card.replaceChildren(element("h3", { text: scheme.name }), scheme.illustrative ? element("p", { className: "mark", text: "Illustrative" }) : "",
    absent || "", where || "", factList(pairs), stockTable(scheme) || "", effectTable(scheme) || "");
}

// What does not apply to a scheme is left out: a support base has no headline places, and some have no year of opening.
function schemeWords(scheme) {
  const places = scheme.places === null ? "" : isNumber(scheme.places) ? countText(scheme.places, "place") : "places hidden (c)";
  return [scheme.name, places, scheme.first].filter(Boolean).join(" · ");
}

function startSchemes() {
  siteLayer = L.layerGroup().addTo(chart);
  byId("schemes-details").hidden = !data.schemes.length;
  const types = [...new Set(data.schemes.map((scheme) => scheme.type))];
  byId("scheme").replaceChildren(element("option", { value: "", text: "None" }), ...types.map((type) => element("optgroup", { label: type },
    ...data.schemes.filter((scheme) => scheme.type === type).map((scheme) => element("option", { value: scheme.id,
      text: schemeWords(scheme) })))));
  byId("scheme").addEventListener("change", (event) => { setState({ scheme: event.target.value }); showSite(); });
  byId("schemes-change").addEventListener("click", () => choose({ measure: "better_off_pupils", view: "change", scenario: schemeScenario() }));
  byId("schemes-change").hidden = !data.measures.some((measure) => measure.kind === "gain");
}

// Who gains is told of a whole scenario: of the one shown where it holds the scheme, else of the first that does.
function schemeScenario() {
  const scheme = schemeShown();
  const holding = scheme ? scheme.scenarios.filter((id) => id !== data.baseline) : [];
  return !holding.length || holding.includes(state.scenario) ? afterScenario() : holding[0];
}
