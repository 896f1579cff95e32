// The probability that a cell lies below a threshold, as RadioMap has it (maps/radiomap.py): of a normal law, or, for a map that is made
// of K draws, of Student's law with K - 1 degrees of freedom and std sqrt(1 + 1/K). So the threshold changes without a request.
import type { Layer } from "./layer";

/** Standard normal distribution, to 1.2e-7 (W. H. Press et al., Numerical Recipes, 1992, section 6.2: erfcc). */
export function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const terms = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];
  const tail = 0.5 * t * Math.exp(-z * z + terms.reduce((sum, term) => sum * t + term, 0));
  return x > 0 ? 1 - tail : tail;
}

/** Student's distribution of a whole number of degrees of freedom (M. Abramowitz, I. Stegun, 1964, 26.7.3 and 26.7.4). */
export function student(freedom: number, x: number): number {
  const angle = Math.atan(x / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2;
  let [term, sum] = odd ? [cosine, freedom > 1 ? cosine : 0] : [1, 1];
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return 0.5 * (1 + (odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum));
}

/** Return P(value < threshold) of one cell; `draws` is the number of draws that the map is made of, null for a normal belief. */
export function chanceBelow(threshold: number, mean: number, std: number, draws: number | null): number {
  const gap = (threshold - mean) / Math.max(std, 1e-9);
  return draws === null ? normal(gap) : student(Math.max(draws - 1, 1), gap / Math.sqrt(1 + 1 / draws));
}

/** Return the layer of the outage below a threshold, NaN where the map says nothing. */
export function outage(threshold: number, mean: Layer, std: Layer, draws: number | null): Layer {
  const values = mean.values.map((value, k) => (Number.isFinite(value) ? chanceBelow(threshold, value, std.values[k] as number, draws) : Number.NaN));
  return { ...mean, layer: "outage", unit: "1", low: 0, high: 1, scale: 0, offset: 0, values };
}
