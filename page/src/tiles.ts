// Tiles of a map that is too large to come whole: which are wanted for a camera, and the values at a place.
import { cellAt, type Corner, type Layer } from "./layer";

export interface TileKey {
  z: number;
  x: number;
  y: number;
}

export const MOST_KEPT = 160;
const MOST_SHOWN = 64;

export const keyText = ({ z, x, y }: TileKey): string => `${z}/${x}/${y}`;

/** Column and row of a place among the tiles of a zoom, as fractions. */
export function tileAt([lon, lat]: Corner, z: number): [number, number] {
  const sine = Math.sin((lat * Math.PI) / 180);
  const n = 2 ** z;
  return [(lon / 360 + 0.5) * n, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * n];
}

/** North-west, north-east, south-east and south-west corner of a tile. */
export function cornersOf({ z, x, y }: TileKey): [Corner, Corner, Corner, Corner] {
  const n = 2 ** z;
  const lon = (k: number): number => (k / n) * 360 - 180;
  const lat = (k: number): number => (Math.atan(Math.sinh(Math.PI * (1 - (2 * k) / n))) * 180) / Math.PI;
  return [[lon(x), lat(y)], [lon(x + 1), lat(y)], [lon(x + 1), lat(y + 1)], [lon(x), lat(y + 1)]];
}

/** The zoom from which a pixel of a tile is half a cell or less: beyond it, tiles would tell nothing new. */
export function deepest(cellM: number, lat: number): number {
  return Math.ceil(Math.log2((40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (256 * cellM)) + 1);
}

/** Tiles of a box [west, south, east, north] that a map's corners touch, nearest the middle first. */
export function wanted(box: [number, number, number, number], zoom: number, corners: Corner[], cellM: number): TileKey[] {
  const lats = corners.map(([, lat]) => lat);
  const lons = corners.map(([lon]) => lon);
  const most = deepest(cellM, (Math.min(...lats) + Math.max(...lats)) / 2);
  const [west, south, east, north] = [
    Math.max(box[0], Math.min(...lons)), Math.max(box[1], Math.min(...lats)),
    Math.min(box[2], Math.max(...lons)), Math.min(box[3], Math.max(...lats)),
  ];
  if (!(west < east && south < north)) return [];
  let z = Math.max(0, Math.min(most, Math.round(zoom + 1)));
  for (;;) {
    const [x0, y0] = tileAt([west, north], z).map(Math.floor) as [number, number];
    const [x1, y1] = tileAt([east, south], z).map(Math.floor) as [number, number];
    if ((x1 - x0 + 1) * (y1 - y0 + 1) <= MOST_SHOWN || z === 0) {
      const out: TileKey[] = [];
      for (let y = y0; y <= y1; y += 1) for (let x = x0; x <= x1; x += 1) out.push({ z, x, y });
      const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
      return out.sort((a, b) => Math.hypot(a.x - mx, a.y - my) - Math.hypot(b.x - mx, b.y - my));
    }
    z -= 1;
  }
}

interface Drawing {
  put(key: string, layer: Layer, depth: number): void;
  drop(key: string): void;
  keys(): string[];
}

/** Fetches the tiles that a camera wants, keeps the last ones, and reads values of them. */
export class TileSet {
  private readonly kept = new Map<string, Layer>();
  private shown: string[] = [];
  private busy: AbortController | null = null;

  constructor(
    private readonly drawing: Drawing,
    private readonly fetchTile: (key: TileKey, signal: AbortSignal) => Promise<Layer>,
    private readonly corners: Corner[],
    private readonly cellM: number,
  ) {}

  /** Any tile's head: of unit, ends and names. */
  get head(): Layer | null {
    return this.kept.values().next().value ?? null;
  }

  /** Show what a box and zoom want; done when all of it is drawn, false if another camera came meanwhile. */
  async look(box: [number, number, number, number], zoom: number): Promise<boolean> {
    this.busy?.abort();
    const busy = new AbortController();
    this.busy = busy;
    const keys = wanted(box, zoom, this.corners, this.cellM);
    const queue = [...keys];
    const work = async (): Promise<void> => {
      for (let key = queue.shift(); key && !busy.signal.aborted; key = queue.shift()) {
        const text = keyText(key);
        let layer = this.kept.get(text);
        if (layer) this.kept.delete(text);
        else layer = { ...(await this.fetchTile(key, busy.signal)), corners: cornersOf(key) };
        this.kept.set(text, layer);
        if (!busy.signal.aborted && !this.drawing.keys().includes(text)) this.drawing.put(text, layer, key.z);
      }
    };
    await Promise.all(Array.from({ length: 6 }, work));
    if (busy.signal.aborted) return false;
    this.shown = keys.map(keyText);
    for (const old of this.drawing.keys()) if (!this.shown.includes(old)) this.drawing.drop(old);
    for (const old of [...this.kept.keys()].slice(0, Math.max(0, this.kept.size - MOST_KEPT))) {
      if (!this.shown.includes(old)) this.kept.delete(old);
    }
    return true;
  }

  /** What the tiles that are shown say of a place, NaN where nothing; `averaged` cells a side. */
  at(place: Corner): { value: number; averaged: number } {
    for (const key of this.shown) {
      const layer = this.kept.get(key);
      const cell = layer ? cellAt(layer, place) : -1;
      if (layer && cell >= 0) return { value: layer.values[cell] as number, averaged: layer.averaged ?? 1 };
    }
    return { value: Number.NaN, averaged: 1 };
  }

  stop(): void {
    this.busy?.abort();
  }
}
