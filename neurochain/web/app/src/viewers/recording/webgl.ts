// WebGL: traces of many channels. Each pixel asks the lanes around it whether their envelope covers it.
import type { Envelope } from "./envelope";
import { type Palette, rgb } from "./palette";
import { type Scene, TONES } from "./scene";

const REACH = 2; // lanes that a trace may leave its own by, to either side

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform sampler2D envelope; // least and greatest
uniform sampler2D lanes; // y of the middle, pixels of a unit, tone
uniform vec3 tones[${TONES.length}];
uniform float height;
uniform float tall; // of a lane
uniform float thick; // half of a line
uniform float faint; // where lanes are thin
uniform int count;
out vec4 colour;
void main() {
  int x = int(gl_FragCoord.x);
  float y = height - gl_FragCoord.y;
  int own = int(floor(y / tall));
  vec3 seen = vec3(0.0);
  float cover = 0.0;
  for (int d = -${REACH}; d <= ${REACH}; d += 1) {
    int i = own + d;
    if (i < 0 || i >= count) continue;
    vec2 pair = texelFetch(envelope, ivec2(x, i), 0).rg;
    if (!(pair.x <= pair.y)) continue;
    vec4 lane = texelFetch(lanes, ivec2(i, 0), 0);
    float top = lane.x - pair.y * lane.y - thick;
    float bottom = lane.x - pair.x * lane.y + thick;
    float part = faint * clamp(min(bottom, y + 0.5) - max(top, y - 0.5), 0.0, 1.0);
    seen = mix(seen, tones[int(lane.z)] , part / max(part + cover * (1.0 - part), 1e-6));
    cover = part + cover * (1.0 - part);
  }
  colour = vec4(seen * cover, cover);
}`;

export class GlLines {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #textures: WebGLTexture[] = [];
  readonly #most: number;
  #size = "";

  /** Of a canvas; an error where there is no WebGL 2. */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, premultipliedAlpha: true, powerPreference: "high-performance" });
    if (!gl) throw new Error("no WebGL 2");
    this.#gl = gl;
    this.#most = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    const program = gl.createProgram()!;
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no shader");
    this.#program = program;
    gl.useProgram(program);
    ["envelope", "lanes"].forEach((name, unit) => {
      const texture = gl.createTexture()!;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, gl.NEAREST);
      for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, which, gl.CLAMP_TO_EDGE);
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
      this.#textures.push(texture);
    });
  }

  get lost(): boolean {
    return this.#gl.isContextLost();
  }

  draw(scene: Scene, envelope: Envelope, ratio: number, palette: Palette): void {
    const gl = this.#gl;
    const { width, lanes } = envelope;
    const { canvas } = gl;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!lanes || Math.max(width, lanes) > this.#most) return;
    const size = `${width} ${lanes}`;
    gl.activeTexture(gl.TEXTURE0);
    if (size !== this.#size) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, width, lanes, 0, gl.RG, gl.FLOAT, envelope.pairs);
    else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, lanes, gl.RG, gl.FLOAT, envelope.pairs);
    const each = new Float32Array(4 * lanes);
    let at = 0;
    for (const strip of scene.strips) for (const { y, scale, tone } of strip.lanes) {
      each.set([y * ratio, scale * ratio, TONES.indexOf(tone), 0], at);
      at += 4;
    }
    gl.activeTexture(gl.TEXTURE1);
    if (size !== this.#size) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, lanes, 1, 0, gl.RGBA, gl.FLOAT, each);
    else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, lanes, 1, gl.RGBA, gl.FLOAT, each);
    this.#size = size;
    const uniform = (name: string) => gl.getUniformLocation(this.#program, name);
    gl.uniform3fv(uniform("tones"), TONES.flatMap((tone) => rgb(palette.tones[tone])));
    gl.uniform1f(uniform("height"), canvas.height);
    gl.uniform1f(uniform("tall"), scene.lane * ratio);
    gl.uniform1f(uniform("thick"), 0.5 * ratio);
    gl.uniform1f(uniform("faint"), Math.min(Math.max(scene.lane / 8, 0.6), 1));
    gl.uniform1i(uniform("count"), lanes);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    for (const texture of this.#textures) this.#gl.deleteTexture(texture);
    this.#gl.deleteProgram(this.#program);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
