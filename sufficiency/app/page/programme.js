// The programme: its name, one's own schemes as cards, and the area's schemes to be switched on or copied.
export default {
  props: { title: String, longest: Number, cards: Array, area: Array },
  emits: ["title", "switch", "edit", "duplicate", "remove", "copy", "empty"],
  template: `
    <section class="programme" aria-labelledby="programme-title" data-part="programme">
      <h2 id="programme-title">The programme</h2>
      <label class="field">Its name<input id="programme-name" v-model="name" :maxlength="longest" @change="$emit('title', name)"></label>
      <p v-if="!cards.length" class="hint">No scheme of your own yet.</p>
      <ul class="cards"><li v-for="one in cards" :key="one.id" class="card" :class="{ chosen: one.chosen, off: !one.on }">
        <label><input type="checkbox" :id="'on-' + one.id" :checked="one.on" @change="$emit('switch', { id: one.id, on: $event.target.checked })"><strong>{{ one.name }}</strong></label>
        <p>{{ one.words }}</p>
        <p class="row"><button type="button" class="plain" :id="'edit-' + one.id" :aria-pressed="one.chosen ? 'true' : 'false'" :aria-label="'Edit ' + one.name" @click="$emit('edit', one.id)">Edit</button>
          <button type="button" class="plain" :id="'duplicate-' + one.id" :aria-label="'Duplicate ' + one.name" @click="$emit('duplicate', one.id)">Duplicate</button>
          <button type="button" class="plain" :id="'remove-' + one.id" :aria-label="'Remove ' + one.name" @click="$emit('remove', one.id)">Remove</button></p></li></ul>
      <p v-if="cards.length" class="row"><button type="button" class="plain" id="empty" @click="$emit('empty')">Take all schemes away</button></p>
      <details v-if="area.length" id="area-schemes"><summary>The area’s own schemes: {{ area.filter((one) => one.on).length }} of {{ area.length }} on</summary>
        <ul class="cards area"><li v-for="one in area" :key="one.id"><label><input type="checkbox" :id="'area-' + one.id" :checked="one.on" @change="$emit('switch', { id: one.id, on: $event.target.checked })">{{ one.name }}</label>
          <button v-if="one.copies" type="button" class="plain" :id="'copy-' + one.id" :aria-label="'Copy to edit: ' + one.name" @click="$emit('copy', one.id)">Copy to edit</button></li></ul></details>
    </section>`,
  data() { return { name: this.title }; },
  watch: { title() { this.name = this.title; } },
};
