// The map: background, buildings, values, readings, base station, line. No tiles and no fonts from anywhere.
import * as maplibregl from "maplibre-gl";
import type { GeoJSONSource, StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { cssOf, stepOf } from "./colours";
import { type Corner } from "./layer";
import { ValueLayer } from "./valueLayer";

maplibregl.setWorkerUrl(workerUrl);

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

function style(dark: boolean): StyleSpecification {
  return {
    version: 8,
    sources: {
      buildings: { type: "geojson", data: EMPTY },
      readings: { type: "geojson", data: EMPTY },
      site: { type: "geojson", data: EMPTY },
      line: { type: "geojson", data: EMPTY },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": dark ? "#1c1f24" : "#eceff1" } },
      {
        id: "buildings", type: "fill-extrusion", source: "buildings",
        paint: {
          "fill-extrusion-color": ["case", ["get", "assumed"], dark ? "#77706a" : "#c9bfb4", dark ? "#6b7280" : "#aab2bd"],
          "fill-extrusion-height": ["get", "height"], "fill-extrusion-opacity": 0.75,
        },
      },
      {
        id: "readings", type: "circle", source: "readings",
        paint: {
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 1.5, 18, 5], "circle-color": ["get", "colour"],
          "circle-stroke-width": 0.6, "circle-stroke-color": dark ? "#000000" : "#ffffff",
        },
      },
      { id: "line", type: "line", source: "line", paint: { "line-color": "#d6336c", "line-width": 3 } },
      {
        id: "site", type: "circle", source: "site",
        paint: { "circle-radius": 8, "circle-color": "#d6336c", "circle-stroke-width": 2.5, "circle-stroke-color": "#ffffff" },
      },
    ],
  };
}

export class Chart {
  readonly map: maplibregl.Map;
  readonly values = new ValueLayer();

  constructor(container: HTMLElement, dark: boolean) {
    this.map = new maplibregl.Map({
      container, style: style(dark), center: [0, 0], zoom: 1, attributionControl: false, maxZoom: 22,
      fadeDuration: 0, canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
    });
    this.map.addControl(new maplibregl.NavigationControl({ visualizePitch: true }), "top-right");
    this.map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
    this.map.on("load", () => this.map.addLayer(this.values, "buildings"));
  }

  async ready(): Promise<void> {
    if (!this.map.loaded()) await new Promise((done) => this.map.once("load", done));
  }

  private set(source: string, data: GeoJSON.FeatureCollection): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(data);
  }

  setBuildings(data: GeoJSON.FeatureCollection): void {
    this.set("buildings", data);
  }

  setSite(place: Corner | null): void {
    this.set("site", place ? collection([point(place)]) : EMPTY);
  }

  setLine(line: Corner[]): void {
    this.set("line", line.length ? collection([{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } }]) : EMPTY);
  }

  /** Show readings (longitude, latitude, value) in the colours of a range. */
  setReadings(triples: Float32Array, low: number, high: number): void {
    const features: GeoJSON.Feature[] = [];
    for (let k = 0; k + 2 < triples.length; k += 3) {
      const colour = cssOf("viridis", stepOf(triples[k + 2] as number, low, high));
      features.push(point([triples[k] as number, triples[k + 1] as number], { colour }));
    }
    this.set("readings", collection(features));
  }

  fit(corners: Corner[]): void {
    const bounds = new maplibregl.LngLatBounds();
    for (const corner of corners) bounds.extend(corner);
    this.map.fitBounds(bounds, { padding: 40, animate: false, pitch: 0 });
  }
}

function point(coordinates: Corner, properties: Record<string, unknown> = {}): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates } };
}

function collection(features: GeoJSON.Feature[]): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features };
}
