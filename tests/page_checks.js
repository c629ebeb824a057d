// What the tests measure in a page. Contrast as WCAG 2.2 defines it, of every text that shows, on what its ancestors
// paint behind it. What stands over the map with a background that is not whole is measured over the darkest ink; a name
// on the map, on its halo.

window.checks = (function () {
  const parse = (text) => { const found = text.match(/[\d.]+/g).map(Number); return [found[0], found[1], found[2], found.length > 3 ? found[3] : 1]; };
  const over = (top, under) => [0, 1, 2].map((place) => top[place] * top[3] + under[place] * (1 - top[3])).concat([1]);
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  const contrast = (one, other) => { const both = [luminance(one), luminance(other)].sort((a, b) => b - a); return (both[0] + 0.05) / (both[1] + 0.05); };
  let order = new Map();
  function behind(node) {
    const layers = [];
    let base = [255, 255, 255, 1];
    for (let at = node; at; at = at.parentElement) {
      if (at.matches(".label:not(.road)")) { base = parse(getComputedStyle(at).webkitTextStrokeColor); break; }
      if (at.matches(".leaflet-popup")) break; // its white sheet lies beside its close button, not around it
      const paint = parse(getComputedStyle(at).backgroundColor);
      if (paint[3] > 0) layers.push(paint);
      if (paint[3] === 1) break;
      if (at.matches(".overlay, .leaflet-control, .leaflet-pane")) { base = [43, 43, 43, 1]; break; }
    }
    return layers.reverse().reduce((under, top) => over(top, under), base);
  }
  function shown(node) {
    const box = node.getBoundingClientRect();
    return node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && box.width > 1 && box.height > 1 && box.right > 0;
  }
  function texts() {
    const out = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode.parentElement;
      if (!walk.currentNode.textContent.trim() || !shown(node) || node.matches("script, style, option, .watermark, :disabled, svg *")) continue;
      if (node.closest("label:has(input:disabled)")) continue;
      out.push(node);
    }
    return [...new Set(out), ...document.querySelectorAll("select")];
  }
  function weakTexts() {
    return texts().map((node) => {
      const look = getComputedStyle(node);
      const paper = behind(node);
      const ink = over(parse(look.color), paper);
      const large = parseFloat(look.fontSize) >= 24 || (parseFloat(look.fontSize) >= 18.66 && Number(look.fontWeight) >= 700);
      return [contrast(ink, paper), large ? 3 : 4.5, `${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}`];
    }).filter(([found, wanted]) => found < wanted).map(([found, , words]) => `${found.toFixed(2)}: ${words}`);
  }
  function weakEdges() {
    return [...document.querySelectorAll("select, .choices, button:not(.pick)")].filter(shown).map((node) => {
      const paper = behind(node.parentElement);
      return [contrast(over(parse(getComputedStyle(node).borderTopColor), paper), paper), node.id || node.className];
    }).filter(([found]) => found < 3).map(([found, words]) => `${found.toFixed(2)}: ${words}`);
  }
  function focus() {
    const node = document.activeElement;
    let ring = node;
    if (getComputedStyle(ring).outlineStyle === "none" && node.closest(".choices label")) ring = node.closest(".choices label");
    const look = getComputedStyle(ring);
    // a white ring around the focus counts as what it stands on
    const cased = look.boxShadow.startsWith("rgb(255, 255, 255)") && parseFloat(look.boxShadow.split(" ")[6]) > parseFloat(look.outlineOffset) + parseFloat(look.outlineWidth);
    const paper = cased ? [255, 255, 255, 1] : behind(parseFloat(look.outlineOffset) < 0 ? ring : ring.parentElement);
    return { name: node.id || node.getAttribute("aria-label") || String(node.getAttribute("class") || node.tagName), tag: node.tagName,
      drawn: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2, contrast: contrast(parse(look.outlineColor), paper),
      at: order.get(node), body: node === document.body };
  }
  // places in the page before tooltips come and go
  function number() {
    order = new Map([...document.querySelectorAll("*")].map((node, place) => [node, place]));
  }
  function focusAt(place) {
    [...order.keys()][place].focus();
  }
  // what the tab key should reach: of radio buttons that belong together, the one that is chosen
  function reachable() {
    return [...document.querySelectorAll("a[href], button, select, summary, input, [tabindex='0']")].filter((node) => node.checkVisibility()
      && node.tabIndex >= 0 && !node.disabled && !(node.type === "radio" && !node.checked)).map((node) => order.get(node));
  }
  // Go through everything that a reader can do, and keep all that was shown: texts, elements, attributes, downloads.
  async function visit(typed) {
    const kept = { texts: new Set(), tags: new Set(), attributes: new Set(), files: [] };
    const told = ["aria-label", "title", "alt", "placeholder", "label", "aria-valuetext"];
    const look = (root) => [root, ...root.querySelectorAll("*")].forEach((node) => {
      kept.tags.add(node.tagName.toLowerCase());
      for (const { name, value } of node.attributes) {
        kept.attributes.add(/^(href|src|action|srcdoc|data|style)$/.test(name) && !/^(data:,|#[a-z-]+|)$/.test(value) ? `${name} with a value` : name);
        if (told.includes(name)) kept.texts.add(value);
      }
      if (!node.matches("script, style")) [...node.childNodes].filter((child) => child.nodeType === 3 && child.data.trim()).forEach((child) => kept.texts.add(child.data));
    });
    const every = (selector) => [...document.querySelectorAll(selector)];
    const fire = (node, kind, more) => node.dispatchEvent(new (kind.startsWith("mouse") ? MouseEvent : kind.startsWith("key") ? KeyboardEvent : Event)(kind, { bubbles: true, ...more }));
    const [make, press] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
    const blobs = [];
    URL.createObjectURL = (blob) => { blobs.push(blob); return "#"; };
    HTMLAnchorElement.prototype.click = function () { if (this.download) kept.files.push([this.download]); else press.call(this); };
    window.print = () => {};
    look(document.documentElement);
    every("details").forEach((node) => { node.open = true; });
    every("input[type=checkbox]").filter((node) => !node.checked).forEach((node) => node.click());
    every("select").forEach((list) => [...list.options].forEach((option) => {
      if (option.selected && list.id !== "scheme") return;
      list.value = option.value;
      fire(list, "change");
      look(document.body);
    }));
    every("input[type=radio]").forEach((node) => { node.click(); look(document.body); });
    every(".leaflet-pane path").forEach((path) => { fire(path, "mouseover", { clientX: 400, clientY: 400 }); every(".leaflet-tooltip").forEach(look); fire(path, "mouseout"); });
    every(".symbol").forEach((mark, place) => {
      const node = every(".symbol")[place];
      node.focus();
      every(".leaflet-tooltip").forEach(look);
      fire(node, "keypress", { key: "Enter", keyCode: 13 });
      every(".leaflet-popup").forEach(look);
      every(".leaflet-popup-close-button").forEach((button) => button.click());
    });
    for (const words of document.getElementById("search") ? typed : []) {
      const box = document.getElementById("search");
      box.value = words;
      fire(box, "input");
      every(".search").forEach(look);
      fire(box, "keydown", { key: "Enter" });
      every(".search, .leaflet-popup").forEach(look);
    }
    every("button").filter((node) => node.isConnected).forEach((node) => node.click());
    every("a#ran").forEach((node) => node.click());
    window.dispatchEvent(new Event("beforeprint"));
    look(document.body);
    window.dispatchEvent(new Event("afterprint"));
    await new Promise((done) => setTimeout(done, 100));
    for (const [place, blob] of blobs.entries()) kept.files[place].push(await blob.text());
    [URL.createObjectURL, HTMLAnchorElement.prototype.click] = [make, press];
    return { texts: [...kept.texts], tags: [...kept.tags], attributes: [...kept.attributes], files: kept.files, ran: window.__ran || 0, title: document.title };
  }
  return { visit, weakTexts, weakEdges, texts: () => texts().length, focus, number, focusAt, reachable };
})();
