// What the layers that colour numbers in a shader share: program, colour scale, range, vertices.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as Chart } from "maplibre-gl";
import { scaleOf, type ScaleName } from "./colours";

export type Uniform = (name: string) => WebGLUniformLocation | null;

export interface Mesh {
  vertices: WebGLVertexArrayObject | null;
  buffer: WebGLBuffer | null;
}

export abstract class ShadedLayer implements CustomLayerInterface {
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  /** Values at the ends of the colour scale. */
  low = 0;
  high = 1;
  visible = true;

  protected chart: Chart | null = null;
  protected gl: WebGL2RenderingContext | null = null;
  private program: WebGLProgram | null = null;
  private colours: WebGLTexture | null = null;
  private scale: ScaleName = "viridis";

  constructor(
    readonly id: string,
    private readonly vertexShader: string,
    private readonly fragmentShader: string,
  ) {}

  /** Put everything that is shown into the context, which is new. */
  protected abstract load(gl: WebGL2RenderingContext): void;
  protected abstract unload(): void;
  protected abstract draw(gl: WebGL2RenderingContext, uniform: Uniform, matrix: ArrayLike<number>): void;

  onAdd(chart: Chart, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    if (!(gl instanceof WebGL2RenderingContext)) throw new Error("wanted WebGL2");
    this.chart = chart;
    this.gl = gl;
    this.program = link(gl, this.vertexShader, this.fragmentShader);
    this.colours = gl.createTexture();
    this.paint(this.scale);
    this.load(gl);
  }

  onRemove(): void {
    const gl = this.gl;
    if (!gl) return;
    this.unload();
    gl.deleteTexture(this.colours);
    gl.deleteProgram(this.program);
    this.gl = null;
  }

  /** Choose the colour scale. */
  paint(name: ScaleName): void {
    this.scale = name;
    if (this.gl) texture(this.gl, this.colours, 0, (gl) => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, scaleOf(name)));
    this.chart?.triggerRepaint();
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const program = this.program;
    if (!(gl instanceof WebGL2RenderingContext) || !program || !this.visible) return;
    const uniform: Uniform = (name) => gl.getUniformLocation(program, name);
    gl.useProgram(program);
    gl.uniform1f(uniform("u_low"), this.low);
    gl.uniform1f(uniform("u_high"), this.high);
    gl.uniform1i(uniform("u_scale"), 1);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.activeTexture(gl.TEXTURE0);
    this.draw(gl, uniform, input.defaultProjectionData.mainMatrix);
    gl.bindVertexArray(null);
  }

  /** Put vertices into the context; parts are the attributes of one vertex with their numbers of floats, in order. */
  protected mesh(gl: WebGL2RenderingContext, data: Float32Array, parts: [string, number][]): Mesh {
    const made = { vertices: gl.createVertexArray(), buffer: gl.createBuffer() };
    const stride = 4 * parts.reduce((sum, [, size]) => sum + size, 0);
    gl.bindVertexArray(made.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, made.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    let offset = 0;
    for (const [name, size] of parts) {
      const attribute = gl.getAttribLocation(this.program as WebGLProgram, name);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, size, gl.FLOAT, false, stride, offset);
      offset += 4 * size;
    }
    gl.bindVertexArray(null);
    return made;
  }

  protected free({ vertices, buffer }: Mesh): void {
    this.gl?.deleteBuffer(buffer);
    this.gl?.deleteVertexArray(vertices);
  }
}

/** Fill a texture whose numbers are read as they are, without a mean of neighbours. */
export function texture(gl: WebGL2RenderingContext, into: WebGLTexture | null, unit: 0 | 1, fill: (gl: WebGL2RenderingContext) => void): void {
  gl.activeTexture(unit === 0 ? gl.TEXTURE0 : gl.TEXTURE1);
  gl.bindTexture(gl.TEXTURE_2D, into);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  fill(gl);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
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
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
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
