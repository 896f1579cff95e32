// Files of the map that is shown, and how to make it again.
import { button, copyable, field, h, number, offer, valueOf } from "./dom";
import { cssOf, stepOf } from "./colours";
import { frame, kmlOf, scaleBar, worldOf, type Framed } from "./files";
import type { Layer } from "./layer";
import { onShown, scaleName, shown } from "./look";
import { attempt, say } from "./session";
import { node, state } from "./state";
import { LAYER_NAMES, TEXTS } from "./texts";

const box = h("div", { id: "take-panel" });

export function takePanel(): HTMLElement {
  onShown(fill);
  fill();
  return box;
}

function fill(): void {
  const { record, view } = state;
  if (!record || !view.source) return box.replaceChildren(h("p", {}, TEXTS.notYet));
  const source = view.source;
  const step = number("contour-step", "10");
  const lines = async (): Promise<GeoJSON.FeatureCollection> => node.contours(source, valueOf(step) ?? 10);
  const found: (Node | null)[] = [
    h("p", {}, TEXTS.takeLead),
    h("div", { class: "row" },
      button("GeoTIFF", () => void attempt(async () => offer(await node.geotiff(source), "map.tif")), { id: "take-tif" }),
      button("PNG", () => void attempt(picture), { id: "take-png" }), button("World file", world, { id: "take-world" }),
    ),
    h("small", {}, TEXTS.pictureSaid),
    h("h2", {}, "Contours of the mean"), field("Step [dB]", step),
    h("div", { class: "row" },
      button("GeoJSON", () => void attempt(async () => offer(JSON.stringify(await lines(), null, 1), "contours.geojson", "application/geo+json")), { id: "take-geojson" }),
      button("KML", () => void attempt(async () => offer(kmlOf(await lines(), record.unit), "contours.kml", "application/vnd.google-earth.kml+xml")), { id: "take-kml" }),
    ),
    record.crs === null ? h("p", { class: "note" }, TEXTS.local) : null,
  ];
  if (record.command && record.python) {
    found.push(
      h("h2", {}, "Make the map again"),
      record.edits && (record.edits.holes.length || record.edits.tracks.length || record.edits.readings.length) ? h("p", { class: "note" }, "What was painted stands in the request alone.") : null,
      copyable("Command", record.command, "command"), copyable("Python", record.python, "python"),
      copyable("Request", JSON.stringify({ ...record.request, edits: record.edits }, null, 1), "request"),
    );
  }
  return box.replaceChildren(...found.filter((one): one is Node => one !== null));
}

// --- picture ----------------------------------------------------------------------------------------------------------

function framed(): Framed | null {
  const map = state.chart?.map;
  if (!map) return null;
  const bounds = map.getBounds();
  return frame(map.getCanvas().width, [bounds.getWest(), 0], [bounds.getEast(), 0], bounds.getNorth(), Math.abs(map.getBearing()) > 1e-6 || map.getPitch() > 1e-6);
}

function world(): void {
  const found = framed();
  if (!found) return say("A turned or tilted map has no world file: turn it north up first (the compass on the map).", "bad");
  return offer(worldOf(found), "map.pgw");
}

async function picture(): Promise<void> {
  const map = state.chart?.map;
  const layer = shown();
  if (!map || !layer) {
    if (state.view.source) offer(await node.picture(state.view.source, "mean"), "map.png");
    return;
  }
  const canvas = map.getCanvas();
  const ratio = canvas.width / canvas.clientWidth;
  const sheet = document.createElement("canvas");
  const credits = state.chart?.credits() ?? "";
  const below = credits ? 84 : 64; // the legend lies below: pixels of the map keep their places
  [sheet.width, sheet.height] = [canvas.width, canvas.height + Math.round(below * ratio)];
  const brush = sheet.getContext("2d") as CanvasRenderingContext2D;
  brush.fillStyle = "#ffffff";
  brush.fillRect(0, 0, sheet.width, sheet.height);
  brush.drawImage(canvas, 0, 0);
  legendInto(brush, layer, canvas.height, ratio);
  if (credits) creditInto(brush, credits, canvas.height, ratio);
  const content = await new Promise<Blob | null>((done) => sheet.toBlob(done));
  if (content) offer(content, "map.png");
}

/** Whom layout and background are of, as OpenStreetMap's licence asks of pictures; as wide as the picture at most. */
function creditInto(brush: CanvasRenderingContext2D, credits: string, top: number, ratio: number): void {
  brush.save();
  brush.translate(0, top);
  brush.scale(ratio, ratio);
  brush.font = "12px sans-serif";
  brush.fillStyle = "#1f2937";
  brush.fillText(credits, 12, 75, brush.canvas.width / ratio - 24);
  brush.restore();
}

function legendInto(brush: CanvasRenderingContext2D, layer: Layer, top: number, ratio: number): void {
  const { values } = state.chart as NonNullable<typeof state.chart>;
  brush.save();
  brush.translate(0, top);
  brush.scale(ratio, ratio);
  brush.font = "13px sans-serif";
  for (let k = 0; k < 256; k += 1) {
    brush.fillStyle = cssOf(scaleName(), stepOf(k, 0, 256));
    brush.fillRect(12 + k, 24, 1.2, 14);
  }
  brush.fillStyle = "#1f2937";
  const unit = layer.unit === "1" ? "probability" : layer.unit;
  brush.fillText(`${LAYER_NAMES[state.view.layer] ?? state.view.layer} [${unit}]`, 12, 16);
  brush.fillText(values.low.toFixed(1), 12, 55);
  brush.textAlign = "right";
  brush.fillText(values.high.toFixed(1), 268, 55);
  brush.textAlign = "left";
  const map = (state.chart as NonNullable<typeof state.chart>).map;
  const middle = map.getCenter();
  const metresPerPixel = (40_075_016.686 * Math.cos((middle.lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
  const [metres, pixels] = scaleBar(metresPerPixel);
  brush.fillRect(310, 30, pixels, 4);
  brush.fillText(metres >= 1000 ? `${metres / 1000} km` : `${metres} m`, 310, 24);
  brush.fillText(`OpenCKM, north up, centre ${middle.lat.toFixed(5)}, ${middle.lng.toFixed(5)}`, 310, 55);
  brush.restore();
}
