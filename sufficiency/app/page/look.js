// What the map is shaded by, and which of two programmes is worked on.
export default {
  props: { looks: Array, levels: Array, look: String, level: String, programmes: Array, active: Number },
  emits: ["look", "level", "work"],
  template: `
    <div class="look">
      <div class="pair"><label class="field wide">Shade by<select id="look" :value="look" @change="$emit('look', $event.target.value)"><option v-for="one in looks" :key="one.value" :value="one.value">{{ one.label }}</option></select></label>
      <label class="field">Areas<select id="level" :value="level" @change="$emit('level', $event.target.value)"><option v-for="one in levels" :key="one.value" :value="one.value">{{ one.label }}</option></select></label></div>
      <div v-if="programmes.length > 1" class="work" role="group" aria-label="The programme worked on">
        <button v-for="(name, place) in programmes" :key="place" :id="'work-' + place" type="button" :aria-pressed="place === active ? 'true' : 'false'" @click="$emit('work', place)">Work on “{{ name }}”</button></div>
    </div>`,
};
