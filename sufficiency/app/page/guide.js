// The first-use guide: five steps, one at a time. It is open until somebody closes it, and the browser remembers that.
const KEY = "what-if-guide-closed";
export default {
  inheritAttrs: false,
  props: { steps: Array },
  template: `
    <section v-show="open" id="guide" class="guide" aria-labelledby="guide-title" @keydown.esc="close">
      <h2 id="guide-title" ref="title" tabindex="-1">First time here? Step {{ at + 1 }} of {{ steps.length }}: {{ steps[at].title }}</h2>
      <p>{{ steps[at].text }}</p>
      <div class="row"><button type="button" id="guide-back" :aria-disabled="at === 0" @click="go(at - 1)">Back</button>
        <button type="button" id="guide-next" class="main" @click="at + 1 < steps.length ? go(at + 1) : close()">{{ at + 1 < steps.length ? "Next" : "Done" }}</button>
        <button type="button" id="guide-close" class="plain" @click="close">Close the guide</button></div>
    </section>`,
  data() { return { open: false, at: 0 }; },
  mounted() {
    let closed = null;
    try { closed = localStorage.getItem(KEY); } catch { closed = "yes"; }
    this.open = closed === null;
    this.mark();
    window.addEventListener("what-if-guide", () => this.show());
  },
  methods: {
    mark() { document.body.dataset.step = this.open ? this.steps[this.at].part : ""; },
    go(at) { if (at < 0) return; this.at = at; this.mark(); this.$nextTick(() => this.$refs.title.focus()); },
    show() { this.open = true; this.at = 0; this.mark(); this.$nextTick(() => this.$refs.title.focus()); },
    close() {
      this.open = false;
      this.mark();
      try { localStorage.setItem(KEY, "yes"); } catch { /* a browser without storage shows it again next time */ }
      const opener = document.getElementById("guide-open");
      if (opener) opener.focus();
    },
  },
};
