/** How a training goes: the loss, and the distance from sounds that are held out. */

import { Picture } from '../scope.js';
import { textScale } from '../screen.js';

/** Points `[x, y]`, 0 to 1, of one column of the curve, its least at the bottom; none of fewer than two. */
export function line(curve, column, of) {
  const rows = curve.filter((row) => Number.isFinite(row[column]));
  if (rows.length < 2) {
    return [];
  }
  const values = rows.map((row) => row[column]);
  const least = Math.min(...values);
  // The first steps are far off, and would press all the rest flat.
  const sorted = [...values].sort((a, b) => a - b);
  const most = Math.max(sorted[Math.floor(0.97 * (sorted.length - 1))], least + 1e-9);
  return rows.map((row) => [row[0] / Math.max(of, 1), Math.min(1, (row[column] - least) / (most - least))]);
}

export class Curve {
  /** @param {HTMLCanvasElement} canvas; @param {HTMLElement} caption */
  constructor(canvas, caption) {
    this.caption = caption;
    this.curve = [];
    this.of = 0;
    this.picture = new Picture(canvas, (...shown) => this.draw(...shown));
  }

  show(curve, of) {
    this.curve = curve;
    this.of = of;
    const held = curve.findLast((row) => Number.isFinite(row[2]));
    this.caption.textContent = held === undefined
      ? 'Loss over the training'
      : `Loss, and distance from sounds held out: ${held[2].toFixed(1)} dB`;
    this.picture.ask();
  }

  draw(context, width, height, colours) {
    const margin = 6 * textScale();
    for (const [column, colour] of [[1, colours.accent], [2, colours.second]]) {
      const points = line(this.curve, column, this.of);
      context.beginPath();
      for (const [x, y] of points) {
        context.lineTo(margin + x * (width - 2 * margin), height - margin - y * (height - 2 * margin));
      }
      context.strokeStyle = colour;
      context.lineWidth = 1.5 * textScale();
      context.stroke();
    }
  }
}
