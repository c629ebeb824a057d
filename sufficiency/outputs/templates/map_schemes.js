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

function minuteText(value) {
  return isNumber(value) ? numberText(value) : valueText(value, "x");
}

function effectTable(scheme) {
  if (!scheme.effects.length) return null;
  const heads = ["Scenario", "Year", "Places open", "Pupils who would hold one", "Their journey, minutes", "Nearest other, minutes"];
  const rows = scheme.effects.map((effect) => [scenarioOf(effect.scenario).title, effect.year, valueText(effect.places, "x_places"),
    valueText(effect.placed_pupils, "pupils"), minuteText(effect.mean_min), minuteText(effect.nearest_other_min)]);
  const last = scheme.effects[scheme.effects.length - 1];
  const rest = isNumber(last.homes_rest_pupils) && last.homes_rest_pupils > 0 ? `; elsewhere ${numberText(last.homes_rest_pupils)}` : "";
  return element("div", {}, element("div", { className: "table-frame", tabindex: "0", role: "region", "aria-label": "What the scheme would do" },
    element("table", {}, element("caption", { text: `What it would do${illustrativeWords()}` }),
      element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((text, place) => element(place ? "td" : "th", { scope: place ? null : "row", text }))))))),
    last.homes ? element("p", { className: "note", text: `Homes of those pupils in ${last.year}: ${last.homes}${rest}.` }) : null);
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
    ["Opens", scheme.first], ["Places when complete", valueText(scheme.places, "x_places")], ["Capital", scheme.capital],
    ["Funding", scheme.funding], ["Delivery", scheme.rag], ["In scenarios", whereWords(scheme)], ...scheme.facts];
  const absent = !scheme.scenarios.includes(state.scenario)
    ? element("p", { className: "note", text: `The scenario shown, ${scenarioOf(state.scenario).title}, does not hold this scheme.` }) : null;
  const where = scheme.at ? null : element("p", { className: "note", text: "No position is known: it is not marked on the map." });
  card.replaceChildren(element("h3", { text: scheme.name }), scheme.illustrative ? element("p", { className: "mark", text: "Illustrative" }) : "",
    absent || "", where || "", factList(pairs), stockTable(scheme) || "", effectTable(scheme) || "");
}

function startSchemes() {
  siteLayer = L.layerGroup().addTo(chart);
  byId("schemes-details").hidden = !data.schemes.length;
  const types = [...new Set(data.schemes.map((scheme) => scheme.type))];
  byId("scheme").replaceChildren(element("option", { value: "", text: "None" }), ...types.map((type) => element("optgroup", { label: type },
    ...data.schemes.filter((scheme) => scheme.type === type).map((scheme) => element("option", { value: scheme.id,
      text: `${scheme.name} · ${valueText(scheme.places, "x_places")} places · ${scheme.first}` })))));
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
