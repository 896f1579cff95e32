// Draws readings, up to millions, as dots whose colours the shader finds: a change of range is one frame.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as Chart } from "maplibre-gl";
import { scaleOf, type ScaleName } from "./colours";
import { mercator } from "./layer";
import { link, moved } from "./valueLayer";

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_size;
in vec2 a_place;
in float a_value;
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
}

/** Read the node's triples: the first is an origin in whole degrees, from which all others count. */
export function dotsOf(triples: Float32Array): Dots {
  const count = Math.max(0, triples.length / 3 - 1);
  const dots = { lon: new Float64Array(count), lat: new Float64Array(count), value: new Float32Array(count) };
  for (let k = 0; k < count; k += 1) {
    dots.lon[k] = (triples[0] as number) + (triples[3 * k + 3] as number);
    dots.lat[k] = (triples[1] as number) + (triples[3 * k + 4] as number);
    dots.value[k] = triples[3 * k + 5] as number;
  }
  return dots;
}

/** Smallest and largest of many numbers; 0 and 1 of none. */
export function endsOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

const PIECE = 100_000;

/** Do something for each of many numbers, letting the browser draw in between. */
export async function inPieces(count: number, work: (k: number) => void): Promise<void> {
  for (let begin = 0; begin < count; begin += PIECE) {
    if (begin) await new Promise((done) => setTimeout(done));
    const end = Math.min(count, begin + PIECE);
    for (let k = begin; k < end; k += 1) work(k);
  }
}

export class PointLayer implements CustomLayerInterface {
  readonly id = "readings";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  low = 0;
  high = 1;
  visible = true;
  rim: [number, number, number] = [1, 1, 1];

  private chart: Chart | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private program: WebGLProgram | null = null;
  private colours: WebGLTexture | null = null;
  private buffer: WebGLBuffer | null = null;
  private vertices: WebGLVertexArrayObject | null = null;
  private origin: [number, number] = [0, 0];
  private data: Float32Array = new Float32Array(0);
  private scale: ScaleName = "viridis";
  private turn = 0;

  onAdd(chart: Chart, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    if (!(gl instanceof WebGL2RenderingContext)) throw new Error("wanted WebGL2");
    this.chart = chart;
    this.gl = gl;
    this.program = link(gl, VERTEX, FRAGMENT);
    this.colours = gl.createTexture();
    this.buffer = gl.createBuffer();
    this.vertices = gl.createVertexArray();
    this.paint(this.scale);
    this.load();
  }

  paint(name: ScaleName): void {
    this.scale = name;
    const gl = this.gl;
    if (!gl) return;
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, scaleOf(name));
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.chart?.triggerRepaint();
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
    this.load();
  }

  private load(): void {
    const gl = this.gl;
    if (!gl || !this.program) return;
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, this.data, gl.STATIC_DRAW);
    const place = gl.getAttribLocation(this.program, "a_place");
    const value = gl.getAttribLocation(this.program, "a_value");
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 12, 0);
    gl.enableVertexAttribArray(value);
    gl.vertexAttribPointer(value, 1, gl.FLOAT, false, 12, 8);
    gl.bindVertexArray(null);
    this.chart?.triggerRepaint();
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const program = this.program;
    if (!(gl instanceof WebGL2RenderingContext) || !program || !this.visible || !this.data.length) return;
    const uniform = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
    const zoom = this.chart?.getZoom() ?? 12;
    gl.useProgram(program);
    gl.uniformMatrix4fv(uniform("u_matrix"), false, moved(input.defaultProjectionData.mainMatrix, this.origin));
    gl.uniform1f(uniform("u_size"), Math.min(14, Math.max(3, 1.3 * (zoom - 9))) * devicePixelRatio);
    gl.uniform1f(uniform("u_low"), this.low);
    gl.uniform1f(uniform("u_high"), this.high);
    gl.uniform3f(uniform("u_rim"), ...this.rim);
    gl.uniform1i(uniform("u_scale"), 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.disable(gl.BLEND);
    gl.bindVertexArray(this.vertices);
    gl.drawArrays(gl.POINTS, 0, this.data.length / 3);
    gl.bindVertexArray(null);
    gl.enable(gl.BLEND);
  }
}
