// The form: files, what would be read of them, the base station, and the map that is made of it all.
import { START } from "./address";
import type { Held, Preview, Reading } from "./api";
import { button, field, h, number, options, valueOf } from "./dom";
import { courseOf, type Corner } from "./layer";
import { dotsOf } from "./pointLayer";
import { attempt, clear, follow, onFreshNode, say } from "./session";
import { draw } from "./sketch";
import { node, state } from "./state";
import { onThePage, TEXTS } from "./texts";

const ROLES = ["", "lon", "lat", "x", "y", "rsrp", "path_loss", "gain", "device", "sigma", "kind"];
const BEAM_M = 60;

const previewBox = h("div", { id: "preview" });
const readingsInput = h("input", { type: "file", id: "readings-file" });
const layoutInput = h("input", { type: "file", id: "layout-file" });
const placeInput = h("input", { id: "place", type: "text", inputmode: "text", autocomplete: "off" });
const azimuthInput = number("azimuth", "");
const heightInput = number("height", "24");
const carrierInput = number("carrier", "3.5");
const downtiltInput = number("downtilt", "6");
const cellInput = number("cell", "");
const sizeInput = number("size", "", "1");
const makeButton = h("button", { type: "submit", class: "main", id: "make", disabled: true }, TEXTS.make);
const checkInput = h("input", { type: "checkbox", id: "check", checked: true });
const demoBox = h("p", { class: "row" });
const heldName: Record<string, HTMLElement> = { readings: h("small", {}), layout: h("small", {}) };
let centre: Corner | null = null;
let demoName: string | null = null;

export function makePanel(opened: () => Promise<void>): HTMLElement {
  const form = h(
    "form",
    { submit: (event) => { event.preventDefault(); void attempt(() => make(opened)); } },
    h("p", {}, TEXTS.lead), demoBox, h("h2", {}, "1. Files"),
    dropZone(TEXTS.readings, readingsInput, "readings"), previewBox, dropZone(TEXTS.layout, layoutInput, "layout"),
    h("h2", {}, `2. ${TEXTS.site}`), field(TEXTS.place, placeInput, TEXTS.placeHint), button(TEXTS.pick, pick),
    h("div", { class: "pair" }, field(TEXTS.azimuth, azimuthInput, TEXTS.azimuthHint), field(TEXTS.height, heightInput)),
    h("div", { class: "pair" }, field(TEXTS.carrier, carrierInput), field(TEXTS.downtilt, downtiltInput)),
    h("div", { class: "pair" }, field(TEXTS.cell, cellInput, TEXTS.follows), field(TEXTS.size, sizeInput, TEXTS.follows)),
    h("p", {}, checkInput, " ", h("label", { for: "check" }, TEXTS.check)), h("p", {}, makeButton),
  );
  dropAnywhere();
  for (const input of [placeInput, azimuthInput]) input.addEventListener("input", drawSite);
  onFreshNode(sendAgain);
  return form;
}

export function showDemos(): void {
  const demos = Object.entries(state.offers?.demos ?? {});
  if (!demos.length) return;
  demoBox.replaceChildren(`${TEXTS.demos} `, ...demos.map(([name, text]) => button(text, () => void attempt(() => demo(name)), { id: `demo-${name}` })));
}

// --- files ------------------------------------------------------------------------------------------------------------

function dropZone(label: string, input: HTMLInputElement, kind: "readings" | "layout"): HTMLElement {
  const zone = h("div", { class: "drop" }, h("label", { for: input.id }, label), h("br"), input, heldName[kind] as HTMLElement);
  const take = (file: File | undefined): void => { if (file) void attempt(() => send(kind, file)); };
  input.addEventListener("change", () => take(input.files?.[0]));
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("over");
    const dropped = event.dataTransfer?.files;
    if (dropped && dropped.length > 1) return say(TEXTS.twoFiles(dropped.length), "bad");
    if (dropped?.[0]) input.files = dropped;
    return take(dropped?.[0]);
  });
  return zone;
}

/** A file that is dropped beside the fields does not replace the page: the first is a drive test, others want their field. */
function dropAnywhere(): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [file, ...more] = event.dataTransfer?.files ?? [];
    if (!file) return;
    if (more.length) return say(TEXTS.twoFiles(more.length + 1), "bad");
    if (state.files.readings) return say(TEXTS.whichField(file.name), "bad");
    void attempt(() => send("readings", file));
  });
}

async function send(kind: "readings" | "layout", file: File): Promise<void> {
  state.sent[kind] = file;
  if (kind === "readings") demoName = null;
  const held = await sendWithProgress(kind, file);
  hold(kind, held);
  if (kind === "readings") {
    centre = null;
    state.reading = {};
    await look();
  } else say(`${file.name} is the layout.`, "good");
}

async function sendWithProgress(kind: string, file: File): Promise<Held> {
  const stop = new AbortController();
  const bar = h("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
  const text = h("span", {}, TEXTS.sending(file.name, 0));
  const cancel = button(TEXTS.cancel, () => stop.abort());
  document.getElementById("notes")?.replaceChildren(h("p", { class: "note" }, text, h("br"), bar, cancel));
  const held = await node.sendFile(kind, file, (share) => { bar.value = share; text.textContent = TEXTS.sending(file.name, share); }, stop.signal);
  clear();
  return held;
}

function hold(kind: "readings" | "layout", held: Held): void {
  state.files[kind] = held;
  (heldName[kind] as HTMLElement).textContent = held.name;
}

/** The node forgot its files: send them again, as far as the browser still has them. */
async function sendAgain(): Promise<void> {
  state.files.readings = state.files.layout = state.files.truth = null;
  await ensureFiles();
}

async function ensureFiles(): Promise<void> {
  if (demoName && !state.files.readings) {
    const given = await node.demo(demoName);
    hold("readings", given.files.readings);
    hold("layout", given.files.layout);
    state.files.truth = given.files.truth ?? null;
  }
  for (const kind of ["readings", "layout"] as const) {
    const file = state.sent[kind];
    if (file && !state.files[kind]) hold(kind, await sendWithProgress(kind, file));
  }
}

async function demo(name: string): Promise<void> {
  const given = await node.demo(name);
  demoName = name;
  state.sent.readings = state.sent.layout = null;
  hold("readings", given.files.readings);
  hold("layout", given.files.layout);
  state.files.truth = given.files.truth ?? null;
  state.reading = given.reading;
  const site = given.site as Record<string, number> & { place: Corner; centre?: Corner };
  placeInput.value = site.place.join(",");
  centre = site.centre ?? null;
  for (const [input, value] of [
    [azimuthInput, site["azimuth_deg"]], [heightInput, site["height_m"]], [carrierInput, (site["carrier_hz"] as number) / 1e9],
    [downtiltInput, site["downtilt_deg"]], [cellInput, site["cell_m"]], [sizeInput, site["size"]],
  ] as const) input.value = value === undefined ? "" : String(Number(Number(value).toFixed(3)));
  await look();
  drawSite();
  say(given.credit, "good");
}

// --- what would be read -----------------------------------------------------------------------------------------------

async function look(): Promise<void> {
  const file = state.files.readings;
  if (!file) return;
  say(TEXTS.readingFile(file.name));
  const found = await node.preview(file.id, state.reading);
  if (found.trouble && found.report) state.reading = found.suggestion;
  previewBox.replaceChildren(...previewOf(found));
  const placeless = inMetres(found) && !state.reading.crs;
  makeButton.disabled = found.report === null || placeless;
  clear();
  if (found.trouble) say(found.report ? `${onThePage(found.trouble)} ${takenWords(found.suggestion)}` : onThePage(found.trouble), "bad");
  if (!found.report) return;
  if (placeless) return say(TEXTS.wantsCrs, "bad");
  const read = await node.points(file.id, state.reading);
  state.dots = await dotsOf(read.triples);
  const chart = state.chart;
  if (!chart) return;
  await chart.ready();
  chart.showBasemap(!isLocal());
  [chart.points.low, chart.points.high] = state.dots.ends[2];
  await chart.points.show(state.dots);
  if (state.dots.value.length < read.count) say(`${state.dots.value.length} of ${read.count} readings are drawn; all are used.`);
  const [[west, east], [south, north]] = state.dots.ends;
  if (state.dots.value.length) chart.fit([[west, south], [east, north]]);
  chart.map.on("idle", function drawn() {
    if (!chart.isDrawn()) return;
    chart.map.off("idle", drawn);
    document.body.dataset["points"] = "drawn";
  });
}

/** What was taken so that the file can be read at all. */
function takenWords({ where, columns, without, crs, skip_bad: skipped }: Reading): string {
  const words = [
    ...Object.entries(where).map(([name, value]) => `only rows whose ${name} is ${value}`),
    ...Object.entries(columns).map(([role, name]) => `${name} as ${role}`), ...without.map((name) => `${name} not used`),
    ...(crs ? [`coordinates in ${crs}`] : []), ...(skipped ? ["rows that cannot be read left out"] : []),
  ];
  return words.length ? `Taken for now: ${words.join("; ")}.` : "";
}

/** Whether places are given in metres (or feet), so that a coordinate system says where that is. */
const inMetres = (found: Preview): boolean => Object.values(found.roles).some((role) => /^[xy] /.test(role));

/** Which column holds the values, in which unit, and from where to where they go. */
function valuesOf({ value_column: column, unit, value_min: low, value_max: high }: NonNullable<Preview["report"]>): string {
  return low === null || high === null ? "" : `: ${column} [${unit}] from ${Number(low.toFixed(1))} to ${Number(high.toFixed(1))}`;
}

function previewOf(found: Preview): HTMLElement[] {
  const out: HTMLElement[] = [];
  if (inMetres(found)) {
    const crs = h("input", { id: "crs", type: "text", autocomplete: "off", value: state.reading.crs ?? "" });
    crs.addEventListener("change", () => { state.reading = { ...state.reading, crs: crs.value.trim() || null }; void attempt(look); });
    out.push(field(TEXTS.crs, crs, TEXTS.crsHint));
  }
  if (found.report) {
    const left = Object.entries(found.report.left_out).map(([why, count]) => `${count} ${why}`).join(", ");
    out.push(h("p", {}, `${found.report.kept} of ${found.report.rows_read} rows are used${valuesOf(found.report)}${left ? `; left out: ${left}` : ""}.`));
    for (const note of found.report.notes) out.push(h("p", { class: "note" }, onThePage(note)));
  }
  const head = found.header.map((name) => {
    const role = (found.roles[name] ?? "").replace(/ \[.*/, "");
    const names = [...new Set([...ROLES, role])].map((r): [string, string] => [r, r || "not used"]);
    const choice = h("select", { "aria-label": `what column ${name} is` }, ...options(names, role));
    choice.addEventListener("change", () => rolled(name, choice.value));
    return h("th", {}, name, h("br"), choice);
  });
  const skip = h("input", { type: "checkbox", id: "skip-bad", checked: Boolean(state.reading.skip_bad) });
  skip.addEventListener("change", () => { state.reading = { ...state.reading, skip_bad: skip.checked }; void attempt(look); });
  out.push(h("p", {}, skip, " ", h("label", { for: "skip-bad" }, TEXTS.skipBad)));
  const rows = found.first.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))));
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
  out.push(h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "First rows" }, table));
  for (const [name, counts] of Object.entries(found.cells)) {
    const names = Object.entries(counts).map(([value, count]): [string, string] => [value, `${value} (${count})`]);
    const choice = h("select", { id: `where-${name.replace(/\W+/g, "-")}` }, ...options([["", "all"], ...names], state.reading.where?.[name] ?? ""));
    choice.addEventListener("change", () => {
      const { [name]: _, ...others } = state.reading.where ?? {};
      state.reading = { ...state.reading, where: choice.value ? { ...others, [name]: choice.value } : others };
      void attempt(look);
    });
    out.push(field(`Only rows whose ${name} is`, choice));
  }
  out.push(otherRows(found));
  return out;
}

/** Rows are chosen by any column, too, whether or not it names transmitters. */
function otherRows(found: Preview): HTMLElement {
  const chosen = Object.entries(state.reading.where ?? {}).find(([name]) => !(name in found.cells));
  const names = found.header.filter((name) => !(name in found.cells)).map((name): [string, string] => [name, name]);
  const column = h("select", { id: "only-column" }, ...options([["", "all rows"], ...names], chosen?.[0] ?? ""));
  const value = h("input", { id: "only-value", type: "text", autocomplete: "off", value: chosen?.[1] ?? "" });
  const change = (): void => {
    const kept = Object.entries(state.reading.where ?? {}).filter(([name]) => name in found.cells);
    const added = column.value && value.value.trim() ? [[column.value, value.value.trim()]] : [];
    if (added.length || chosen) { state.reading = { ...state.reading, where: Object.fromEntries([...kept, ...added]) as Record<string, string> }; void attempt(look); }
  };
  for (const input of [column, value]) input.addEventListener("change", change);
  return h("div", { class: "pair" }, field(TEXTS.onlyRows, column), field(TEXTS.onlyValue, value));
}

/** A column was given another role by hand. */
function rolled(name: string, role: string): void {
  const { columns = {}, without = [] } = state.reading;
  state.reading = role
    ? { ...state.reading, columns: { ...columns, [role]: name }, without: without.filter((one) => one !== name) }
    : { ...state.reading, without: [...without, name] };
  void attempt(look);
}

// --- the site ---------------------------------------------------------------------------------------------------------

const isLocal = (): boolean => (state.reading.crs ?? "").toLowerCase() === "local";
const LOCAL_DEGREE_M = 111_320;
const onPage = (place: Corner): Corner => (isLocal() ? [place[0] / LOCAL_DEGREE_M, place[1] / LOCAL_DEGREE_M] : place);

function pick(): void {
  draw("point", TEXTS.picking, ([place]) => setPlace(place as Corner));
}

/** The base station was put somewhere on the map. */
export function setPlace(place: Corner): void {
  const [x, y] = isLocal() ? [place[0] * LOCAL_DEGREE_M, place[1] * LOCAL_DEGREE_M] : place;
  placeInput.value = isLocal() ? `${x.toFixed(1)},${y.toFixed(1)}` : `${x.toFixed(6)},${y.toFixed(6)}`;
  drawSite();
}

/** The end of the beam was dragged. */
export function setAzimuth(towards: Corner): void {
  const place = placeNow();
  if (place) azimuthInput.value = courseOf(onPage(place), towards).bearing.toFixed(0);
  drawSite();
}

export function siteNow(): { azimuth: number | null; downtilt: number; height: number } {
  return { azimuth: valueOf(azimuthInput), downtilt: valueOf(downtiltInput) ?? 6, height: valueOf(heightInput) ?? 24 };
}

function placeNow(): Corner | null {
  const parts = placeInput.value.trim().split(/[,;\s]+/).map(Number);
  return placeInput.value.trim() && parts.length === 2 && parts.every(Number.isFinite) ? (parts as Corner) : null;
}

export function drawSite(): void {
  const place = placeNow();
  state.site = place ? onPage(place) : state.site;
  const azimuth = valueOf(azimuthInput);
  state.chart?.setSite(state.site, state.site && azimuth !== null ? ahead(state.site, azimuth) : null);
}

function ahead([lon, lat]: Corner, bearing: number): Corner {
  const turn = (bearing * Math.PI) / 180;
  return [lon + (BEAM_M * Math.sin(turn)) / (LOCAL_DEGREE_M * Math.cos((lat * Math.PI) / 180)), lat + (BEAM_M * Math.cos(turn)) / LOCAL_DEGREE_M];
}

async function make(opened: () => Promise<void>): Promise<void> {
  const place = placeNow();
  if (placeInput.value.trim() && !place) throw new Error(`${TEXTS.place}: ${placeInput.value} is not two numbers, ${TEXTS.placeHint}`);
  const site = {
    place, height_m: valueOf(heightInput) ?? 24, carrier_hz: (valueOf(carrierInput) ?? 3.5) * 1e9,
    azimuth_deg: valueOf(azimuthInput), downtilt_deg: valueOf(downtiltInput) ?? 6, cell_m: valueOf(cellInput), size: valueOf(sizeInput),
    ...(centre && (valueOf(cellInput) ?? valueOf(sizeInput)) !== null ? { centre } : {}),
  };
  makeButton.disabled = true;
  try {
    const start = async (): Promise<{ id: string }> => {
      await ensureFiles();
      const { readings, layout } = state.files;
      if (!readings) throw new Error(TEXTS.forgotten);
      return node.drive({ readings: [readings.id], layout: layout?.id ?? null, reading: state.reading, site, check: checkInput.checked });
    };
    const id = await follow(start, TEXTS.make);
    if (id === null) return;
    state.base = id;
    state.made.push({ id, what: `map ${state.made.length + 1}` });
    state.view = { ...START, source: { kind: "job", id, version: null }, tab: "map", opacity: state.view.opacity };
    await opened();
  } finally {
    makeButton.disabled = !state.files.readings && !state.sent.readings && !demoName;
  }
}
