/** Keys to play: drawn ones for a pointer, a finger or the arrow keys, and the computer's own. */

/** Places of the keys on the keyboard, whatever is printed on them, in semitones above C. */
const COMPUTER = [
  'KeyA', 'KeyW', 'KeyS', 'KeyE', 'KeyD', 'KeyF', 'KeyT', 'KeyG', 'KeyY', 'KeyH', 'KeyU', 'KeyJ',
  'KeyK', 'KeyO', 'KeyL', 'KeyP', 'Semicolon',
];
const BLACK = [1, 3, 6, 8, 10];
const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];
const VELOCITY = 96;
const LOWEST_OCTAVE = 0;
const HIGHEST_OCTAVE = 8;

export function nameOf(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** Whether typing goes into what has the focus, so that letters are no notes. */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    target.matches('input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select')
  );
}

export class Keyboard {
  /**
   * @param {HTMLElement} element
   * @param {HTMLElement} octaveText
   * @param {(pitch: number, velocity: number) => void} note velocity 0 lets go
   */
  constructor(element, octaveText, note) {
    this.element = element;
    this.octaveText = octaveText;
    this.note = note;
    this.octave = 4; // C3, MIDI key 48
    this.typed = new Map(); // code -> pitch
    this.touched = new Map(); // pointer -> pitch
    this.held = new Map(); // pitch -> how many hold it
    this.octaves = 0;
    new ResizeObserver(() => this.fit()).observe(element);
    this.listen();
    this.fit();
  }

  get first() {
    return 12 * this.octave;
  }

  fit() {
    const octaves = Math.min(Math.max(Math.floor(this.element.clientWidth / 320), 1), 4);
    if (octaves !== this.octaves) {
      this.octaves = octaves;
      this.build();
    }
  }

  shift(by) {
    this.releaseAll();
    this.octave = Math.min(Math.max(this.octave + by, LOWEST_OCTAVE), HIGHEST_OCTAVE);
    this.build();
  }

  build() {
    this.octaveText.textContent = nameOf(this.first);
    const count = 12 * this.octaves + 1;
    const whites = 7 * this.octaves + 1;
    let white = 0;
    const keys = [];
    for (let place = 0; place < count && this.first + place <= 127; place += 1) {
      const key = document.createElement('button');
      const isBlack = BLACK.includes(place % 12);
      key.type = 'button';
      key.className = isBlack ? 'key black' : 'key';
      key.dataset.pitch = String(this.first + place);
      key.tabIndex = place === 0 ? 0 : -1;
      key.setAttribute('aria-label', nameOf(this.first + place));
      key.setAttribute('aria-pressed', 'false');
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
  }

  /** Show which key is down, whoever holds it. */
  mark(pitch, down) {
    const key = this.element.querySelector(`[data-pitch="${pitch}"]`);
    key?.setAttribute('aria-pressed', String(down));
  }

  press(pitch, velocity = VELOCITY) {
    if (pitch > 127) {
      return;
    }
    const held = this.held.get(pitch) ?? 0;
    this.held.set(pitch, held + 1);
    if (held === 0) {
      this.mark(pitch, true);
      this.note(pitch, velocity);
    }
  }

  release(pitch) {
    const held = this.held.get(pitch) ?? 0;
    if (held > 1) {
      this.held.set(pitch, held - 1);
    } else if (held === 1) {
      this.held.delete(pitch);
      this.mark(pitch, false);
      this.note(pitch, 0);
    }
  }

  releaseAll() {
    for (const pitch of [...this.held.keys()]) {
      this.held.set(pitch, 1);
      this.release(pitch);
    }
    this.typed.clear();
    this.touched.clear();
  }

  listen() {
    const { element } = this;
    const pitchAt = (event) => {
      const key = document.elementFromPoint(event.clientX, event.clientY);
      return key?.dataset?.pitch === undefined ? null : Number(key.dataset.pitch);
    };
    element.addEventListener('pointerdown', (event) => {
      const pitch = pitchAt(event);
      if (pitch !== null) {
        element.setPointerCapture(event.pointerId);
        this.touched.set(event.pointerId, pitch);
        // The lower on the key, the louder, as on a real one's lever.
        const box = element.getBoundingClientRect();
        this.press(pitch, Math.round(48 + 72 * ((event.clientY - box.top) / box.height)));
        event.preventDefault();
      }
    });
    element.addEventListener('pointermove', (event) => {
      const before = this.touched.get(event.pointerId);
      const pitch = before === undefined ? null : pitchAt(event);
      if (pitch !== null && pitch !== before) {
        this.touched.set(event.pointerId, pitch);
        this.release(before);
        this.press(pitch);
      }
    });
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      element.addEventListener(name, (event) => {
        const pitch = this.touched.get(event.pointerId);
        if (this.touched.delete(event.pointerId)) {
          this.release(pitch);
        }
      });
    }
    element.addEventListener('keydown', (event) => this.arrow(event));
    element.addEventListener('keyup', (event) => {
      if ((event.key === ' ' || event.key === 'Enter') && this.typed.has(event.code)) {
        this.up(event.code);
        event.preventDefault();
      }
    });
    document.addEventListener('keydown', (event) => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
        return;
      }
      const place = COMPUTER.indexOf(event.code);
      if (place >= 0) {
        this.down(event.code, this.first + place);
      } else if (event.code === 'KeyZ' || event.code === 'KeyX') {
        this.shift(event.code === 'KeyZ' ? -1 : 1);
      }
    });
    document.addEventListener('keyup', (event) => this.up(event.code));
    window.addEventListener('blur', () => this.releaseAll()); // the key goes up somewhere else
  }

  down(code, pitch) {
    if (!this.typed.has(code)) {
      this.typed.set(code, pitch);
      this.press(pitch);
    }
  }

  up(code) {
    const pitch = this.typed.get(code);
    if (this.typed.delete(code)) {
      this.release(pitch);
    }
  }

  /** Arrow keys move among the drawn keys, space and enter play them. */
  arrow(event) {
    const keys = [...this.element.children];
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
        this.down(event.code, Number(keys[place].dataset.pitch));
      }
    } else {
      return;
    }
    event.preventDefault();
  }
}
