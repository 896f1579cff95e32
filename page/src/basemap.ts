// A background map from a PMTiles archive that the node was given: its water and streets, or its pictures. Nothing is
// fetched from elsewhere, so there are no names on it: they would want fonts.
import * as maplibregl from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";

const PICTURES = [TileType.Png, TileType.Jpeg, TileType.Webp, TileType.Avif];
const WATER = /water|ocean|lake|river/;
const STREETS = /road|street|transport|highway/;
const KIND: maplibregl.ExpressionSpecification = ["coalesce", ["get", "kind"], ["get", "class"], ["get", "highway"], ["get", "fclass"], ""];

/** Names of archives' layers of water and of streets: of Protomaps, OpenMapTiles, Shortbread, or one's own. */
export function layersOf(names: string[]): { water: string[]; streets: string[] } {
  const drawable = names.filter((name) => !/label|name|point|poi/.test(name));
  return { water: drawable.filter((name) => WATER.test(name)), streets: drawable.filter((name) => STREETS.test(name)) };
}

export interface Basemap {
  /** Whom its data are of. */
  credit: string;
  layers(dark: boolean): maplibregl.LayerSpecification[];
}

/** Make an archive a source of the map; its layers are to be drawn below everything else. */
export async function addBasemap(map: maplibregl.Map, address: string): Promise<Basemap> {
  const archive = new PMTiles(address);
  const protocol = new Protocol({ metadata: true });
  protocol.add(archive);
  maplibregl.addProtocol("pmtiles", protocol.tilev4 as maplibregl.AddProtocolAction);
  const { tileType } = await archive.getHeader();
  const { vector_layers: described = [], attribution = "" } = (await archive.getMetadata()) as { vector_layers?: { id: string }[]; attribution?: string };
  const pictures = PICTURES.includes(tileType);
  map.addSource("basemap", { type: pictures ? "raster" : "vector", url: `pmtiles://${address}`, ...(pictures ? { tileSize: 256 } : {}) } as maplibregl.SourceSpecification);
  const credit = (new DOMParser().parseFromString(attribution, "text/html").body.textContent ?? "").trim();
  return { credit, layers: (dark) => (pictures ? [raster(dark)] : vector(described.map(({ id }) => id), dark)) };
}

function raster(dark: boolean): maplibregl.LayerSpecification {
  return { id: "basemap", type: "raster", source: "basemap", paint: { "raster-saturation": -0.6, "raster-brightness-max": dark ? 0.5 : 1 } };
}

function vector(names: string[], dark: boolean): maplibregl.LayerSpecification[] {
  const { water, streets } = layersOf(names);
  const blue = dark ? "#1e3a4f" : "#a9cfe4";
  const areas = (name: string): maplibregl.LayerSpecification => ({ id: `base-areas-${name}`, type: "fill", source: "basemap", "source-layer": name, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": blue } });
  const rivers = (name: string): maplibregl.LayerSpecification => ({ id: `base-rivers-${name}`, type: "line", source: "basemap", "source-layer": name, filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": blue, "line-width": 1.5 } });
  const lines = (name: string): maplibregl.LayerSpecification => ({
    id: `base-streets-${name}`, type: "line", source: "basemap", "source-layer": name, filter: ["==", ["geometry-type"], "LineString"],
    paint: {
      "line-color": dark ? "#4b5563" : "#ffffff",
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 10, 0.5, 18, ["match", KIND, ["motorway", "trunk", "primary", "highway", "major_road"], 12, ["path", "footway", "steps", "track"], 2, 6]],
    },
  });
  return [...water.map(areas), ...water.map(rivers), ...streets.map(lines)];
}
