// The online base map: asked for only while its box is ticked, of the one host that the page's security policy names.

let pictures = null;

// The map's corner takes markup: the words of the attribution go in as the characters that they are.
const asCharacters = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function showPictures(wanted) {
  if (wanted && !pictures) {
    pictures = L.tileLayer(data.tiles.url, { pane: "tiles", maxZoom: 19, attribution: asCharacters(data.tiles.attribution) });
  }
  if (wanted) pictures.addTo(chart);
  else if (pictures) pictures.remove();
  setState({ tiles: wanted });
}

extras.start.push(() => {
  const box = element("input", { type: "checkbox", id: "pictures-shown" });
  box.addEventListener("change", () => showPictures(box.checked));
  const label = element("label", { for: "pictures-shown" }, box, element("span", { text: `Online base map (asks ${data.tiles.host} for pictures)` }));
  byId("legend-kinds").append(element("li", { className: "off" }, label));
});
