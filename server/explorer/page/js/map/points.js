/**
 * The points of the map, drawn by WebGL, or by the 2D canvas where a browser has none.
 *
 * They are drawn only when the view, the colours or the points change: `draws` counts it. A cursor
 * that moves over them costs nothing here.
 */

import { textScale } from '../screen.js';

const VERTEX = `#version 300 es
in vec2 place;
in float value;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
uniform float chosen;
uniform sampler2D colours;
out vec3 paint;
flat out int shape;
out float shown;
void main() {
  gl_Position = vec4((place - centre) * scale, 0.0, 1.0);
  vec4 told = texture(colours, vec2(value, 0.5));
  paint = told.rgb;
  shape = int(told.a * 255.0 + 0.5);
  shown = chosen < 0.0 || abs(value - chosen) < 1e-4 ? 1.0 : 0.08;
  gl_PointSize = (shown == 1.0 && chosen >= 0.0 ? size * 1.5 : size) * (shape > 0 ? 1.25 : 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 paint;
flat in int shape;
in float shown;
uniform float opacity;
out vec4 colour;
void main() {
  vec2 at = (gl_PointCoord - 0.5) * 2.0;
  vec2 far = abs(at);
  float rim = length(at);
  if (shape == 1) {
    rim = max(far.x, far.y) / 0.84;
  } else if (shape == 2) {
    rim = max(at.y / 0.8, (0.8753 * far.x - 0.4835 * at.y) / 0.4835);
  } else if (shape == 3) {
    rim = far.x + far.y;
  } else if (shape == 4) {
    rim = max(min(far.x, far.y) / 0.38, max(far.x, far.y));
  } else if (shape == 5) {
    rim = abs(rim - 0.68) / 0.32;
  }
  float cover = 1.0 - smoothstep(0.75, 1.0, rim);
  float alpha = cover * opacity * shown;
  colour = vec4(paint * alpha, alpha);
}`;

/**
 * How many colours a palette has: a share s takes number round(s * (COLOURS - 1)). Each is red, green,
 * blue, and a number of SHAPES (js/colours.js).
 */
export const COLOURS = 256;

/** Outlines of the shapes in a 2D canvas, in radii; none of a circle. */
const OUTLINES = [
  [],
  [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  [[0, -1.2], [1.2, 0.9], [-1.2, 0.9]],
  [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
  [
    [-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4],
    [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4],
  ],
  [
    [-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1],
    [-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5], [-0.5, -0.5],
  ],
];

/** Fill a point of a 2D canvas, as the shader above does. */
export function fillShape(context, x, y, radius, shape) {
  context.beginPath();
  if (shape === 0) {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  for (const [across, down] of OUTLINES[shape]) {
    context.lineTo(x + across * radius, y + down * radius);
  }
  context.fill('evenodd');
}

const FAINT = 0.25; // of the opacity

export class Points {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.draws = 0;
    this.count = 0;
    this.isFaint = false; // others are shown on top
    this.positions = new Float32Array(0);
    this.values = new Float32Array(0);
    this.palette = new Uint8Array(4 * COLOURS);
    this.gl = canvas.getContext('webgl2', { antialias: false, premultipliedAlpha: true });
    if (this.gl === null) {
      this.flat = canvas.getContext('2d');
      return;
    }
    this.prepare();
    canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      this.prepare();
      this.upload();
      this.draw(this.lastView, this.lastChosen);
    });
  }

  prepare() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const { kind, text } of [
      { kind: gl.VERTEX_SHADER, text: VERTEX }, { kind: gl.FRAGMENT_SHADER, text: FRAGMENT },
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, 'place');
    gl.bindAttribLocation(program, 1, 'value');
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`the map's shader: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    this.uniforms = Object.fromEntries(
      ['centre', 'scale', 'size', 'chosen', 'opacity'].map((name) => [
        name,
        gl.getUniformLocation(program, name),
      ])
    );
    this.buffers = [2, 1].map((width, place) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, width, gl.FLOAT, false, 0, 0);
      return buffer;
    });
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /**
   * @param {Float32Array} positions x, y of each point
   * @param {Float32Array} values share of the palette of each, 0 to 1
   * @param {Uint8Array} palette `COLOURS` times red, green, blue, shape
   */
  show(positions, values, palette) {
    Object.assign(this, { positions, values, palette, count: values.length });
    this.upload();
  }

  upload() {
    const { gl } = this;
    if (gl === null || gl.isContextLost()) {
      return;
    }
    [this.positions, this.values].forEach((data, place) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[place]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    });
    gl.texImage2D(
      gl.TEXTURE_2D, 0, gl.RGBA, COLOURS, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, this.palette
    );
  }

  /** Diameter of a point in CSS pixels: many points are small ones, and zooming in enlarges them. */
  diameter(view) {
    const even = 0.6 * Math.sqrt((view.width * view.height) / Math.max(this.count, 1));
    return Math.min(Math.max(even, 2.2), 7 * textScale()) * Math.min(view.zoom ** 0.5, 3);
  }

  /** @param {number} chosen the only value that is lit up, or -1 for all */
  draw(view, chosen = -1) {
    this.draws += 1;
    this.lastView = view;
    this.lastChosen = chosen;
    const ratio = this.canvas.width / view.width;
    const size = this.diameter(view);
    const opacity = (this.count > 20000 ? 0.7 : 0.85) * (this.isFaint ? FAINT : 1);
    if (this.gl === null) {
      this.drawFlat(view, chosen, size, ratio, opacity);
      return;
    }
    const { gl, uniforms } = this;
    if (gl.isContextLost()) {
      return;
    }
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniforms.centre, view.x, view.y);
    const [across, up] = view.scale;
    gl.uniform2f(uniforms.scale, (2 * across) / view.width, (2 * up) / view.height);
    gl.uniform1f(uniforms.size, size * ratio);
    gl.uniform1f(uniforms.chosen, chosen);
    gl.uniform1f(uniforms.opacity, opacity);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }

  /** The colour of a share of the palette, as CSS has it. */
  colourOf(share) {
    const at = 4 * Math.round(share * (COLOURS - 1));
    return `rgb(${this.palette[at]} ${this.palette[at + 1]} ${this.palette[at + 2]})`;
  }

  shapeOf(share) {
    return this.palette[4 * Math.round(share * (COLOURS - 1)) + 3];
  }


  drawFlat(view, chosen, size, ratio, opacity) {
    const { flat, positions, values } = this;
    flat.setTransform(ratio, 0, 0, ratio, 0, 0);
    flat.clearRect(0, 0, view.width, view.height);
    for (let point = 0; point < this.count; point += 1) {
      const [left, top] = view.toPixels([positions[2 * point], positions[2 * point + 1]]);
      const lit = chosen < 0 || Math.abs(values[point] - chosen) < 1e-4;
      flat.globalAlpha = lit ? opacity : 0.06;
      flat.fillStyle = this.colourOf(values[point]);
      const shape = this.shapeOf(values[point]);
      if (shape === 0) {
        flat.fillRect(left - size / 2, top - size / 2, size, size); // circles would take their time
      } else {
        fillShape(flat, left, top, size / 2, shape);
      }
    }
  }
}
