// Who gains and who loses: a total, and the large counts by name.
export default {
  props: { gains: Array, note: String },
  template: `
    <div class="gains"><section v-for="one in gains" :key="one.title"><h4>{{ one.title }}</h4><p class="total">{{ one.total }}</p>
      <p v-for="line in one.lines" :key="line.name"><span class="quiet">{{ line.name }}:</span> {{ line.text }}</p></section>
      <p class="note">{{ note }}</p></div>`,
};
