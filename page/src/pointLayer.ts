// Draws readings, up to millions, as dots whose colours the shader finds: a change of range is one frame.
import { mercator } from "./layer";
import { moved, ShadedLayer, type Mesh, type Uniform } from "./shaded";

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_size;
layout(location = 0) in vec2 a_place;
layout(location = 1) in float a_value;
out float v_value;
void main() {
  v_value = a_value;
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
  gl_PointSize = u_size;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_scale;
uniform float u_low;
uniform float u_high;
uniform vec3 u_rim;
in float v_value;
out vec4 colour;
void main() {
  float away = 2.0 * length(gl_PointCoord - 0.5);
  if (away > 1.0) discard;
  float share = clamp((v_value - u_low) / max(u_high - u_low, 1e-12), 0.0, 0.99999);
  vec3 shown = texture(u_scale, vec2((floor(share * 256.0) + 0.5) / 256.0, 0.5)).rgb;
  colour = vec4(away > 0.76 ? u_rim : shown, 1.0);
}`;

/** Readings: longitude and latitude as doubles, and what was read. */
export interface Dots {
  lon: Float64Array;
  lat: Float64Array;
  value: Float32Array;
  /** Smallest and largest of longitudes, latitudes and values; 0 and 1 of none. */
  ends: [[number, number], [number, number], [number, number]];
}

const PIECE = 50_000;

/** Do something for each of many numbers, letting the browser draw in between. */
export async function inPieces(count: number, work: (k: number) => void): Promise<void> {
  for (let begin = 0; begin < count; begin += PIECE) {
    if (begin) await new Promise((done) => setTimeout(done));
    const end = Math.min(count, begin + PIECE);
    for (let k = begin; k < end; k += 1) work(k);
  }
}

/** Read the node's triples: the first is an origin in whole degrees, from which all others count. */
export async function dotsOf(triples: Float32Array): Promise<Dots> {
  const count = Math.max(0, triples.length / 3 - 1);
  const columns = [new Float64Array(count), new Float64Array(count), new Float32Array(count)] as const;
  const ends = columns.map(() => (count ? [Infinity, -Infinity] : [0, 1])) as Dots["ends"];
  for (const [c, column] of columns.entries()) {
    const [origin, end] = [triples[c] ?? 0, ends[c] as [number, number]];
    await inPieces(count, (k) => {
      const value = origin + (triples[3 * k + 3 + c] as number);
      column[k] = value;
      if (value < end[0]) end[0] = value;
      if (value > end[1]) end[1] = value;
    });
  }
  return { lon: columns[0], lat: columns[1], value: columns[2], ends };
}

export class PointLayer extends ShadedLayer {
  rim: [number, number, number] = [1, 1, 1];
  private dots: Mesh | null = null;
  private origin: [number, number] = [0, 0];
  private data: Float32Array = new Float32Array(0);
  private turn = 0;

  constructor() {
    super("readings", VERTEX, FRAGMENT);
  }

  /** Show readings; `values` replaces what was read, as residuals do. Done in pieces, so that the page stays awake. */
  async show(dots: Dots | null, values?: Float32Array): Promise<void> {
    const turn = (this.turn += 1);
    const count = dots?.value.length ?? 0;
    const data = new Float32Array(3 * count);
    let origin: [number, number] = [0, 0];
    if (dots && count) {
      origin = mercator([dots.lon[0] as number, dots.lat[0] as number]);
      const shown = values ?? dots.value;
      await inPieces(count, (k) => {
        const sine = Math.sin(((dots.lat[k] as number) * Math.PI) / 180);
        const value = shown[k] as number;
        data[3 * k] = (dots.lon[k] as number) / 360 + 0.5 - origin[0];
        data[3 * k + 1] = value === value ? 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) - origin[1] : 9;
        data[3 * k + 2] = value;
      });
    }
    if (turn !== this.turn) return;
    [this.data, this.origin] = [data, origin];
    this.unload();
    if (this.gl) this.load(this.gl);
    this.chart?.triggerRepaint();
  }

  protected load(gl: WebGL2RenderingContext): void {
    this.dots = this.mesh(gl, this.data, [2, 1]);
  }

  protected unload(): void {
    if (this.dots) this.free(this.dots);
    this.dots = null;
  }

  protected holds(): boolean {
    return this.data.length > 0;
  }

  protected draw(gl: WebGL2RenderingContext, uniform: Uniform, matrix: ArrayLike<number>): void {
    if (!this.dots) return;
    const zoom = this.chart?.getZoom() ?? 12;
    gl.uniformMatrix4fv(uniform("u_matrix"), false, moved(matrix, this.origin));
    gl.uniform1f(uniform("u_size"), Math.min(14, Math.max(3, 1.3 * (zoom - 9))) * devicePixelRatio);
    gl.uniform3f(uniform("u_rim"), ...this.rim);
    gl.disable(gl.BLEND);
    gl.bindVertexArray(this.dots.vertices);
    gl.drawArrays(gl.POINTS, 0, this.data.length / 3);
    gl.enable(gl.BLEND);
  }
}
