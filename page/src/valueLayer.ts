// Draws values on the map and colours them in the shader: range, scale, threshold and opacity change without a request.
// A map is one patch, or one for each tile; what lies beyond the swipe's line is left to the other layer.
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
uniform vec2 u_between;
in vec2 v_cell;
out vec4 colour;
void main() {
  if (gl_FragCoord.x < u_between.x || gl_FragCoord.x >= u_between.y) discard;
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

interface Patch {
  layer: Layer;
  depth: number;
  texture: WebGLTexture | null;
  buffer: WebGLBuffer | null;
  vertices: WebGLVertexArrayObject | null;
  origin: [number, number];
}

export class ValueLayer implements CustomLayerInterface {
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;

  low = 0;
  high = 1;
  opacity = 0.8;
  threshold: number | null = null;
  visible = true;
  /** Shares of the canvas between which it is drawn. */
  between: [number, number] = [0, 1];

  private chart: Chart | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private program: WebGLProgram | null = null;
  private colours: WebGLTexture | null = null;
  private scale: ScaleName = "viridis";
  private readonly patches = new Map<string, Patch>();

  constructor(readonly id: string) {}

  onAdd(chart: Chart, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    if (!(gl instanceof WebGL2RenderingContext)) throw new Error("wanted WebGL2");
    this.chart = chart;
    this.gl = gl;
    this.program = link(gl, VERTEX, FRAGMENT);
    this.colours = gl.createTexture();
    this.paint(this.scale);
    for (const patch of this.patches.values()) this.load(gl, patch);
  }

  onRemove(): void {
    const gl = this.gl;
    if (!gl) return;
    for (const patch of this.patches.values()) this.free(patch);
    gl.deleteTexture(this.colours);
    gl.deleteProgram(this.program);
    this.gl = null;
  }

  /** Choose the colour scale. */
  paint(name: ScaleName): void {
    this.scale = name;
    const gl = this.gl;
    if (!gl) return;
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, scaleOf(name));
    plain(gl);
    this.chart?.triggerRepaint();
  }

  /** Show one layer of values as the whole map, null for none. */
  show(layer: Layer | null): void {
    for (const key of [...this.patches.keys()]) this.drop(key);
    if (layer) this.put("whole", layer, 0);
    this.chart?.triggerRepaint();
  }

  /** Add or replace a patch; deeper ones are drawn over others. */
  put(key: string, layer: Layer, depth: number): void {
    this.drop(key);
    const patch: Patch = { layer, depth, texture: null, buffer: null, vertices: null, origin: [0, 0] };
    this.patches.set(key, patch);
    if (this.gl) this.load(this.gl, patch);
    this.chart?.triggerRepaint();
  }

  drop(key: string): void {
    const patch = this.patches.get(key);
    if (!patch) return;
    this.free(patch);
    this.patches.delete(key);
  }

  keys(): string[] {
    return [...this.patches.keys()];
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const program = this.program;
    if (!(gl instanceof WebGL2RenderingContext) || !program || !this.visible || this.patches.size === 0) return;
    gl.useProgram(program);
    const uniform = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
    gl.uniform1f(uniform("u_low"), this.low);
    gl.uniform1f(uniform("u_high"), this.high);
    gl.uniform1f(uniform("u_opacity"), this.opacity);
    gl.uniform1f(uniform("u_threshold"), this.threshold ?? 0);
    gl.uniform1i(uniform("u_cut"), this.threshold === null ? 0 : 1);
    gl.uniform2f(uniform("u_between"), this.between[0] * gl.drawingBufferWidth, this.between[1] * gl.drawingBufferWidth + 1);
    gl.uniform1i(uniform("u_values"), 0);
    gl.uniform1i(uniform("u_scale"), 1);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.enable(gl.BLEND);
    gl.disable(gl.CULL_FACE);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const matrix = input.defaultProjectionData.mainMatrix;
    for (const patch of this.drawn()) {
      gl.uniformMatrix4fv(uniform("u_matrix"), false, moved(matrix, patch.origin));
      gl.bindTexture(gl.TEXTURE_2D, patch.texture);
      gl.bindVertexArray(patch.vertices);
      gl.drawArrays(gl.TRIANGLES, 0, 6 * MESH * MESH);
    }
    gl.bindVertexArray(null);
  }

  private drawn(): Patch[] {
    return [...this.patches.values()].sort((a, b) => a.depth - b.depth);
  }

  private load(gl: WebGL2RenderingContext, patch: Patch): void {
    const { layer } = patch;
    const cells = new Float32Array(2 * layer.values.length);
    layer.values.forEach((value, k) => {
      const says = Number.isFinite(value);
      cells[2 * k] = says ? value : 0;
      cells[2 * k + 1] = says ? 1 : 0;
    });
    patch.texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, patch.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, layer.cols, layer.rows, 0, gl.RG, gl.FLOAT, cells);
    plain(gl);
    this.place(gl, patch);
  }

  private free(patch: Patch): void {
    const gl = this.gl;
    if (!gl) return;
    gl.deleteTexture(patch.texture);
    gl.deleteBuffer(patch.buffer);
    gl.deleteVertexArray(patch.vertices);
  }

  /** Lay the mesh of the corners, about their middle: 32 bits are too few for the whole world. */
  private place(gl: WebGL2RenderingContext, patch: Patch): void {
    const [nw, ne, se, sw] = patch.layer.corners.map(mercator) as [[number, number], [number, number], [number, number], [number, number]];
    const at = (u: number, v: number, c: 0 | 1): number =>
      (1 - u) * (1 - v) * nw[c] + u * (1 - v) * ne[c] + u * v * se[c] + (1 - u) * v * sw[c];
    patch.origin = [at(0.5, 0.5, 0), at(0.5, 0.5, 1)];
    const data: number[] = [];
    const corner = (u: number, v: number): void => {
      data.push(at(u, v, 0) - patch.origin[0], at(u, v, 1) - patch.origin[1], u, v);
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
    patch.vertices = gl.createVertexArray();
    patch.buffer = gl.createBuffer();
    gl.bindVertexArray(patch.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, patch.buffer);
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

export function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
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
