// The internal layers: how full each setting is, and who goes from which cluster to which setting.

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

// A cluster: where its pupils go. A setting: whence its pupils come. Nothing chosen: nothing drawn.
function drawDesireLines() {
  if (!state.desire) return;
  const cluster = data.areas[state.selected] && data.areas[state.selected].level === "cluster" ? state.selected : -1;
  const wanted = internalRows("flows").filter(([from, to]) => (cluster >= 0 && from === cluster) || (chosenSetting && to === chosenSetting));
  const most = Math.max(1, ...wanted.map((row) => row[2]));
  wanted.sort((a, b) => b[2] - a[2]).forEach(([from, to, pupils]) => {
    const setting = data.settings.find((one) => one.id === to && one.kind !== "support_base");
    if (setting) drawFlow(data.areas[from].at, setting.at, pupils, most, `${data.areas[from].name} to ${setting.name}: ${numberText(pupils)} ${pupils === 1 ? "pupil" : "pupils"}`);
  });
  const drawn = wanted.length ? `${wanted.length} flows drawn` : "Choose a cluster or a setting";
  document.getElementById("desire-note").textContent = drawn;
}

extras.redraw.push(drawDesireLines);

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
    const shownMarker = symbolMarkers.find(({ marker }) => marker === event.popup._source);
    chosenSetting = shownMarker ? shownMarker.setting.id : "";
    if (state.desire) { drawFlows(); drawDesireLines(); }
  });
  chart.on("popupclose", () => { chosenSetting = ""; });
});
