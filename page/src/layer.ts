// A layer as the node sends it (service/page/layers.py): one JSON line, then unsigned 16-bit numbers.

export interface LayerHead {
  layer: string;
  rows: number;
  cols: number;
  cell_m: number;
  crs: string | null;
  unit: string;
  scale: number;
  offset: number;
  nothing: number;
  low: number;
  high: number;
  /** Names of the cells, of a layer of best servers. */
  names?: string[];
  /** Cells along a side that a number of a tile is the average of. */
  averaged?: number;
  /** [longitude, latitude] of the north-west, north-east, south-east and south-west corner. */
  corners: [Corner, Corner, Corner, Corner];
}

export type Corner = [number, number];

export interface Layer extends LayerHead {
  /** Values row by row from the north-west; NaN where the map says nothing. */
  values: Float32Array;
}

export function decodeLayer(buffer: ArrayBuffer): Layer {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(10);
  if (end < 0) throw new Error("a layer without a head: the node and this page are of different versions");
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as LayerHead;
  const numbers = new Uint16Array(buffer.slice(end + 1));
  if (numbers.length !== head.rows * head.cols) {
    throw new Error(`a layer of ${numbers.length} numbers: wanted ${head.rows} x ${head.cols}`);
  }
  const values = new Float32Array(numbers.length);
  for (let k = 0; k < numbers.length; k += 1) {
    const number = numbers[k] as number;
    values[k] = number === head.nothing ? Number.NaN : head.offset + head.scale * number;
  }
  return { ...head, values };
}

/** Web Mercator in [0, 1], as MapLibre has it. */
export function mercator([lon, lat]: Corner): [number, number] {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - (0.25 * Math.log((1 + sine) / (1 - sine))) / Math.PI];
}

/**
 * Return (column, row) of a place as fractions of the map's sides, by inverting the bilinear map of the four corners.
 * Newton's steps: a grid of a UTM zone is a parallelogram on the page but for parts in a million.
 */
export function fractionsOf(corners: LayerHead["corners"], place: Corner): [number, number] {
  const [nw, ne, se, sw] = corners.map(mercator) as [Corner, Corner, Corner, Corner];
  const [px, py] = mercator(place);
  let u = 0.5;
  let v = 0.5;
  for (let k = 0; k < 6; k += 1) {
    const at = (c: 0 | 1): number =>
      (1 - u) * (1 - v) * nw[c] + u * (1 - v) * ne[c] + u * v * se[c] + (1 - u) * v * sw[c];
    const du = (c: 0 | 1): number => (1 - v) * (ne[c] - nw[c]) + v * (se[c] - sw[c]);
    const dv = (c: 0 | 1): number => (1 - u) * (sw[c] - nw[c]) + u * (se[c] - ne[c]);
    const [fx, fy] = [at(0) - px, at(1) - py];
    const determinant = du(0) * dv(1) - dv(0) * du(1);
    if (determinant === 0) return [Number.NaN, Number.NaN];
    u -= (fx * dv(1) - fy * dv(0)) / determinant;
    v -= (fy * du(0) - fx * du(1)) / determinant;
  }
  return [u, v];
}

/** Return the flat index of the cell at a place, -1 outside the map. */
export function cellAt(head: LayerHead, place: Corner): number {
  const [u, v] = fractionsOf(head.corners, place);
  const col = Math.floor(u * head.cols);
  const row = Math.floor(v * head.rows);
  if (!(col >= 0 && row >= 0 && col < head.cols && row < head.rows)) return -1;
  return row * head.cols + col;
}

/** Return longitude and latitude of a cell's centre. */
export function centreOf(head: LayerHead, row: number, col: number): Corner {
  const [nw, ne, se, sw] = head.corners;
  const u = (col + 0.5) / head.cols;
  const v = (row + 0.5) / head.rows;
  const at = (c: 0 | 1): number =>
    (1 - u) * (1 - v) * nw[c] + u * (1 - v) * ne[c] + u * v * se[c] + (1 - u) * v * sw[c];
  return [at(0), at(1)];
}

/** Distance [m] and bearing [degrees clockwise from north] between two places, on a sphere. */
export function courseOf(from: Corner, to: Corner): { metres: number; bearing: number } {
  const [a, b] = [from, to].map(([lon, lat]) => [(lon * Math.PI) / 180, (lat * Math.PI) / 180] as const);
  const [lon1, lat1] = a as readonly [number, number];
  const [lon2, lat2] = b as readonly [number, number];
  const h = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((lon2 - lon1) / 2) ** 2;
  const bearing = Math.atan2(
    Math.sin(lon2 - lon1) * Math.cos(lat2),
    Math.cos(lat1) * Math.sin(lat2) - Math.sin(lat1) * Math.cos(lat2) * Math.cos(lon2 - lon1),
  );
  return { metres: 2 * 6_371_008.8 * Math.asin(Math.sqrt(h)), bearing: ((bearing * 180) / Math.PI + 360) % 360 };
}

/** Whether two layers lie on the same cells. */
export function alike(a: LayerHead, b: LayerHead): boolean {
  const near = (p: Corner, q: Corner): boolean => Math.abs(p[0] - q[0]) < 1e-7 && Math.abs(p[1] - q[1]) < 1e-7;
  return a.rows === b.rows && a.cols === b.cols && a.corners.every((corner, k) => near(corner, b.corners[k] as Corner));
}

/** Return a - b cell by cell, with ends that lie evenly about 0. */
export function difference(a: Layer, b: Layer): Layer {
  const values = a.values.map((value, k) => value - (b.values[k] as number));
  return { ...a, layer: "difference", unit: a.unit === "dBm" ? "dB" : a.unit, values, ...evenEnds(values) };
}

/** Ends about 0 that hold 99 % of the values. */
export function evenEnds(values: Float32Array): { low: number; high: number } {
  const sizes = values.filter(Number.isFinite).map(Math.abs).sort();
  const most = Math.max(sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 1, 0.1);
  return { low: -most, high: most };
}

/** Average of blocks of cells, for a table: values row by row from the north, NaN where nothing is said. */
export function blocks(layer: Layer, count: number): number[][] {
  const out: number[][] = [];
  for (let r = 0; r < count; r += 1) {
    const row: number[] = [];
    for (let c = 0; c < count; c += 1) {
      let [sum, said] = [0, 0];
      for (let y = Math.floor((r * layer.rows) / count); y < Math.floor(((r + 1) * layer.rows) / count); y += 1) {
        for (let x = Math.floor((c * layer.cols) / count); x < Math.floor(((c + 1) * layer.cols) / count); x += 1) {
          const value = layer.values[y * layer.cols + x] as number;
          if (Number.isFinite(value)) [sum, said] = [sum + value, said + 1];
        }
      }
      row.push(said ? sum / said : Number.NaN);
    }
    out.push(row);
  }
  return out;
}
