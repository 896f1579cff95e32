// The page: make a map of one's own files, see it with its doubt, ask it, change it, take it away.
import { decode, TABS, type Tab } from "./address";
import { button, byId, h } from "./dom";
import { comparePanel } from "./compare";
import type { Corner } from "./layer";
import { cursorPlace, lookAtTiles, mapPanel, moveCursor, open, tell } from "./look";
import { drawSite, makePanel, setAzimuth, showDemos } from "./make";
import { fitProfile, showLine } from "./profile";
import { attempt, notes, say, watch } from "./session";
import { callOff, corner, dragging, draw, finish, isDrawing } from "./sketch";
import { darkness, node, remember, state, took } from "./state";
import { fill as fillStored, storedPanel } from "./stored";
import { takePanel } from "./take";
import { TAB_NAMES, TEXTS } from "./texts";
import { movedMast, nudge, predictAt, showPainted, whatIfPanel } from "./whatif";
import "./style.css";

const panel = byId("panel");
const tabs = new Map<Tab, { tab: HTMLButtonElement; body: HTMLElement }>();

function layPanel(): void {
  const bodies: Record<Tab, HTMLElement> = {
    make: makePanel(async () => { await open(true); choose(state.view.tab); }), map: h("div", {}, mapPanel, button(TEXTS.drawLine, drawLine, { id: "draw-line" })), whatif: whatIfPanel(),
    compare: comparePanel(), take: takePanel(), stored: storedPanel(),
  };
  const bar = h("div", { role: "tablist", "aria-label": "What to do", id: "tabs" });
  for (const name of TABS) {
    const tab = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `body-${name}`, click: () => { choose(name); remember(); } }, TAB_NAMES[name] ?? name);
    const body = h("section", { role: "tabpanel", id: `body-${name}`, "aria-labelledby": `tab-${name}` }, bodies[name]);
    tabs.set(name, { tab, body });
    bar.append(tab);
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(state.view.tab) + step + TABS.length) % TABS.length] as Tab;
    choose(next);
    remember();
    tabs.get(next)?.tab.focus();
  });
  panel.append(h("h1", {}, "OpenCKM"), bar, h("p", {}, h("a", { href: "/docs/", target: "_blank", rel: "noopener" }, TEXTS.docs), "; ", h("a", { href: "/page/licences.txt", target: "_blank", rel: "noopener" }, TEXTS.licences)), notes, ...[...tabs.values()].map(({ body }) => body));
}

function choose(name: Tab): void {
  state.view.tab = name;
  for (const [one, { tab, body }] of tabs) {
    tab.setAttribute("aria-selected", String(one === name));
    tab.tabIndex = one === name ? 0 : -1;
    body.hidden = one !== name;
  }
  showPainted();
  if (name === "stored") void attempt(fillStored);
}

function drawLine(): void {
  if (!state.record) return say(TEXTS.notYet, "bad");
  draw("line", TEXTS.drawing, (corners) => { state.view.line = corners; void attempt(showLine); });
}

function listen(): void {
  const map = state.chart?.map;
  if (!map) return;
  const at = (event: { lngLat: { toArray(): [number, number] } }): Corner => event.lngLat.toArray();
  map.on("mousemove", (event) => tell(at(event)));
  map.on("click", (event) => { if (!corner(at(event))) tell(at(event)); });
  map.on("dblclick", (event) => { if (isDrawing()) { event.preventDefault(); finish(); } });
  map.on("moveend", () => { remember(); void attempt(lookAtTiles); });
  map.on("render", () => { document.body.dataset["idle"] = "no"; });
  map.on("idle", () => { if (state.chart?.isDrawn()) document.body.dataset["idle"] = "yes"; });
  map.getCanvas().addEventListener("keydown", (event) => { if (pressed(event.key)) { event.preventDefault(); event.stopPropagation(); } }, true);
  dragging(
    (place, ended) => { movedMast(place); if (ended) drawSite(); },
    (towards) => { setAzimuth(towards); if (state.site) void predictAt(state.site); },
  );
}

function pressed(key: string): boolean {
  if (key === "Escape") { callOff(); return true; }
  if (nudge(key)) return true;
  if (isDrawing() && (key === " " || key === "Enter")) {
    const place = cursorPlace();
    if (key === " " && place) corner(place);
    else if (key === "Enter") finish();
    return true;
  }
  return moveCursor(key);
}

async function goTo(hash: string): Promise<void> {
  const view = decode(hash);
  const elsewhere = JSON.stringify([view.source, view.other]) !== JSON.stringify([state.view.source, state.view.other]);
  took(view);
  choose(view.tab);
  if (view.centre && view.zoom !== null) state.chart?.map.jumpTo({ center: view.centre, zoom: view.zoom, bearing: view.turn[0], pitch: view.turn[1] });
  if (view.line.length < 2) { byId("profile").hidden = true; state.chart?.setLine([]); }
  if (view.source || elsewhere) await open(view.source !== null && !view.centre);
}

async function begin(): Promise<void> {
  layPanel();
  choose("make");
  watch();
  if (document.createElement("canvas").getContext("webgl2")) {
    const { Chart } = await import("./chart");
    state.chart = new Chart(byId("map"), darkness.matches);
    darkness.addEventListener("change", () => { state.chart?.dress(darkness.matches); void attempt(showLine); });
    listen();
  } else {
    say(TEXTS.noGraphics, "bad");
    byId("map").hidden = true;
  }
  await attempt(async () => { state.offers = await node.offers(); showDemos(); });
  const basemap = state.offers?.basemap;
  if (basemap) void state.chart?.setBasemap(basemap).catch((error: unknown) => say(TEXTS.noBasemap(String(error)), "bad"));
  addEventListener("resize", fitProfile);
  addEventListener("popstate", () => void attempt(() => goTo(location.hash)));
  if (location.hash) await attempt(() => goTo(location.hash));
  await state.chart?.ready();
  document.body.dataset["ready"] = "yes";
}

void begin();
