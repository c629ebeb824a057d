// Reach: the land within some minutes of the nearest open setting, in bands that meet exactly.

let reachLayer = null;
const unpacked = new Map();

// A ring is a first point and the steps from each to the next, in parts of a degree: longitude before latitude.
function unpackRing(ring) {
  const points = [];
  let east = 0;
  let north = 0;
  for (let place = 0; place < ring.length; place += 2) {
    east += ring[place];
    north += ring[place + 1];
    points.push([north / data.reach.scale, east / data.reach.scale]);
  }
  return points;
}

function bandsOf(land) {
  if (!unpacked.has(land)) unpacked.set(land, land.bands.map((band) => band.map((polygon) => polygon.map(unpackRing))));
  return unpacked.get(land);
}

function bandLook(band) {
  const far = band === data.reach.labels.length - 1;
  const colour = data.reach.colours[band];
  // a hair of the same colour closes the seam that smoothing leaves between two bands
  return { pane: "reach", interactive: false, smoothFactor: 0, stroke: !far, color: colour, weight: 0.6, fill: true,
    fillColor: far ? "url(#hatch-far)" : colour, fillOpacity: state.tiles && !far ? 0.6 : 1 };
}

function drawReach() {
  reachLayer.clearLayers();
  if (!inReach()) return;
  const land = landShown();
  const last = data.reach.labels.length - 1;
  if (!land) {
    areasOf("district").forEach((area) => L.polygon(shapeOf(area).getLatLngs(), bandLook(last)).addTo(reachLayer));
    return;
  }
  const bands = bandsOf(land);
  [last, ...bands.keys()].slice(0, bands.length).forEach((band) => {
    if (bands[band].length) L.polygon(bands[band], bandLook(band)).addTo(reachLayer);
  });
}

function landText(share) {
  return share > 0 && share < 0.005 ? "under 1%" : `${numberText(share * 100)}%`;
}

function startReach() {
  reachLayer = L.layerGroup().addTo(chart);
}
