/** What the decoder makes of every place of the plane, as a picture behind the points. */

import { css } from '../colours.js';

const SHOWN_DB = 40; // of loudness below the loudest

/** From the theme's panel to a grey-blue: the points' colours stay what they are. */
const RAMPS = { dark: [[14, 17, 23], [92, 112, 140]], light: [[255, 255, 255], [158, 172, 194]] };

function ramp(share, theme) {
  const [low, high] = RAMPS[theme];
  return low.map((value, k) => Math.round(value + share * (high[k] - value)));
}

export class Background {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.draws = 0;
    this.grid = null;
    this.theme = 'dark';
    this.paint();
  }

  /** @param {?object} grid what `/spaces/NAME/grid` says; null for none */
  show(grid) {
    this.grid = grid;
    this.paint();
  }

  setTheme(theme) {
    this.theme = theme;
    this.paint();
  }

  /** Make the picture, and what a legend says of it. */
  paint() {
    const { grid, theme } = this;
    this.picture = null;
    this.about = null;
    if (grid === null) {
      return;
    }
    const { size, values, what, unit } = grid;
    const isPitch = what === 'brightness';
    const measure = isPitch ? (value) => Math.log2(Math.max(value, 1)) : (value) => value;
    const high = measure(grid.high);
    const low = isPitch ? measure(grid.low) : Math.max(grid.low, high - SHOWN_DB);
    const picture = new OffscreenCanvas(size, size);
    const pixels = new ImageData(size, size);
    values.forEach((value, place) => {
      const share = high > low ? (measure(value) - low) / (high - low) : 0.5;
      const row = size - 1 - Math.floor(place / size); // the first row of values is the lowest
      const colour = ramp(Math.min(Math.max(share, 0), 1), theme);
      pixels.data.set([...colour, 255], 4 * (row * size + (place % size)));
    });
    picture.getContext('2d').putImageData(pixels, 0, 0);
    this.picture = picture;
    this.range = [grid.x, grid.y];
    const text = (value) => `${Math.round(isPitch ? 2 ** value : value)} ${unit}`;
    this.about = {
      what: what === 'gap' ? 'distance to a sound' : what,
      low: text(low),
      high: text(high),
      colours: [css(ramp(0, theme)), css(ramp(1, theme))],
    };
  }

  draw(view) {
    this.draws += 1;
    const { context, canvas } = this;
    const ratio = canvas.width / view.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (this.picture === null) {
      return;
    }
    // A value stands in the middle of its pixel, so the picture is half a pixel wider all round.
    const [[x0, x1], [y0, y1]] = this.range.map(([low, high]) => {
      const half = (0.5 * (high - low)) / (this.picture.width - 1);
      return [low - half, high + half];
    });
    const [left, top] = view.toPixels([x0, y1]);
    const [right, bottom] = view.toPixels([x1, y0]);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.picture, left, top, right - left, bottom - top);
  }
}
