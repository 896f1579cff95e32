// The map: background, buildings, values of one or two maps, readings, sketches, plans. Nothing comes from elsewhere.
import * as maplibregl from "maplibre-gl";
import type { GeoJSONSource, StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Basemap } from "./basemap";
import { h } from "./dom";
import { line, point } from "./features";
import { centreOf, type Corner, type Layer } from "./layer";
import { PointLayer } from "./pointLayer";
import { ValueLayer } from "./valueLayer";

maplibregl.setWorkerUrl(workerUrl);

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const ARROWS = 36;

function style(dark: boolean): StyleSpecification {
  const source = { type: "geojson" as const, data: EMPTY };
  return {
    version: 8,
    sources: { ground: source, buildings: source, site: source, line: source, sketch: source, plan: source, arrows: source, cursor: source },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": dark ? "#1c1f24" : "#eceff1" } },
      { id: "water", type: "fill", source: "ground", filter: ["==", ["get", "kind"], "water"], paint: { "fill-color": dark ? "#1e3a4f" : "#a9cfe4" } },
      { id: "rivers", type: "line", source: "ground", filter: ["==", ["get", "kind"], "river"], paint: { "line-color": dark ? "#1e3a4f" : "#a9cfe4", "line-width": 2 } },
      {
        id: "streets", type: "line", source: "ground", filter: ["==", ["get", "kind"], "street"], layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": dark ? "#4b5563" : "#ffffff", "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 12, 0.5, 18, ["match", ["get", "rank"], 0, 14, 1, 10, 2, 7, 2]] },
      },
      {
        id: "buildings", type: "fill-extrusion", source: "buildings",
        paint: {
          "fill-extrusion-color": ["case", ["get", "assumed"], dark ? "#77706a" : "#c9bfb4", dark ? "#6b7280" : "#aab2bd"],
          "fill-extrusion-height": ["get", "height"], "fill-extrusion-opacity": 0.75,
        },
      },
      {
        id: "arrows", type: "symbol", source: "arrows",
        layout: { "icon-image": "arrow", "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-size": 0.5 },
      },
      { id: "sketch-area", type: "fill", source: "sketch", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#a61e4d", "fill-opacity": 0.25 } },
      { id: "sketch", type: "line", source: "sketch", paint: { "line-color": "#a61e4d", "line-width": 3, "line-dasharray": [2, 1] } },
      { id: "sketch-dots", type: "circle", source: "sketch", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 6, "circle-color": "#a61e4d", "circle-stroke-width": 2, "circle-stroke-color": "#ffffff" } },
      { id: "plan", type: "line", source: "plan", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": dark ? "#ffffff" : "#000000", "line-width": 2.5 } },
      { id: "plan-stops", type: "circle", source: "plan", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": ["interpolate", ["linear"], ["get", "rank"], 1, 11, 12, 6], "circle-color": "#ffd43b", "circle-stroke-width": 2, "circle-stroke-color": "#000000" } },
      { id: "line", type: "line", source: "line", paint: { "line-color": "#d6336c", "line-width": 3 } },
      { id: "site-beam", type: "line", source: "site", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": "#d6336c", "line-width": 4 } },
      {
        id: "site", type: "circle", source: "site", filter: ["==", ["geometry-type"], "Point"],
        paint: { "circle-radius": ["match", ["get", "part"], "handle", 6, 9], "circle-color": "#d6336c", "circle-stroke-width": 2.5, "circle-stroke-color": "#ffffff" },
      },
      { id: "cursor", type: "line", source: "cursor", paint: { "line-color": dark ? "#ffffff" : "#000000", "line-width": 2.5 } },
    ],
  };
}

export class Chart {
  readonly map: maplibregl.Map;
  readonly values = new ValueLayer("values");
  readonly others = new ValueLayer("others");
  readonly points = new PointLayer();
  private readonly begun: Promise<void>;
  private onGround = true;
  private basemap: Basemap | null = null;
  private layoutCredit = "";
  private readonly creditBox = h("div", { class: "maplibregl-ctrl", id: "credit", hidden: true });

  constructor(container: HTMLElement, private dark: boolean) {
    this.map = new maplibregl.Map({
      container, style: style(dark), center: [0, 0], zoom: 1, attributionControl: false, maxZoom: 22, fadeDuration: 0,
      canvasContextAttributes: { preserveDrawingBuffer: true, antialias: false },
    });
    this.map.addControl(new maplibregl.NavigationControl({ visualizePitch: true }), "top-right");
    this.map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
    this.map.addControl({ onAdd: () => this.creditBox, onRemove: () => this.creditBox.remove() }, "bottom-right");
    this.points.rim = dark ? [0, 0, 0] : [1, 1, 1];
    this.begun = new Promise((done) => {
      this.map.once("load", () => {
        this.map.addImage("arrow", arrow(dark));
        this.map.addLayer(this.others, "buildings");
        this.map.addLayer(this.values, "buildings");
        this.map.addLayer(this.points, "sketch-area");
        done();
      });
    });
  }

  /** Whether all that was asked for is drawn: MapLibre's own "idle" does not know of shaders that are being built. */
  isDrawn(): boolean {
    return ![this.values, this.others, this.points].some((layer) => layer.waits);
  }

  ready(): Promise<void> {
    return this.begun;
  }

  set(source: "ground" | "buildings" | "site" | "line" | "sketch" | "plan" | "arrows" | "cursor", data: GeoJSON.FeatureCollection | GeoJSON.Feature[]): void {
    const found = this.map.getSource(source) as GeoJSONSource | undefined;
    found?.setData(Array.isArray(data) ? { type: "FeatureCollection", features: data } : data);
  }

  /** The base station with its boresight, whose end is a handle. */
  setSite(place: Corner | null, handle: Corner | null): void {
    if (!place) return this.set("site", []);
    const beam: GeoJSON.Feature[] = handle ? [line([place, handle]), point(handle, { part: "handle" })] : [];
    this.set("site", [...beam, point(place, { part: "mast" })]);
  }

  setLine(corners: Corner[]): void {
    this.set("line", corners.length > 1 ? [line(corners)] : []);
  }

  /** Arrows towards where the strongest path comes from, a few of each row. */
  setArrows(direction: Layer | null): void {
    const features: GeoJSON.Feature[] = [];
    if (direction) {
      const step = Math.max(1, Math.ceil(Math.max(direction.rows, direction.cols) / ARROWS));
      for (let row = step >> 1; row < direction.rows; row += step) {
        for (let col = step >> 1; col < direction.cols; col += step) {
          const angle = direction.values[row * direction.cols + col] as number;
          if (Number.isFinite(angle)) features.push(point(centreOf(direction, row, col), { turn: 90 - angle }));
        }
      }
    }
    this.set("arrows", features);
  }

  /** The outline of the cell that the keyboard's cursor is on. */
  setCell(layer: Layer | null, row: number, col: number): void {
    if (!layer) return this.set("cursor", []);
    const at = (r: number, c: number): Corner => centreOf(layer, r - 0.5, c - 0.5);
    this.set("cursor", [line([at(row, col), at(row, col + 1), at(row + 1, col + 1), at(row + 1, col), at(row, col)])]);
  }

  /** Draw a background map below all else. */
  async setBasemap(address: string): Promise<void> {
    await this.begun;
    const { addBasemap } = await import("./basemap");
    this.basemap = await addBasemap(this.map, address);
    for (const layer of this.basemap.layers(this.dark)) this.map.addLayer(layer, "water");
    this.showBasemap(this.onGround);
  }

  /** Whom the layout and the background that are drawn are of: it stands on the map, and on pictures of it. */
  credits(): string {
    const ground = this.onGround ? this.basemap?.credit : "";
    return [this.layoutCredit && `Buildings: ${this.layoutCredit}`, ground && `Background: ${ground}`].filter(Boolean).join("; ");
  }

  /** State whom the layout of the map that is shown is of, "" where there is none or it does not say. */
  creditLayout(credit: string): void {
    this.layoutCredit = credit;
    this.showCredits();
  }

  private showCredits(): void {
    this.creditBox.textContent = this.credits();
    this.creditBox.hidden = !this.creditBox.textContent;
  }

  /** Draw in light or in dark colours. */
  dress(dark: boolean): void {
    this.dark = dark;
    this.points.rim = dark ? [0, 0, 0] : [1, 1, 1];
    this.map.updateImage("arrow", arrow(dark));
    for (const layer of [...style(dark).layers, ...(this.basemap?.layers(dark) ?? [])]) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, name as never, value as never);
    }
  }

  /** Show or hide the background map: a map without a coordinate system lies on no ground. */
  showBasemap(shown: boolean): void {
    this.onGround = shown;
    this.showCredits();
    for (const layer of this.map.getStyle().layers) {
      if ("source" in layer && layer.source === "basemap") this.map.setLayoutProperty(layer.id, "visibility", shown ? "visible" : "none");
    }
  }

  fit(corners: Corner[]): void {
    const bounds = new maplibregl.LngLatBounds();
    for (const corner of corners) bounds.extend(corner);
    this.map.fitBounds(bounds, { padding: 40, animate: false, pitch: 0 });
  }

  box(): [number, number, number, number] {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }
}

/** An arrow that points up. */
function arrow(dark: boolean): { width: number; height: number; data: Uint8Array } {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const brush = canvas.getContext("2d") as CanvasRenderingContext2D;
  brush.strokeStyle = dark ? "#ffffff" : "#000000";
  brush.lineWidth = 3;
  brush.beginPath();
  for (const [x, y, move] of [[16, 29, 1], [16, 4, 0], [9, 12, 1], [16, 4, 0], [23, 12, 0]] as const) {
    if (move) brush.moveTo(x, y);
    else brush.lineTo(x, y);
  }
  brush.stroke();
  return { width: 32, height: 32, data: new Uint8Array(brush.getImageData(0, 0, 32, 32).data.buffer) };
}
