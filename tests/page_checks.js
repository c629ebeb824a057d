// What the tests measure in a page. Contrast as WCAG 2.2 defines it, of every text that shows, on what its ancestors
// paint behind it. What stands over the map with a background that is not whole is measured over the darkest ink; a name
// on the map, on its halo.

window.checks = (function () {
  const parse = (text) => { const found = text.match(/[\d.]+/g).map(Number); return [found[0], found[1], found[2], found.length > 3 ? found[3] : 1]; };
  const over = (top, under) => [0, 1, 2].map((place) => top[place] * top[3] + under[place] * (1 - top[3])).concat([1]);
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  const contrast = (one, other) => { const both = [luminance(one), luminance(other)].sort((a, b) => b - a); return (both[0] + 0.05) / (both[1] + 0.05); };
  function behind(node) {
    const layers = [];
    let base = [255, 255, 255, 1];
    for (let at = node; at; at = at.parentElement) {
      if (at.matches(".label:not(.road)")) { base = parse(getComputedStyle(at).webkitTextStrokeColor); break; }
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
    const paper = cased ? [255, 255, 255, 1] : behind(ring.parentElement);
    return { name: node.id || node.getAttribute("aria-label") || String(node.getAttribute("class") || node.tagName), tag: node.tagName,
      drawn: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2, contrast: contrast(parse(look.outlineColor), paper),
      at: [...document.querySelectorAll("*")].indexOf(node), body: node === document.body };
  }
  return { weakTexts, weakEdges, texts: () => texts().length, focus };
})();
