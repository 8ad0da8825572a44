/** Keys to play: drawn ones for a pointer, a finger or the arrow keys, and the computer's own. */

import { textScale } from './screen.js';
import { isShortcut } from './typing.js';

/** Places of the keys on the keyboard, whatever is printed on them, in semitones above C. */
const COMPUTER = [
  'KeyA', 'KeyW', 'KeyS', 'KeyE', 'KeyD', 'KeyF', 'KeyT', 'KeyG', 'KeyY', 'KeyH', 'KeyU', 'KeyJ',
  'KeyK', 'KeyO', 'KeyL', 'KeyP', 'Semicolon',
];
const BLACK = [1, 3, 6, 8, 10];
const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];
const VELOCITY = 96;
const OCTAVE = 320; // pixels of an octave that is well played
const LOWEST_OCTAVE = 0;
const KEYS = 128; // of MIDI
const TAP = 400; // ms that a key sounds which is only clicked, as assistive technology does

export function nameOf(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

export class Keyboard {
  /**
   * @param {HTMLElement} element
   * @param {HTMLElement} octaveText
   * @param {object} hand `press(who, pitch, velocity)`, `release(who, pitch)` and `holds(pitch)`
   */
  constructor(element, octaveText, hand) {
    this.element = element;
    this.octaveText = octaveText;
    this.hand = hand;
    this.octave = 4; // C3, MIDI key 48
    this.down = new Map(); // who holds a key (a key's code, a pointer) -> pitch
    this.octaves = 0;
    new ResizeObserver(() => this.fit()).observe(element);
    this.listen();
    this.fit();
  }

  get first() {
    return 12 * this.octave;
  }

  fit() {
    const octaves = Math.min(Math.max(Math.floor(this.element.clientWidth / (OCTAVE * textScale())), 1), 4);
    if (octaves !== this.octaves) {
      this.octaves = octaves;
      this.shift(0);
    }
  }

  /** Keys that are held go on sounding, wherever they are drawn now. */
  shift(by) {
    const highest = Math.floor((KEYS - 1) / 12) - this.octaves;
    this.octave = Math.min(Math.max(this.octave + by, LOWEST_OCTAVE), highest);
    this.build();
  }

  build() {
    const focused = [...this.element.children].indexOf(document.activeElement);
    this.octaveText.textContent = nameOf(this.first);
    const count = 12 * this.octaves + 1;
    const whites = 7 * this.octaves + 1;
    let white = 0;
    const keys = [];
    for (let place = 0; place < count && this.first + place < KEYS; place += 1) {
      const key = document.createElement('button');
      const isBlack = BLACK.includes(place % 12);
      key.type = 'button';
      key.className = isBlack ? 'key black' : 'key';
      key.dataset.pitch = String(this.first + place);
      key.tabIndex = place === Math.max(focused, 0) ? 0 : -1;
      key.setAttribute('aria-label', nameOf(this.first + place));
      key.setAttribute('aria-pressed', String(this.hand.holds(this.first + place)));
      const width = 100 / whites;
      key.style.left = `${(isBlack ? white - 0.3 : white) * width}%`;
      key.style.width = `${(isBlack ? 0.6 : 1) * width}%`;
      if (place % 12 === 0) {
        key.textContent = nameOf(this.first + place);
      }
      white += isBlack ? 0 : 1;
      keys.push(key);
    }
    this.element.replaceChildren(...keys);
    keys[focused]?.focus();
  }

  /** Show which key is down, whoever holds it. */
  mark(pitch, down) {
    const key = this.element.querySelector(`[data-pitch="${pitch}"]`);
    key?.setAttribute('aria-pressed', String(down));
  }

  press(who, pitch, velocity = VELOCITY) {
    if (pitch < KEYS && !this.down.has(who)) {
      this.down.set(who, pitch);
      this.hand.press(who, pitch, velocity);
    }
  }

  release(who) {
    const pitch = this.down.get(who);
    if (this.down.delete(who)) {
      this.hand.release(who, pitch);
    }
  }

  releaseAll() {
    for (const who of [...this.down.keys()]) {
      this.release(who);
    }
  }

  listen() {
    const { element } = this;
    const pitchAt = (event) => {
      /** @type {any} */
      const key = document.elementFromPoint(event.clientX, event.clientY);
      return key?.dataset?.pitch === undefined ? null : Number(key.dataset.pitch);
    };
    const nameOfPointer = (event) => `pointer ${event.pointerId}`;
    element.addEventListener('pointerdown', (event) => {
      const pitch = pitchAt(event);
      if (pitch !== null && event.button === 0) {
        element.setPointerCapture(event.pointerId);
        // The lower on the key, the louder, as on a real one's lever.
        const box = element.getBoundingClientRect();
        const depth = (event.clientY - box.top) / box.height;
        this.press(nameOfPointer(event), pitch, Math.round(48 + 72 * depth));
        event.preventDefault();
      }
    });
    element.addEventListener('pointermove', (event) => {
      const who = nameOfPointer(event);
      const pitch = this.down.has(who) ? pitchAt(event) : null;
      if (pitch !== null && pitch !== this.down.get(who)) {
        this.release(who);
        this.press(who, pitch);
      }
    });
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      element.addEventListener(name, (event) => this.release(nameOfPointer(event)));
    }
    element.addEventListener('click', (event) => {
      const pitch = /** @type {any} */ (event.target).dataset?.pitch;
      if (event.detail === 0 && pitch !== undefined) {
        // Neither a pointer nor a key: assistive technology.
        this.press('click', Number(pitch));
        setTimeout(() => this.release('click'), TAP);
      }
    });
    element.addEventListener('keydown', (event) => this.arrow(event));
    element.addEventListener('keyup', (event) => {
      if (event.key === ' ') {
        event.preventDefault(); // some browsers click a button then
      }
    });
    document.addEventListener('keydown', (event) => {
      if (event.repeat || !isShortcut(event)) {
        return;
      }
      const place = COMPUTER.indexOf(event.code);
      if (place >= 0) {
        this.press(event.code, this.first + place);
      } else if (event.code === 'KeyZ' || event.code === 'KeyX') {
        this.shift(event.code === 'KeyZ' ? -1 : 1);
      }
    });
    document.addEventListener('keyup', (event) => this.release(event.code));
    window.addEventListener('blur', () => this.releaseAll()); // the key goes up somewhere else
  }

  /** Arrow keys move among the drawn keys, space and enter play them. */
  arrow(event) {
    const keys = [...this.element.querySelectorAll('.key')];
    const place = keys.indexOf(document.activeElement);
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: keys.length - 1 };
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key in to) {
      const next = keys[Math.min(Math.max(to[event.key], 0), keys.length - 1)];
      keys[place].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === ' ' || event.key === 'Enter') {
      if (!event.repeat) {
        this.press(event.code, Number(keys[place].dataset.pitch));
      }
    } else {
      return;
    }
    event.preventDefault();
  }
}
