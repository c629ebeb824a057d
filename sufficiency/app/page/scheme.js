// The scheme in hand, in the order that a planner thinks: where, what, how many, when, at what cost. Native controls only.
// While a slider is dragged or a field is typed in, the hand says its value; otherwise what the server holds.
const DRAG_MS = 60;
export default {
  props: { form: Object, placeTold: String },
  emits: ["change", "find", "fresh"],
  template: `
    <section class="scheme" aria-labelledby="form-title" data-part="scheme">
      <div class="row spread"><h2 id="form-title">{{ v ? v.name : "The scheme" }}</h2><button v-if="v" type="button" id="fresh" @click="$emit('fresh')">Another scheme</button></div>
      <p v-if="!v" class="hint">Click the map, type a place below, or pick a suggestion: a scheme of 30 places is put there for you to change.</p>
      <fieldset data-part="where"><legend>Where</legend>
        <form class="row" @submit.prevent="find"><label class="field wide">Place, school, postcode, or easting, northing<input id="place" v-model="text" autocomplete="off" spellcheck="false" maxlength="120" aria-describedby="place-told"></label>
          <button id="place-find" class="main">Put it there</button></form>
        <p id="place-told" class="hint">{{ placeTold || (v ? v.where : "For example Wantage, a school’s name, or 439800, 187900.") }}</p>
        <label v-if="v" class="field">{{ v.action === "relocate" ? "Whose places move" : "At a school" }}<select id="school" v-model="v.school" @change="tell('school', v.school)"><option v-if="v.action === 'open'" value="">A new site</option><option v-for="one in form.schools" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
      </fieldset>
      <template v-if="v">
        <fieldset data-part="what"><legend>What</legend>
          <label class="field">What would happen<select id="action" v-model="v.action" @change="tell('action', v.action)"><option v-for="one in choices.actions" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
          <label v-if="v.provision.length || v.action === 'close'" class="field">{{ v.action === "close" ? "What closes" : "Which places" }}<select id="provision" v-model="v.fromProvision" @change="tell('fromProvision', v.fromProvision)"><option v-if="v.action === 'close'" value="">All places of the type below</option><option v-for="one in v.provision" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
          <div class="pair"><label class="field">Type of place<select id="type" v-model="v.type" @change="tell('type', v.type)"><option v-for="one in choices.types" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
          <label class="field">Name of the scheme<input id="name" v-model="v.name" :maxlength="choices.longestName" @change="tell('name', v.name)"></label></div>
          <template v-if="v.action !== 'close'"><div class="pair"><label class="field">From year group<select id="from" v-model.number="v.from" @change="tell('from', v.from)"><option v-for="one in choices.yearGroups" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
          <label class="field">To year group<select id="to" v-model.number="v.to" @change="tell('to', v.to)"><option v-for="one in choices.yearGroups" :key="one.value" :value="one.value">{{ one.label }}</option></select></label></div>
          <details class="needs"><summary>Needs admitted: {{ v.needsWords }}</summary>
            <label class="field">Set of needs<select id="need-set" v-model="needSet" @change="setNeeds"><option value="">Choose a set…</option><option v-for="one in choices.needSets" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
            <fieldset class="ticks"><legend class="unseen">Needs admitted</legend><label v-for="one in choices.needs" :key="one.value"><input type="checkbox" :id="'need-' + one.value" :value="one.value" v-model="v.needs" @change="tell('needs', [...v.needs])">{{ one.label }}</label></fieldset></details></template>
        </fieldset>
        <fieldset v-if="v.action !== 'close'" data-part="many"><legend>How many</legend>
          <div class="slide"><label class="field wide">Places<input id="places" type="range" :min="choices.least" :max="choices.most" step="1" v-model.number="v.places" @focus="grip += 1" @pointerdown="take('places')" @input="drag('places', v.places)" @change="drop('places', v.places)"></label>
          <label class="field narrow">Number<input id="places-number" type="number" inputmode="numeric" :min="choices.least" :max="choices.most" v-model="number" @change="tell('places', number)"></label></div>
        </fieldset>
        <fieldset data-part="when"><legend>When</legend>
          <div class="pair"><label class="field">{{ v.action === "close" ? "Closes in" : "From" }}<select id="year-from" v-model.number="v.year" @change="tell('year', v.year)"><option v-for="one in choices.years" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
          <label v-if="v.action !== 'close'" class="field">Second step<select id="second" v-model.number="v.secondYear" @change="tell('secondYear', v.secondYear)"><option :value="0">None</option><option v-for="one in v.laterYears" :key="one.value" :value="one.value">Then, {{ one.label }}</option></select></label></div>
          <label v-if="v.action !== 'close' && v.secondYear" class="field">Places from the second step on<input id="second-places" type="range" :min="choices.least" :max="choices.most" step="1" v-model.number="v.secondPlaces" @focus="grip += 1" @pointerdown="take('secondPlaces')" @input="drag('secondPlaces', v.secondPlaces)" @change="drop('secondPlaces', v.secondPlaces)"></label>
          <p class="hint" id="steps">{{ v.steps }}.</p>
        </fieldset>
        <fieldset data-part="cost"><legend>Cost to build, £ million, and why</legend>
          <div class="three"><label v-for="(name, place) in ['Low', 'Central', 'High']" :key="name" class="field">{{ name }}<input :id="'cost-' + place" inputmode="decimal" maxlength="12" autocomplete="off" v-model="v.cost[place]" @change="tell('cost', [...v.cost])"></label></div>
          <p class="hint">Leave blank if not known: it then counts as nothing in the capital purse.</p>
          <label class="field">{{ v.rationaleTitle }}<input id="rationale" v-model="v.rationale" :maxlength="choices.longestReason" autocomplete="off" @change="tell('rationale', v.rationale)"></label>
        </fieldset>
      </template>
    </section>`,
  data() { return { v: this.copy(), text: "", needSet: "", number: this.form.scheme ? this.form.scheme.places : 30, grip: 0, held: "", last: 0, later: 0, asked: false }; },
  computed: { choices() { return this.form.choices; } },
  watch: {
    form() {
      const kept = this.v && this.held ? { [this.held]: this.v[this.held] } : {};
      const typing = this.asked ? "" : this.typed();
      const same = this.v && this.form.scheme && this.v.id === this.form.scheme.id;
      if (same && (typing === "name" || typing === "rationale")) kept[typing] = this.v[typing];
      if (same && typing.startsWith("cost-")) kept.cost = this.v.cost;
      this.asked = false;
      this.v = this.copy();
      if (this.v) Object.assign(this.v, kept);
      if (this.v && !(same && typing === "places-number")) this.number = this.v.places;
      this.needSet = "";
    },
  },
  methods: {
    copy() { const told = this.form.scheme; return told ? { ...told, needs: [...told.needs], cost: [...told.cost] } : null; },
    typed() { const at = document.activeElement; return at && at.matches("#name, #rationale, #places-number, [id^=cost-]") ? at.id : ""; },
    tell(field, value) { this.asked = true; this.grip += 1; this.send(field, value, true); },
    send(field, value, settled) { this.$emit("change", { id: this.v.id, field, value, settled, grip: this.grip }); },
    take(field) { this.grip += 1; this.held = field; for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => { this.held = ""; }, { once: true }); },
    drag(field, value) {
      if (field === "places") this.number = value;
      clearTimeout(this.later);
      const wait = this.last + DRAG_MS - performance.now();
      if (wait > 0) { this.later = setTimeout(() => this.drag(field, value), wait); return; }
      this.last = performance.now();
      this.send(field, value, false);
    },
    drop(field, value) { clearTimeout(this.later); this.held = ""; this.send(field, value, true); },
    setNeeds() { if (this.needSet) this.tell("needSet", this.needSet); },
    find() { if (this.text.trim()) this.$emit("find", this.text.trim()); },
  },
};
