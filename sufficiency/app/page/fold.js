// A heading that folds what is below it; native, so that every browser and reader knows it.
export default {
  inheritAttrs: false,
  props: { title: String, keyId: String },
  template: `<details class="fold" :id="keyId"><summary>{{ title }}</summary><slot></slot></details>`,
};
