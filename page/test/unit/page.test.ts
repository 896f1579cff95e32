import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { along, csvOf } from "../../src/along";
import { decode, encode, isStep, sourceOf, START } from "../../src/address";
import { chanceBelow } from "../../src/chance";
import { cssOf, scaleOf, stepOf } from "../../src/colours";
import { alike, blocks, cellAt, centreOf, courseOf, decodeLayer, difference, fractionsOf, type Layer } from "../../src/layer";
import { frame, gpxOf, kmlOf, scaleBar, worldOf } from "../../src/files";
import { layersOf } from "../../src/basemap";
import { dotsOf } from "../../src/pointLayer";
import { inSight } from "../../src/sight";
import { cornersOf, deepest, tileAt, TileSet, wanted, MOST_KEPT } from "../../src/tiles";
import { moved } from "../../src/shaded";

const PYTHON = process.env["CKM_PYTHON"] ?? "python3";

/** A map made by the Python package: its layer as the node sends it, and 1,000 places with the value that RadioMap has there. */
const MADE = `
import json, sys, numpy as np
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.service.page.layers import encode_layer
rng = np.random.default_rng(5)
grid = Grid.centred(24.94, 60.17, shape=(96, 128), cell_m=4.0)
mean = rng.normal(-90, 12, (1, 96, 128)).astype(np.float32)
valid = rng.random((96, 128)) > 0.2
made = RadioMap.from_gaussian(grid, mean, np.full_like(mean, 5.0), ["gain_db"], valid=valid, provenance={"unit": "dBm"})
x = rng.uniform(grid.bounds[0], grid.bounds[2], 1000); y = rng.uniform(grid.bounds[1], grid.bounds[3], 1000)
row, col = grid.index_of(x, y); lon, lat = grid.to_lonlat(x, y)
value = np.where(valid[row, col], made.mean()[row, col], np.nan)
edge = np.maximum(np.abs(np.mod((x - grid.bounds[0]) / 4, 1) - 0.5), np.abs(np.mod((grid.bounds[3] - y) / 4, 1) - 0.5)) > 0.49
sys.stdout.buffer.write(json.dumps({"layer": list(encode_layer(made, "mean")), "places": [[float(a), float(b), None if np.isnan(v) else float(v), bool(e)] for a, b, v, e in zip(lon, lat, value, edge)]}).encode())
`;

const layerOf = (values: number[][], corners: Layer["corners"] = [[0, 1], [1, 1], [1, 0], [0, 0]]): Layer => ({
  layer: "mean", rows: values.length, cols: values[0]!.length, cell_m: 10, crs: null, unit: "dB", scale: 1, offset: 0,
  nothing: 65535, low: 0, high: 1, corners, values: new Float32Array(values.flat()),
});

describe("a layer", () => {
  it("has at 1,000 random places the value that RadioMap has", () => {
    const made = JSON.parse(execFileSync(PYTHON, ["-c", MADE], { maxBuffer: 1 << 28 }).toString());
    const layer = decodeLayer(new Uint8Array(made.layer).buffer);
    let compared = 0;
    for (const [lon, lat, value, edge] of made.places as [number, number, number | null, boolean][]) {
      const cell = cellAt(layer, [lon, lat]);
      if (edge) continue; // within 4 cm of a border a neighbour would do as well
      const found = layer.values[cell] as number;
      if (value === null) expect(found).toBeNaN();
      else expect(Math.abs(found - value)).toBeLessThan(0.51 * layer.scale + 1e-5);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(900);
  }, 120_000);

  it("refuses bytes that are no layer", () => {
    expect(() => decodeLayer(new Uint8Array([1, 2, 3]).buffer)).toThrow("without a head");
    const head = new TextEncoder().encode('{"rows":2,"cols":2}\n');
    expect(() => decodeLayer(new Uint8Array([...head, 0, 0]).buffer)).toThrow("wanted 2 x 2");
  });

  it("says -1 outside", () => {
    expect(cellAt(layerOf([[1, 2], [3, 4]]), [1.5, 0.5])).toBe(-1);
    expect(cellAt(layerOf([[1, 2], [3, 4]]), [Number.NaN, 0.5])).toBe(-1);
  });

  it("finds a cell's centre again, on a grid that is turned against the page", () => {
    const layer = layerOf(Array.from({ length: 7 }, () => Array.from({ length: 5 }, () => 0)), [[10, 50.02], [10.03, 50.021], [10.031, 50.001], [10.001, 50]]);
    for (let row = 0; row < 7; row += 1) {
      for (let col = 0; col < 5; col += 1) expect(cellAt(layer, centreOf(layer, row, col))).toBe(5 * row + col);
    }
    expect(fractionsOf(layer.corners, layer.corners[2]).map((v) => v.toFixed(6))).toEqual(["1.000000", "1.000000"]);
  });
});

/** Of a normal map and of one made of 8 draws: P(value < -95) as RadioMap has it, and mean and standard deviation. */
const CHANCES = `
import json, numpy as np
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
rng = np.random.default_rng(3)
grid = Grid.centred(24.94, 60.17, shape=(20, 25), cell_m=4.0)
mean, std = rng.normal(-95, 12, (1, 20, 25)).astype(np.float32), rng.uniform(0.5, 9, (1, 20, 25)).astype(np.float32)
out = []
for made in (RadioMap.from_gaussian(grid, mean, std, ["gain_db"]),
             *(RadioMap.from_draws(grid, mean + std * rng.standard_normal((k, 1, 20, 25)).astype(np.float32), ["gain_db"]) for k in (2, 3, 8, 9))):
    draws = int(made.dataset.sizes["draw"]) if made.dataset.attrs.get("belief") == "draws" else None
    out.append([draws, made.mean().ravel().tolist(), made.std().ravel().tolist(), made.with_outage(-95.0).outage().ravel().tolist()])
print(json.dumps(out))
`;

describe("the outage", () => {
  it("is that of RadioMap, of a normal law and of draws", () => {
    const made = JSON.parse(execFileSync(PYTHON, ["-c", CHANCES], { maxBuffer: 1 << 26 }).toString()) as [number | null, number[], number[], number[]][];
    expect(made.map(([draws]) => draws)).toEqual([null, 2, 3, 8, 9]);
    for (const [draws, mean, std, wanted] of made) {
      wanted.forEach((value, k) => expect(Math.abs(chanceBelow(-95, mean[k] as number, std[k] as number, draws) - value)).toBeLessThan(1e-6));
    }
  }, 120_000);
});

describe("colours", () => {
  it("go from the lower to the upper end and are clamped", () => {
    expect([stepOf(-10, 0, 1), stepOf(0, 0, 1), stepOf(0.5, 0, 1), stepOf(1, 0, 1), stepOf(9, 0, 1)]).toEqual([0, 0, 128, 255, 255]);
    expect(stepOf(5, 5, 5)).toBe(0);
    expect(cssOf("viridis", 0)).toBe("#440154");
    expect([...scaleOf("viridis").slice(0, 4)]).toEqual([0x44, 0x01, 0x54, 255]);
  });
});

describe("addresses", () => {
  const view = {
    ...START, source: sourceOf("a-B_9"), other: sourceOf("store:town:south@3"), mode: "difference" as const, split: 0.25, tab: "compare" as const, layer: "change_std",
    low: -120.5, high: -60, below: -110, opacity: 0.5, centre: [24.9, 60.2] as [number, number], zoom: 14.5, turn: [-30.5, 45] as [number, number], line: [[24, 60], [24.1, 60.1]] as [number, number][],
  };

  it("come back as they were", () => {
    expect(decode(encode(view))).toEqual(view);
    expect(encode(START)).toBe("");
    expect(decode("")).toEqual(START);
    expect(view.other).toEqual({ kind: "store", id: "town:south", version: 3 });
  });

  it("that were edited by hand do no harm", () => {
    const odd = decode("#map=<img onerror=x>&with=store:x&layer=../..&range=5,1&at=999,0,1&opacity=7&line=1,2;x,y&below=&tab=odd&swipe=9");
    expect(odd).toEqual(START);
    for (const text of ["store:../etc", "store:a@0", "store:a@x", "store:", "a b", "store:<b>"]) expect(sourceOf(text)).toBeNull();
    expect(decode("#map=a&with=b&swipe=9").split).toBe(0.5);
  });

  it("are a step back where something else is shown, and none for camera and colours", () => {
    expect(isStep(view, { ...view, zoom: 3, low: null, high: null, split: 0.9, opacity: 1 })).toBe(false);
    expect(isStep(view, { ...view, layer: "mean" })).toBe(true);
    expect(isStep(view, { ...view, tab: "take" })).toBe(true);
  });
});

describe("the line of sight", () => {
  const plane = (rows: number[][]): Layer => layerOf(rows, [[0, 0.001 * rows.length], [0.001 * rows[0]!.length, 0.001 * rows.length], [0.001 * rows[0]!.length, 0], [0, 0]]);
  const at = (rows: number, col: number, row: number): [number, number] => [0.001 * col, 0.001 * (rows - row)];

  it("ends at a wall that is higher than the line, and passes over a lower one", () => {
    const street = plane([[0, 0, 0, 12, 0, 0, 0, 0]]);
    const mast = at(1, 0.5, 0.5);
    expect(inSight(street, mast, 24, at(1, 2.5, 0.5))).toBe(true);
    expect(inSight(street, mast, 24, at(1, 4.5, 0.5))).toBe(false); // the line is 4.3 m high where it leaves the wall
    expect(inSight(street, mast, 24, at(1, 7.9, 0.5))).toBe(true); // and 13.5 m here
    expect(inSight(street, mast, 24, at(1, 3.5, 0.5))).toBe(true); // the receiver's own cell does not count
    expect(inSight(street, at(1, 3.5, 0.5), 9, at(1, 6.5, 0.5))).toBe(true); // nor the antenna's
    expect(inSight(street, mast, 24, at(1, 8.5, 0.5))).toBeNull();
  });

  it("is what a walk in small steps finds, at 2,000 places of a random town", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const rows = Array.from({ length: 40 }, () => Array.from({ length: 50 }, () => (random() < 0.06 ? 5 + 20 * random() : 0)));
    const town = plane(rows);
    let [free, same, tried] = [0, 0, 0];
    for (let k = 0; k < 2000; k += 1) {
      const [x0, y0, x1, y1, mast] = [50 * random(), 40 * random(), 50 * random(), 40 * random(), 3 + 40 * random()];
      const cell = (x: number, y: number): string => `${Math.floor(x)} ${Math.floor(y)}`;
      let [blocked, gap] = [false, Infinity];
      for (let s = 0; s <= 4000; s += 1) {
        const [x, y, z] = [x0 + ((x1 - x0) * s) / 4000, y0 + ((y1 - y0) * s) / 4000, mast + ((1.5 - mast) * s) / 4000];
        if ([cell(x0, y0), cell(x1, y1)].includes(cell(x, y))) continue;
        const top = rows[Math.floor(y)]![Math.floor(x)]!;
        gap = Math.min(gap, Math.abs(top - z));
        blocked ||= top > z;
      }
      const found = inSight(town, at(40, x0, y0), mast, at(40, x1, y1));
      free += found ? 1 : 0;
      tried += 1;
      same += found === !blocked || gap < 0.05 ? 1 : 0;
    }
    expect(free).toBeGreaterThan(200);
    expect(free).toBeLessThan(1800);
    expect(same / tried).toBeGreaterThan(0.998); // a walk in steps misses corners that the line cuts
  });
});

describe("a background map", () => {
  it("draws water and streets of the usual schemas, and no names", () => {
    expect(layersOf(["earth", "water", "roads", "places", "pois", "buildings"])).toEqual({ water: ["water"], streets: ["roads"] });
    expect(layersOf(["water", "waterway", "water_name", "transportation", "transportation_name", "poi"])).toEqual({ water: ["water", "waterway"], streets: ["transportation"] });
    expect(layersOf(["ocean", "water_polygons", "street_labels", "streets", "water_polygons_labels"])).toEqual({ water: ["ocean", "water_polygons"], streets: ["streets"] });
  });
});

describe("two maps", () => {
  it("differ cell by cell, with ends that lie evenly about 0", () => {
    const found = difference(layerOf([[1, Number.NaN], [3, 9]]), layerOf([[2, 5], [3, 1]]));
    expect([...found.values]).toEqual([-1, Number.NaN, 0, 8]);
    expect(found.low).toBe(-found.high);
    expect(found.high).toBeGreaterThan(0);
  });

  it("are told apart where they lie on other cells", () => {
    const one = layerOf([[1, 2]]);
    expect(alike(one, layerOf([[5, 6]]))).toBe(true);
    expect(alike(one, layerOf([[1, 2], [3, 4]]))).toBe(false);
    expect(alike(one, layerOf([[1, 2]], [[0, 1], [1, 1], [1, 0], [0, 0.5]]))).toBe(false);
  });

  it("has a table of blocks that are averages", () => {
    const found = blocks(layerOf([[1, 3, Number.NaN, Number.NaN], [1, 3, Number.NaN, 7]]), 2);
    expect(found).toEqual([[2, Number.NaN], [2, 7]]);
  });
});

describe("tiles", () => {
  const corners: [number, number][] = [[24.9, 60.2], [25, 60.2], [25, 60.1], [24.9, 60.1]];

  it("hold the places that lie in them", () => {
    for (const z of [3, 12, 18]) {
      const [x, y] = tileAt([24.95, 60.15], z).map(Math.floor) as [number, number];
      const [nw, , se] = cornersOf({ z, x, y });
      expect(nw[0]).toBeLessThanOrEqual(24.95);
      expect(se[0]).toBeGreaterThan(24.95);
      expect(nw[1]).toBeGreaterThanOrEqual(60.15);
      expect(se[1]).toBeLessThan(60.15);
    }
  });

  it("are wanted within the map alone, never too many, and none deeper than its cells tell", () => {
    expect(wanted([0, 0, 1, 1], 14, corners, 2)).toEqual([]);
    const all = wanted([20, 50, 30, 70], 16, corners, 2);
    expect(all.length).toBeGreaterThan(0);
    expect(all.length).toBeLessThanOrEqual(64);
    const near = wanted([24.949, 60.149, 24.951, 60.151], 22, corners, 2);
    expect(near.every(({ z }) => z === deepest(2, 60.15))).toBe(true);
    const pixel = (40_075_016.686 * Math.cos((60.15 * Math.PI) / 180)) / (256 * 2 ** deepest(2, 60.15));
    expect(pixel).toBeLessThanOrEqual(1);
  });

  it("are fetched once, dropped when they are not wanted, and not kept for ever", async () => {
    const shown = new Map<string, Layer>();
    const drawing = { put: (key: string, layer: Layer): void => void shown.set(key, layer), drop: (key: string): void => void shown.delete(key), keys: (): string[] => [...shown.keys()] };
    let fetched = 0;
    const set = new TileSet(drawing, async () => { fetched += 1; return { ...layerOf([[fetched, fetched]]), averaged: 2 }; }, corners, 2);
    expect(await set.look([24.94, 60.14, 24.96, 60.16], 14)).toBe(true);
    const first = fetched;
    expect(shown.size).toBe(first);
    expect(set.at([24.95, 60.15]).averaged).toBe(2);
    expect(set.at([24.95, 60.15]).value).toBeGreaterThan(0);
    expect(Number.isNaN(set.at([0, 0]).value)).toBe(true);
    await set.look([24.94, 60.14, 24.96, 60.16], 14);
    expect(fetched).toBe(first);
    for (let k = 0; k < 60; k += 1) await set.look([24.9 + k * 0.0016, 60.14, 24.902 + k * 0.0016, 60.141], 17);
    expect((set as unknown as { kept: Map<string, Layer> }).kept.size).toBeLessThanOrEqual(MOST_KEPT + 8);
    expect(new Set([...shown.keys()].map((key) => key.split("/")[0])).size).toBe(1);
  });

  it("that come too late are not drawn", async () => {
    const shown: string[] = [];
    const drawing = { put: (key: string): void => void shown.push(key), drop: (): void => undefined, keys: (): string[] => shown };
    let release: (() => void) | null = null;
    const slow = new Promise<void>((done) => { release = done; });
    let first = true;
    const set = new TileSet(drawing, async () => { if (first) { first = false; await slow; } return layerOf([[1]]); }, corners, 2);
    const old = set.look([24.94, 60.14, 24.941, 60.141], 17);
    const now = set.look([24.98, 60.18, 24.981, 60.181], 17);
    release!();
    expect([await old, await now]).toEqual([false, true]);
  });
});

describe("readings", () => {
  it("count from an origin, and lie where they were to a centimetre", async () => {
    const dots = await dotsOf(new Float32Array([-79, 35, 0, 0.0598, 0.9992, -80]));
    expect(dots.lon[0]).toBeCloseTo(-78.9402, 7);
    expect(dots.lat[0]).toBeCloseTo(35.9992, 7);
    expect([...dots.value]).toEqual([-80]);
    expect(dots.ends[2]).toEqual([-80, -80]);
    expect((await dotsOf(new Float32Array([5, 6, 0]))).ends).toEqual([[0, 1], [0, 1], [0, 1]]);
  });
});

describe("files", () => {
  const plan: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: [
      { type: "Feature", properties: { visit: 1, rank: 2, expected_rmse_reduction_db: 0.25 }, geometry: { type: "Point", coordinates: [24.9, 60.1] } },
      { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [[24.9, 60.1], [24.91, 60.11]] } },
    ],
  };

  it("hold a plan as GPX: waypoints in the order of the drive, and the route", () => {
    const text = gpxOf(plan);
    expect(text).toContain('<wpt lat="60.1" lon="24.9"><name>1</name><desc>rank 2, expected to save 0.25 dB</desc></wpt>');
    expect(text.match(/<rtept/g)).toHaveLength(2);
  });

  it("hold contours as KML, longitude first, colours as KML has them", () => {
    const lines: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [{ type: "Feature", properties: { level: -90 }, geometry: { type: "MultiLineString", coordinates: [[[24.9, 60.1], [24.91, 60.11]]] } }] };
    const text = kmlOf(lines, "d<B>m");
    expect(text).toContain("<coordinates>24.9,60.1,0 24.91,60.11,0</coordinates>");
    expect(text).toContain("<name>-90 d&lt;B&gt;m</name>");
    expect(text).toContain("<color>ff540144</color>");
  });

  it("lay a picture on the Web Mercator", () => {
    const found = frame(1000, [0, 0], [0.01, 0], 0, false)!;
    expect(found.west).toBeCloseTo(0, 6);
    expect(found.north).toBeCloseTo(0, 6);
    expect(found.pixel * 1000).toBeCloseTo(1113.19, 1);
    expect(worldOf(found).split("\n").map(Number).slice(0, 4)).toEqual([Number(found.pixel.toFixed(10)), 0, 0, -Number(found.pixel.toFixed(10))]);
    expect(Number(worldOf(found).split("\n")[4])).toBeCloseTo(found.pixel / 2, 6);
    expect(frame(1000, [0, 0], [0.01, 0], 0, true)).toBeNull();
  });

  it("have a scale bar of a round length", () => {
    expect(scaleBar(1)).toEqual([100, 100]);
    for (const metres of [0.03, 0.7, 4.4, 123]) {
      const [length, pixels] = scaleBar(metres);
      expect(String(length).replace(/[0.]/g, "")).toMatch(/^[125]$/);
      expect(pixels).toBeGreaterThanOrEqual(60 - 1e-9);
      expect(pixels).toBeLessThanOrEqual(150);
    }
  });
});

describe("a profile", () => {
  it("is null where the map says nothing, and is as long as the line", () => {
    const mean = layerOf([[1, Number.NaN]]);
    const found = along([[0.25, 0.5], [0.75, 0.5]], mean, mean, mean);
    expect(found.mean[0]).toBe(1);
    expect(found.mean.at(-1)).toBeNull();
    expect(found.metres.at(-1)).toBeCloseTo(courseOf([0.25, 0.5], [0.75, 0.5]).metres, 3);
    expect(csvOf(found, "dB").split("\n")[0]).toBe("distance_m,mean_dB,p10_dB,p90_dB");
  });
});

describe("geometry", () => {
  it("knows a degree of latitude and its bearing", () => {
    const course = courseOf([10, 50], [10, 51]);
    expect(course.metres).toBeCloseTo(111_195, -1);
    expect(course.bearing).toBeCloseTo(0, 6);
  });

  it("moves a matrix as its product with a translation", () => {
    const m = Array.from({ length: 16 }, (_, k) => k + 1);
    const out = moved(m, [2, 3]);
    expect([...out.slice(12)]).toEqual([1 * 2 + 5 * 3 + 13, 2 * 2 + 6 * 3 + 14, 3 * 2 + 7 * 3 + 15, 4 * 2 + 8 * 3 + 16]);
  });
});
