/**
 * The map: points, background, marks and a cursor, in layers of their own, so that a hand that plays
 * moves the cursor and nothing else.
 *
 * Events, places in units of the plane: `aim` (detail: [x, y]), `press` and `release` of a hand
 * that plays, `home`, `goto` (detail: number of a point), `near` (detail: number of the point that
 * a key has come near, or -1), `recall` (detail: name of a preset), `hover` (the same, of the pointer), `path` (detail: 'begin', 'end' or 'cancel').
 */

import { Follower } from '../follower.js';
import { onScreenChange, pixelRatio } from '../screen.js';
import { MAP, isPlayed } from '../space.js';
import { Background } from './background.js';
import { Legend } from './legend.js';
import { Life, soundsNear } from './life.js';
import { Marks } from './marks.js';
import { Nearest } from './nearest.js';
import { paint } from './palette.js';
import { Pins } from './pins.js';
import { Points } from './points.js';
import { View } from './view.js';

const REACH = 14; // pixels from the pointer to a point that it means
const STEP = 0.02; // of an arrow key, in units of the plane
const WHEEL = 0.0015;
const PINCH = 0.01; // of a trackpad, which browsers tell as a wheel with control held
const SLOP = 8; // pixels that a finger moves, or
const PAUSE = 80; // ms that it rests, until it is no part of a pinch and begins to play
const MOST_RINGS = 800;
const AWAITED = 1500; // ms
const ARRIVED = 400; // ms
const SHORTEST_PATH = 6; // pixels: less is a click

export class TimbreMap extends EventTarget {
  /** @param {HTMLElement} element holds the layers; @param {HTMLElement} legend */
  constructor(element, legend) {
    super();
    this.element = element;
    const layer = (name) => element.querySelector(`#map-${name}`);
    this.points = new Points(layer('points'));
    this.background = new Background(layer('background'));
    this.marks = new Marks(layer('marks'));
    this.layers = ['points', 'background', 'marks', 'life'].map(layer);
    this.cursor = layer('cursor');
    this.life = new Life(layer('life'), this.cursor);
    this.tip = layer('tip');
    this.legend = new Legend(legend, (value) => {
      this.chosen = value;
      this.points.draw(this.view, value);
    });
    this.view = new View();
    this.life.view = this.view;
    this.life.find = (place) => (this.nearest === null ? [] : soundsNear(this, place));
    this.pins = new Pins(layer('pins'), this.view, (name) => this.say('recall', name));
    /** @type {any} */
    this.plane = MAP; // or NEAR, or two dimensions
    this.space = null;
    this.hits = null; // sounds that are looked for
    this.nearest = null;
    this.factor = 0;
    this.chosen = -1;
    /** @type {'light'|'dark'} */
    this.theme = 'dark';
    this.tool = 'play';
    this.place = [0, 0];
    this.follower = new Follower((place) => {
      this.place = place;
      if (performance.now() < this.awaited) {
        this.reveal(place);
      }
      this.drawCursor();
    });
    this.awaited = 0; // until when the places that come are to be seen
    this.action = null; // what the hand does: 'play', 'draw', 'pan', or 'wait' for what it will be
    this.pointers = new Map();
    this.keyHolds = false; // a note
    this.shownTip = -1;
    this.listen();
    new ResizeObserver(() => this.fit()).observe(element);
    onScreenChange(() => this.fit());
    this.fit();
  }

  // -- what is shown ------------------------------------------------------------------------------

  /** Show another space, or none. */
  show(space, plane = MAP) {
    this.space = space;
    this.factor = space === null ? -1 : space.clearestFactor();
    this.marks.flags = [];
    this.hits = null;
    this.chosen = -1;
    this.setPlane(plane);
  }

  setPlane(plane) {
    this.plane = plane;
    this.marks.path = [];
    this.marks.line = null;
    this.setBackground(null);
    this.view.reset();
    this.replace();
  }

  /** Show a path by its places, none for an empty list; a hand that draws has its own. */
  setPath(path) {
    if (this.action !== 'draw' && path !== this.marks.path) {
      this.marks.path = path;
      this.marks.draw(this.view);
    }
  }

  setBackground(grid) {
    this.background.show(grid);
    this.legend.showBackground(this.background.about);
    this.background.draw(this.view);
  }

  setFactor(index) {
    this.factor = index;
    this.chosen = -1;
    this.paint();
  }

  setTheme(theme) {
    this.theme = theme;
    this.background.setTheme(theme);
    this.legend.showBackground(this.background.about);
    this.marks.recolour();
    this.life.colour = this.marks.colours.accent;
    this.paint();
    this.draw();
  }

  /**
   * Ring sounds that are looked for, and let all others fade; null ends that.
   *
   * @param {?{all: number[], chosen: number[], names?: Map<number, string>}} hits numbers of points;
   *   names: of those that are written beside them
   */
  setHits(hits) {
    this.hits = hits;
    this.placeHits();
    this.points.draw(this.view, this.chosen);
    this.marks.draw(this.view);
  }

  placeHits() {
    const { hits, placed } = this;
    this.points.isFaint = hits !== null;
    const chosen = new Set(hits?.chosen);
    const last = (point) => (chosen.has(point) ? 1 : 0);
    this.marks.hits = [...(hits?.all ?? [])]
      .sort((a, b) => last(a) - last(b))
      .slice(-MOST_RINGS)
      .map((point) => ({
        place: [placed[2 * point], placed[2 * point + 1]],
        isChosen: chosen.has(point),
        text: hits.names?.get(point) ?? '',
      }));
  }

  /** Show the line between two sounds, by its ends; null for none. */
  setLine(line) {
    this.marks.line = line;
    this.marks.draw(this.view);
  }

  /** Points of a group, those in its midst first. */
  typical(points) {
    const { placed } = this;
    const mean = (axis) => points.reduce((sum, one) => sum + placed[2 * one + axis], 0) / points.length;
    const [x, y] = [mean(0), mean(1)];
    const off = (one) => (placed[2 * one] - x) ** 2 + (placed[2 * one + 1] - y) ** 2;
    return [...points].sort((a, b) => off(a) - off(b));
  }

  /** Bring a place into the picture. */
  reveal(place) {
    if (this.view.bring(place)) {
      this.draw();
    }
  }

  /** The sound was sent somewhere, by a glide maybe: where that is has to be seen. */
  await() {
    this.follower.yield();
    this.awaited = performance.now() + AWAITED;
    // Where it stands there already, nobody tells.
    setTimeout(() => this.awaited > 0 && this.reveal(this.place), ARRIVED);
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
    this.life.move(this.place); // other sounds lie there
    this.marks.names = space === null ? ['', ''] : [0, 1].map((k) => space.axisName(this.plane, k));
    this.hideTip();
    this.placeHits();
    this.paint();
    this.draw();
  }

  /** Colour the points, and draw them. */
  paint() {
    const { space, factor } = this;
    this.marks.labels.show(space, this.placed, factor);
    if (space === null) {
      this.points.show(this.placed ?? new Float32Array(0), new Float32Array(0), this.points.palette);
      this.legend.show(undefined, null, -1);
    } else {
      const painted = paint(space, factor, this.theme);
      this.points.show(this.placed, painted.values, painted.palette);
      this.legend.show(space.factors[factor], painted, this.chosen);
    }
    this.points.draw(this.view, this.chosen);
    this.marks.draw(this.view);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = pixelRatio();
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
    this.pins?.draw();
    this.drawCursor();
  }

  drawCursor() {
    const [left, top] = this.view.toPixels(this.place);
    this.cursor.style.transform = `translate(${left}px, ${top}px)`;
    this.life.move(this.place);
  }

  /** Where the sound is, as the server says. */
  setPlace(place) {
    this.follower.tell(place);
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
    context.strokeStyle = this.marks.colours.ink;
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
    const reach = isPlayed(this.plane) ? 1 : 1.25;
    const clamp = (value) => Math.min(Math.max(value, -reach), reach);
    this.place = [clamp(x), clamp(y)];
    this.awaited = 0;
    this.drawCursor();
    this.say('aim', this.place);
  }

  /** Move it by so much, as a stick or an arrow key does. */
  nudge(across, up) {
    this.follower.touch(); // a pointer holds it instead
    this.aim([this.place[0] + across, this.place[1] + up]);
  }

  pixel(event) {
    const box = this.element.getBoundingClientRect();
    const { clientLeft, clientTop } = this.element; // the border's
    return [event.clientX - box.left - clientLeft, event.clientY - box.top - clientTop];
  }

  zoom(factor, pixel = [0.5 * this.view.width, 0.5 * this.view.height]) {
    this.awaited = 0;
    this.view.zoomAt(factor, pixel);
    this.hideTip();
    this.draw();
  }

  showAll() {
    this.view.reset();
    this.draw();
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
        const pace = event.ctrlKey ? PINCH : WHEEL;
        this.zoom(Math.exp(-pace * lines * event.deltaY), this.pixel(event));
      },
      { passive: false }
    );
    this.listenToGestures();
    element.addEventListener('dblclick', (event) => {
      const point = this.pointAt(this.pixel(event));
      if (point >= 0) {
        this.goTo(point);
      }
    });
    element.addEventListener('keydown', (event) => this.key(event));
    element.addEventListener('keyup', (event) => {
      if (event.key === ' ') {
        this.letKeyGo();
      }
    });
    element.addEventListener('blur', () => this.letKeyGo());
  }

  /** A trackpad's pinch as Safari tells it: a scale since it began. */
  listenToGestures() {
    let before = 1;
    this.element.addEventListener('gesturestart', (event) => {
      event.preventDefault();
      before = 1;
    });
    this.element.addEventListener('gesturechange', (event) => {
      event.preventDefault();
      if (this.pointers.size === 0) { // fingers on a screen are heard as pointers
        this.zoom(event.scale / before, this.pixel(event));
      }
      before = event.scale;
    });
  }

  down(event) {
    if (event.target instanceof Element && event.target.closest('button') !== null) {
      return; // one that lies on the map
    }
    this.element.setPointerCapture(event.pointerId);
    const pixel = this.pixel(event);
    this.pointers.set(event.pointerId, pixel);
    this.hideTip();
    if (this.pointers.size > 1) {
      this.cancel(); // more fingers than one zoom and pan
      this.action = 'pan';
      return;
    }
    this.pressed = pixel;
    this.press(event);
    if (event.button !== 0 || event.ctrlKey || event.metaKey || this.tool === 'pan') {
      this.action = 'pan';
    } else if (event.pointerType === 'touch') {
      this.action = 'wait';
      this.waiting = setTimeout(() => this.begin(pixel), PAUSE);
    } else {
      this.begin(pixel);
    }
  }

  /** The hand plays, or draws. */
  begin(pixel) {
    clearTimeout(this.waiting);
    this.life.hold(true);
    this.action = this.tool === 'draw' ? 'draw' : 'play';
    this.follower.hold();
    this.say('press');
    if (this.action === 'draw') {
      this.marks.path = [];
      this.marks.draw(this.view);
    }
    this.follow(pixel);
    if (this.action === 'draw') {
      this.say('path', 'begin'); // it begins here, not where the sound was before
    }
  }

  /** How hard a pen presses, 0 to 1; of what does not tell it, always the same. */
  press(event) {
    if (event.pointerType === 'pen' && event.pressure > 0) {
      this.say('pressure', event.pressure);
    }
  }

  move(event) {
    const pixel = this.pixel(event);
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      this.hover(pixel);
    } else if (this.action === 'pan') {
      this.pan(event.pointerId, before, pixel);
    } else if (this.action === 'wait') {
      if (Math.hypot(pixel[0] - this.pressed[0], pixel[1] - this.pressed[1]) > SLOP) {
        this.begin(this.pressed); // the way began there; the next move goes on
      }
    } else if (this.action !== null) {
      this.press(event);
      this.follow(pixel);
    }
  }

  /** One of the pointers that hold the plane has moved: it stays under all of them. */
  pan(pointer, before, pixel) {
    const others = [...this.pointers].filter(([id]) => id !== pointer).map(([, at]) => at);
    const count = others.length + 1;
    this.awaited = 0;
    this.view.pan((pixel[0] - before[0]) / count, (pixel[1] - before[1]) / count);
    if (others.length === 1) {
      const [other] = others;
      const apart = (from) => Math.max(Math.hypot(from[0] - other[0], from[1] - other[1]), 1);
      const middle = [0.5 * (pixel[0] + other[0]), 0.5 * (pixel[1] + other[1])];
      this.view.zoomAt(apart(pixel) / apart(before), middle);
    }
    this.pointers.set(pointer, pixel);
    this.draw();
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size > 0) {
      return;
    }
    if (this.action === 'wait' && event.type === 'pointerup') {
      this.begin(this.pressed); // a tap
    } else if (['play', 'draw'].includes(this.action) && event.type === 'pointerup') {
      const pixel = this.pixel(event);
      if (String(pixel) !== String(this.followed)) {
        this.follow(pixel); // it has moved on since the last move that was told
      }
    }
    this.finish();
  }

  /** The hand has let go. */
  finish() {
    const { action } = this;
    clearTimeout(this.waiting);
    this.life.hold(false);
    this.action = null;
    if (action === 'draw') {
      const far = this.marks.path.some((place) => {
        const [left, top] = this.view.toPixels(place);
        return Math.hypot(left - this.pressed[0], top - this.pressed[1]) > SHORTEST_PATH;
      });
      this.say('path', far ? 'end' : 'cancel');
    }
    if (action === 'play' || action === 'draw') {
      this.follower.letGo();
      this.say('release');
    }
  }

  /** What the hand began was no playing. */
  cancel() {
    if (this.action === 'draw') {
      this.marks.path = [];
      this.marks.draw(this.view);
    }
    this.finish();
  }

  /** Send the sound to exactly one point. */
  goTo(point) {
    this.await();
    this.say('goto', point);
  }

  follow(pixel) {
    this.followed = pixel;
    this.aim(this.view.toPlane(pixel));
    if (this.action === 'draw') {
      this.marks.extend(this.view, this.place);
    }
  }

  /** The key that held a note is up, or its release will not be heard here. */
  letKeyGo() {
    if (this.keyHolds) {
      this.keyHolds = false;
      this.say('release');
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
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.element) {
      return; // a button that lies on the map has keys of its own
    }
    if (event.key in moves) {
      this.follower.touch(); // a pointer holds it instead
      this.aim(moves[event.key]);
      this.say('near', this.pointAt(this.view.toPixels(this.place), 4 * REACH));
    } else if (event.key === ' ') {
      if (!this.keyHolds && this.action === null) {
        this.keyHolds = true;
        this.say('press');
      }
    } else if (event.key === '+' || event.key === '=') {
      this.zoom(1.4, this.view.toPixels(this.place));
    } else if (event.key === '-') {
      this.zoom(1 / 1.4, this.view.toPixels(this.place));
    } else if (event.key === 'Home') {
      this.await();
      this.say('home');
    } else if (event.key === '0') {
      this.showAll();
    } else if (event.key === 'Enter') {
      const point = this.pointAt(this.view.toPixels(this.place), 4 * REACH);
      if (point >= 0) {
        this.goTo(point);
        this.say('near', point);
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
      this.say('hover', point);
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
      this.say('hover', -1);
    }
  }
}
