// Whether a place sees the mast over the buildings of the layout: a straight line over flat ground, cell by cell.
import { fractionsOf, type Corner, type Layer } from "./layer";

/** Height of the receiver above the ground [m], as the maps have it. */
export const RECEIVER_M = 1.5;

/**
 * Return whether nothing stands between two places; null where one of them lies outside the heights.
 * An antenna below the roof that it stands on is let out, and the receiver's own cell does not count.
 */
export function inSight(heights: Layer, mast: Corner, mastM: number, place: Corner, placeM = RECEIVER_M): boolean | null {
  const cells = (at: Corner): Corner => {
    const [u, v] = fractionsOf(heights.corners, at);
    return [u * heights.cols, v * heights.rows];
  };
  const [x0, y0] = cells(mast);
  const [x1, y1] = cells(place);
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < heights.cols && y < heights.rows;
  if (!inside(x0, y0) || !inside(x1, y1)) return null;
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [col, row] = [Math.floor(x0), Math.floor(y0)];
  const [lastCol, lastRow] = [Math.floor(x1), Math.floor(y1)];
  let t = 0;
  for (let left = Math.abs(lastCol - col) + Math.abs(lastRow - row); left > 0; left -= 1) {
    const toCol = dx === 0 ? Infinity : ((dx > 0 ? col + 1 : col) - x0) / dx;
    const toRow = dy === 0 ? Infinity : ((dy > 0 ? row + 1 : row) - y0) / dy;
    const next = Math.min(toCol, toRow);
    const lowest = mastM + (placeM - mastM) * (placeM < mastM ? next : t); // of the line within this cell
    const top = heights.values[row * heights.cols + col] as number;
    const own = col === Math.floor(x0) && row === Math.floor(y0);
    if (!own && top > lowest) return false;
    if (toCol <= toRow) col += Math.sign(dx);
    else row += Math.sign(dy);
    t = next;
  }
  return true;
}
