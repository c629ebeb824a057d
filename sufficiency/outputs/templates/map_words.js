// The words of the page: captions, title and subtitle of what is shown.

function captionOf(column) {
  const measure = measureOf(column);
  if (measure.kind !== "figure") return measure.caption;
  const caption = ignoresCapacity() && column.startsWith("without_local") ? "Residents with no suitable local place at all (ignores capacity)"
    : measure.caption;
  return state.view === "change" ? `Change in: ${caption.charAt(0).toLowerCase()}${caption.slice(1)}` : caption;
}

function unitOf(column) {
  if (state.view !== "change" || isGain(column)) return measureOf(column).unit;
  return isShare(column) ? "percentage points" : measureOf(column).unit;
}

function glossText() {
  return ignoresCapacity() && state.measure.startsWith("without_local") ? policyShown().gloss : measureOf(state.measure).gloss;
}

// Whom the figures are about; empty for all pupils.
function pupilsTitle() {
  if (inReach()) return data.reach.phases.find((phase) => phase.id === phaseShown()).title;
  if (inUnserved()) return choiceShown().title;
  return groupShown() ? groupShown().title : "";
}

function scenarioWords() {
  const scenario = scenarioOf(state.scenario).title;
  return state.view === "change" ? `${scenario} less ${scenarioOf(data.baseline).title}` : scenario;
}

// What the figures turn on, in the order of the controls: no way of matching pupils bears on reach.
function stateParts() {
  const policy = policyShown().title + (ignoresCapacity() ? " (ignores capacity)" : "");
  return [pupilsTitle() && `pupils: ${pupilsTitle()}`, `scenario: ${scenarioWords()}`, !onLand() && `policy: ${policy}`, yearLabel()].filter(Boolean);
}

function subtitleText() {
  const unit = onLand() ? `${unitOf(state.measure)}, ${data.reach.profile}` : unitOf(state.measure);
  return [`${captionOf(state.measure)}, ${unit}`, ...stateParts()].join(" · ");
}

function findingText() {
  if (inReach()) return data.reach.findings[state.measure][state.scenario][phaseShown()][state.year];
  if (inUnserved()) return data.unserved.findings[state.scenario][choiceShown().id][state.year];
  if (inGain()) return data.gains.findings[state.measure][state.scenario][state.policy][state.year];
  const group = groupShown();
  const findings = (group ? data.groups.of[group.id].findings : data.findings)[state.view];
  return findings[state.measure][state.scenario][state.policy][state.year];
}

// What a reader should know of the choice of pupils; empty where there is nothing to say.
function pupilsNote() {
  if (inReach()) {
    const apart = data.reach.apart.length ? ` Too far from any road to count: ${data.reach.apart.join("; ")}.` : "";
    return `Shares are of land. The settings counted are those open to any age of the phase; faint symbols do not count.${apart}`;
  }
  if (inUnserved()) {
    return "Shares are of land, counted at evenly spaced points. A setting counts for a broad area of need where it admits some need of it; needs not recorded are taken as the recorded ones. Faint symbols do not count.";
  }
  return groupShown() ? data.groups.note : "";
}
