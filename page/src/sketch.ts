// Drawing on the map by mouse and by keyboard: points, lines and polygons; and dragging what stands there.
import { line, point, polygon } from "./features";
import type { Corner } from "./layer";
import { clear, say } from "./session";
import { state } from "./state";
import { TEXTS } from "./texts";

type Kind = "point" | "line" | "polygon";

let drawing: { kind: Kind; corners: Corner[]; done: (corners: Corner[]) => void } | null = null;
let kept: GeoJSON.Feature[] = [];

export const isDrawing = (): boolean => drawing !== null;

/** Let the user draw; `done` gets the corners, and is not called when it is called off. */
export function draw(kind: Kind, words: string, done: (corners: Corner[]) => void): void {
  drawing = { kind, corners: [], done };
  say(words);
  state.chart?.map.getCanvas().focus();
  state.chart?.map.doubleClickZoom.disable();
}

/** What was drawn before and stays to be seen. */
export function keepDrawn(features: GeoJSON.Feature[]): void {
  kept = features;
  show();
}

function show(): void {
  const now = drawing?.corners ?? [];
  const shape = now.length > 1 ? [drawing?.kind === "polygon" && now.length > 2 ? polygon(now) : line(now)] : [];
  state.chart?.set("sketch", [...kept, ...shape, ...now.map((corner) => point(corner))]);
}

/** A corner was set, by click or by the cell cursor; true if it was wanted. */
export function corner(place: Corner): boolean {
  if (!drawing) return false;
  const last = drawing.corners.at(-1);
  if (!last || last[0] !== place[0] || last[1] !== place[1]) drawing.corners.push(place);
  if (drawing.kind === "point") finish();
  else show();
  return true;
}

export function finish(): void {
  if (!drawing) return;
  const { kind, corners, done } = drawing;
  if (corners.length < { point: 1, line: 2, polygon: 3 }[kind]) return say(TEXTS.drawing);
  stop();
  done(corners);
}

export function callOff(): void {
  if (drawing) stop();
}

function stop(): void {
  drawing = null;
  clear();
  show();
  setTimeout(() => state.chart?.map.doubleClickZoom.enable(), 300);
}

/** Let the mast and the end of its beam be dragged. */
export function dragging(onMast: (place: Corner, ended: boolean) => void, onHandle: (place: Corner, ended: boolean) => void): void {
  const map = state.chart?.map;
  if (!map) return;
  map.on("mousedown", "site", (event) => {
    if (drawing) return;
    event.preventDefault();
    const handle = event.features?.[0]?.properties?.["part"] === "handle";
    const tell = handle ? onHandle : onMast;
    const move = (at: { lngLat: { toArray(): [number, number] } }): void => tell(at.lngLat.toArray(), false);
    map.on("mousemove", move);
    map.once("mouseup", (at) => { map.off("mousemove", move); tell(at.lngLat.toArray(), true); });
  });
  map.on("mouseenter", "site", () => { map.getCanvas().style.cursor = "grab"; });
  map.on("mouseleave", "site", () => { map.getCanvas().style.cursor = ""; });
}
