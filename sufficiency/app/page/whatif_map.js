// The map of the what-if page. Geometry is fetched once; after that one character an area says its class.
// Text from data reaches the page as text only (textContent, or Vue's own escaping), never as HTML.
import { leaflet as L } from "nicegui-leaflet";

const NUDGE_M = 250;
const DRAG_MS = 90;
const STEPS = { ArrowUp: [0, NUDGE_M], ArrowDown: [0, -NUDGE_M], ArrowLeft: [-NUDGE_M, 0], ArrowRight: [NUDGE_M, 0] };
const PANES = [["areas", 350, true], ["water", 370, false], ["roads", 380, false], ["dots", 390, false], ["borders", 400, false],
  ["symbols", 600, true], ["labels", 620, false], ["pins", 650, true]];
const LEAST_APART_PX = 15;
const charts = new Set();
const fetched = new Map();

function ground(address) {
  if (!fetched.has(address)) fetched.set(address, fetch(address, { credentials: "same-origin" }).then((answer) => answer.json()));
  return fetched.get(address);
}

function node(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function shapeNode(shape, look) {
  if (shape === "square") return svg("rect", { x: -7, y: -7, width: 14, height: 14, ...look });
  if (shape === "triangle") return svg("path", { d: "M0,-8.5 L8.5,7 L-8.5,7 Z", ...look });
  if (shape === "diamond") return svg("path", { d: "M0,-9 L9,0 L0,9 L-9,0 Z", ...look });
  return svg("circle", { r: shape === "ring" ? 6.5 : 7.5, ...look });
}

function symbolNode(symbol, status, sizePx) {
  const root = svg("svg", { width: sizePx, height: sizePx, viewBox: "-11 -11 22 22", "aria-hidden": "true", focusable: "false" });
  const hollow = status === "proposed" || symbol.shape === "ring";
  root.append(shapeNode(symbol.shape, { fill: "none", stroke: "#FFFFFF", "stroke-width": 6 }));
  root.append(shapeNode(symbol.shape, { fill: hollow ? "#FFFFFF" : symbol.colour, stroke: symbol.colour, "stroke-width": hollow ? 3 : 1 }));
  return root;
}

function pinNode(pin, colour) {
  const root = svg("svg", { width: 34, height: 44, viewBox: "0 0 34 44", "aria-hidden": "true", focusable: "false" });
  const path = "M17 43 C12 33 2 27 2 16 A15 15 0 0 1 32 16 C32 27 22 33 17 43 Z";
  root.append(svg("path", { d: path, fill: pin.on ? colour : "#FFFFFF", stroke: pin.on ? "#FFFFFF" : colour, "stroke-width": 2, "stroke-dasharray": pin.on ? "none" : "4 3" }));
  const words = svg("text", { x: 17, y: 21, "text-anchor": "middle", "font-size": 13, "font-weight": 700, fill: pin.on ? "#FFFFFF" : colour });
  words.textContent = pin.mark;
  root.append(words);
  return root;
}

function overlap(a, b) {
  return a.left < b.right + 1 && a.right > b.left - 1 && a.top < b.bottom + 1 && a.bottom > b.top - 1;
}

function hatch() {
  const tile = document.createElement("canvas");
  tile.width = 6;
  tile.height = 6;
  const ink = tile.getContext("2d");
  ink.fillStyle = "#FFFFFF";
  ink.fillRect(0, 0, 6, 6);
  ink.strokeStyle = "#6F6A62";
  ink.lineWidth = 1.5;
  for (const at of [-6, 0, 6]) { ink.beginPath(); ink.moveTo(at, 6); ink.lineTo(at + 6, 0); ink.stroke(); }
  return ink.createPattern(tile, "repeat");
}

export default {
  props: { address: String, bounds: Array, shade: Object, pins: Array, year: Number, label: String, updating: Boolean, linked: Boolean, watermark: String },
  emits: ["place", "nudge", "drop", "pick", "school"],
  template: `
    <div class="map-block" :aria-busy="updating ? 'true' : 'false'">
      <div class="map-frame">
        <div ref="map" class="map"></div>
        <p class="map-updating" v-show="updating">Updating…</p>
        <svg class="north" width="26" height="34" viewBox="0 0 26 34" aria-hidden="true"><path d="M13 3 L20 24 L13 20 L6 24 Z" fill="#3D3D3D"/><text x="13" y="33" text-anchor="middle" font-size="10" font-weight="700" fill="#3D3D3D">N</text></svg>
        <span class="cross" aria-hidden="true"></span>
        <p v-if="watermark" class="map-watermark" aria-hidden="true">{{ watermark }}</p>
      </div>
      <div class="legend">
        <div v-if="shade && shade.legend"><h3>{{ shade.title }}</h3><p>{{ shade.levelTitle }}; {{ shade.unit }}. At the right: how many areas.</p>
          <ul><li v-for="row in shade.legend" :key="row.mark"><span class="swatch" :class="row.mark === 'c' ? 'hatched' : ''" :style="row.colour ? 'background:' + row.colour : ''"></span>{{ row.label }}<span class="count">{{ row.count }}</span></li></ul></div>
        <fieldset v-if="kinds.length" class="kinds"><legend>Schools on the map</legend>
          <label v-for="kind in kinds" :key="kind.id"><input type="checkbox" v-model="kind.on" @change="drawSymbols"><span :ref="(at) => mark(at, kind.id)" class="kind-mark"></span>{{ kind.label }}</label></fieldset>
      </div>
    </div>`,
  data() { return { kinds: [] }; },
  async mounted() {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.chart = L.map(this.$refs.map, { zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 15, minZoom: 7, fadeAnimation: false, zoomAnimation: !still, inertia: !still, attributionControl: false, scrollWheelZoom: true });
    for (const [name, height, pointed] of PANES) {
      const pane = this.chart.createPane(name);
      pane.style.zIndex = height;
      if (!pointed) pane.style.pointerEvents = "none";
    }
    const frame = this.$refs.map;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", this.label);
    this.chart.fitBounds(this.bounds, { padding: [8, 8], animate: false });
    L.control.scale({ position: "bottomleft", maxWidth: 110 }).addTo(this.chart);
    this.markers = new Map();
    this.pattern = hatch();
    this.chart.on("click", (event) => this.placeAt(event.latlng));
    frame.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === frame) { event.preventDefault(); this.placeAt(this.chart.getCenter()); }
    });
    this.drawPins();
    charts.add(this);
    this.chart.on("move", () => this.follow());
    for (const touch of ["pointerdown", "wheel", "keydown"]) frame.addEventListener(touch, () => { this.touched = true; }, { passive: true });
    this.watcher = new ResizeObserver(() => {
      this.chart.invalidateSize({ animate: false, pan: false });
      if (!this.touched) this.chart.fitBounds(this.bounds, { padding: [8, 8], animate: false });
    });
    this.watcher.observe(frame);
    const data = await ground(this.address);
    if (this.gone) return;
    this.land = data;
    this.kinds = data.kinds.map((kind) => ({ ...kind }));
    this.drawLand();
    this.paint();
    this.drawSymbols();
    this.makeLabels();
    this.chart.on("zoomend resize moveend", () => this.placeLabels());
    this.chart.on("zoomend", () => this.spread());
    frame.dataset.ready = "true";
  },
  unmounted() {
    this.gone = true;
    charts.delete(this);
    if (this.watcher) this.watcher.disconnect();
    if (this.chart) this.chart.remove();
  },
  watch: {
    shade(now, then) {
      if (JSON.stringify(now) === JSON.stringify(then)) return;
      this.paint();
      this.makeLabels();
    },
    pins(now, then) { if (JSON.stringify(now) !== JSON.stringify(then)) this.drawPins(); },
    year() { this.drawSymbols(); },
    label() { this.$refs.map.setAttribute("aria-label", this.label); },
  },
  methods: {
    placeAt(at) { this.$emit("place", { lat: at.lat, lng: at.lng }); },
    follow() {
      if (!this.linked || this.led) return;
      for (const other of charts) {
        if (other === this || !other.linked) continue;
        other.led = true;
        other.chart.setView(this.chart.getCenter(), this.chart.getZoom(), { animate: false });
        other.led = false;
      }
    },
    drawLand() {
      const { land, chart } = this;
      this.layers = {};
      const canvas = {};
      for (const name of ["areas", "water", "roads", "borders"]) canvas[name] = L.canvas({ pane: name, padding: 0.3 });
      for (const [level, areas] of Object.entries(land.levels)) {
        this.layers[level] = L.geoJSON(areas.shapes, { pane: "areas", renderer: canvas.areas, smoothFactor: 0, style: () => ({ stroke: false, fillOpacity: 1, fillColor: "#FAF8F3" }) });
        this.layers[level].bindTooltip((shape) => node("span", "", this.wordsOf(level, shape.feature.properties.i)), { sticky: true, opacity: 1 });
      }
      const lines = (data, pane) => data && L.geoJSON(data, { pane, renderer: canvas[pane], interactive: false, smoothFactor: 0, style: (one) => ({ opacity: 1, fill: false, ...one.properties.style }) }).addTo(chart);
      lines(land.water, "water");
      lines(land.roads, "roads");
      for (const [level, data] of Object.entries(land.borders).reverse()) {
        const dash = { cluster: "4 3", zone: "1 3" }[level];
        const layer = L.geoJSON(data, { pane: "borders", renderer: canvas.borders, interactive: false, smoothFactor: 0, style: (one) => ({ opacity: 1, fill: false, dashArray: dash, ...one.properties.style }) });
        this.layers[`${level}-border`] = layer;
        if (!dash) layer.addTo(chart);
      }
      for (const place of land.places) L.circleMarker(place.at, { pane: "dots", radius: 2 + Math.sqrt(place.people) / 40, stroke: false, fillColor: land.colours.dot, fillOpacity: 0.5, interactive: false }).addTo(chart);
    },
    wordsOf(level, number) {
      const name = this.land.levels[level].names[number];
      if (!this.shade || this.shade.level !== level) return name;
      const letter = this.shade.classes[number];
      const row = this.shade.legend.find((one) => one.mark === letter);
      return `${name}: ${this.shade.words[number] || (row ? row.label : "")}`;
    },
    paint() {
      if (!this.land || !this.shade || !this.shade.classes) return;
      const { level, classes, legend } = this.shade;
      const colours = Object.fromEntries(legend.map((row) => [row.mark, row.mark === "c" ? this.pattern : row.colour]));
      for (const name of Object.keys(this.land.levels)) {
        const shown = name === level;
        if (shown !== this.chart.hasLayer(this.layers[name])) shown ? this.layers[name].addTo(this.chart) : this.layers[name].remove();
        const border = this.layers[`${name}-border`];
        const drawn = name === "district" || shown || (name === "cluster" && level === "zone");
        if (border && drawn !== this.chart.hasLayer(border)) drawn ? border.addTo(this.chart) : border.remove();
      }
      this.layers[level].setStyle((one) => ({ fillColor: colours[classes[one.properties.i]] || this.land.colours.noData }));
      this.$refs.map.dataset.classes = classes;
    },
    statusOf(setting) {
      if (setting.status === "closed") return null;
      const at = this.land.years.indexOf(this.year);
      if (setting.open[at] === "1") return "open";
      return setting.open.slice(at).includes("1") ? "proposed" : null;
    },
    mark(at, kind) { if (at && !at.firstChild && this.land) at.append(symbolNode(this.land.symbols[kind], "open", 15)); },
    drawSymbols() {
      if (!this.land) return;
      (this.symbols || []).forEach((one) => one.marker.remove());
      const on = new Set(this.kinds.filter((kind) => kind.on).map((kind) => kind.id));
      this.symbols = this.land.settings.filter((one) => on.has(one.kind)).map((setting) => ({ setting, status: this.statusOf(setting) })).filter((one) => one.status).map(({ setting, status }) => {
        const icon = L.divIcon({ html: symbolNode(this.land.symbols[setting.kind], status, 14), className: "symbol", iconSize: [16, 16] });
        const marker = L.marker(setting.at, { icon, keyboard: false, pane: "symbols", alt: "" });
        const kind = this.land.kinds.find((one) => one.id === setting.kind).label.toLowerCase();
        const facts = [`${setting.name}: ${kind}, ${status}`, setting.ages, setting.needs && `needs admitted: ${setting.needs}`].filter(Boolean).join("; ");
        marker.bindTooltip(() => node("span", "", facts), { direction: "top", opacity: 1, offset: [0, -8] });
        marker.on("click", (event) => { L.DomEvent.stopPropagation(event); this.$emit("school", setting.id); });
        return { marker: marker.addTo(this.chart), at: L.latLng(setting.at) };
      });
      this.spread();
    },
    spread() {
      const spots = (this.symbols || []).map(({ at }) => this.chart.latLngToLayerPoint(at));
      for (let round = 0; round < 40; round += 1) {
        let moved = false;
        for (let a = 0; a < spots.length; a += 1) for (let b = a + 1; b < spots.length; b += 1) {
          const gap = spots[b].subtract(spots[a]);
          const apart = Math.hypot(gap.x, gap.y);
          if (apart >= LEAST_APART_PX) continue;
          const angle = apart < 0.5 ? (a * 2.4) % (2 * Math.PI) : Math.atan2(gap.y, gap.x);
          const push = L.point(Math.cos(angle), Math.sin(angle)).multiplyBy((LEAST_APART_PX - apart) / 2);
          spots[a] = spots[a].subtract(push);
          spots[b] = spots[b].add(push);
          moved = true;
        }
        if (!moved) break;
      }
      spots.forEach((spot, place) => this.symbols[place].marker.setLatLng(this.chart.layerPointToLatLng(spot)));
    },
    drawPins() {
      if (!this.chart) return;
      const wanted = new Map(this.pins.map((pin) => [pin.id, pin]));
      for (const [id, held] of this.markers) if (!wanted.has(id)) { held.marker.remove(); this.markers.delete(id); }
      for (const [id, pin] of wanted) {
        const held = this.markers.get(id) || this.makePin(pin);
        held.pin = pin;
        if (!held.dragged) held.marker.setLatLng(pin.at);
        const at = held.marker.getElement();
        at.replaceChildren(pinNode(pin, "#801650"));
        at.classList.toggle("chosen", pin.chosen);
        at.classList.toggle("to-come", !pin.there);
        at.setAttribute("aria-label", `${pin.name}${pin.there ? "" : ", not yet in the year looked at"}. ${pin.fixed ? "It stands at a school." : "Arrow keys move it by 250 metres."} Enter edits it.`);
      }
    },
    makePin(pin) {
      const marker = L.marker(pin.at, { icon: L.divIcon({ className: "pin", html: "", iconSize: [34, 44], iconAnchor: [17, 43] }), pane: "pins", keyboard: true, draggable: !pin.fixed, autoPan: true }).addTo(this.chart);
      const held = { marker, pin, dragged: false, last: 0, grip: Math.floor(performance.now()) };
      this.markers.set(pin.id, held);
      const tell = (settled) => { const at = marker.getLatLng(); this.$emit("drop", { id: held.pin.id, lat: at.lat, lng: at.lng, settled, grip: held.grip }); };
      marker.on("dragstart", () => { held.dragged = true; held.grip += 1; });
      marker.on("drag", () => { const now = performance.now(); if (now - held.last > DRAG_MS) { held.last = now; tell(false); } });
      marker.on("dragend", () => { held.dragged = false; tell(true); });
      marker.on("click", (event) => { L.DomEvent.stopPropagation(event); this.$emit("pick", held.pin.id); });
      marker.getElement().addEventListener("keydown", (event) => {
        const step = STEPS[event.key];
        if (step && !held.pin.fixed) { event.preventDefault(); event.stopPropagation(); this.$emit("nudge", { id: held.pin.id, east: step[0], north: step[1] }); }
        else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); this.$emit("pick", held.pin.id); }
      });
      return held;
    },
    makeLabels() {
      if (!this.land) return;
      const pane = this.chart.getPane("labels");
      pane.classList.add("leaflet-zoom-hide");
      pane.replaceChildren();
      const level = this.shade && this.shade.level;
      const made = [];
      const add = (className, text, at, more) => { const one = node("span", `label ${className}`, text); one.setAttribute("aria-hidden", "true"); made.push({ node: one, at: L.latLng(at), least: 0, ...more }); };
      const titled = new Set();
      if (level === "district") this.land.levels.district.ids.forEach((id, number) => {
        const name = this.land.levels.district.names[number];
        titled.add(name);
        add("area", `${name}\n${(this.shade.words || [])[number] || ""}`, this.land.anchors[id], { centred: true, firm: true });
      });
      else if (level === "cluster") this.land.levels.cluster.ids.forEach((id, number) => add("area cluster", (this.shade.words || [])[number] || "", this.land.anchors[id], { centred: true }));
      for (const place of this.land.places) if (!titled.has(place.text)) add(place.outside ? "outside" : place.people >= 8000 ? "large" : "", place.text, place.at, { least: place.people >= 8000 ? 0 : place.people >= 3000 ? 10.4 : 11.4, gap: 4 + Math.sqrt(place.people) / 40 });
      for (const road of this.land.roadLabels) add(`road rank-${road.rank}`, road.text, road.at, { centred: true, least: [0, 9.5, 10.4, 11.4][road.rank], text: road.text });
      pane.append(...made.map((one) => one.node));
      // measured together, so that the browser lays them out once
      for (const one of made) one.size = [one.node.offsetWidth, one.node.offsetHeight];
      this.labels = made;
      this.placeLabels();
    },
    placeLabels() {
      if (!this.labels) return;
      const zoom = this.chart.getZoom();
      const size = this.chart.getSize();
      const origin = this.chart.containerPointToLayerPoint([0, 0]);
      const taken = [...this.markers.values()].map(({ marker }) => { const at = this.chart.latLngToLayerPoint(marker.getLatLng()); return { left: at.x - 17, right: at.x + 17, top: at.y - 44, bottom: at.y }; });
      for (const { marker } of this.symbols || []) { const at = this.chart.latLngToLayerPoint(marker.getLatLng()); taken.push({ left: at.x - 7, right: at.x + 7, top: at.y - 7, bottom: at.y + 7, soft: true }); }
      const near = {};
      for (const one of this.labels) {
        const at = this.chart.latLngToLayerPoint(one.at);
        const [width, height] = one.size;
        const spots = one.centred ? [0, 14, -14, 28, -28, 42, -42].map((dy) => [at.x - width / 2, at.y - height / 2 + dy]).slice(0, one.text ? 1 : 7)
          : [[at.x + one.gap, at.y - height / 2], [at.x - one.gap - width, at.y - height / 2], [at.x - width / 2, at.y - one.gap - height], [at.x - width / 2, at.y + one.gap]];
        const box = ([left, top]) => ({ left, top, right: left + width, bottom: top + height });
        const inside = (b) => b.left > origin.x + 2 && b.right < origin.x + size.x - 2 && b.top > origin.y + 2 && b.bottom < origin.y + size.y - 2;
        let spot = zoom >= one.least && spots.map(box).find((b) => inside(b) && !taken.some((other) => overlap(b, other)));
        if (!spot && one.firm) spot = spots.map(box).find((b) => inside(b) && !taken.some((other) => !other.soft && overlap(b, other)));
        const crowded = spot && one.text && (near[one.text] || []).some((other) => other.distanceTo(at) < 240);
        one.node.hidden = !spot || crowded;
        if (one.node.hidden) continue;
        taken.push(spot);
        if (one.text) (near[one.text] = near[one.text] || []).push(at);
        L.DomUtil.setPosition(one.node, L.point(Math.round(spot.left), Math.round(spot.top)));
      }
    },
  },
};
