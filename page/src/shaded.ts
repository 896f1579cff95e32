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
  /** Whether what it holds waits for its shaders. */
  waits = false;

  protected chart: Chart | null = null;
  protected gl: WebGL2RenderingContext | null = null;
  private program: Building | null = null;
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
  /** Whether there is something to draw: until then no shader is compiled. */
  protected abstract holds(): boolean;
  protected abstract draw(gl: WebGL2RenderingContext, uniform: Uniform, matrix: ArrayLike<number>): void;

  onAdd(chart: Chart, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    if (!(gl instanceof WebGL2RenderingContext)) throw new Error("wanted WebGL2");
    this.chart = chart;
    this.gl = gl;
    this.colours = gl.createTexture();
    this.paint(this.scale);
    this.load(gl);
  }

  onRemove(): void {
    const gl = this.gl;
    if (!gl) return;
    this.unload();
    gl.deleteTexture(this.colours);
    if (this.program) gl.deleteProgram(this.program.program);
    this.program = this.gl = null;
  }

  /** Choose the colour scale. */
  paint(name: ScaleName): void {
    this.scale = name;
    if (this.gl) texture(this.gl, this.colours, 0, (gl) => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, scaleOf(name)));
    this.chart?.triggerRepaint();
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    this.waits = false;
    if (!(gl instanceof WebGL2RenderingContext) || !this.visible || !this.holds()) return;
    this.program ??= build(gl, this.vertexShader, this.fragmentShader);
    this.waits = !isBuilt(gl, this.program);
    if (this.waits) return this.chart?.triggerRepaint();
    const { program } = this.program;
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

  /** Put vertices into the context; sizes are the numbers of floats of a vertex's attributes, by their location. */
  protected mesh(gl: WebGL2RenderingContext, data: Float32Array, sizes: number[]): Mesh {
    const made = { vertices: gl.createVertexArray(), buffer: gl.createBuffer() };
    const stride = 4 * sizes.reduce((sum, size) => sum + size, 0);
    gl.bindVertexArray(made.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, made.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    let offset = 0;
    for (const [attribute, size] of sizes.entries()) {
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

/** A program whose shaders the browser compiles and links beside the page, where it can. */
interface Building {
  program: WebGLProgram;
  shaders: WebGLShader[];
  aside: { COMPLETION_STATUS_KHR: GLenum } | null;
  built: boolean;
}

function build(gl: WebGL2RenderingContext, vertex: string, fragment: string): Building {
  const aside = gl.getExtension("KHR_parallel_shader_compile") as Building["aside"];
  const program = gl.createProgram();
  const shaders = ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const).map(([kind, source]) => {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("no shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    return shader;
  });
  gl.linkProgram(program);
  return { program, shaders, aside, built: false };
}

/** Whether a program can be used: any other question to it makes the page wait until it is linked. */
function isBuilt(gl: WebGL2RenderingContext, one: Building): boolean {
  if (one.built) return true;
  if (one.aside && !gl.getProgramParameter(one.program, one.aside.COMPLETION_STATUS_KHR)) return false;
  if (!gl.getProgramParameter(one.program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const said = [...one.shaders.map((shader) => gl.getShaderInfoLog(shader)), gl.getProgramInfoLog(one.program)];
    throw new Error(said.find(Boolean) ?? "shader");
  }
  return (one.built = true);
}
