// Files that the page makes itself: world file, GPX and KML.
import { cssOf, stepOf } from "./colours";
import { mercator, type Corner } from "./layer";

const HALF_M = 20_037_508.342789244;

export interface Framed {
  west: number;
  north: number;
  pixel: number;
}

/** Edges of the canvas on the Web Mercator [m]; null where the map is turned or tilted. */
export function frame(canvasWidth: number, west: Corner, east: Corner, north: number, turned: boolean): Framed | null {
  if (turned) return null;
  const metres = ([lon, lat]: Corner): Corner => {
    const [x, y] = mercator([lon, lat]);
    return [(2 * x - 1) * HALF_M, (1 - 2 * y) * HALF_M];
  };
  const [left, right] = [metres(west)[0], metres(east)[0]];
  return { west: left, north: metres([west[0], north])[1], pixel: (right - left) / canvasWidth };
}

/** The six lines of a world file: pixel sizes, and the middle of the first pixel. */
export function worldOf({ west, north, pixel }: Framed): string {
  return [pixel, 0, 0, -pixel, west + pixel / 2, north - pixel / 2].map((v) => v.toFixed(10)).join("\n") + "\n";
}

/** A round length [m] that is 60 to 150 pixels long, and its pixels. */
export function scaleBar(metresPerPixel: number): [number, number] {
  const wanted = 150 * metresPerPixel;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const metres = ([5, 2, 1].find((step) => step * power <= wanted) ?? 1) * power;
  return [metres, metres / metresPerPixel];
}

const text = (value: unknown): string => String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A plan as GPX: a waypoint for each place in the order of the drive, and the route. */
export function gpxOf(plan: GeoJSON.FeatureCollection): string {
  const points = plan.features.filter((one) => one.geometry.type === "Point").map((one) => {
    const [lon, lat] = (one.geometry as GeoJSON.Point).coordinates as Corner;
    const p = one.properties as { visit: number; rank: number; expected_rmse_reduction_db: number };
    return `<wpt lat="${lat}" lon="${lon}"><name>${text(p.visit)}</name><desc>rank ${text(p.rank)}, expected to save ${text(p.expected_rmse_reduction_db)} dB</desc></wpt>`;
  });
  const route = plan.features.filter((one) => one.geometry.type === "LineString").flatMap((one) => (one.geometry as GeoJSON.LineString).coordinates as Corner[]);
  const track = route.map(([lon, lat]) => `<rtept lat="${lat}" lon="${lon}"/>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="OpenCKM" xmlns="http://www.topografix.com/GPX/1/1">\n${points.join("\n")}\n<rte><name>drive</name>${track}</rte>\n</gpx>\n`;
}

/** Contours as KML, each line in the colour of its level. */
export function kmlOf(lines: GeoJSON.FeatureCollection, unit: string): string {
  const levels = lines.features.map((one) => Number(one.properties?.["level"]));
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const marks = lines.features.map((one) => {
    const level = Number(one.properties?.["level"]);
    const [r, g, b] = (cssOf("viridis", stepOf(level, low, high + 1e-9)).match(/[0-9a-f]{2}/g) ?? ["00", "00", "00"]) as [string, string, string];
    const parts = one.geometry.type === "MultiLineString" ? (one.geometry.coordinates as Corner[][]) : [(one.geometry as GeoJSON.LineString).coordinates as Corner[]];
    const drawn = parts.map((part) => `<LineString><coordinates>${part.map(([lon, lat]) => `${lon},${lat},0`).join(" ")}</coordinates></LineString>`).join("");
    return `<Placemark><name>${text(level)} ${text(unit)}</name><Style><LineStyle><color>ff${b}${g}${r}</color><width>2</width></LineStyle></Style><MultiGeometry>${drawn}</MultiGeometry></Placemark>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>OpenCKM contours</name>\n${marks.join("\n")}\n</Document></kml>\n`;
}
