// The internal layers: how full each setting is, and who goes from which cluster to which setting.

// A few pupils from one cluster are what is looked for: broader than flows between districts.
const DESIRE_LEAST = 9;
const useColumns = ["setting_id", "provision_type", ...data.internal.columns];
let chosenSetting = "";

function internalRows(table) {
  const years = ((data.internal[table][state.scenario] || {})[state.policy]) || {};
  return years[String(data.years[state.year].year)] || [];
}

function usesOf(setting) {
  return internalRows("uses").filter(([id]) => id === setting.id).map((row) => Object.fromEntries(useColumns.map((name, place) => [name, row[place]])));
}

const total = (uses, column) => uses.map((use) => use[column]).reduce((sum, value) => (isNumber(sum) && isNumber(value) ? sum + value : isNumber(value) ? value : sum), null);

// Placed over planned places: what the model makes of the setting in the state shown.
function fullness(setting) {
  const uses = usesOf(setting);
  const [planned, placed] = [total(uses, "planned_places"), total(uses, "placed_pupils")];
  return isNumber(planned) && planned > 0 && isNumber(placed) ? { planned, placed, share: placed / planned } : null;
}

extras.facts.push((setting) => {
  const uses = setting.kind === "support_base" ? [] : usesOf(setting);
  if (!uses.length) return [];
  const words = (column) => (isNumber(total(uses, column)) ? numberText(total(uses, column)) : "");
  const on = uses.map((use) => use.occupancy_share).filter(isNumber);
  return [["Planned places", words("planned_places")], ["Commissioned", words("commissioned_places")],
    ["Pupils placed", `${words("placed_pupils")} (modelled, ${yearLabel()})`], ["Spare places", words("spare_places")],
    ["Above places", total(uses, "over_capacity_pupils") ? words("over_capacity_pupils") : ""], ["On roll", words("on_roll_pupils")],
    ["Occupancy", on.length ? on.map((share) => `${numberText(share * 100)}%`).join("; ") : ""], ["Seen by", "the council only: internal"]];
});

// A badge under each symbol, where there is room for it.
extras.labels.push(() => {
  if (!state.badges) return [];
  return symbolMarkers.filter(({ setting, status }) => status === "open" && setting.kind !== "support_base").map(({ setting, marker, sizePx }) => {
    const full = fullness(setting);
    if (!full) return null;
    return makeLabel(full.share > 1 ? "badge over" : "badge", `${numberText(full.share * 100)}%`, marker.getLatLng(), { dot: sizePx / 2 + 1 });
  }).filter(Boolean);
});

const schoolOf = (id) => data.settings.find((one) => one.id === id && one.kind !== "support_base");

// A setting: whence its pupils come. A cluster: where its pupils go. Nothing chosen: nothing drawn. The last chosen counts.
function desireChosen() {
  if (chosenSetting) return { name: schoolOf(chosenSetting).name, rows: internalRows("flows").filter(([, to]) => to === chosenSetting) };
  const area = data.areas[state.selected];
  if (!area || area.level !== "cluster") return { name: "", rows: [] };
  return { name: area.name, rows: internalRows("flows").filter(([from]) => from === state.selected) };
}

function desireFlows() {
  const { name, rows } = desireChosen();
  const flows = rows.map(([from, to, pupils]) => ({ from: data.areas[from], to: schoolOf(to), pupils })).filter(({ to }) => to);
  return { name, flows: flows.sort((a, b) => b.pupils - a.pupils) };
}

function desireWords(name, count) {
  if (!state.desire) return "";
  if (!name) return "Choose a cluster or a setting";
  return count ? `${name}: ${count} ${count === 1 ? "flow" : "flows"} drawn` : `${name}: nobody is placed`;
}

function drawDesireLines() {
  const { name, flows } = state.desire ? desireFlows() : { name: "", flows: [] };
  const most = Math.max(1, ...flows.map(({ pupils }) => pupils));
  flows.forEach(({ from, to, pupils }) => {
    drawFlow(from.at, to.at, pupils, most, `${from.name} to ${to.name}: ${numberText(pupils)} ${pupils === 1 ? "pupil" : "pupils"}`, DESIRE_LEAST);
  });
  byId("desire-note").textContent = desireWords(name, flows.length);
  byId("desire-details").hidden = !state.desire;
  const words = [name, yearLabel(), scenarioOf(state.scenario).title, policyShown().title].filter(Boolean).join(", ");
  byId("desire-caption").textContent = `Pupils placed, cluster to setting: ${words}`;
  byId("desire-body").replaceChildren(...flows.map(({ from, to, pupils }) => element("tr", {}, element("th", { scope: "row", text: from.name }),
    element("td", { className: "words", text: to.name }), element("td", { text: numberText(pupils) }))));
}

// The badges' equal for those who do not see the map: the fullest first.
function drawUses() {
  const open = data.settings.filter((setting) => setting.kind !== "support_base").map((setting) => ({ setting, uses: usesOf(setting), full: fullness(setting) }));
  const rows = open.filter(({ uses }) => uses.length).sort((a, b) => (b.full ? b.full.share : -1) - (a.full ? a.full.share : -1));
  const said = (value) => valueText(value, "pupils");
  byId("uses-caption").textContent = `How full: ${[yearLabel(), scenarioOf(state.scenario).title, policyShown().title].join(", ")}`;
  byId("uses-body").replaceChildren(...rows.map(({ setting, uses, full }) => element("tr", {}, element("th", { scope: "row", text: setting.name }),
    ...["planned_places", "placed_pupils", "spare_places"].map((column) => element("td", { text: said(total(uses, column)) })),
    element("td", { text: full ? `${numberText(full.share * 100)}%` : "z" }))));
}

extras.redraw.push((patch) => {
  if ("selected" in patch && patch.selected >= 0) chosenSetting = "";
  drawDesireLines();
  drawUses();
});

function internalBox(id, text, name) {
  const box = element("input", { type: "checkbox", id });
  box.addEventListener("change", () => {
    box.closest("li").classList.toggle("off", !box.checked);
    setState({ [name]: box.checked });
  });
  return element("li", { className: "off" }, element("label", { for: id }, box, element("span", { text })));
}

extras.start.push(() => {
  byId("legend-kinds").append(internalBox("badges-shown", "Pupils placed, % of planned places", "badges"),
    internalBox("desire-shown", "Flows, cluster to setting", "desire"), element("li", {}, element("span", { id: "desire-note", className: "note", role: "status" })));
  chart.on("popupopen", (event) => {
    const opened = symbolMarkers.find(({ marker }) => marker === event.popup._source);
    if (!opened || !schoolOf(opened.setting.id)) return;
    chosenSetting = opened.setting.id;
    drawFlows();
    drawDesireLines();
    passShapesOver();
  });
});
