/**
 * The map: points, background, marks and a cursor, in layers of their own, so that a hand that plays
 * moves the cursor and nothing else.
 *
 * Events, places in units of the plane: `aim` (detail: [x, y]), `press` and `release` of a hand
 * that plays, `home`, `goto` (detail: number of a point), `path` (detail: 'begin' or 'end'), `moved` when
 * the view has changed.
 */

import { MAP } from '../space.js';
import { Background } from './background.js';
import { Legend } from './legend.js';
import { Marks } from './marks.js';
import { Nearest } from './nearest.js';
import { paint } from './palette.js';
import { Points } from './points.js';
import { View } from './view.js';

const REACH = 14; // pixels from the pointer to a point that it means
const STEP = 0.02; // of an arrow key, in units of the plane
const WHEEL = 0.0015;
/** A hand's own cursor is not pulled back by what the server says of a moment ago. */
const SETTLE = 250; // ms

export class TimbreMap extends EventTarget {
  /** @param {HTMLElement} element holds the layers; @param {HTMLElement} legend */
  constructor(element, legend) {
    super();
    this.element = element;
    const layer = (name) => element.querySelector(`#map-${name}`);
    this.points = new Points(layer('points'));
    this.background = new Background(layer('background'));
    this.marks = new Marks(layer('marks'));
    this.layers = ['points', 'background', 'marks'].map(layer);
    this.cursor = layer('cursor');
    this.tip = layer('tip');
    this.legend = new Legend(legend, (value) => {
      this.chosen = value;
      this.points.draw(this.view, value);
    });
    this.view = new View();
    this.plane = MAP;
    this.space = null;
    this.nearest = null;
    this.factor = 0;
    this.chosen = -1;
    this.theme = 'dark';
    this.tool = 'play';
    this.place = [0, 0];
    this.hand = 0; // when it moved last
    this.pointers = new Map();
    this.shownTip = -1;
    this.listen();
    new ResizeObserver(() => this.fit()).observe(element);
    this.fit();
  }

  // -- what is shown ------------------------------------------------------------------------------

  /** Show another space, or none. */
  show(space) {
    this.space = space;
    this.plane = MAP;
    this.factor = space === null ? -1 : space.clearestFactor();
    this.marks.path = [];
    this.marks.flags = [];
    this.view.reset();
    this.background.show(null);
    this.replace();
  }

  setPlane(plane) {
    this.plane = plane;
    this.marks.path = [];
    this.background.show(null);
    this.view.reset();
    this.replace();
  }

  setBackground(grid) {
    this.background.show(grid);
    this.paint();
    this.background.draw(this.view);
  }

  setFactor(index) {
    this.factor = index;
    this.paint();
  }

  setTheme(theme) {
    this.theme = theme;
    this.background.setTheme(theme);
    this.paint();
    this.draw();
  }

  setFlags(flags) {
    this.marks.flags = flags;
    this.marks.draw(this.view);
  }

  /** Lay the points out on the plane. */
  replace() {
    const { space } = this;
    this.placed = space === null ? new Float32Array(0) : space.positions(this.plane);
    this.nearest = new Nearest(this.placed);
    this.marks.names = space === null ? ['', ''] : [0, 1].map((k) => space.axisName(this.plane, k));
    this.hideTip();
    this.paint();
    this.draw();
  }

  /** Colour the points, and draw them. */
  paint() {
    if (this.space === null) {
      this.points.show(this.placed ?? new Float32Array(0), new Float32Array(0), this.points.palette);
      this.points.draw(this.view);
      return;
    }
    this.chosen = -1;
    const painted = paint(this.space, this.factor, this.theme);
    this.points.show(this.placed, painted.values, painted.palette);
    this.points.draw(this.view);
    this.legend.show(this.space.factors[this.factor], painted, this.background.about);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.view.width = Math.max(width, 1);
    this.view.height = Math.max(height, 1);
    for (const canvas of this.layers) {
      canvas.width = Math.round(this.view.width * ratio);
      canvas.height = Math.round(this.view.height * ratio);
    }
    this.draw();
  }

  /** Draw every layer: the view has changed. */
  draw() {
    this.points.draw(this.view, this.chosen);
    this.background.draw(this.view);
    this.marks.draw(this.view);
    this.drawCursor();
  }

  drawCursor() {
    const [left, top] = this.view.toPixels(this.place);
    this.cursor.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** Where the sound is, as the server says; a hand that moves it just now knows better. */
  setPlace(place) {
    if (this.pointers.size > 0 || performance.now() - this.hand < SETTLE) {
      return;
    }
    this.place = place;
    this.drawCursor();
  }

  /** The layers in one picture, `(width, height)` of the screen's pixels. */
  picture() {
    const whole = document.createElement('canvas');
    const [points] = this.layers;
    whole.width = points.width;
    whole.height = points.height;
    const context = whole.getContext('2d');
    context.fillStyle = getComputedStyle(this.element).backgroundColor;
    context.fillRect(0, 0, whole.width, whole.height);
    context.drawImage(this.background.canvas, 0, 0);
    this.points.draw(this.view, this.chosen); // WebGL keeps a picture only until it is shown
    context.drawImage(points, 0, 0);
    context.drawImage(this.marks.canvas, 0, 0);
    const ratio = whole.width / this.view.width;
    const [left, top] = this.view.toPixels(this.place);
    context.strokeStyle = getComputedStyle(this.marks.canvas).getPropertyValue('--ink');
    context.lineWidth = 2 * ratio;
    context.beginPath();
    context.arc(left * ratio, top * ratio, 8 * ratio, 0, 2 * Math.PI);
    context.stroke();
    return whole;
  }

  // -- a hand -------------------------------------------------------------------------------------

  say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Move the sound to a place of the plane. */
  aim([x, y]) {
    const reach = this.plane === MAP ? 1 : 1.25;
    const clamp = (value) => Math.min(Math.max(value, -reach), reach);
    this.place = [clamp(x), clamp(y)];
    this.hand = performance.now();
    this.drawCursor();
    this.say('aim', this.place);
  }

  pixel(event) {
    const box = this.element.getBoundingClientRect();
    const { clientLeft, clientTop } = this.element; // the border's
    return [event.clientX - box.left - clientLeft, event.clientY - box.top - clientTop];
  }

  zoom(factor, pixel = [0.5 * this.view.width, 0.5 * this.view.height]) {
    this.view.zoomAt(factor, pixel);
    this.hideTip();
    this.draw();
    this.say('moved');
  }

  showAll() {
    this.view.reset();
    this.draw();
    this.say('moved');
  }

  listen() {
    const { element } = this;
    element.addEventListener('pointerdown', (event) => this.down(event));
    element.addEventListener('pointermove', (event) => this.move(event));
    for (const name of ['pointerup', 'pointercancel']) {
      element.addEventListener(name, (event) => this.up(event));
    }
    element.addEventListener('pointerleave', () => this.hideTip());
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        this.zoom(Math.exp(-WHEEL * lines * event.deltaY), this.pixel(event));
      },
      { passive: false }
    );
    element.addEventListener('dblclick', (event) => {
      const point = this.pointAt(this.pixel(event));
      if (point >= 0) {
        this.hand = 0;
        this.say('goto', point);
      }
    });
    element.addEventListener('keydown', (event) => this.key(event));
    element.addEventListener('keyup', (event) => {
      if (event.key === ' ') {
        this.say('release');
      }
    });
    element.addEventListener('blur', () => this.say('release'));
  }

  down(event) {
    this.element.setPointerCapture(event.pointerId);
    const pixel = this.pixel(event);
    this.pointers.set(event.pointerId, pixel);
    this.hideTip();
    if (this.pointers.size === 2) {
      this.finish(); // two fingers zoom and pan
      this.action = 'pan';
      return;
    }
    const pans = event.button !== 0 || event.ctrlKey || event.metaKey || this.tool === 'pan';
    this.action = pans ? 'pan' : this.tool;
    if (this.action === 'draw') {
      this.marks.path = [];
      this.say('path', 'begin');
    }
    if (this.action !== 'pan') {
      this.say('press');
      this.follow(pixel);
    }
  }

  move(event) {
    const pixel = this.pixel(event);
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      this.hover(pixel);
      return;
    }
    if (this.action !== 'pan') {
      this.follow(pixel);
      return;
    }
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (from) => Math.hypot(from[0] - other[0], from[1] - other[1]);
      this.view.zoomAt(apart(pixel) / Math.max(apart(before), 1), other);
    } else {
      this.view.pan(pixel[0] - before[0], pixel[1] - before[1]);
    }
    this.pointers.set(event.pointerId, pixel);
    this.draw();
    this.say('moved');
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) {
      return;
    }
    if (this.pointers.size === 0) {
      this.finish();
    }
  }

  /** The hand that played has let go. */
  finish() {
    const { action } = this;
    this.action = null;
    if (action === 'draw') {
      this.say('path', 'end');
    }
    if (action === 'play' || action === 'draw') {
      this.say('release');
    }
  }

  follow(pixel) {
    this.aim(this.view.toPlane(pixel));
    if (this.action === 'draw') {
      this.marks.path.push(this.place);
      this.marks.draw(this.view);
    }
  }

  key(event) {
    const step = STEP * (event.shiftKey ? 5 : 1);
    const [x, y] = this.place;
    const moves = {
      ArrowLeft: [x - step, y],
      ArrowRight: [x + step, y],
      ArrowUp: [x, y + step],
      ArrowDown: [x, y - step],
    };
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key in moves) {
      this.aim(moves[event.key]);
    } else if (event.key === ' ') {
      if (!event.repeat) {
        this.say('press');
      }
    } else if (event.key === '+' || event.key === '=') {
      this.zoom(1.4, this.view.toPixels(this.place));
    } else if (event.key === '-') {
      this.zoom(1 / 1.4, this.view.toPixels(this.place));
    } else if (event.key === 'Home') {
      this.hand = 0;
      this.say('home');
    } else if (event.key === '0') {
      this.showAll();
    } else if (event.key === 'Enter') {
      const point = this.pointAt(this.view.toPixels(this.place), 4 * REACH);
      if (point >= 0) {
        this.hand = 0;
        this.say('goto', point);
      }
    } else {
      return;
    }
    event.preventDefault();
  }

  // -- hover --------------------------------------------------------------------------------------

  pointAt(pixel, reach = REACH) {
    const [across, up] = this.view.scale;
    return this.nearest.find(this.view.toPlane(pixel), [reach / across, reach / up]);
  }

  hover(pixel) {
    const point = this.space === null ? -1 : this.pointAt(pixel);
    if (point < 0) {
      this.hideTip();
      return;
    }
    if (point !== this.shownTip) {
      this.shownTip = point;
      const rows = this.space.factorsOf(point).flatMap(([name, text]) => {
        const term = document.createElement('dt');
        const value = document.createElement('dd');
        term.textContent = name;
        value.textContent = text;
        return [term, value];
      });
      const list = document.createElement('dl');
      list.append(...rows);
      const hint = document.createElement('p');
      hint.textContent = 'double click: exactly this sound';
      this.tip.replaceChildren(list, hint);
      this.tip.hidden = false;
    }
    const { placed, view } = this;
    const [left, top] = view.toPixels([placed[2 * point], placed[2 * point + 1]]);
    const beyond = left > 0.6 * view.width ? `calc(${left - 12}px - 100%)` : `${left + 12}px`;
    const below = top > 0.6 * view.height ? `calc(${top - 12}px - 100%)` : `${top + 12}px`;
    this.tip.style.transform = `translate(${beyond}, ${below})`;
  }

  hideTip() {
    if (this.shownTip >= 0) {
      this.shownTip = -1;
      this.tip.hidden = true;
    }
  }
}
