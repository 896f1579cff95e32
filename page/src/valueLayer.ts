// Draws values on the map and colours them in the shader: range, scale, threshold and opacity change without a request.
// A map is one patch, or one for each tile; what lies beyond the swipe's line is left to the other layer.
import { mercator, type Layer } from "./layer";
import { moved, ShadedLayer, texture, type Mesh, type Uniform } from "./shaded";

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
layout(location = 0) in vec2 a_place;
layout(location = 1) in vec2 a_cell;
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
  values: WebGLTexture | null;
  mesh: Mesh | null;
  origin: [number, number];
}

export class ValueLayer extends ShadedLayer {
  opacity = 0.8;
  threshold: number | null = null;
  /** Shares of the canvas between which it is drawn. */
  between: [number, number] = [0, 1];
  private readonly patches = new Map<string, Patch>();

  constructor(id: string) {
    super(id, VERTEX, FRAGMENT);
  }

  /** Show one layer of values as the whole map, null for none. */
  show(layer: Layer | null): void {
    for (const key of this.keys()) this.drop(key);
    if (layer) this.put("whole", layer, 0);
    this.chart?.triggerRepaint();
  }

  /** Add or replace a patch; deeper ones are drawn over others. */
  put(key: string, layer: Layer, depth: number): void {
    this.drop(key);
    const patch: Patch = { layer, depth, values: null, mesh: null, origin: [0, 0] };
    this.patches.set(key, patch);
    if (this.gl) this.enter(this.gl, patch);
    this.chart?.triggerRepaint();
  }

  drop(key: string): void {
    const patch = this.patches.get(key);
    if (!patch) return;
    this.leave(patch);
    this.patches.delete(key);
  }

  keys(): string[] {
    return [...this.patches.keys()];
  }

  protected load(gl: WebGL2RenderingContext): void {
    for (const patch of this.patches.values()) this.enter(gl, patch);
  }

  protected unload(): void {
    for (const patch of this.patches.values()) this.leave(patch);
  }

  protected holds(): boolean {
    return this.patches.size > 0;
  }

  protected draw(gl: WebGL2RenderingContext, uniform: Uniform, matrix: ArrayLike<number>): void {
    gl.uniform1f(uniform("u_opacity"), this.opacity);
    gl.uniform1f(uniform("u_threshold"), this.threshold ?? 0);
    gl.uniform1i(uniform("u_cut"), this.threshold === null ? 0 : 1);
    gl.uniform2f(uniform("u_between"), this.between[0] * gl.drawingBufferWidth, this.between[1] * gl.drawingBufferWidth + 1);
    gl.uniform1i(uniform("u_values"), 0);
    gl.enable(gl.BLEND);
    gl.disable(gl.CULL_FACE);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const patch of [...this.patches.values()].sort((a, b) => a.depth - b.depth)) {
      gl.uniformMatrix4fv(uniform("u_matrix"), false, moved(matrix, patch.origin));
      gl.bindTexture(gl.TEXTURE_2D, patch.values);
      gl.bindVertexArray(patch.mesh?.vertices ?? null);
      gl.drawArrays(gl.TRIANGLES, 0, 6 * MESH * MESH);
    }
  }

  private enter(gl: WebGL2RenderingContext, patch: Patch): void {
    const { layer } = patch;
    const cells = new Float32Array(2 * layer.values.length);
    layer.values.forEach((value, k) => {
      const says = Number.isFinite(value);
      cells[2 * k] = says ? value : 0;
      cells[2 * k + 1] = says ? 1 : 0;
    });
    patch.values = gl.createTexture();
    texture(gl, patch.values, 0, () => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, layer.cols, layer.rows, 0, gl.RG, gl.FLOAT, cells));
    patch.mesh = this.mesh(gl, laid(patch), [2, 2]);
  }

  private leave(patch: Patch): void {
    this.gl?.deleteTexture(patch.values);
    if (patch.mesh) this.free(patch.mesh);
  }
}

/** Lay the mesh of the corners, about their middle: 32 bits are too few for the whole world. */
function laid(patch: Patch): Float32Array {
  const [nw, ne, se, sw] = patch.layer.corners.map(mercator) as [[number, number], [number, number], [number, number], [number, number]];
  const at = (u: number, v: number, c: 0 | 1): number =>
    (1 - u) * (1 - v) * nw[c] + u * (1 - v) * ne[c] + u * v * se[c] + (1 - u) * v * sw[c];
  patch.origin = [at(0.5, 0.5, 0), at(0.5, 0.5, 1)];
  const data: number[] = [];
  for (let row = 0; row < MESH; row += 1) {
    for (let col = 0; col < MESH; col += 1) {
      const [u0, u1, v0, v1] = [col / MESH, (col + 1) / MESH, row / MESH, (row + 1) / MESH];
      for (const [u, v] of [[u0, v0], [u1, v0], [u0, v1], [u0, v1], [u1, v0], [u1, v1]] as const) {
        data.push(at(u, v, 0) - patch.origin[0], at(u, v, 1) - patch.origin[1], u, v);
      }
    }
  }
  return new Float32Array(data);
}
