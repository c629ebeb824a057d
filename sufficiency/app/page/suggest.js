// Where next? Towns for the places in hand, and the best schemes that a budget buys.
export default {
  props: { sites: Array, sitesNote: String, sitesBusy: Boolean, found: Object, foundNote: String, foundBusy: Boolean },
  emits: ["sites", "use", "search", "lay", "stop"],
  template: `
    <section class="suggest" aria-labelledby="suggest-title" data-part="suggest">
      <h2 id="suggest-title">Where next?</h2>
      <p class="hint">The best sites for the places above, beside the rest of the programme: towns and villages, by what all places would change.</p>
      <p class="row"><button type="button" id="suggest-sites" class="main" :aria-disabled="sitesBusy" @click="sitesBusy || $emit('sites')">Suggest sites</button><button v-if="sitesBusy" type="button" id="sites-stop" @click="$emit('stop', 'sites')">Stop</button></p>
      <div role="status"><p v-if="sitesNote" id="sites-note" class="hint">{{ sitesNote }}</p></div>
      <ol v-if="sites.length" class="sites"><li v-for="(one, place) in sites" :key="place"><div><h3>{{ one.name }}</h3><p>{{ one.words }}</p></div>
        <button type="button" :id="'site-' + place" :aria-label="'Put it at ' + one.name" @click="$emit('use', place)">Put it here</button></li></ol>
      <details id="budget-search"><summary>What would a budget buy?</summary>
        <p class="hint">Chooses sites, sizes and years among the area’s candidates for the fewest pupils without a local place, up to the year that is looked at. It may take half a minute.</p>
        <form class="row" @submit.prevent="foundBusy || $emit('search', budget)"><label class="field">Budget, £ million<input id="budget" inputmode="decimal" maxlength="9" autocomplete="off" v-model="budget"></label>
          <button id="budget-go" class="main" :aria-disabled="foundBusy">Find schemes</button><button v-if="foundBusy" type="button" id="budget-stop" @click="$emit('stop', 'found')">Stop</button></form>
        <div role="status"><p v-if="foundNote" id="found-note" class="hint">{{ foundNote }}</p></div>
        <div v-if="found" id="found"><p v-for="(one, place) in found.words" :key="place">{{ one }}</p>
          <ul><li v-for="(one, place) in found.schemes" :key="place">{{ one }}</li></ul>
          <button type="button" id="found-lay" @click="$emit('lay')">Lay them out as the programme</button></div></details>
    </section>`,
  data() { return { budget: "" }; },
};
