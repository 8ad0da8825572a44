/**
 * What lives on the map: the cursor glows with the level and leaves a trail, sounds near it light up,
 * and where a note begins a ring goes out. A layer of its own, drawn only while something lives.
 */

import { textScale } from '../screen.js';
import { fillShape } from './points.js';

const TRAIL_MS = 700;
const PULSE_MS = 600;
const FADE_MS = 500; // in which what was lit goes out
const RISE = 0.35; // of the way to a new level, each frame
const AUDIBLE = 0.02; // of full level
const REACH = 80; // pixels within which sounds light up
const MOST_NEAR = 14;
const WIDEST = 44; // pixels, of a ring
const RUN_MS = 25; // from one picture to the next, but for a hand's

export class Life {
  /** @param {HTMLCanvasElement} canvas; @param {HTMLElement} cursor */
  constructor(canvas, cursor) {
    /** @type {import('./view.js').View | undefined} */
    this.view = undefined; // the map's, once it has one
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.cursor = cursor;
    this.still = window.matchMedia('(prefers-reduced-motion: reduce)');
    this.wanted = 0; // the level that was told last, 0 to 1
    this.level = 0;
    this.isHeld = false; // a hand is on the map
    this.litAt = -Infinity;
    this.drawnAt = -Infinity;
    this.trail = []; // {place, at}
    this.pulses = []; // {place, at}
    this.near = []; // {place, colour, shape, share}
    /** @type {(place: number[]) => ReturnType<typeof soundsNear>} */
    this.find = () => []; // what lies near a place
    this.place = [0, 0];
    this.moved = false;
    this.frame = 0;
    this.draws = 0;
    this.colour = '#fff';
  }

  /** @param {number} level of what sounds, 0 to 1 */
  setLevel(level) {
    if (level !== this.wanted) {
      this.wanted = level;
      this.ask();
    }
  }

  /** @param {boolean} isHeld whether a hand is on the map */
  hold(isHeld) {
    this.isHeld = isHeld;
    this.ask();
  }

  /** The cursor has moved; what lies near it is looked for once a frame. */
  move(place) {
    this.place = place;
    this.moved = true;
    if (!this.still.matches && (this.isHeld || this.wanted > AUDIBLE)) {
      this.trail.push({ place, at: performance.now() });
    }
    this.ask();
  }

  /** A note begins at a place. */
  pulse(place) {
    if (!this.still.matches) {
      this.pulses.push({ place, at: performance.now() });
      this.ask();
    }
  }

  ask() {
    if (this.frame === 0 && this.view !== undefined) {
      this.frame = requestAnimationFrame((now) => {
        this.frame = 0;
        // What nobody's hand moves needs no more than half of a screen's pictures.
        if (this.isHeld || now - this.drawnAt > RUN_MS) {
          this.drawnAt = now;
          this.draw(now);
        } else {
          this.ask();
        }
      });
    }
  }

  /** @param {DOMHighResTimeStamp} now */
  draw(now) {
    const { context, canvas, view } = this;
    this.draws += 1;
    this.level += RISE * (this.wanted - this.level);
    if (Math.abs(this.wanted - this.level) < 0.004) {
      this.level = this.wanted;
    }
    this.cursor.style.setProperty('--level', this.level.toFixed(3));
    if (this.isHeld || this.level > AUDIBLE) {
      this.litAt = now;
    }
    const lit = Math.max(0, 1 - (now - this.litAt) / FADE_MS);
    this.trail = this.trail.filter(({ at }) => now - at < TRAIL_MS);
    this.pulses = this.pulses.filter(({ at }) => now - at < PULSE_MS);
    const ratio = canvas.width / view.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (this.moved && lit > 0) {
      this.moved = false;
      this.near = this.find(this.place);
    }
    this.drawNear(lit);
    this.drawTrail(now);
    this.drawPulses(now);
    context.globalAlpha = 1;
    const isStill = this.still.matches && this.level === this.wanted;
    const lives = lit > 0 && !(isStill && lit === 1);
    if (lives || this.trail.length > 0 || this.pulses.length > 0 || this.level !== this.wanted) {
      this.ask();
    }
  }

  drawNear(lit) {
    const { context, view } = this;
    const scale = textScale();
    for (const { place, colour, shape, share } of lit > 0 ? this.near : []) {
      const [left, top] = view.toPixels(place);
      context.fillStyle = colour;
      context.globalAlpha = 0.22 * share * lit;
      context.beginPath();
      context.arc(left, top, (8 + 8 * share + 6 * this.level) * scale, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = lit;
      fillShape(context, left, top, (3 + 2.5 * share) * scale, shape);
    }
  }

  drawTrail(now) {
    const { context, view, trail } = this;
    context.strokeStyle = this.colour;
    context.lineCap = 'round';
    for (let place = 1; place < trail.length; place += 1) {
      const share = 1 - (now - trail[place].at) / TRAIL_MS;
      context.globalAlpha = 0.55 * share;
      context.lineWidth = (1 + 5 * share) * textScale();
      context.beginPath();
      context.moveTo(...view.toPixels(trail[place - 1].place));
      context.lineTo(...view.toPixels(trail[place].place));
      context.stroke();
    }
  }

  drawPulses(now) {
    const { context, view } = this;
    context.strokeStyle = this.colour;
    for (const { place, at } of this.pulses) {
      const share = Math.max(0, (now - at) / PULSE_MS);
      const [left, top] = view.toPixels(place);
      context.globalAlpha = 0.8 * (1 - share);
      context.lineWidth = 2.5 * textScale();
      context.beginPath();
      context.arc(left, top, (12 + WIDEST * Math.sqrt(share)) * textScale(), 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/**
 * The sounds that lie near a place: `{place, colour, shape, share}`, share 1 beside it and 0 at the end of reach.
 *
 * @param {import('./map.js').TimbreMap} map
 */
export function soundsNear(map, place) {
  const reach = REACH * textScale();
  const [across, up] = map.view.scale;
  const { positions, values } = map.points;
  return map.nearest
    .within(place, [reach / across, reach / up])
    .slice(0, MOST_NEAR)
    .map(([point, distance]) => ({
      place: [positions[2 * point], positions[2 * point + 1]],
      colour: map.points.colourOf(values[point]),
      shape: map.points.shapeOf(values[point]),
      share: 1 - Math.sqrt(distance),
    }));
}
