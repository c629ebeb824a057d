// The bar at the top: what the page is, and what can always be done. Undo stands here whatever happens below.
const MOST_BYTES = 262144;
// where something is typed, the browser's own undo holds
const writing = (at) => at.tagName === "TEXTAREA" || (at.tagName === "INPUT" && !["checkbox", "radio", "range", "button", "file"].includes(at.type));
export default {
  props: { title: String, mark: String, beneath: String, canUndo: Boolean, canRedo: Boolean, comparing: Boolean, busy: Boolean, internal: Boolean },
  emits: ["undo", "redo", "compare", "save", "opened", "papers", "stop", "fault"],
  template: `
    <header class="top-bar">
      <div class="bar-title"><h1>{{ title }}</h1>
        <p><strong v-if="mark" class="mark">{{ mark }}</strong><strong v-if="internal" class="mark inside">Internal: not for publication</strong> {{ beneath }}</p></div>
      <div class="bar-buttons" role="toolbar" aria-label="The programme as a whole">
        <button type="button" id="undo" :aria-disabled="!canUndo" @click="$emit('undo')">Undo</button>
        <button type="button" id="redo" :aria-disabled="!canRedo" @click="$emit('redo')">Redo</button>
        <button type="button" id="compare" @click="$emit('compare')">{{ comparing ? "Close the comparison" : "Compare two" }}</button>
        <button type="button" id="save" @click="$emit('save')">Save</button>
        <button type="button" id="open-file" @click="$refs.file.click()">Open a file</button>
        <input ref="file" id="open" type="file" accept=".toml" tabindex="-1" aria-label="A scenario file" hidden @change="read">
        <button v-if="busy" type="button" id="papers-stop" @click="$emit('stop')">Stop the papers</button>
        <button v-else type="button" id="papers" @click="$emit('papers')">Make the papers</button>
        <button type="button" id="guide-open" @click="guide">Guide</button>
      </div>
    </header>`,
  mounted() {
    window.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || writing(event.target)) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) { event.preventDefault(); this.$emit("undo"); }
      else if (key === "y" || (key === "z" && event.shiftKey)) { event.preventDefault(); this.$emit("redo"); }
    });
  },
  methods: {
    guide() { window.dispatchEvent(new CustomEvent("what-if-guide")); },
    async read(event) {
      const [file] = event.target.files;
      event.target.value = "";
      if (!file) return;
      if (file.size > MOST_BYTES) this.$emit("fault", "the file is too large for a scenario: 256 kB at most");
      else this.$emit("opened", { name: file.name, text: await file.text() });
    },
  },
};
