// What the page asks its node. Every failure has one shape: {"error": {"code", "message"}}.
import type { Source } from "./address";
import { decodeLayer, type Corner, type Layer } from "./layer";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The node did not answer at all. */
export class Away extends Error {}

/** The user called it off. */
export class Stopped extends Error {}

export interface Held {
  id: string;
  name: string;
}

export interface Preview {
  header: string[];
  roles: Record<string, string>;
  rows: number;
  first: string[][];
  cells: Record<string, Record<string, number>>;
  times: [string, string] | null;
  span: [number, number, number, number] | null;
  trouble: string;
  report: { kept: number; rows_read: number; left_out: Record<string, number>; notes: string[]; unit: string; value_column: string; value_min: number | null; value_max: number | null } | null;
  suggestion: Reading;
}

export interface Reading {
  where: Record<string, string>;
  columns: Record<string, string>;
  without: string[];
  crs: string | null;
  skip_bad: boolean;
}

export interface Job {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  ahead: number;
  step: string;
  done: number;
  total: number;
  error: { code: string; message: string } | null;
}

export interface Score {
  method: string;
  rmse_db: number;
  coverage_90: number;
}

export interface Site {
  place: Corner;
  azimuth_deg: number | null;
  downtilt_deg: number;
  height_m: number;
  carrier_hz?: number;
}

/** What is said of a map, of a job or of the store. */
export interface MapRecord {
  kind: "construct" | "edit" | "change" | "compare" | "plan" | "stored";
  summary: string;
  status: string;
  unit: string;
  crs: string | null;
  draws: number;
  /** Whether quantiles and outage are those of draws, or of a normal law. */
  belief: "draws" | "normal";
  shape: [number, number];
  layers: string[];
  site: Site | null;
  /** Whether the map has a building layout. */
  layout: boolean;
  /** Whom the layout is of, with its licence; "" where it does not say. */
  credit: string;
  /** Why a kept map has none. */
  no_layout?: string;
  check: { verdict: string; status: string; held: number; scores: Score[]; reasons: string[] } | null;
  of?: string;
  command?: string;
  python?: string;
  request?: object;
  edits?: Edits;
  assumed?: string[];
  reading?: { notes: string[] };
  scores?: { cells: number; rmse_db: number; bias_db: number; coverage_90: number };
  plan_facts?: { rmse_before_db: number; rmse_after_db: number; length_m: number };
  name?: string;
  id?: string;
  version?: number;
  versions?: number[];
  tiles?: boolean;
  corners?: [Corner, Corner, Corner, Corner];
  cell_m?: number;
}

export interface Edits {
  holes: Corner[][];
  tracks: Corner[][];
  readings: [number, number, number][];
}

export type Question =
  | { ask: "edit"; edits: Edits }
  | { ask: "change"; azimuth_deg: number | null; downtilt_deg: number | null; power_db: number }
  | { ask: "compare"; by: "classical" | "site" | "file" | "stored"; file?: string; name?: string; version?: number }
  | { ask: "plan"; count: number };

export interface Offers {
  version: string;
  store: boolean;
  tokens: boolean;
  demos: Record<string, string>;
  /** Address of the background map, null where the node was given none. */
  basemap: string | null;
}

export interface Demo {
  files: { readings: Held; layout: Held; truth?: Held };
  site: Record<string, number | [number, number]>;
  reading: Partial<Reading>;
  credit: string;
}

export interface Kept {
  id: string;
  name: string;
  version: number;
  time: string;
  rows: number;
  cols: number;
}

export class Node {
  /** Held in memory alone. */
  token = "";

  /** Send a file as it is, with progress (0 to 1); a signal calls it off. */
  sendFile(kind: string, file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Held> {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/v1/files?${new URLSearchParams({ kind, name: file.name })}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      if (this.token) request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.upload.onprogress = (event): void => onProgress(event.total ? event.loaded / event.total : 0);
      request.onerror = (): void => fail(new Away("the node does not answer"));
      request.onabort = (): void => fail(new Stopped("called off"));
      request.onload = (): void => {
        const answer = parse(request.responseText);
        if (request.status < 300) done(answer as Held);
        else fail(refusal(request.status, answer));
      };
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
  }

  preview(id: string, reading: Partial<Reading>): Promise<Preview> {
    return this.json(`/v1/files/${id}/preview`, "POST", reading);
  }

  async points(id: string, reading: Partial<Reading>): Promise<{ triples: Float32Array; count: number }> {
    const answer = await this.ask(`/v1/files/${id}/points`, "POST", JSON.stringify(reading));
    return { triples: new Float32Array(await answer.arrayBuffer()), count: Number(answer.headers.get("X-Count")) };
  }

  drive(request: object): Promise<{ id: string }> {
    return this.json("/v1/drives", "POST", request);
  }

  question(job: string, question: Question): Promise<{ id: string }> {
    return this.json(`/v1/jobs/${job}/asks`, "POST", { question });
  }

  job(id: string, waitS: number): Promise<Job> {
    return this.json(`/v1/jobs/${id}?wait_s=${waitS}`);
  }

  async cancel(id: string): Promise<void> {
    await this.ask(`/v1/jobs/${id}`, "DELETE");
  }

  offers(): Promise<Offers> {
    return this.json("/v1/page");
  }

  demo(name: string): Promise<Demo> {
    return this.json(`/v1/demos/${name}`, "POST", {});
  }

  maps(): Promise<Kept[]> {
    return this.json("/v1/maps");
  }

  keep(job: string, name: string): Promise<Kept> {
    return this.json(`/v1/jobs/${job}/keep`, "POST", { name });
  }

  record(source: Source): Promise<MapRecord> {
    return this.json(this.path(source, "record"));
  }

  buildings(source: Source): Promise<GeoJSON.FeatureCollection> {
    return this.json(this.path(source, "buildings"));
  }

  /** Streets and water of a map's layout. */
  ground(source: Source): Promise<GeoJSON.FeatureCollection & { left_out?: number }> {
    return this.json(this.path(source, "ground"));
  }

  /** Heights of the buildings on a map and around it. */
  async heights(source: Source): Promise<Layer> {
    return decodeLayer(await (await this.ask(this.path(source, "heights"))).arrayBuffer());
  }

  plan(job: string): Promise<GeoJSON.FeatureCollection> {
    return this.json(`/v1/jobs/${job}/plan`);
  }

  contours(source: Source, step: number): Promise<GeoJSON.FeatureCollection> {
    return this.json(this.path(source, "contours", { step: String(step) }));
  }

  async picture(source: Source, layer: string): Promise<Blob> {
    return (await this.ask(this.path(source, "picture", { layer }))).blob();
  }

  async layer(source: Source, name: string): Promise<Layer> {
    return decodeLayer(await (await this.ask(this.path(source, `layers/${name}`))).arrayBuffer());
  }

  async tile(source: Source, name: string, z: number, x: number, y: number, below: number | null, signal: AbortSignal): Promise<Layer> {
    const query: Record<string, string> = { layer: name, ...(name === "outage" && below !== null ? { below: String(below) } : {}) };
    const answer = await this.ask(this.path(source, `tiles/${z}/${x}/${y}`, query), "GET", undefined, "", signal);
    return decodeLayer(await answer.arrayBuffer());
  }

  async predict(body: object, signal: AbortSignal): Promise<Layer> {
    const answer = await this.ask("/v1/predictions", "POST", JSON.stringify(body), "application/json", signal);
    return decodeLayer(await answer.arrayBuffer());
  }

  route(source: Source, line: Corner[], spacing: number): Promise<{ points: Record<string, number | null>[] }> {
    return this.json(this.path(source, "route"), "POST", { line: { type: "LineString", coordinates: line }, spacing_m: spacing });
  }

  handovers(id: string, line: Corner[]): Promise<{ handovers?: { places: { distance_m: number; from: string; to: string; probability: number }[] } }> {
    return this.json(`/v1/maps/${id}/servers`, "POST", { line: { type: "LineString", coordinates: line } });
  }

  async geotiff(source: Source): Promise<Blob> {
    const path = source.kind === "job" ? `/v1/jobs/${source.id}/result?format=geotiff` : this.path(source, "map.tif");
    return (await this.ask(path)).blob();
  }

  private path(source: Source, what: string, query: Record<string, string> = {}): string {
    const version: Record<string, string> = source.version === null ? {} : { version: String(source.version) };
    const asked = new URLSearchParams({ ...query, ...version }).toString();
    return `/v1/${source.kind === "job" ? "jobs" : "maps"}/${source.id}/${what}${asked ? `?${asked}` : ""}`;
  }

  private async json<T>(path: string, method = "GET", body?: object): Promise<T> {
    return (await this.ask(path, method, body === undefined ? undefined : JSON.stringify(body))).json() as Promise<T>;
  }

  private async ask(path: string, method = "GET", body?: BodyInit, kind = "application/json", signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": kind };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    let answer: Response;
    try {
      answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body }), ...(signal ? { signal } : {}) });
    } catch (error) {
      if (signal?.aborted) throw new Stopped("called off");
      throw new Away(String(error));
    }
    if (answer.ok) return answer;
    throw refusal(answer.status, parse(await answer.text()));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusal(status: number, answer: unknown): Refused {
  const error = (answer as { error?: { code?: string; message?: string } } | null)?.error;
  return new Refused(status, error?.code ?? "refused", error?.message ?? `the node answered ${status}`);
}
