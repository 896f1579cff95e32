// Questions about a map of one's own files: another place for the transmitter, a turned antenna, painted readings, a plan.
import { START } from "./address";
import { Refused, Stopped, type Edits, type Question } from "./api";
import { line, point, polygon } from "./features";
import { button, field, h, number, offer, valueOf } from "./dom";
import type { Corner, Layer } from "./layer";
import { onShown, open, repaint, showLayer } from "./look";
import { setPlace, siteNow } from "./make";
import { attempt, follow, say } from "./session";
import { draw, keepDrawn } from "./sketch";
import { node, state } from "./state";
import { gpxOf } from "./files";
import { TEXTS } from "./texts";

const edits: Edits = { holes: [], tracks: [], readings: [] };
const painted = h("ul", { id: "painted" });
const planBox = h("div", { id: "plan-list" });
const dragBox = h("p", { id: "drag-said", "aria-live": "polite" });
const azimuth = number("then-azimuth", "");
const downtilt = number("then-downtilt", "");
const power = number("then-power", "0");
const readingValue = number("paint-value", "-90");
const count = number("plan-count", "12", "1");

export function whatIfPanel(): HTMLElement {
  onShown(() => { showPlan(); list(); });
  const dragButton = button(TEXTS.drag, () => (live ? endDragging() : beginDragging()), { id: "drag", "aria-pressed": "false" });
  return h(
    "div", { id: "whatif-panel" },
    h("h2", {}, "Another place"), h("p", {}, TEXTS.dragLead), dragButton, dragBox,
    h("h2", {}, "A planned change"), h("p", {}, TEXTS.changeLead),
    h("div", { class: "pair" }, field(TEXTS.azimuth, azimuth), field(TEXTS.downtilt, downtilt)),
    h("div", { class: "pair" }, field("Power, change [dB]", power), button(TEXTS.change, () => void attempt(change), { id: "change" })),
    h("h2", {}, "Other readings"), h("p", {}, TEXTS.paintLead),
    h("div", { class: "row" }, button("Hole", paintHole, { id: "paint-hole" }), button("Track", paintTrack, { id: "paint-track" }), button("Reading", paintReading, { id: "paint-reading" })),
    field("Value of a painted reading", readingValue), painted,
    h("div", { class: "row" }, button("Reconstruct", () => void attempt(reconstruct), { id: "reconstruct" }), button("Clear", wipe)),
    h("h2", {}, "Where to measure next"), h("p", {}, TEXTS.planLead),
    h("div", { class: "pair" }, field("Places", count), button(TEXTS.plan, () => void attempt(plan), { id: "plan" })), planBox,
  );
}

/** Ask about the map that was made last, and show the answer beside it. */
export async function askAndShow(question: Question, what: string, difference: boolean): Promise<boolean> {
  const base = state.base;
  if (!base) throw new Refused(409, "no_map", TEXTS.needsFiles);
  const id = await follow(() => node.question(base, question), what);
  if (id === null) return false;
  state.made.push({ id, what });
  const { tab, opacity, centre, zoom, line: drawn } = state.view;
  const from = { kind: "job" as const, id: base, version: null };
  state.view = { ...START, source: { kind: "job", id, version: null }, other: question.ask === "plan" ? null : from, mode: difference ? "difference" : "swipe", tab, opacity, centre, zoom, line: drawn };
  await open(false);
  return true;
}

// --- dragging ---------------------------------------------------------------------------------------------------------

let live: { stream: string; turn: number; shown: number; busy: AbortController | null; times: number[] } | null = null;

function beginDragging(): void {
  if (!state.base || state.record?.tiles) return say(TEXTS.needsFiles, "bad");
  live = { stream: crypto.randomUUID(), turn: 0, shown: -1, busy: null, times: [] };
  pressed(true);
  if (state.site) void predictAt(state.site);
}

export function endDragging(): void {
  if (!live) return;
  live.busy?.abort();
  live = null;
  pressed(false);
  dragBox.textContent = "";
  void attempt(showLayer);
}

function pressed(on: boolean): void {
  const at = document.getElementById("drag");
  at?.setAttribute("aria-pressed", String(on));
  if (at) at.textContent = on ? TEXTS.dragEnd : TEXTS.drag;
}

export const isLive = (): boolean => live !== null;

/** The transmitter was put somewhere: predict there; whatever was asked before is void. */
export async function predictAt(place: Corner): Promise<void> {
  const now = live;
  if (!now) return;
  const turn = (now.turn += 1);
  const { azimuth: bearing, downtilt: tilt, height } = siteNow();
  const body = { job: state.base, place, azimuth_deg: bearing, downtilt_deg: tilt, height_m: height, stream: now.stream, turn };
  const begun = performance.now();
  let layer: Layer;
  try {
    layer = await node.predict(body, new AbortController().signal);
  } catch (error) {
    if (error instanceof Stopped || (error instanceof Refused && error.code === "superseded")) return;
    if (error instanceof Refused) dragBox.textContent = error.message;
    else if (live === now) void attempt(() => Promise.reject(error));
    return;
  }
  if (live !== now || turn < now.shown) return; // a newer one is there already
  now.shown = turn;
  now.times.push(performance.now() - begun);
  document.body.dataset["turn"] = String(turn);
  state.layers["mean"] = layer;
  state.layers["std"] = state.layers["p05"] = state.layers["p95"] = undefined as never;
  state.view.layer = "mean";
  state.chart?.values.show(layer);
  dragBox.textContent = `${TEXTS.dragSaid}: ${(now.times.at(-1) as number).toFixed(0)} ms`;
  repaint();
}

/** The mast was moved by mouse or by key. */
export function movedMast(place: Corner): void {
  setPlace(place);
  if (live) void predictAt(place);
}

/** Move the mast by keys while dragging. */
export function nudge(key: string): boolean {
  const step = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  if (!live || !step || !state.site) return false;
  const metres = 4 / 111_320;
  movedMast([state.site[0] + (metres * (step[0] as number)) / Math.cos((state.site[1] * Math.PI) / 180), state.site[1] + metres * (step[1] as number)]);
  return true;
}

// --- a planned change -------------------------------------------------------------------------------------------------

async function change(): Promise<void> {
  await askAndShow({ ask: "change", azimuth_deg: valueOf(azimuth), downtilt_deg: valueOf(downtilt), power_db: valueOf(power) ?? 0 }, TEXTS.change, true);
}

// --- painting ---------------------------------------------------------------------------------------------------------

function paintHole(): void {
  draw("polygon", `A hole. ${TEXTS.drawing}`, (ring) => { edits.holes.push(ring); list(); });
}

function paintTrack(): void {
  draw("line", `A track. ${TEXTS.drawing}`, (corners) => { edits.tracks.push(corners); list(); });
}

function paintReading(): void {
  draw("point", TEXTS.placing, ([place]) => { edits.readings.push([...(place as Corner), valueOf(readingValue) ?? -90]); list(); });
}

function list(): void {
  const entry = (text: string, drop: () => void): HTMLElement => h("li", {}, `${text} `, button("remove", () => { drop(); list(); }, { "aria-label": `remove ${text}` }));
  painted.replaceChildren(
    ...edits.holes.map((ring, k) => entry(`hole ${k + 1} of ${ring.length} corners`, () => edits.holes.splice(k, 1))),
    ...edits.tracks.map((corners, k) => entry(`track ${k + 1} of ${corners.length} corners`, () => edits.tracks.splice(k, 1))),
    ...edits.readings.map(([, , value], k) => entry(`reading ${k + 1}: ${value}`, () => edits.readings.splice(k, 1))),
  );
  showPainted();
}

/** What was painted is drawn while it is asked about, and on the map that it was painted on alone. */
export function showPainted(): void {
  if (state.record?.kind === "stored" || state.view.tab !== "whatif") return keepDrawn([]);
  keepDrawn([...edits.holes.map(polygon), ...edits.tracks.map((corners) => line(corners)), ...edits.readings.map(([lon, lat]) => point([lon, lat]))]);
}

function wipe(): void {
  Object.assign(edits, { holes: [], tracks: [], readings: [] });
  list();
}

async function reconstruct(): Promise<void> {
  if (!edits.holes.length && !edits.tracks.length && !edits.readings.length) return say("Nothing is painted yet.", "bad");
  if (!(await askAndShow({ ask: "edit", edits }, "Reconstruct", true))) return;
  const [before, after] = [spread(state.otherLayers["std"] ?? (await node.layer({ kind: "job", id: state.base as string, version: null }, "std"))), spread(state.layers["std"])];
  const painted = state.record?.reading?.notes.find((note) => note.startsWith("painted:")) ?? "";
  say(`The spread was ${before.toFixed(2)} dB on average, and is ${after.toFixed(2)} dB with what was painted${painted.replace("painted:", ":")}.`, "good");
}

function spread(layer: Layer | undefined): number {
  const values = layer?.values.filter(Number.isFinite) ?? new Float32Array(0);
  return values.length ? values.reduce((a, b) => a + b, 0) / values.length : Number.NaN;
}

// --- where to measure next --------------------------------------------------------------------------------------------

async function plan(): Promise<void> {
  await askAndShow({ ask: "plan", count: valueOf(count) ?? 12 }, TEXTS.plan, false);
}

function showPlan(): void {
  const plan = state.plan;
  const facts = state.record?.plan_facts;
  if (!plan || !facts) return planBox.replaceChildren();
  const stops = plan.features.filter((one) => one.geometry.type === "Point");
  const rows = stops.map((one) => {
    const at = (one.geometry as GeoJSON.Point).coordinates as Corner;
    const p = one.properties as { visit: number; rank: number; std_db: number; expected_rmse_reduction_db: number };
    return h("tr", {}, ...[String(p.visit), String(p.rank), `${at[1].toFixed(5)}, ${at[0].toFixed(5)}`, p.std_db.toFixed(1), p.expected_rmse_reduction_db.toFixed(3)].map((text) => h("td", {}, text)));
  });
  const head = h("tr", {}, ...["turn", "rank", "latitude, longitude", "spread [dB]", "saves [dB]"].map((text) => h("th", { scope: "col" }, text)));
  return planBox.replaceChildren(
    h("p", {}, `Expected error ${facts.rmse_before_db.toFixed(2)} dB today, ${facts.rmse_after_db.toFixed(2)} dB after a drive of ${facts.length_m.toFixed(0)} m.`),
    h("div", { class: "row" }, button("GPX", () => offer(gpxOf(plan), "plan.gpx", "application/gpx+xml"), { id: "plan-gpx" }), button("GeoJSON", () => offer(JSON.stringify(plan, null, 1), "plan.geojson", "application/geo+json"))),
    h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Places to measure" }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows))),
  );
}
