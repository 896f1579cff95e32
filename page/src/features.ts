// Places, lines and areas as GeoJSON.
import type { Corner } from "./layer";

export function point(coordinates: Corner, properties: Record<string, unknown> = {}): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates } };
}

export function line(coordinates: Corner[], properties: Record<string, unknown> = {}): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "LineString", coordinates } };
}

export function polygon(ring: Corner[]): GeoJSON.Feature {
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...ring, ring[0] as Corner]] } };
}
