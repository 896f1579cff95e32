// What the page knows: one object, changed by the panels, drawn by `look`.
import { encode, isStep, START, type View } from "./address";
import { Node as CkmNode, type Held, type MapRecord, type Offers, type Reading } from "./api";
import type { Chart } from "./chart";
import type { Corner, Layer } from "./layer";
import type { Dots } from "./pointLayer";
import type { TileSet } from "./tiles";

export const node = new CkmNode();
export const darkness = matchMedia("(prefers-color-scheme: dark)");

export interface State {
  view: View;
  chart: Chart | null;
  offers: Offers | null;
  /** Of the map that is shown. */
  record: MapRecord | null;
  layers: Record<string, Layer>;
  tiles: TileSet | null;
  /** Of the map that it is compared with. */
  otherRecord: MapRecord | null;
  otherLayers: Record<string, Layer>;
  otherTiles: TileSet | null;
  /** The map that was made of files last, which questions are about. */
  base: string | null;
  made: { id: string; what: string }[];
  site: Corner | null;
  /** Heights of the buildings on the map and around it, for the line of sight. */
  heights: Layer | null;
  dots: Dots | null;
  files: { readings: Held | null; layout: Held | null; truth: Held | null };
  sent: { readings: File | null; layout: File | null };
  reading: Partial<Reading>;
  plan: GeoJSON.FeatureCollection | null;
  showReadings: "value" | "residual" | "none";
}

export const state: State = {
  view: { ...START }, chart: null, offers: null, record: null, layers: {}, tiles: null, otherRecord: null, otherLayers: {},
  otherTiles: null, base: null, made: [], site: null, heights: null, dots: null,
  files: { readings: null, layout: null, truth: null }, sent: { readings: null, layout: null }, reading: {}, plan: null,
  showReadings: "value",
};

let written: View = { ...START };

/** Write the state into the address: a step back where something else is shown, and none for camera and colours. */
export function remember(): void {
  const map = state.chart?.map;
  const camera = map && state.view.source ? { centre: map.getCenter().toArray() as Corner, zoom: map.getZoom(), turn: [map.getBearing(), map.getPitch()] as Corner } : { centre: null, zoom: null };
  const now: View = { ...state.view, ...camera };
  const address = encode(now) || location.pathname;
  if (address !== location.hash) {
    if (isStep(written, now) && written.source !== null) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  written = now;
}

/** Take an address that the browser went to, without writing it again. */
export function took(view: View): void {
  state.view = view;
  written = { ...view };
}
