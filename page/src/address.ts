// Every state of the page has an address: map, version, layer, range, threshold, camera, line, swipe. It holds no readings.

/** A map: one that the node just made (a job), or one that it keeps (a name and a version). */
export interface Source {
  kind: "job" | "store";
  id: string;
  version: number | null;
}

export type Mode = "swipe" | "difference";
export const TABS = ["make", "map", "whatif", "compare", "take", "stored"] as const;
export type Tab = (typeof TABS)[number];

export interface View {
  source: Source | null;
  other: Source | null;
  mode: Mode;
  split: number;
  tab: Tab;
  layer: string;
  low: number | null;
  high: number | null;
  below: number | null;
  opacity: number;
  centre: [number, number] | null;
  zoom: number | null;
  /** Bearing and pitch of the camera [degrees]. */
  turn: [number, number];
  line: [number, number][];
}

export const START: View = {
  source: null, other: null, mode: "swipe", split: 0.5, tab: "make", layer: "mean", low: null, high: null, below: null,
  opacity: 0.8, centre: null, zoom: null, turn: [0, 0], line: [],
};

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
const NAME = /^[A-Za-z0-9][\w.+:-]{0,199}$/;
const JOB = /^[\w-]{1,64}$/;

export function sourceText(source: Source): string {
  return source.kind === "job" ? source.id : `store:${source.id}${source.version === null ? "" : `@${source.version}`}`;
}

export function sourceOf(text: string | null): Source | null {
  if (!text) return null;
  if (!text.startsWith("store:")) return JOB.test(text) ? { kind: "job", id: text, version: null } : null;
  const [id, version] = text.slice(6).split("@") as [string, string | undefined];
  if (!NAME.test(id) || id.includes("..")) return null;
  if (version === undefined) return { kind: "store", id, version: null };
  return /^[1-9]\d{0,8}$/.test(version) ? { kind: "store", id, version: Number(version) } : null;
}

export const same = (a: Source | null, b: Source | null): boolean =>
  a === b || (a !== null && b !== null && sourceText(a) === sourceText(b));

export function encode(view: View): string {
  const parts: [string, string][] = [];
  if (view.source) parts.push(["map", sourceText(view.source)]);
  if (view.other) parts.push(["with", sourceText(view.other)], [view.mode, round(view.split, 3)]);
  if (view.tab !== START.tab) parts.push(["tab", view.tab]);
  if (view.layer !== START.layer) parts.push(["layer", view.layer]);
  if (view.low !== null && view.high !== null) parts.push(["range", `${round(view.low, 3)},${round(view.high, 3)}`]);
  if (view.below !== null) parts.push(["below", round(view.below, 3)]);
  if (view.opacity !== START.opacity) parts.push(["opacity", round(view.opacity, 2)]);
  if (view.centre && view.zoom !== null) {
    const turn = view.turn.some((angle) => Math.abs(angle) > 0.05) ? `,${view.turn.map((angle) => round(angle, 1)).join(",")}` : "";
    parts.push(["at", `${round(view.centre[0], 6)},${round(view.centre[1], 6)},${round(view.zoom, 2)}${turn}`]);
  }
  if (view.line.length > 1) {
    parts.push(["line", view.line.map(([a, b]) => `${round(a, 6)},${round(b, 6)}`).join(";")]);
  }
  return parts.length ? `#${parts.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join("&")}` : "";
}

/** Read an address; what cannot be is left at its start, so that one edited by hand does no harm. */
export function decode(hash: string): View {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const numbers = (name: string, count: number): number[] | null => {
    const values = (found.get(name) ?? "").split(",").map((text) => (text.trim() === "" ? Number.NaN : Number(text)));
    return values.length === count && values.every(Number.isFinite) ? values : null;
  };
  const range = numbers("range", 2);
  const ordered = range && (range[0] as number) < (range[1] as number) ? range : null;
  const at = numbers("at", 3) ?? numbers("at", 5);
  const somewhere = at && Math.abs(at[0] as number) <= 180 && Math.abs(at[1] as number) <= 85 ? at : null;
  const [bearing = 0, pitch = 0] = somewhere?.slice(3) ?? [];
  const opacity = numbers("opacity", 1)?.[0];
  const line = (found.get("line") ?? "")
    .split(";")
    .map((text) => text.split(",").map(Number))
    .filter((pair): pair is [number, number] => pair.length === 2 && pair.every(Number.isFinite));
  const source = sourceOf(found.get("map"));
  const other = source ? sourceOf(found.get("with")) : null;
  const mode: Mode = found.has("difference") ? "difference" : "swipe";
  const split = numbers(mode, 1)?.[0] ?? START.split;
  const tab = TABS.find((name) => name === found.get("tab")) ?? START.tab;
  return {
    source, other, mode: other ? mode : START.mode, split: other && split >= 0 && split <= 1 ? split : START.split, tab,
    layer: /^[a-z0-9_]{1,16}$/.test(found.get("layer") ?? "") ? (found.get("layer") as string) : START.layer,
    low: ordered ? (ordered[0] as number) : null,
    high: ordered ? (ordered[1] as number) : null,
    below: numbers("below", 1)?.[0] ?? null,
    opacity: opacity !== undefined && opacity >= 0 && opacity <= 1 ? opacity : START.opacity,
    centre: somewhere ? [somewhere[0] as number, somewhere[1] as number] : null,
    zoom: somewhere ? (somewhere[2] as number) : null,
    turn: [bearing % 360, Math.min(Math.max(pitch, 0), 60)],
    line: line.length > 1 ? line : [],
  };
}

/** Whether two views differ in more than where the camera stands and how colours are drawn: worth a step back. */
export function isStep(before: View, after: View): boolean {
  const fixed = (view: View): string =>
    encode({ ...view, centre: null, zoom: null, turn: [0, 0], low: null, high: null, opacity: START.opacity, split: START.split });
  return fixed(before) !== fixed(after);
}
