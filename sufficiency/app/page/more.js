// What takes seconds and is asked for: what would unlock places, and the range over drawn futures.
export default {
  props: { unlock: Object, unlockNote: String, futures: Object, futuresNote: String, futuresBusy: Boolean },
  emits: ["unlock", "futures", "stop"],
  template: `
    <div class="columns more"><section v-for="one in asked" :key="one.id"><h3>{{ one.title }}</h3><p class="hint">{{ one.text }}</p>
      <p class="row"><button type="button" :id="one.id" @click="$emit(one.event)">{{ one.button }}</button><button v-if="one.busy" type="button" :id="one.id + '-stop'" @click="$emit('stop', one.event)">Stop</button></p>
      <div role="status"><p v-if="one.note" class="hint" :id="one.id + '-note'">{{ one.note }}</p></div>
      <div v-if="one.table" class="table-frame wide" tabindex="0" role="region" :aria-label="one.table.caption"><table><caption>{{ one.table.caption }}</caption>
        <thead><tr><th v-for="(name, place) in one.table.head" :key="place" scope="col">{{ name }}</th></tr></thead>
        <tbody><tr v-for="row in one.table.rows" :key="row.id"><th scope="row">{{ row.cells[0] }}</th><td v-for="(cell, place) in row.cells.slice(1)" :key="place">{{ cell }}</td></tr></tbody></table>
        <p v-if="one.table.note" class="note">{{ one.table.note }}</p></div></section></div>`,
  computed: {
    asked() {
      return [
        { id: "unlocks", event: "unlock", title: "What would unlock a place", button: "Ask what is missing", text: "For pupils who have no modelled place with the programme: the cheapest change that would give one of them a place.", note: this.unlockNote, table: this.unlock },
        { id: "futures", event: "futures", title: "If the forecast is wrong", button: "Draw other futures", text: "The same question in futures drawn from the ranges of the forecast: it takes some seconds.", note: this.futuresNote, busy: this.futuresBusy, table: this.futures },
      ];
    },
  },
};
