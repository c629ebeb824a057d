// What the page is for, and where its figures come from.
export default {
  props: { lines: Array },
  template: `<footer class="notes"><p v-for="(one, place) in lines" :key="place">{{ one }}</p></footer>`,
};
