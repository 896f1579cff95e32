// The page: make a map of one's own files, see it with its doubt, ask it.
import { decode, encode, START, type View } from "./address";
import { Away, Node as CkmNode, Refused, type Job, type Preview, type Reading, type Record_ } from "./api";
import type { Chart } from "./chart";
import { cssOf, type ScaleName } from "./colours";
import { byId, field, h, number } from "./dom";
import { cellAt, centreOf, courseOf, type Corner, type Layer } from "./layer";
import { along, csvOf, drawProfile } from "./profile";
import "./style.css";
import { LAYER_NAMES, TEXTS } from "./texts";

const node = new CkmNode();
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const panel = byId("panel");
const readout = byId<HTMLOutputElement>("readout");
const legend = byId("legend");
const profileBox = byId("profile");

let chart: Chart | null = null;
let view: View = { ...START };
let layers: Record<string, Layer> = {};
let record: Record_ | null = null;
let site: Corner | null = null;
let picking: "site" | "line" | null = null;
let cursor: [number, number] | null = null;
let triples: Float32Array | null = null;
const files: { readings: { id: string; name: string } | null; layout: { id: string; name: string } | null } = {
  readings: null, layout: null,
};
let reading: Partial<Reading> = {};

// --- the form ---------------------------------------------------------------------------------------------------------

const notes = h("div", { "aria-live": "polite" });
const previewBox = h("div", {});
const resultBox = h("div", {});
const readingsInput = h("input", { type: "file", id: "readings-file" });
const layoutInput = h("input", { type: "file", id: "layout-file" });
const placeInput = h("input", { id: "place", type: "text", inputmode: "text", autocomplete: "off" });
const azimuthInput = number("azimuth", "");
const heightInput = number("height", "24");
const carrierInput = number("carrier", "3.5");
const downtiltInput = number("downtilt", "6");
const cellInput = number("cell", "");
const sizeInput = number("size", "", "1");
const makeButton = h("button", { type: "submit", class: "main", disabled: true }, TEXTS.make);
const pickButton = h("button", { type: "button" }, TEXTS.pick);

function say(text: string, kind: "" | "bad" | "good" = ""): void {
  notes.replaceChildren(h("p", { class: `note ${kind}`, role: kind === "bad" ? "alert" : "status" }, text));
}

/** Run what the user asked for; every failure is told on the page. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) {
      const when = error.retryS === null ? "" : ` Ask again in ${error.retryS} s.`;
      say(error.message + when, "bad");
      if (error.status === 401) askToken();
    } else if (error instanceof Away) {
      await waitForNode();
    } else {
      say(String(error instanceof Error ? error.message : error), "bad");
      throw error;
    }
  }
}

async function waitForNode(): Promise<void> {
  say(TEXTS.again, "bad");
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    const alive = await fetch("/health").then((answer) => answer.ok, () => false);
    if (alive) break;
  }
  files.readings = files.layout = null;
  say(TEXTS.back, "good");
  const again = [readingsInput.files?.[0], layoutInput.files?.[0]];
  if (again[0]) await attempt(() => takeReadings(again[0] as File));
  if (again[1]) await attempt(() => takeLayout(again[1] as File));
}

function askToken(): void {
  const input = h("input", { id: "token", type: "password", autocomplete: "off" });
  const form = h(
    "form",
    { submit: (event) => { event.preventDefault(); node.token = input.value; notes.replaceChildren(); } },
    field(TEXTS.token, input, TEXTS.tokenHint), h("button", { type: "submit" }, "Sign in"),
  );
  notes.append(form);
  input.focus();
}

async function takeReadings(file: File): Promise<void> {
  say(`Sending ${file.name} ...`);
  files.readings = await node.sendFile("readings", file);
  reading = {};
  await look();
}

async function takeLayout(file: File): Promise<void> {
  say(`Sending ${file.name} ...`);
  files.layout = await node.sendFile("layout", file);
  say(`${file.name} is the layout.`, "good");
}

async function look(): Promise<void> {
  if (!files.readings) return;
  say(`Reading ${files.readings.name} ...`);
  const found = await node.preview(files.readings.id, reading);
  previewBox.replaceChildren(...previewOf(found));
  makeButton.disabled = found.report === null;
  notes.replaceChildren();
  if (found.trouble) {
    say(found.trouble, "bad");
    if (found.report) {
      reading = found.suggestion;
      say(`${found.trouble} Taken instead: ${JSON.stringify(found.suggestion)}.`, "bad");
    }
  }
  if (found.report) {
    const read = await node.points(files.readings.id, reading);
    triples = read.triples;
    const values = Array.from({ length: triples.length / 3 }, (_, k) => (triples as Float32Array)[3 * k + 2] as number);
    const [low, high] = [Math.min(...values.slice(0, 50000)), Math.max(...values.slice(0, 50000))];
    chart?.setReadings(triples, low, high);
    if (found.span && chart) chart.fit([[found.span[0], found.span[1]], [found.span[2], found.span[3]]]);
  }
}

function previewOf(found: Preview): HTMLElement[] {
  const out: HTMLElement[] = [];
  if (found.report) {
    const left = Object.entries(found.report.left_out).map(([why, count]) => `${count} ${why}`).join(", ");
    out.push(h("p", {}, `${found.report.kept} of ${found.report.rows_read} rows are used${left ? `; left out: ${left}` : ""}.`));
    for (const note of found.report.notes) out.push(h("p", { class: "note" }, note));
  }
  const roles = ["", "lon", "lat", "x", "y", "rsrp", "path_loss", "gain", "device", "sigma", "kind"];
  const head = found.header.map((name) => {
    const role = (found.roles[name] ?? "").replace(/ \[.*/, "");
    const choice = h("select", { "aria-label": `what column ${name} is` }, ...[...new Set([...roles, role])].map((r) => h("option", { value: r, selected: r === role }, r || "not used")));
    choice.addEventListener("change", () => {
      const columns = { ...(reading.columns ?? {}) };
      if (choice.value) columns[choice.value] = name;
      reading = { ...reading, columns, without: choice.value ? reading.without ?? [] : [...(reading.without ?? []), name] };
      void attempt(look);
    });
    return h("th", {}, name, h("br"), choice);
  });
  out.push(h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "First rows" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...found.first.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))))));
  for (const [name, counts] of Object.entries(found.cells)) {
    const options = Object.entries(counts).map(([value, count]) => h("option", { value, selected: reading.where?.[name] === value }, `${value} (${count})`));
    const choice = h("select", { id: `where-${name.replace(/\W+/g, "-")}` }, h("option", { value: "" }, "all"), ...options);
    choice.addEventListener("change", () => {
      const where = { ...(reading.where ?? {}) };
      if (choice.value) where[name] = choice.value;
      else delete where[name];
      reading = { ...reading, where };
      void attempt(look);
    });
    out.push(field(`Only rows whose ${name} is`, choice));
  }
  return out;
}

function valueOf(input: HTMLInputElement): number | null {
  return input.value.trim() === "" ? null : Number(input.value);
}

function placeOf(): Corner | null {
  const text = placeInput.value.trim();
  if (!text) return null;
  const parts = text.split(/[,;\s]+/).map(Number);
  if (parts.length !== 2 || !parts.every(Number.isFinite)) throw new Error(`${TEXTS.place}: ${text} is not two numbers, ${TEXTS.placeHint}`);
  return parts as Corner;
}

async function make(): Promise<void> {
  if (!files.readings) return;
  site = placeOf();
  const request = {
    readings: [files.readings.id], layout: files.layout?.id ?? null, reading,
    site: {
      place: site, height_m: valueOf(heightInput) ?? 24, carrier_hz: (valueOf(carrierInput) ?? 3.5) * 1e9,
      azimuth_deg: valueOf(azimuthInput), downtilt_deg: valueOf(downtiltInput) ?? 6, cell_m: valueOf(cellInput), size: valueOf(sizeInput),
    },
  };
  const { id } = await node.drive(request);
  await follow(id);
}

async function follow(id: string): Promise<void> {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const text = h("span", {});
  const begun = Date.now();
  const stop = h("button", { type: "button", click: () => void attempt(() => node.cancel(id)) }, TEXTS.cancel);
  notes.replaceChildren(h("p", { class: "note" }, text, h("br"), bar, stop));
  makeButton.disabled = true;
  try {
    for (;;) {
      const job: Job = await node.job(id, 0.7);
      bar.max = Math.max(job.total, 1);
      bar.value = job.done;
      const seconds = ((Date.now() - begun) / 1000).toFixed(0);
      text.textContent = job.state === "queued" ? `waiting, ${job.ahead} before it` : `${job.step} ${job.done}/${job.total}, ${seconds} s`;
      if (job.state === "failed") throw new Refused(409, job.error?.code ?? "failed", job.error?.message ?? "the job failed");
      if (job.state === "cancelled") return say("Cancelled.");
      if (job.state === "done") break;
      await new Promise((done) => setTimeout(done, 150));
    }
  } finally {
    makeButton.disabled = files.readings === null;
  }
  notes.replaceChildren();
  view = { ...START, job: id, opacity: view.opacity };
  await open(true);
}

// --- the map ----------------------------------------------------------------------------------------------------------

async function open(fit: boolean): Promise<void> {
  if (!view.job) return;
  layers = {};
  try {
    record = await node.record(view.job);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return say(TEXTS.expired, "bad");
    throw error;
  }
  const [mean, buildings] = await Promise.all([node.layer(view.job, "mean", null), node.buildings(view.job)]);
  layers["mean"] = mean;
  await chart?.ready();
  chart?.setBuildings(buildings);
  chart?.setSite(site);
  if (fit || !view.centre) chart?.fit(mean.corners);
  resultBox.replaceChildren(...resultOf(record));
  await showLayer();
  await Promise.all(["std", "p10", "p90"].map(async (name) => { layers[name] = await node.layer(view.job as string, name, null); }));
  if (view.line.length > 1) showLine();
}

function resultOf(told: Record_): HTMLElement[] {
  const out: HTMLElement[] = [h("h2", {}, "The map")];
  const bad = told.status !== "trusted";
  if (told.check) {
    const scores = told.check.scores.map((s) => `${s.method} off by ${s.rmse_db.toFixed(1)} dB, ${(100 * s.coverage_90).toFixed(0)} % inside its 90 % interval`);
    out.push(h("p", { class: `note ${bad ? "bad" : "good"}`, role: bad ? "alert" : "status" }, `${told.status}: tested on ${told.check.held} cells of your readings: ${scores.join("; ")}. ${told.check.verdict}`));
  } else {
    out.push(h("p", { class: "note bad", role: "alert" }, `${told.status}: this map was not tested on your readings.`));
  }
  const choice = h("select", { id: "layer" }, ...Object.entries(LAYER_NAMES).map(([name, text]) => h("option", { value: name, selected: name === view.layer }, text)));
  choice.addEventListener("change", () => { view = { ...view, layer: choice.value, low: null, high: null }; void attempt(showLayer); });
  const below = number("below", String(view.below ?? -110));
  below.addEventListener("change", () => { view = { ...view, below: valueOf(below) }; delete layers["outage"]; void attempt(showLayer); });
  const opacity = h("input", { id: "opacity", type: "range", min: 0, max: 1, step: 0.05, value: view.opacity });
  opacity.addEventListener("input", () => { view = { ...view, opacity: Number(opacity.value) }; repaint(); });
  out.push(field("Layer", choice), field(`Threshold of the outage [${told.unit}]`, below), field("Opacity", opacity));
  const save = async (): Promise<void> => { if (view.job) offer(await node.geotiff(view.job), "map.tif"); };
  out.push(
    h("div", { class: "pair" }, h("button", { type: "button", click: () => void attempt(save) }, "GeoTIFF"), h("button", { type: "button", click: savePicture }, "PNG"),
      h("button", { type: "button", id: "draw-line", click: () => beginPicking("line") }, TEXTS.drawLine), h("button", { type: "button", click: () => void navigator.clipboard?.writeText(told.command) }, "Copy the command")),
    h("pre", { id: "command", tabindex: 0 }, told.command), h("details", {}, h("summary", {}, "What was read, assumed and fitted"), h("pre", { tabindex: 0 }, told.summary)),
  );
  return out;
}

async function showLayer(): Promise<void> {
  const job = view.job;
  if (!job) return;
  if (view.layer === "outage" && view.below === null) view = { ...view, below: -110 };
  layers[view.layer] ??= await node.layer(job, view.layer, view.below);
  chart?.values.paint(scaleName());
  chart?.values.show(layers[view.layer] as Layer);
  repaint();
}

function scaleName(): ScaleName {
  return view.layer === "std" ? "cividis" : "viridis";
}

function range(): [number, number] {
  const layer = layers[view.layer];
  if (view.low !== null && view.high !== null) return [view.low, view.high];
  if (view.layer === "outage") return [0, 1];
  return layer ? [layer.low, layer.high] : [0, 1];
}

/** Range, opacity and scale: no request, one frame. */
function repaint(): void {
  const layer = layers[view.layer];
  if (!layer) return;
  const [low, high] = range();
  if (chart) {
    Object.assign(chart.values, { low, high, opacity: view.opacity });
    chart.map.triggerRepaint();
  }
  drawLegend(layer, low, high);
  remember();
}

function drawLegend(layer: Layer, low: number, high: number): void {
  const unit = layer.unit === "1" ? "probability" : layer.unit;
  const bar = h("div", { class: "bar", role: "img", "aria-label": `colours from ${low.toFixed(1)} to ${high.toFixed(1)} ${unit}` });
  bar.style.background = `linear-gradient(90deg, ${Array.from({ length: 16 }, (_, k) => cssOf(scaleName(), 17 * k)).join(",")})`;
  const ends = [["low", low], ["high", high]].map(([name, value]) => {
    const input = h("input", { type: "range", min: layer.low, max: Math.max(layer.high, layer.low + 1e-6), step: "any", value: value as number, "aria-label": `${name} end of the colours` });
    input.addEventListener("input", () => {
      const [a, b] = range();
      const next = Number(input.value);
      view = { ...view, low: name === "low" ? Math.min(next, b - 1e-3) : a, high: name === "high" ? Math.max(next, a + 1e-3) : b };
      repaint();
    });
    return input;
  });
  const focused = document.activeElement?.getAttribute("aria-label");
  legend.replaceChildren(
    h("strong", {}, `${LAYER_NAMES[layer.layer] ?? layer.layer} [${unit}]`), bar,
    h("div", { class: "ends" }, h("span", {}, low.toFixed(1)), h("span", {}, high.toFixed(1))), h("div", { class: "pair" }, ...ends),
    h("small", {}, h("span", { class: "hatch" }), ` ${TEXTS.nothingHere}. ${TEXTS.cellIsAverage}`),
  );
  if (focused) legend.querySelector<HTMLElement>(`[aria-label="${focused}"]`)?.focus();
  legend.hidden = false;
}

/** What the map says of a place; from memory, without a request. */
function told(place: Corner): string {
  const mean = layers["mean"];
  if (!mean) return "";
  const cell = cellAt(mean, place);
  if (cell < 0) return "";
  const at = (name: string): number => (layers[name]?.values[cell] as number | undefined) ?? Number.NaN;
  const course = site ? courseOf(site, place) : null;
  const where = course ? `\n${course.metres.toFixed(0)} m from the base station, bearing ${course.bearing.toFixed(0)}°` : "";
  if (!Number.isFinite(at("mean"))) return TEXTS.nothingHere + where;
  const wide = 1.6448536269514722 * at("std");
  const interval = Number.isFinite(wide) ? `\n90 % interval ${(at("mean") - wide).toFixed(1)} to ${(at("mean") + wide).toFixed(1)}` : "";
  const other = ["mean", "std", "p10", "p90"].includes(view.layer) ? "" : `\n${LAYER_NAMES[view.layer]} ${at(view.layer).toFixed(2)}`;
  return `${at("mean").toFixed(1)} ${mean.unit} (± ${at("std").toFixed(1)})${interval}${other}\ncell of ${mean.cell_m} m${where}`;
}

function showLine(): void {
  const [mean, low, high] = [layers["mean"], layers["p10"], layers["p90"]];
  if (!mean || !low || !high) return;
  chart?.setLine(view.line);
  const found = along(view.line, mean, low, high);
  const save = h("button", { type: "button", click: () => offer(new Blob([csvOf(found, mean.unit)], { type: "text/csv" }), "profile.csv") }, "CSV");
  const close = h("button", { type: "button", click: () => { view = { ...view, line: [] }; chart?.setLine([]); profileBox.hidden = true; remember(); } }, "Close");
  profileBox.replaceChildren(h("div", {}, `Along ${(found.metres.at(-1) ?? 0).toFixed(0)} m: mean, and the band from p10 to p90 `, save, close));
  profileBox.hidden = false;
  drawProfile(profileBox, found, mean.unit, dark);
  chart?.map.resize();
  remember();
}

function beginPicking(what: "site" | "line"): void {
  picking = what;
  if (what === "line") view = { ...view, line: [] };
  say(what === "site" ? TEXTS.picking : TEXTS.drawing);
}

function picked(place: Corner): void {
  if (picking === "site") {
    placeInput.value = `${place[0].toFixed(6)},${place[1].toFixed(6)}`;
    site = place;
    chart?.setSite(site);
    picking = null;
    notes.replaceChildren();
  } else if (picking === "line") {
    view = { ...view, line: [...view.line, place] };
    chart?.setLine(view.line);
  }
}

function endLine(): void {
  if (picking !== "line") return;
  picking = null;
  notes.replaceChildren();
  if (view.line.length > 1) showLine();
}

/** The arrow keys move a cell cursor, whose value is read out. */
function moveCursor(key: string): boolean {
  const mean = layers["mean"];
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  if (!mean || !step) return false;
  const [row, col] = cursor ?? [mean.rows >> 1, mean.cols >> 1];
  cursor = [Math.min(mean.rows - 1, Math.max(0, row + (step[0] as number))), Math.min(mean.cols - 1, Math.max(0, col + (step[1] as number)))];
  const place = centreOf(mean, cursor[0], cursor[1]);
  readout.textContent = `row ${cursor[0]}, column ${cursor[1]}: ${told(place)}`;
  chart?.setLine([...view.line, place].slice(-2));
  return true;
}

function offer(content: Blob, name: string): void {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function savePicture(): void {
  chart?.map.getCanvas().toBlob((content) => content && offer(content, "map.png"));
}

function remember(): void {
  const camera = chart ? { centre: chart.map.getCenter().toArray() as Corner, zoom: chart.map.getZoom() } : { centre: null, zoom: null };
  const address = encode(view.job ? { ...view, ...camera } : START);
  if (address !== location.hash) history.replaceState(null, "", address || location.pathname);
}

// --- begin ------------------------------------------------------------------------------------------------------------

function dropZone(label: string, input: HTMLInputElement, take: (file: File) => Promise<void>): HTMLElement {
  const zone = h("div", { class: "drop" }, h("label", { for: input.id }, label), h("br"), input);
  input.addEventListener("change", () => { const file = input.files?.[0]; if (file) void attempt(() => take(file)); });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("over");
    const dropped = event.dataTransfer?.files;
    if (dropped && dropped.length > 1) return say(`${dropped.length} files at once: drop one here, and the other where it belongs.`, "bad");
    if (dropped?.[0]) { input.files = dropped; void attempt(() => take(dropped[0] as File)); }
    return undefined;
  });
  return zone;
}

function layPanel(): void {
  const form = h(
    "form",
    { submit: (event) => { event.preventDefault(); void attempt(make); } },
    h("h2", {}, "1. Files"), dropZone(TEXTS.readings, readingsInput, takeReadings), previewBox, dropZone(TEXTS.layout, layoutInput, takeLayout),
    h("h2", {}, `2. ${TEXTS.site}`), field(TEXTS.place, placeInput, TEXTS.placeHint), pickButton,
    h("div", { class: "pair" }, field(TEXTS.azimuth, azimuthInput, TEXTS.azimuthHint), field(TEXTS.height, heightInput)),
    h("div", { class: "pair" }, field(TEXTS.carrier, carrierInput), field(TEXTS.downtilt, downtiltInput)),
    h("div", { class: "pair" }, field(TEXTS.cell, cellInput, TEXTS.follows), field(TEXTS.size, sizeInput, TEXTS.follows)),
    h("p", {}, makeButton),
  );
  pickButton.addEventListener("click", () => beginPicking("site"));
  panel.append(h("h1", {}, "OpenCKM"), h("p", {}, TEXTS.lead), form, notes, resultBox);
}

async function begin(): Promise<void> {
  layPanel();
  view = decode(location.hash);
  if (document.createElement("canvas").getContext("webgl2")) {
    const { Chart: Drawn } = await import("./chart");
    chart = new Drawn(byId("map"), dark);
    const map = chart.map;
    map.on("mousemove", (event) => { readout.textContent = told(event.lngLat.toArray() as Corner); });
    map.on("click", (event) => { const place = event.lngLat.toArray() as Corner; if (picking) picked(place); else readout.textContent = told(place); });
    map.on("dblclick", (event) => { if (picking === "line") { event.preventDefault(); endLine(); } });
    map.on("moveend", remember);
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        if (picking && cursor && layers["mean"]) picked(centreOf(layers["mean"], cursor[0], cursor[1]));
      } else if (event.key === "Escape") endLine();
      else if (moveCursor(event.key)) { event.preventDefault(); event.stopPropagation(); }
    }, true);
    if (view.centre && view.zoom !== null) map.jumpTo({ center: view.centre, zoom: view.zoom });
  } else {
    say(TEXTS.noGraphics, "bad");
  }
  addEventListener("hashchange", () => { view = decode(location.hash); void attempt(() => open(false)); });
  if (view.job) await attempt(() => open(view.centre === null));
  document.body.dataset["ready"] = "yes";
}

void begin();
