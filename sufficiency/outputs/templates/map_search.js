// Search over areas, settings, places and schemes: a combobox with a list, worked by the keyboard alone.

const MOST_FOUND = 8;
const LEVEL_WORDS = { county: "County", district: "District", cluster: "Cluster", zone: "Zone" };
let found = [];
let active = -1;
let placeLayer = null;

function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

function searchEntries() {
  const areas = data.areas.map((area, place) => ({ text: area.name, kind: LEVEL_WORDS[area.level], go: () => goToArea(place) }));
  const settings = data.settings.filter(statusOf).map((setting) => ({ text: setting.name, kind: data.symbols[setting.kind].label, go: () => goToSetting(setting) }));
  const schemes = data.schemes.map((scheme) => ({ text: scheme.name, kind: "Scheme", go: () => goToScheme(scheme) }));
  const places = data.places.map((place) => ({ text: place.text, kind: place.outside ? "Place outside" : "Place", go: () => goToPlace(place) }));
  return [...areas, ...places, ...settings, ...schemes];
}

// Names that begin with the words come first, then those with a word that does, then those that hold them.
function rankOf(text, wanted) {
  const name = plain(text);
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.split(/[^a-z0-9]+/).some((word, place, words) => words.slice(place).join(" ").startsWith(wanted))) return 2;
  return name.includes(wanted) ? 3 : -1;
}

function matches(words) {
  const wanted = plain(words.trim());
  if (!wanted) return [];
  return searchEntries().map((entry, place) => ({ entry, place, rank: rankOf(entry.text, wanted) })).filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.place - b.place).map(({ entry }) => entry);
}

function announce(text) {
  byId("search-status").textContent = text;
}

function goToArea(area) {
  const { level, name } = data.areas[area];
  if (level === "county") {
    setState({ selected: -1 });
    fit();
    return announce(`The whole of ${name} is shown`);
  }
  choose({ selected: area, ...(givenAt(state.measure, level) ? { level } : {}) });
  chart.fitBounds(shapeOf(area).getBounds(), { padding: [40, 40], maxZoom: 12, animate: !stillMotion() });
  return announce(`${name}, ${LEVEL_WORDS[level].toLowerCase()}, is shown and selected`);
}

function goToSetting(setting) {
  setState({ kinds: { ...state.kinds, [setting.kind]: true } });
  document.querySelectorAll("#legend-kinds input").forEach((box) => {
    if (box.id === `kind-${setting.kind}`) { box.checked = true; box.closest("li").classList.remove("off"); }
  });
  chart.setView(setting.at, 12, { animate: false });
  const drawn = symbolMarkers.find((marker) => marker.setting === setting);
  if (drawn) drawn.marker.openPopup();
  announce(`${settingName(setting, statusOf(setting))}, is shown`);
}

function goToPlace(place) {
  chart.setView(place.at, 12, { animate: !stillMotion() });
  placeLayer.clearLayers();
  L.circleMarker(place.at, { pane: "flows", radius: 13, color: data.colours.ink, weight: 2.5, fill: false, interactive: false }).addTo(placeLayer);
  announce(`${place.text} is shown`);
}

function goToScheme(scheme) {
  byId("schemes-details").open = true;
  setState({ scheme: scheme.id });
  if (scheme.at) chart.setView(scheme.at, 12, { animate: !stillMotion() });
  announce(`Scheme ${scheme.name}: its facts are in the panel`);
}

function closeList() {
  byId("search-list").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
  active = -1;
}

function markActive(place) {
  active = place;
  [...byId("search-list").children].forEach((node, at) => node.setAttribute("aria-selected", String(at === place)));
  if (place < 0) return byId("search").removeAttribute("aria-activedescendant");
  byId("search-list").children[place].scrollIntoView({ block: "nearest" });
  return byId("search").setAttribute("aria-activedescendant", `search-option-${place}`);
}

function drawFound() {
  const words = byId("search").value;
  const all = matches(words);
  found = all.slice(0, MOST_FOUND);
  byId("search-list").replaceChildren(...found.map((entry, place) => {
    const node = element("li", { id: `search-option-${place}`, role: "option", "aria-selected": "false" },
      element("span", { text: entry.text }), element("span", { className: "kind", text: entry.kind }));
    node.addEventListener("mousedown", (event) => { event.preventDefault(); goTo(entry); });
    return node;
  }));
  byId("search-list").hidden = !found.length;
  byId("search").setAttribute("aria-expanded", String(found.length > 0));
  byId("search-none").hidden = !words.trim() || found.length > 0;
  markActive(-1);
  const more = all.length > found.length ? `, the first ${found.length} listed` : "";
  announce(!words.trim() ? "" : all.length ? `${all.length} found${more}` : `Nothing is called ${words.trim()}`);
}

function goTo(entry) {
  byId("search").value = entry.text;
  byId("search-none").hidden = true;
  closeList();
  placeLayer.clearLayers();
  entry.go();
}

function searchKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && byId("search-list").hidden) drawFound();
  if (step && found.length) {
    event.preventDefault();
    const from = active < 0 && step < 0 ? found.length : active;
    markActive((from + step + found.length) % found.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (byId("search-list").hidden) drawFound();
    if (found.length) goTo(found[Math.max(active, 0)]);
  } else if (event.key === "Escape") {
    if (byId("search-list").hidden) { byId("search").value = ""; byId("search-none").hidden = true; placeLayer.clearLayers(); announce(""); }
    closeList();
  }
}

function startSearch() {
  placeLayer = L.layerGroup().addTo(chart);
  byId("search").addEventListener("input", drawFound);
  byId("search").addEventListener("keydown", searchKey);
  byId("search").addEventListener("blur", closeList);
}
