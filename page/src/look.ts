// The map that is shown: its layers, colours, legend, what it says of a place, and what is said of it.
import { sourceText, type Source } from "./address";
import { Refused, type MapRecord } from "./api";
import { chanceBelow, outage } from "./chance";
import { cssOf, type ScaleName } from "./colours";
import { byId, field, h, number, options, valueOf } from "./dom";
import { alike, blocks, cellAt, centreOf, courseOf, difference, evenEnds, type Corner, type Layer } from "./layer";
import { inPieces } from "./pointLayer";
import { showLine } from "./profile";
import { attempt, say } from "./session";
import { inSight } from "./sight";
import { node, remember, state } from "./state";
import { LAYER_NAMES, methodName, onThePage, TEXTS } from "./texts";
import { TileSet } from "./tiles";
import type { ValueLayer } from "./valueLayer";

const readout = byId<HTMLOutputElement>("readout");
const legend = byId("legend");
const plainBox = byId("plain");
export const mapPanel = h("div", { id: "map-panel" }, h("p", {}, TEXTS.notYet));
let cursor: [number, number] | null = null;
let assumed = false;
/** Threshold of the outage until another is chosen [dBm]. */
const DEFAULT_BELOW = -110;
const changed: (() => void)[] = [];

/** Call something whenever another map is shown. */
export function onShown(work: () => void): void {
  changed.push(work);
}

// --- opening ----------------------------------------------------------------------------------------------------------

export async function open(fit: boolean): Promise<void> {
  const { source, other } = state.view;
  state.tiles?.stop();
  state.otherTiles?.stop();
  Object.assign(state, { record: null, layers: {}, tiles: null, otherRecord: null, otherLayers: {}, otherTiles: null });
  cursor = null;
  readout.textContent = ""; // what it says is of the map before
  state.chart?.setCell(null, 0, 0);
  if (!source) return;
  try {
    state.record = await node.record(source);
    if (other) state.otherRecord = await node.record(other);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return say(`${TEXTS.expired} (${sourceText(source)})`, "bad");
    throw error;
  }
  const record = state.record;
  if (record.kind === "construct" && source.kind === "job") state.base = source.id;
  if (record.of) state.base = record.of;
  if (!record.layers.includes(state.view.layer)) state.view.layer = "mean";
  const chart = state.chart;
  await chart?.ready();
  if (record.tiles) {
    if (chart && record.corners && (fit || !state.view.centre)) chart.fit(record.corners);
  } else {
    state.layers["mean"] = await node.layer(source, "mean");
    if (chart && (fit || !state.view.centre)) chart.fit(state.layers["mean"].corners);
  }
  chart?.showBasemap(record.crs !== null);
  await background(source, record);
  state.plan = record.kind === "plan" && source.kind === "job" ? await node.plan(source.id) : null;
  chart?.set("plan", state.plan ?? []);
  if (record.site) {
    state.site = record.site.place;
    chart?.setSite(state.site, null);
  }
  mapPanel.replaceChildren(...panelOf(record));
  for (const work of changed) work();
  await showLayer();
  if (!record.tiles) await Promise.all(["std", "p05", "p95", "p10", "p90"].filter((name) => record.layers.includes(name)).map(need));
  if (state.view.line.length > 1) await showLine();
  await colourReadings();
}

/** What the layout's file says of the ground, and the buildings that are drawn and stand in the line of sight. */
async function background(source: Source, record: MapRecord): Promise<void> {
  const { chart } = state;
  const [buildings, ground, heights] = record.layout ? await Promise.all([node.buildings(source), node.ground(source), node.heights(source)]) : [null, null, null];
  chart?.set("buildings", buildings ?? []);
  assumed = buildings?.features.some((one) => one.properties?.["assumed"]) ?? false;
  chart?.set("ground", ground ?? []);
  chart?.creditLayout(record.credit);
  state.heights = heights;
  if (ground?.left_out) say(TEXTS.fewerStreets(ground.left_out));
}

async function need(name: string): Promise<Layer> {
  if (!state.view.source) throw new Error("no map");
  return layerOf(state.view.source, state.record, state.layers, name);
}

async function needOther(name: string): Promise<Layer> {
  if (!state.view.other) throw new Error("no other map");
  return layerOf(state.view.other, state.otherRecord, state.otherLayers, name);
}

/** A layer of a map, asked for once; the outage follows from mean and standard deviation, and is asked for never. */
async function layerOf(source: Source, record: MapRecord | null, held: Record<string, Layer>, name: string): Promise<Layer> {
  if (name === "outage") {
    const [mean, std] = await Promise.all(["mean", "std"].map((one) => layerOf(source, record, held, one)));
    return (held[name] ??= outage(threshold(), mean as Layer, std as Layer, drawsOf(record)));
  }
  return (held[name] ??= await node.layer(source, name));
}

const drawsOf = (record: MapRecord | null): number | null => (record?.belief === "draws" ? record.draws : null);
const threshold = (): number => state.view.below ?? DEFAULT_BELOW;

// --- layers -----------------------------------------------------------------------------------------------------------

export const isDifference = (): boolean => state.view.other !== null && state.view.mode === "difference";

/** The layer that is coloured now. */
export function shown(): Layer | null {
  if (state.tiles) return state.tiles.head;
  return state.layers[isDifference() ? "difference" : state.view.layer] ?? null;
}

export async function showLayer(): Promise<void> {
  const { view, chart, record } = state;
  if (!view.source || !record) return;
  if (view.layer === "outage") view.below ??= DEFAULT_BELOW;
  if (record.tiles) return showTiles();
  await need(view.layer);
  if (view.other) {
    const theirs = state.otherRecord?.layers.includes(view.layer) ? view.layer : "mean";
    const other = await needOther(theirs);
    const own = await need(theirs);
    if (!alike(own, other)) {
      view.other = null;
      say("The two maps lie on other cells: they are not compared cell by cell.", "bad");
    } else if (isDifference()) {
      const exact = record.kind === "change" && state.view.other?.id === record.of && theirs === "mean";
      const layer = exact ? await need("change") : difference(own, other);
      state.layers["difference"] = { ...layer, layer: "difference", ...evenEnds(layer.values) };
      if (exact) await need("change_std");
    }
  }
  chart?.values.show(shown());
  chart?.others.show(view.other && !isDifference() ? state.otherLayers[state.otherRecord?.layers.includes(view.layer) ? view.layer : "mean"] ?? null : null);
  chart?.setArrows(view.layer === "direction" ? state.layers["direction"] ?? null : null);
  if (!chart) drawPlain();
  repaint();
}

function tileSet(drawing: ValueLayer, source: NonNullable<typeof state.view.source>, record: MapRecord): TileSet {
  const { layer, below } = state.view;
  drawing.show(null);
  return new TileSet(drawing, (key, signal) => node.tile(source, layer, key.z, key.x, key.y, below, signal), record.corners as Corner[], record.cell_m as number);
}

let tilesOf = "";

async function showTiles(): Promise<void> {
  const { view, chart, record, otherRecord } = state;
  if (!chart || !view.source || !record) return;
  const key = `${sourceText(view.source)} ${view.other ? sourceText(view.other) : ""} ${view.layer} ${view.below}`;
  if (key !== tilesOf || !state.tiles) {
    tilesOf = key;
    state.tiles?.stop();
    state.tiles = tileSet(chart.values, view.source, record);
    state.otherTiles = view.other && otherRecord?.tiles ? tileSet(chart.others, view.other, otherRecord) : null;
    if (!view.other) chart.others.show(null);
    view.mode = "swipe"; // a difference wants both maps whole
  }
  await lookAtTiles();
}

/** Fetch and draw what the camera wants. */
export async function lookAtTiles(): Promise<void> {
  const { chart, tiles, otherTiles } = state;
  if (!chart || !tiles) return;
  document.body.dataset["tiles"] = "busy";
  const [box, zoom] = [chart.box(), chart.map.getZoom()];
  const done = await Promise.all([tiles.look(box, zoom), otherTiles?.look(box, zoom) ?? true]);
  if (done.every(Boolean)) {
    document.body.dataset["tiles"] = "drawn";
    repaint();
  }
}

export function scaleName(): ScaleName {
  if (isDifference() || state.view.layer === "change") return "difference";
  if (state.view.layer === "direction") return "angle";
  return ["std", "change_std"].includes(state.view.layer) ? "cividis" : "viridis";
}

function range(): [number, number] {
  const layer = shown();
  const { low, high } = state.view;
  if (low !== null && high !== null) return [low, high];
  if (state.view.layer === "outage" && !isDifference()) return [0, 1];
  if (state.view.layer === "direction" && !isDifference()) return [-180, 180];
  if (layer && state.view.layer === "change" && !isDifference()) {
    const most = Math.max(Math.abs(layer.low), Math.abs(layer.high), 0.1);
    return [-most, most];
  }
  return layer ? [layer.low, layer.high] : [0, 1];
}

/** Range, opacity, swipe and scale: no request, one frame. */
export function repaint(): void {
  const layer = shown();
  if (!layer) return;
  const [low, high] = range();
  const { chart, view } = state;
  if (chart) {
    const split = view.other && !isDifference() ? view.split : 1;
    const look = { low, high, opacity: view.opacity, threshold: cutAt() };
    Object.assign(chart.values, look, { between: [0, split] });
    Object.assign(chart.others, look, { between: [split, 1], visible: split < 1 });
    chart.values.paint(scaleName());
    chart.others.paint(scaleName());
    if (state.showReadings === "value") [chart.points.low, chart.points.high] = view.layer === "mean" && !isDifference() ? [low, high] : valueEnds();
    chart.map.triggerRepaint();
  }
  byId("swipe-line").style.left = `${100 * view.split}%`;
  byId("swipe-line").hidden = !view.other || isDifference() || !chart;
  drawLegend(layer, low, high);
  remember();
}

/** Below the threshold the mean is greyed; other layers have no threshold. */
const cutAt = (): number | null => (state.view.layer === "mean" && !isDifference() && cut ? state.view.below : null);
let cut = false;

function valueEnds(): [number, number] {
  const mean = state.layers["mean"];
  return mean ? [mean.low, mean.high] : state.dots?.ends[2] ?? [0, 1];
}

/** Readings by value or by what they differ from the map. */
export async function colourReadings(): Promise<void> {
  const { chart, dots } = state;
  const mean = state.layers["mean"];
  if (!chart || !dots) return;
  chart.points.visible = state.showReadings !== "none";
  if (state.showReadings === "residual" && mean) {
    const left = new Float32Array(dots.value.length);
    await inPieces(left.length, (k) => {
      const cell = cellAt(mean, [dots.lon[k] as number, dots.lat[k] as number]);
      left[k] = cell < 0 ? Number.NaN : (dots.value[k] as number) - (mean.values[cell] as number);
    });
    chart.points.paint("difference");
    [chart.points.low, chart.points.high] = [-15, 15];
    await chart.points.show(dots, left);
  } else {
    chart.points.paint("viridis");
    await chart.points.show(dots);
    repaint();
  }
}

// --- panel and legend -------------------------------------------------------------------------------------------------

function panelOf(record: MapRecord): HTMLElement[] {
  const out: HTMLElement[] = [];
  if (record.kind === "stored") out.push(h("p", {}, `${record.name}, version ${record.version}: ${record.shape[0]} x ${record.shape[1]} cells`));
  out.push(...verdict(record));
  const notes = [...(record.assumed ?? []), ...(record.reading?.notes ?? [])];
  for (const note of notes.filter((one) => one.startsWith("WARNING"))) out.push(h("p", { class: "note bad", role: "alert" }, onThePage(note)));
  if (record.crs === null) out.push(h("p", { class: "note" }, TEXTS.local));
  if (record.draws === 0 && record.kind !== "compare" && record.kind !== "change") out.push(h("p", { class: "note" }, TEXTS.noDraws));
  if (record.no_layout) out.push(h("p", { class: "note" }, record.no_layout));
  const names = record.layers.filter((name) => name !== "building").map((name): [string, string] => [name, LAYER_NAMES[name] ?? name]);
  const choice = h("select", { id: "layer" }, ...options(names, state.view.layer));
  choice.addEventListener("change", () => { Object.assign(state.view, { layer: choice.value, low: null, high: null }); void attempt(showLayer); });
  const below = number("below", String(threshold()));
  const mean = state.layers["mean"];
  const slider = h("input", { id: "threshold", type: "range", min: Math.floor(mean?.low ?? -140), max: Math.ceil(mean?.high ?? -40), step: 0.5, value: threshold(), "aria-label": "Threshold, as a slider" });
  const follows = (from: HTMLInputElement, to: HTMLInputElement): void => from.addEventListener("input", () => {
    state.view.below = valueOf(from);
    to.value = from.value;
    delete state.layers["outage"];
    delete state.otherLayers["outage"];
    if (state.view.layer === "outage") void attempt(showLayer);
    else repaint();
  });
  follows(below, slider);
  follows(slider, below);
  const grey = h("input", { type: "checkbox", id: "cut", checked: cut });
  grey.addEventListener("change", () => { cut = grey.checked; state.view.below ??= threshold(); repaint(); });
  const opacity = h("input", { id: "opacity", type: "range", min: 0, max: 1, step: 0.05, value: state.view.opacity });
  opacity.addEventListener("input", () => { state.view.opacity = Number(opacity.value); repaint(); });
  const dots = h("select", { id: "dots" }, ...options([["value", "by value"], ["residual", "by what they differ from the map"], ["none", "not at all"]], state.showReadings));
  dots.addEventListener("change", () => { state.showReadings = dots.value as typeof state.showReadings; void colourReadings(); });
  out.push(field("Layer", choice), field(`Threshold [${record.unit}] of the outage`, below), slider, h("p", {}, grey, " ", h("label", { for: "cut" }, "grey the mean below it")), field("Opacity", opacity), field("Show the readings", dots));
  if (record.summary) out.push(h("details", {}, h("summary", {}, "What was read, assumed and fitted"), h("pre", { tabindex: 0, role: "group", "aria-label": "Record" }, record.summary)));
  return out;
}

function verdict(record: MapRecord): HTMLElement[] {
  const note = (text: string, bad: boolean): HTMLElement => h("p", { class: `note ${bad ? "bad" : "good"}`, role: bad ? "alert" : "status", id: "verdict" }, text);
  if (record.check) {
    const scores = record.check.scores.map((s) => `${methodName(s.method)} off by ${s.rmse_db.toFixed(1)} dB, ${(100 * s.coverage_90).toFixed(0)} % inside its 90 % interval`);
    return [note(`${record.status}: tested on ${record.check.held} cells of your readings: ${scores.join("; ")}. ${record.check.verdict}`, record.status !== "trusted")];
  }
  if (record.scores) {
    const s = record.scores;
    return [note(`Against ${record.name ?? "the file"}, over ${s.cells} cells: the map is off by ${s.rmse_db.toFixed(2)} dB (bias ${s.bias_db.toFixed(2)} dB); ${(100 * s.coverage_90).toFixed(0)} % of it fell into the 90 % interval.`, false)];
  }
  if (record.kind === "change" || record.kind === "compare" || record.kind === "plan") return [note(record.summary, false)];
  return [note(`${record.status}: this map was not tested on readings.`, true)];
}

function drawLegend(layer: Layer, low: number, high: number): void {
  const unit = layer.unit === "1" ? "probability" : layer.unit;
  const name = isDifference() ? TEXTS.differenceSaid : LAYER_NAMES[state.view.layer] ?? state.view.layer;
  const title = h("strong", {}, layer.unit === "server" ? name : `${name} [${unit}]`);
  if (layer.unit === "server") {
    const names = layer.names ?? [];
    const rows = names.map((one, k) => { const spot = h("span", { class: "spot" }); spot.style.background = cssOf("viridis", Math.round((255 * k) / Math.max(names.length - 1, 1))); return h("div", {}, spot, ` ${one}`); });
    legend.replaceChildren(title, ...rows);
    legend.hidden = false;
    return;
  }
  const bar = h("div", { class: "bar", role: "img", "aria-label": `colours from ${low.toFixed(1)} to ${high.toFixed(1)} ${unit}` });
  bar.style.background = `linear-gradient(90deg, ${Array.from({ length: 16 }, (_, k) => cssOf(scaleName(), 17 * k)).join(",")})`;
  const room = Math.max(layer.high - layer.low, 1e-6);
  const ends = [["low", low], ["high", high]].map(([end, value]) => {
    const input = h("input", { type: "range", min: layer.low - 0.25 * room, max: layer.high + 0.25 * room, step: "any", value: value as number, "aria-label": `${end} end of the colours` });
    input.addEventListener("input", () => {
      const [a, b] = range();
      const next = Number(input.value);
      Object.assign(state.view, { low: end === "low" ? Math.min(next, b - 1e-3) : a, high: end === "high" ? Math.max(next, a + 1e-3) : b });
      repaint();
    });
    return input;
  });
  const focused = document.activeElement?.getAttribute("aria-label");
  const more = isDifference() ? ` ${state.record?.kind === "change" ? spreadWords() : TEXTS.differenceSpread}` : "";
  legend.replaceChildren(
    title, bar, h("div", { class: "ends" }, h("span", {}, low.toFixed(1)), h("span", {}, high.toFixed(1))), h("div", { class: "pair" }, ...ends),
    h("small", {}, h("span", { class: "hatch" }), ` ${TEXTS.nothingHere}. ${averaged() ?? TEXTS.cellIsAverage}${more}`),
    ...(assumed ? [h("small", { id: "assumed" }, h("br"), h("span", { class: "spot house" }), ` ${TEXTS.assumedHeight}`)] : []),
  );
  if (focused) legend.querySelector<HTMLElement>(`[aria-label="${focused}"]`)?.focus();
  legend.hidden = !state.chart; // the node's picture has a bar of its own
}

function spreadWords(): string {
  const spread = state.layers["change_std"]?.values.filter(Number.isFinite);
  if (!spread?.length) return "";
  return `Its spread is ${(spread.reduce((a, b) => a + b, 0) / spread.length).toFixed(1)} dB on average; hover for that of a cell.`;
}

function averaged(): string | null {
  const count = state.tiles?.head?.averaged ?? 1;
  return count > 1 ? `Zoomed out, a pixel is the average of ${count} x ${count} cells.` : null;
}

// --- what it says of a place ------------------------------------------------------------------------------------------

/** What the map says of a place; from memory, without a request. */
export function valueWords(place: Corner): string {
  const course = state.site ? courseOf(state.site, place) : null;
  const where = course ? `\n${course.metres.toFixed(0)} m from the base station, bearing ${course.bearing.toFixed(0)}°${sightWords(place)}` : "";
  const name = LAYER_NAMES[state.view.layer] ?? state.view.layer;
  if (state.tiles) {
    const head = state.tiles.head;
    const { value, averaged: count } = state.tiles.at(place);
    if (!head) return "";
    if (!Number.isFinite(value)) return TEXTS.nothingHere + where;
    const said = head.unit === "server" ? (head.names?.[Math.round(value)] ?? "") : `${value.toFixed(1)} ${head.unit === "1" ? "" : head.unit}`;
    return `${name} ${said}\n${count > 1 ? `average of ${count} x ${count} cells` : "cell"} of ${head.cell_m} m${where}`;
  }
  const mean = state.layers["mean"];
  const cell = mean ? cellAt(mean, place) : -1;
  if (!mean || cell < 0) return "";
  const at = (layer: string): number => (state.layers[layer]?.values[cell] as number | undefined) ?? Number.NaN;
  if (!Number.isFinite(at("mean"))) return TEXTS.nothingHere + where;
  const interval = Number.isFinite(at("p05")) ? `\n90 % interval ${at("p05").toFixed(1)} to ${at("p95").toFixed(1)}` : "";
  const theirs = state.view.other && !isDifference() ? (state.otherLayers["mean"]?.values[cell] ?? Number.NaN) : Number.NaN;
  const beside = Number.isFinite(theirs) ? `\nthe other map ${theirs.toFixed(1)}` : "";
  const extra = isDifference()
    ? `\ndifference ${at("difference").toFixed(1)} dB${Number.isFinite(at("change_std")) ? ` ± ${at("change_std").toFixed(1)}` : ""}`
    : ["mean", "std", "p05", "p10", "p90", "p95", "outage"].includes(state.view.layer) ? "" : `\n${name} ${at(state.view.layer).toFixed(2)}`;
  const chance = chanceBelow(threshold(), at("mean"), at("std"), drawsOf(state.record));
  const weak = Number.isFinite(chance) && (mean.unit === "dBm" || state.view.below !== null) ? `\n${(100 * chance).toFixed(chance < 0.1 || chance > 0.9 ? 1 : 0)} % below ${threshold()} ${mean.unit}` : "";
  return `${at("mean").toFixed(1)} ${mean.unit} (± ${at("std").toFixed(1)})${interval}${weak}${extra}${beside}\ncell of ${mean.cell_m} m${where}`;
}

/** Whether the place sees the mast over the buildings of the layout. */
function sightWords(place: Corner): string {
  const { heights, site, record } = state;
  if (!heights || !site) return "";
  const free = inSight(heights, site, record?.site?.height_m ?? 24, place);
  return free === null ? "" : `\n${free ? TEXTS.inSight : TEXTS.notInSight}`;
}

export function tell(place: Corner): void {
  const text = valueWords(place);
  if (text !== readout.textContent) readout.textContent = text;
}

/** The arrow keys move a cell cursor, whose value is read out. */
export function moveCursor(key: string): boolean {
  const mean = state.layers["mean"];
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  if (!mean || !step) return false;
  const [row, col] = cursor ?? [mean.rows >> 1, mean.cols >> 1];
  cursor = [Math.min(mean.rows - 1, Math.max(0, row + (step[0] as number))), Math.min(mean.cols - 1, Math.max(0, col + (step[1] as number)))];
  readout.textContent = `row ${cursor[0]}, column ${cursor[1]}: ${valueWords(centreOf(mean, cursor[0], cursor[1]))}`;
  state.chart?.setCell(mean, cursor[0], cursor[1]);
  return true;
}

export function cursorPlace(): Corner | null {
  const mean = state.layers["mean"];
  return cursor && mean ? centreOf(mean, cursor[0], cursor[1]) : null;
}

// --- without WebGL2 ---------------------------------------------------------------------------------------------------

const BLOCKS = 8;

/** The picture that the node draws, and a table of the same layer. */
function drawPlain(): void {
  const { source, layer: name } = state.view;
  const layer = shown();
  if (!source || !layer) return;
  const rows = blocks(layer, BLOCKS).map((row, k) => h("tr", {}, h("th", { scope: "row" }, k === 0 ? "north" : k === BLOCKS - 1 ? "south" : `row ${k + 1}`), ...row.map((v) => h("td", {}, Number.isFinite(v) ? v.toFixed(1) : "-"))));
  const caption = h("caption", {}, `${LAYER_NAMES[name] ?? name} [${layer.unit}]: averages of ${BLOCKS} x ${BLOCKS} blocks, from west to east`);
  const picture = h("img", { alt: `${LAYER_NAMES[name] ?? name} of the map, drawn by the node`, id: "picture" });
  plainBox.replaceChildren(h("p", { class: "note bad", role: "alert" }, TEXTS.noGraphics), picture, h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Values" }, h("table", {}, caption, h("tbody", {}, ...rows))));
  plainBox.hidden = false;
  const drawable = ["mean", "std", "p05", "p10", "p90", "p95"].includes(name) ? name : "mean";
  void attempt(async () => { picture.src = URL.createObjectURL(await node.picture(source, drawable)); });
}
