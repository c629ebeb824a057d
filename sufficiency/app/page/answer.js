// The answer first and largest: the finding, three figures before and after, and the year that is looked at.
export default {
  inheritAttrs: false,
  props: { sentence: String, figures: Array, status: String, told: String, asked: Number, fault: String, notice: String, year: Number, years: Array, labels: Array },
  emits: ["year"],
  template: `
    <section id="answer" class="answer" aria-labelledby="finding" :data-asked="asked || null" data-part="answer">
      <div class="answer-said"><h2 id="finding">{{ sentence }}</h2>
        <dl class="figures"><div v-for="one in figures" :key="one.title"><dt>{{ one.title }}</dt>
          <dd><span class="before"><span class="unseen">before </span>{{ one.before }}</span> <span aria-hidden="true">→</span> <span class="after"><span class="unseen">after </span>{{ one.after }}</span> <span class="change" :class="one.tone">{{ one.change }}</span></dd></div></dl>
        <p id="answer-status" class="status">{{ status }}</p></div>
      <div class="year"><label for="year">Year</label>
        <input id="year" type="range" min="0" :max="years.length - 1" step="1" :value="at" :aria-valuetext="labels[at]" @input="turn($event, false)" @change="turn($event, true)">
        <output for="year" id="year-told">{{ labels[at] }}</output></div>
      <p id="told" class="unseen" aria-live="polite">{{ told }}</p>
      <div class="messages" role="alert"><p v-if="fault" id="fault" class="fault">{{ fault }}</p></div>
      <div role="status"><p v-if="notice" id="notice" class="notice">{{ notice }}</p></div>
    </section>`,
  data() { return { at: Math.max(0, this.years.indexOf(this.year)), wanted: null }; },
  watch: { year() { if (this.wanted === null || this.year === this.wanted) { this.wanted = null; this.at = Math.max(0, this.years.indexOf(this.year)); } } },
  methods: {
    // while years are turned over fast, what the server says of an earlier one does not move the hand
    turn(event, settled) {
      this.at = Number(event.target.value);
      const year = this.years[this.at];
      if (year === this.wanted && !settled) return;
      this.wanted = year === this.year ? null : year;
      this.$emit("year", { year, settled });
    },
  },
};
