// Values along a line, cell by cell, and as CSV.
import { cellAt, courseOf, type Corner, type Layer } from "./layer";

export interface Along {
  metres: number[];
  mean: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

/** Return the values along a line, a sample every half cell; null where the map says nothing. */
export function along(line: Corner[], mean: Layer, low: Layer, high: Layer): Along {
  const out: Along = { metres: [], mean: [], low: [], high: [] };
  let begun = 0;
  for (let k = 0; k + 1 < line.length; k += 1) {
    const [from, to] = [line[k] as Corner, line[k + 1] as Corner];
    const length = courseOf(from, to).metres;
    const steps = Math.max(1, Math.ceil(length / (mean.cell_m / 2)));
    for (let s = k === 0 ? 0 : 1; s <= steps; s += 1) {
      const t = s / steps;
      const cell = cellAt(mean, [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
      const value = (layer: Layer): number | null => {
        const found = cell < 0 ? Number.NaN : (layer.values[cell] as number);
        return Number.isFinite(found) ? found : null;
      };
      out.metres.push(begun + t * length);
      out.mean.push(value(mean));
      out.low.push(value(low));
      out.high.push(value(high));
    }
    begun += length;
  }
  return out;
}

export function csvOf(found: Along, unit: string): string {
  const rows = found.metres.map((m, k) => [m.toFixed(1), ...[found.mean, found.low, found.high].map((v) => v[k]?.toFixed(2) ?? "")]);
  return [`distance_m,mean_${unit},p10_${unit},p90_${unit}`, ...rows.map((row) => row.join(","))].join("\n") + "\n";
}
