// The heading of what lies behind the answer, and what must be borne in mind beside it.
export default {
  props: { title: String, status: String, care: String },
  template: `<div><h2 id="behind-title">{{ title }}</h2><p id="behind-status" class="status">{{ status }}</p><p class="care">{{ care }}</p></div>`,
};
