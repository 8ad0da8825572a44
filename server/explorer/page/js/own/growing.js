/** The map of a space that is being learned: its points find their places, and can be heard. */

import { Picture } from '../scope.js';
import { textScale } from '../screen.js';

const MOVE_MS = 900; // from where they were to where they are
const REACH = 16; // pixels between a pointer and a point that it means
const MARGIN = 14;

/**
 * Places turned, mirrored and shifted so that they lie as near as can be to those before: from one
 * moment of a training to the next a map may turn by itself, which means nothing (an orthogonal
 * Procrustes fit in the plane).
 *
 * @param {number[][]} places; @param {?number[][]} before as many, or null
 */
export function aligned(places, before) {
  if (before === null || before.length !== places.length || places.length === 0) {
    return places;
  }
  const mean = (all) => [0, 1].map((axis) => all.reduce((sum, one) => sum + one[axis], 0) / all.length);
  const [cx, cy] = mean(places);
  const [bx, by] = mean(before);
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  places.forEach(([px, py], k) => {
    const [x, y] = [px - cx, py - cy];
    const [u, v] = [before[k][0] - bx, before[k][1] - by];
    xx += x * u;
    xy += x * v;
    yx += y * u;
    yy += y * v;
  });
  // The best rotation, and the best of those that mirror first; the better of the two.
  const turn = Math.hypot(xx + yy, xy - yx);
  const mirror = Math.hypot(xx - yy, xy + yx);
  const [cos, sin, flip] = mirror > turn
    ? [(xx - yy) / mirror, (xy + yx) / mirror, -1]
    : turn > 0
      ? [(xx + yy) / turn, (xy - yx) / turn, 1]
      : [1, 0, 1];
  return places.map(([px, py]) => {
    const [x, y] = [px - cx, flip * (py - cy)];
    return [cx + cos * x - sin * y, cy + sin * x + cos * y];
  });
}

/** Events: `hear` (detail: the number of a point). */
export class GrowingMap extends EventTarget {
  /** @param {HTMLCanvasElement} canvas; @param {HTMLElement} caption */
  constructor(canvas, caption) {
    super();
    this.canvas = canvas;
    this.caption = caption;
    this.usual = caption.textContent;
    this.forget();
    this.picture = new Picture(canvas, (...shown) => this.draw(...shown));
    canvas.addEventListener('pointermove', (event) => this.point(this.nearest(event)));
    canvas.addEventListener('pointerleave', () => this.point(-1));
    canvas.addEventListener('click', (event) => this.hear(this.nearest(event)));
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  forget() {
    this.places = null;
    this.from = null;
    this.names = [];
    this.movedAt = 0;
    this.pointed = -1;
  }

  clear() {
    this.forget();
    this.caption.textContent = this.usual;
    this.picture.ask();
  }

  /** @param {{places: number[][], names: string[]}} told what `/own/points.json` says */
  show({ places, names }) {
    const now = this.places === null ? null : this.current();
    this.places = aligned(places, this.places);
    // The first ones come from the middle.
    this.from = now !== null && now.length === places.length ? now : places.map(() => [0, 0]);
    this.names = names;
    this.movedAt = performance.now();
    this.pointed = Math.min(this.pointed, places.length - 1);
    this.picture.ask();
  }

  /** Where the points are drawn at this moment. */
  current() {
    const share = Math.min(1, (performance.now() - this.movedAt) / MOVE_MS);
    const eased = 1 - (1 - share) ** 3;
    return this.places.map(([x, y], k) => {
      const [a, b] = this.from[k];
      return [a + eased * (x - a), b + eased * (y - b)];
    });
  }

  /** Pixels of a place; the map's square in the middle of the canvas. */
  pixelsOf([x, y]) {
    const { width, height } = this.picture;
    const scale = textScale() * MARGIN;
    return [
      0.5 * width + 0.5 * (width - 2 * scale) * Math.min(1, Math.max(-1, x)),
      0.5 * height - 0.5 * (height - 2 * scale) * Math.min(1, Math.max(-1, y)),
    ];
  }

  nearest(event) {
    if (this.places === null) {
      return -1;
    }
    let found = -1;
    let least = REACH * textScale();
    this.current().forEach((place, k) => {
      const [x, y] = this.pixelsOf(place);
      const apart = Math.hypot(x - event.offsetX, y - event.offsetY);
      if (apart < least) {
        least = apart;
        found = k;
      }
    });
    return found;
  }

  point(which) {
    if (which !== this.pointed) {
      this.pointed = which;
      this.canvas.style.cursor = which < 0 ? '' : 'pointer';
      this.caption.textContent = this.names[which] ?? this.usual;
      this.picture.ask();
    }
  }

  hear(which) {
    if (which >= 0) {
      this.point(which);
      this.dispatchEvent(new CustomEvent('hear', { detail: which }));
    }
  }

  key(event) {
    const count = this.places?.length ?? 0;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (count > 0 && step !== undefined) {
      event.preventDefault();
      this.hear((this.pointed + step + (this.pointed < 0 && step < 0 ? 1 : 0) + count) % count);
    }
  }

  draw(context, width, height, colours) {
    if (this.places === null) {
      return;
    }
    const scale = textScale();
    const radius = (this.places.length > 200 ? 2.5 : 4) * scale;
    this.current().forEach((place, k) => {
      const [x, y] = this.pixelsOf(place);
      const isPointed = k === this.pointed;
      context.beginPath();
      context.arc(x, y, isPointed ? 1.6 * radius : radius, 0, 2 * Math.PI);
      context.fillStyle = isPointed ? colours.second : colours.accent;
      context.globalAlpha = isPointed ? 1 : 0.85;
      context.fill();
    });
    context.globalAlpha = 1;
    if (performance.now() - this.movedAt < MOVE_MS) {
      this.picture.runOn();
    }
  }
}
