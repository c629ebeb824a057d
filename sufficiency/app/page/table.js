// A table as it is read: a caption, heads, rows. A cell is text, or { text, share, tone } with a bar behind no reader.
export default {
  props: { caption: String, head: Array, rows: Array, note: String, wide: Boolean },
  template: `
    <div :class="wide ? 'table-frame wide' : 'table-frame'" :tabindex="wide ? 0 : null" :role="wide ? 'region' : null" :aria-label="wide ? caption : null">
      <table><caption>{{ caption }}</caption>
        <thead><tr><th v-for="(one, place) in head" :key="place" scope="col">{{ one }}</th></tr></thead>
        <tbody><tr v-for="row in rows" :key="row.id" :class="row.kind"><th scope="row"><template v-if="typeof row.cells[0] === 'object'">{{ row.cells[0].text }}<span class="under">{{ row.cells[0].note }}</span></template><template v-else>{{ row.cells[0] }}</template></th>
          <td v-for="(cell, place) in row.cells.slice(1)" :key="place"><template v-if="cell !== null && typeof cell === 'object'"><span class="bar-frame" aria-hidden="true"><span class="bar" :class="cell.tone" :style="'width:' + 100 * cell.share + '%'"></span></span><span class="bar-text">{{ cell.text }}</span></template><template v-else>{{ cell }}</template></td></tr></tbody>
      </table><p v-if="note" class="note">{{ note }}</p>
    </div>`,
};
