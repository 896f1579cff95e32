// Every state of the page has an address: map, layer, range, threshold, opacity and camera. It holds no readings.

export interface View {
  job: string | null;
  layer: string;
  low: number | null;
  high: number | null;
  below: number | null;
  opacity: number;
  centre: [number, number] | null;
  zoom: number | null;
  line: [number, number][];
}

export const START: View = {
  job: null, layer: "mean", low: null, high: null, below: null, opacity: 0.8, centre: null, zoom: null, line: [],
};

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

export function encode(view: View): string {
  const parts: [string, string][] = [];
  if (view.job) parts.push(["map", view.job]);
  if (view.layer !== START.layer) parts.push(["layer", view.layer]);
  if (view.low !== null && view.high !== null) parts.push(["range", `${round(view.low, 3)},${round(view.high, 3)}`]);
  if (view.below !== null) parts.push(["below", round(view.below, 3)]);
  if (view.opacity !== START.opacity) parts.push(["opacity", round(view.opacity, 2)]);
  if (view.centre && view.zoom !== null) {
    parts.push(["at", `${round(view.centre[0], 6)},${round(view.centre[1], 6)},${round(view.zoom, 2)}`]);
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
  const at = numbers("at", 3);
  const opacity = numbers("opacity", 1)?.[0];
  const line = (found.get("line") ?? "")
    .split(";")
    .map((text) => text.split(",").map(Number))
    .filter((pair): pair is [number, number] => pair.length === 2 && pair.every(Number.isFinite));
  const job = found.get("map");
  return {
    job: job && /^[\w-]{1,64}$/.test(job) ? job : null,
    layer: /^[a-z0-9]{1,16}$/.test(found.get("layer") ?? "") ? (found.get("layer") as string) : START.layer,
    low: range && (range[0] as number) < (range[1] as number) ? (range[0] as number) : null,
    high: range && (range[0] as number) < (range[1] as number) ? (range[1] as number) : null,
    below: numbers("below", 1)?.[0] ?? null,
    opacity: opacity !== undefined && opacity >= 0 && opacity <= 1 ? opacity : START.opacity,
    centre: at && Math.abs(at[0] as number) <= 180 && Math.abs(at[1] as number) <= 85 ? [at[0] as number, at[1] as number] : null,
    zoom: at && Math.abs(at[0] as number) <= 180 && Math.abs(at[1] as number) <= 85 ? (at[2] as number) : null,
    line: line.length > 1 ? line : [],
  };
}
