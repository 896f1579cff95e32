import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { decode, encode, START } from "../../src/address";
import { cssOf, scaleOf, stepOf } from "../../src/colours";
import { cellAt, centreOf, courseOf, decodeLayer, fractionsOf, type Layer } from "../../src/layer";
import { along, csvOf } from "../../src/profile";
import { moved } from "../../src/valueLayer";

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

describe("colours", () => {
  it("go from the lower to the upper end and are clamped", () => {
    expect([stepOf(-10, 0, 1), stepOf(0, 0, 1), stepOf(0.5, 0, 1), stepOf(1, 0, 1), stepOf(9, 0, 1)]).toEqual([0, 0, 128, 255, 255]);
    expect(stepOf(5, 5, 5)).toBe(0);
    expect(cssOf("viridis", 0)).toBe("#440154");
    expect([...scaleOf("viridis").slice(0, 4)]).toEqual([0x44, 0x01, 0x54, 255]);
  });
});

describe("addresses", () => {
  it("come back as they were", () => {
    const view = { ...START, job: "a-B_9", layer: "std", low: -120.5, high: -60, below: -110, opacity: 0.5, centre: [24.9, 60.2] as [number, number], zoom: 14.5, line: [[24, 60], [24.1, 60.1]] as [number, number][] };
    expect(decode(encode(view))).toEqual(view);
    expect(encode(START)).toBe("");
    expect(decode("")).toEqual(START);
  });

  it("that were edited by hand do no harm", () => {
    const odd = decode("#map=<img onerror=x>&layer=../..&range=5,1&at=999,0,1&opacity=7&line=1,2;x,y&below=");
    expect(odd).toEqual(START);
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
