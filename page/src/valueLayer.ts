// Draws a layer's values on the map and colours them in the shader: range, scale, threshold and opacity change without a request.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as Chart } from "maplibre-gl";
import { scaleOf, type ScaleName } from "./colours";
import { mercator, type Layer } from "./layer";

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
in vec2 a_place;
in vec2 a_cell;
out vec2 v_cell;
void main() {
  v_cell = a_cell;
  gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
}`;

// Not-a-number travels badly through shaders: the second channel says whether the map says anything.
const FRAGMENT = `#version 300 es
precision highp float;
uniform highp sampler2D u_values;
uniform sampler2D u_scale;
uniform float u_low;
uniform float u_high;
uniform float u_opacity;
uniform float u_threshold;
uniform bool u_cut;
in vec2 v_cell;
out vec4 colour;
void main() {
  vec2 cell = texture(u_values, v_cell).rg;
  float hatch = step(0.5, fract((gl_FragCoord.x + gl_FragCoord.y) / 10.0));
  if (cell.g < 0.5) {
    colour = vec4(vec3(0.5), 1.0) * u_opacity * mix(0.10, 0.28, hatch);
    return;
  }
  float share = clamp((cell.r - u_low) / max(u_high - u_low, 1e-12), 0.0, 1.0);
  vec3 shown = texture(u_scale, vec2((floor(min(share, 0.99999) * 256.0) + 0.5) / 256.0, 0.5)).rgb;
  if (u_cut && cell.r < u_threshold) shown = mix(shown, vec3(0.86), 0.75);
  colour = vec4(shown, 1.0) * u_opacity;
}`;

/** Corners are drawn as a mesh, so that a map whose grid is turned against the page lies where it belongs. */
const MESH = 8;

export class ValueLayer implements CustomLayerInterface {
  readonly id = "values";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;

  low = 0;
  high = 1;
  opacity = 0.8;
  threshold: number | null = null;

  private chart: Chart | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private program: WebGLProgram | null = null;
  private textures: WebGLTexture[] = [];
  private buffer: WebGLBuffer | null = null;
  private vertices: WebGLVertexArrayObject | null = null;
  private layer: Layer | null = null;
  private scale: ScaleName = "viridis";
  private origin: [number, number] = [0, 0];

  onAdd(chart: Chart, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    if (!(gl instanceof WebGL2RenderingContext)) throw new Error("wanted WebGL2");
    this.chart = chart;
    this.gl = gl;
    this.program = link(gl, VERTEX, FRAGMENT);
    this.textures = [gl.createTexture(), gl.createTexture()];
    this.buffer = gl.createBuffer();
    this.vertices = gl.createVertexArray();
    this.paint(this.scale);
    if (this.layer) this.show(this.layer);
  }

  onRemove(): void {
    const gl = this.gl;
    if (!gl) return;
    for (const texture of this.textures) gl.deleteTexture(texture);
    gl.deleteBuffer(this.buffer);
    gl.deleteVertexArray(this.vertices);
    gl.deleteProgram(this.program);
    this.gl = null;
  }

  /** Choose the colour scale. */
  paint(name: ScaleName): void {
    this.scale = name;
    const gl = this.gl;
    if (!gl) return;
    gl.bindTexture(gl.TEXTURE_2D, this.textures[1] ?? null);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, scaleOf(name));
    plain(gl);
    this.chart?.triggerRepaint();
  }

  /** Show a layer of values, null for none. */
  show(layer: Layer | null): void {
    this.layer = layer;
    const gl = this.gl;
    if (gl && layer) {
      const cells = new Float32Array(2 * layer.values.length);
      layer.values.forEach((value, k) => {
        const says = Number.isFinite(value);
        cells[2 * k] = says ? value : 0;
        cells[2 * k + 1] = says ? 1 : 0;
      });
      gl.bindTexture(gl.TEXTURE_2D, this.textures[0] ?? null);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
      gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, layer.cols, layer.rows, 0, gl.RG, gl.FLOAT, cells);
      plain(gl);
      this.place(gl, layer);
    }
    this.chart?.triggerRepaint();
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (!(gl instanceof WebGL2RenderingContext) || !this.program || !this.layer) return;
    gl.useProgram(this.program);
    const uniform = (name: string): WebGLUniformLocation | null =>
      gl.getUniformLocation(this.program as WebGLProgram, name);
    gl.uniformMatrix4fv(uniform("u_matrix"), false, moved(input.defaultProjectionData.mainMatrix, this.origin));
    gl.uniform1f(uniform("u_low"), this.low);
    gl.uniform1f(uniform("u_high"), this.high);
    gl.uniform1f(uniform("u_opacity"), this.opacity);
    gl.uniform1f(uniform("u_threshold"), this.threshold ?? 0);
    gl.uniform1i(uniform("u_cut"), this.threshold === null ? 0 : 1);
    this.textures.forEach((texture, k) => {
      gl.activeTexture(gl.TEXTURE0 + k);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform1i(uniform("u_values"), 0);
    gl.uniform1i(uniform("u_scale"), 1);
    gl.bindVertexArray(this.vertices);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.drawArrays(gl.TRIANGLES, 0, 6 * MESH * MESH);
    gl.bindVertexArray(null);
  }

  /** Lay the mesh of the map's corners, about its middle: 32 bits are too few for the whole world. */
  private place(gl: WebGL2RenderingContext, layer: Layer): void {
    const [nw, ne, se, sw] = layer.corners.map(mercator) as [number, number][];
    if (!nw || !ne || !se || !sw) return;
    const at = (u: number, v: number, c: 0 | 1): number =>
      (1 - u) * (1 - v) * nw[c] + u * (1 - v) * ne[c] + u * v * se[c] + (1 - u) * v * sw[c];
    this.origin = [at(0.5, 0.5, 0), at(0.5, 0.5, 1)];
    const data: number[] = [];
    const corner = (u: number, v: number): void => {
      data.push(at(u, v, 0) - this.origin[0], at(u, v, 1) - this.origin[1], u, v);
    };
    for (let row = 0; row < MESH; row += 1) {
      for (let col = 0; col < MESH; col += 1) {
        const [u0, u1, v0, v1] = [col / MESH, (col + 1) / MESH, row / MESH, (row + 1) / MESH];
        corner(u0, v0);
        corner(u1, v0);
        corner(u0, v1);
        corner(u0, v1);
        corner(u1, v0);
        corner(u1, v1);
      }
    }
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(data), gl.STATIC_DRAW);
    const program = this.program as WebGLProgram;
    ["a_place", "a_cell"].forEach((name, k) => {
      const attribute = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, 2, gl.FLOAT, false, 16, 8 * k);
    });
    gl.bindVertexArray(null);
  }
}

function plain(gl: WebGL2RenderingContext): void {
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

/** Return matrix x translation(origin), in double precision until the end. */
export function moved(matrix: ArrayLike<number>, [x, y]: [number, number]): Float32Array {
  const out = new Float32Array(16);
  for (let k = 0; k < 16; k += 1) out[k] = matrix[k] as number;
  for (let row = 0; row < 4; row += 1) {
    out[12 + row] = (matrix[row] as number) * x + (matrix[4 + row] as number) * y + (matrix[12 + row] as number);
  }
  return out;
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("no shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  return program;
}
