// What the page asks its node. Every failure has one shape: {"error": {"code", "message"}}.
import { decodeLayer, type Layer } from "./layer";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryS: number | null = null,
  ) {
    super(message);
  }
}

/** The node did not answer at all. */
export class Away extends Error {}

export interface Preview {
  header: string[];
  roles: Record<string, string>;
  rows: number;
  first: string[][];
  cells: Record<string, Record<string, number>>;
  times: [string, string] | null;
  span: [number, number, number, number] | null;
  trouble: string;
  report: { kept: number; rows_read: number; left_out: Record<string, number>; notes: string[]; unit: string } | null;
  suggestion: Reading;
}

export interface Reading {
  where: Record<string, string>;
  columns: Record<string, string>;
  without: string[];
  crs: string | null;
  skip_bad: boolean;
}

export interface Site {
  place: [number, number] | null;
  height_m: number;
  carrier_hz: number;
  azimuth_deg: number | null;
  downtilt_deg: number;
  cell_m: number | null;
  size: number | null;
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

export interface Record_ {
  summary: string;
  status: string;
  unit: string;
  command: string;
  check: { verdict: string; status: string; held: number; scores: Score[] } | null;
  assumed: string[];
}

export interface Score {
  method: string;
  rmse_db: number;
  coverage_90: number;
}

export class Node {
  /** Held in memory alone. */
  token = "";

  async sendFile(kind: "readings" | "layout", file: File): Promise<{ id: string; name: string }> {
    const query = new URLSearchParams({ kind, name: file.name });
    return (await this.ask(`/v1/files?${query}`, "POST", file, "application/octet-stream")).json();
  }

  async preview(id: string, reading: Partial<Reading>): Promise<Preview> {
    return (await this.ask(`/v1/files/${id}/preview`, "POST", JSON.stringify(reading))).json();
  }

  async points(id: string, reading: Partial<Reading>): Promise<{ triples: Float32Array; count: number }> {
    const answer = await this.ask(`/v1/files/${id}/points`, "POST", JSON.stringify(reading));
    return { triples: new Float32Array(await answer.arrayBuffer()), count: Number(answer.headers.get("X-Count")) };
  }

  async drive(request: object): Promise<{ id: string }> {
    return (await this.ask("/v1/drives", "POST", JSON.stringify(request))).json();
  }

  async job(id: string, waitS: number): Promise<Job> {
    return (await this.ask(`/v1/jobs/${id}?wait_s=${waitS}`)).json();
  }

  async cancel(id: string): Promise<void> {
    await this.ask(`/v1/jobs/${id}`, "DELETE");
  }

  async record(id: string): Promise<Record_> {
    return (await this.ask(`/v1/jobs/${id}/record`)).json();
  }

  async buildings(id: string): Promise<GeoJSON.FeatureCollection> {
    return (await this.ask(`/v1/jobs/${id}/buildings`)).json();
  }

  async layer(id: string, name: string, below: number | null): Promise<Layer> {
    const query = name === "outage" && below !== null ? `?below=${below}` : "";
    return decodeLayer(await (await this.ask(`/v1/jobs/${id}/layers/${name}${query}`)).arrayBuffer());
  }

  async geotiff(id: string): Promise<Blob> {
    return (await this.ask(`/v1/jobs/${id}/result?format=geotiff`)).blob();
  }

  private async ask(path: string, method = "GET", body?: BodyInit, kind = "application/json"): Promise<Response> {
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": kind };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    let answer: Response;
    try {
      answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
    } catch {
      throw new Away("the node does not answer");
    }
    if (answer.ok) return answer;
    const retry = Number(answer.headers.get("Retry-After"));
    const told = await answer.json().catch(() => null);
    throw new Refused(
      answer.status,
      told?.error?.code ?? "refused",
      told?.error?.message ?? `the node answered ${answer.status}`,
      retry > 0 ? retry : null,
    );
  }
}
