// Values along a line: the mean with its 80 % band (p10 to p90), cell by cell, and handovers where cells lie beside each other.
import uPlot from "uplot";
import { along, csvOf, type Along } from "./along";
import "uplot/dist/uPlot.min.css";
import { button, byId, h, offer } from "./dom";
import { darkness, node, remember, state } from "./state";

const HEIGHT = 150;
let plot: uPlot | null = null;
const widthIn = (box: HTMLElement): number => Math.max(box.clientWidth - 24, 200);

/** Draw the profile as wide as the window is now. */
export function fitProfile(): void {
  plot?.setSize({ width: widthIn(byId("profile")), height: HEIGHT });
}

/** Draw the profile of the line of the address. */
export async function showLine(): Promise<void> {
  const { view, layers, chart, record } = state;
  const box = byId("profile");
  if (view.line.length < 2 || !record || !view.source) return;
  chart?.setLine(view.line);
  let [found, unit, band] = [null as Along | null, record.unit, "p10 to p90"];
  const [mean, low, high] = [layers["mean"], layers["p10"], layers["p90"]];
  if (mean && low && high) [found, unit] = [along(view.line, mean, low, high), mean.unit];
  else if (view.source.kind === "store") [found, band] = [asked((await node.route(view.source, view.line, Math.max(record.cell_m ?? 2, 2))).points), "5 % to 95 %"];
  if (!found) return;
  const close = (): void => { state.view.line = []; chart?.setLine([]); box.hidden = true; chart?.map.resize(); remember(); };
  const words = h("div", {}, `Along ${(found.metres.at(-1) ?? 0).toFixed(0)} m: mean, and the band from ${band} `, button("CSV", () => offer(csvOf(found, unit), "profile.csv", "text/csv"), { id: "profile-csv" }), button("Close", close));
  box.replaceChildren(words);
  box.hidden = false;
  plot = drawProfile(box, found, unit);
  if (record.layers.includes("server") && view.source.kind === "store") box.append(h("div", { id: "handovers" }, await handovers(view.source.id)));
  chart?.map.resize();
  remember();
}

function asked(points: Record<string, number | null>[]): Along {
  const column = (name: string): (number | null)[] => points.map((row) => row[name] ?? null);
  return { metres: points.map((row) => row["distance_m"] ?? 0), mean: column("mean"), low: column("low_90"), high: column("high_90") };
}

async function handovers(id: string): Promise<string> {
  const places = (await node.handovers(id, state.view.line)).handovers?.places ?? [];
  if (places.length === 0) return "No handover along this line.";
  return `Handovers: ${places.map((p) => `at ${p.distance_m.toFixed(0)} m from ${p.from} to ${p.to} (${(100 * p.probability).toFixed(0)} %)`).join("; ")}`;
}

function drawProfile(box: HTMLElement, found: Along, unit: string): uPlot {
  const dark = darkness.matches;
  const ink = dark ? "#e5e7eb" : "#1f2937";
  const axis = { stroke: ink, grid: { stroke: dark ? "#374151" : "#d1d5db" } };
  return new uPlot(
    {
      width: widthIn(box), height: HEIGHT,
      scales: { x: { time: false } },
      axes: [{ ...axis, label: "distance [m]", labelSize: 18, size: 30 }, { ...axis, label: unit }],
      series: [{ label: "m" }, { label: "p90", stroke: "#8884", width: 1, points: { show: false } }, { label: "p10", stroke: "#8884", width: 1, points: { show: false } }, { label: "mean", stroke: "#d6336c", width: 2 }],
      bands: [{ series: [1, 2], fill: dark ? "#9ca3af55" : "#6b728044" }],
      legend: { show: false },
    },
    [found.metres, found.high, found.low, found.mean] as uPlot.AlignedData,
    box,
  );
}
