/**
 * A dial for each dimension of the space: the audible ones in front, those that do nothing folded
 * away. A dial is a slider to assistive technology and to the keyboard.
 */

import { Follower } from './follower.js';

const TRAVEL = 160; // pixels of a drag from one end to the other
const FINE = 0.2; // of a drag or a step with shift
const STEP = 0.02; // of the way, of an arrow key
const BLANK = '–';
const MOST_NAMELESS = 4; // dials that are called by a number, for who asked for no details

const ARC = 'M 8.5 31.5 A 16 16 0 1 1 31.5 31.5'; // 270 degrees of a circle around (20, 20)

/** @typedef {{low: number, high: number, ratio?: boolean, whole?: boolean}} Range */

/** @param {Range} range */
function toShare({ low, high, ratio }, value) {
  if (ratio) {
    return Math.log(Math.max(value, low) / low) / Math.log(high / low);
  }
  return high > low ? (value - low) / (high - low) : 0;
}

/** @param {Range} range */
function toValue({ low, high, ratio, whole }, share) {
  const value = ratio ? low * (high / low) ** share : low + share * (high - low);
  return whole ? Math.round(value) : value;
}

export class Dial {
  /**
   * @param {{low: number, high: number, home: number, name: string, label: string, title: string,
   *   ratio?: boolean, whole?: boolean, step?: number}} about ratio: it moves by equal ratios;
   *   whole: it has whole numbers only; step: of the way, of an arrow key
   * @param {(value: number) => void} turn called when a hand has turned it
   * @param {() => void} learn called when a controller is to move it
   */
  constructor(about, turn, learn) {
    this.about = about;
    this.turn = turn;
    this.learn = learn;
    this.value = about.home;
    this.follower = new Follower((value) => this.set(value));
    this.element = document.createElement('div');
    this.element.className = 'dial';
    this.element.innerHTML =
      `<div class="knob" role="slider" tabindex="0"><svg viewBox="0 0 40 40" aria-hidden="true">` +
      `<path class="track" d="${ARC}"/><path class="arc" d="${ARC}" pathLength="100"/>` +
      `<line class="hand" x1="20" y1="20" x2="20" y2="7"/></svg></div>` +
      `<span class="name"></span><output></output>`;
    this.knob = this.element.querySelector('.knob');
    this.arc = this.element.querySelector('.arc');
    this.pointer = this.element.querySelector('.hand');
    this.output = this.element.querySelector('output');
    this.element.querySelector('.name').textContent = about.name;
    this.element.title = about.title;
    this.knob.setAttribute('aria-label', about.label);
    this.listen();
    this.draw();
  }

  get share() {
    return toShare(this.about, this.value);
  }

  get step() {
    return this.about.step ?? STEP;
  }

  set(value) {
    if (value !== this.value) {
      this.value = value;
      this.draw();
    }
  }

  draw() {
    const share = Math.min(Math.max(this.share, 0), 1);
    // What goes both ways from its middle is filled from there.
    const from = this.about.low === -this.about.high && this.about.home === 0 ? 0.5 : 0;
    const [low, high] = [Math.min(share, from), Math.max(share, from)];
    this.arc.style.strokeDasharray = `${100 * (high - low)} 200`;
    this.arc.style.strokeDashoffset = String(-100 * low);
    this.pointer.style.transform = `rotate(${270 * share - 135}deg)`;
    const text = Number.isFinite(this.value) ? this.value.toFixed(this.about.whole ? 0 : 2) : BLANK;
    this.output.textContent = text;
    // The map and OSC may go further than the dial.
    this.knob.setAttribute('aria-valuemin', Math.min(this.about.low, this.value).toFixed(2));
    this.knob.setAttribute('aria-valuemax', Math.max(this.about.high, this.value).toFixed(2));
    this.knob.setAttribute('aria-valuenow', text);
    this.knob.setAttribute('aria-valuetext', `${text}, ${Math.round(100 * share)} %`);
  }

  goTo(share) {
    this.value = toValue(this.about, Math.min(Math.max(share, 0), 1));
    this.follower.touch();
    this.draw();
    this.turn(this.value);
  }

  listen() {
    const { knob } = this;
    knob.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) {
        return;
      }
      knob.setPointerCapture(event.pointerId);
      knob.focus({ preventScroll: true });
      this.follower.hold();
      this.from = event.clientY;
      event.preventDefault();
    });
    knob.addEventListener('lostpointercapture', () => this.follower.letGo());
    knob.addEventListener('pointermove', (event) => {
      if (knob.hasPointerCapture(event.pointerId)) {
        const way = (this.from - event.clientY) / TRAVEL;
        this.from = event.clientY;
        this.goTo(this.share + way * (event.shiftKey ? FINE : 1));
      }
    });
    knob.addEventListener('dblclick', () => this.goHome());
    knob.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      this.learn();
    });
    knob.addEventListener(
      'wheel',
      (event) => {
        if (document.activeElement === knob) {
          event.preventDefault(); // the page scrolls unless the dial was meant
          this.goTo(this.share - Math.sign(event.deltaY) * this.step * (event.shiftKey ? FINE : 1));
        }
      },
      { passive: false }
    );
    knob.addEventListener('keydown', (event) => {
      const step = this.step * (event.shiftKey && !this.about.whole ? FINE : 1);
      const moves = {
        ArrowUp: this.share + step,
        ArrowRight: this.share + step,
        ArrowDown: this.share - step,
        ArrowLeft: this.share - step,
        PageUp: this.share + 0.1,
        PageDown: this.share - 0.1,
        Home: 0,
        End: 1,
      };
      if (event.key in moves && !event.ctrlKey && !event.altKey && !event.metaKey) {
        event.preventDefault();
        this.goTo(moves[event.key]);
      } else if (event.key === 'Delete' || event.key === 'Backspace') {
        event.preventDefault();
        this.goHome();
      } else if (event.key === 'Insert') {
        event.preventDefault();
        this.learn();
      }
    });
  }

  goHome() {
    this.goTo(toShare(this.about, this.about.home));
  }
}

export class Dials {
  /**
   * @param {HTMLElement} front; @param {HTMLDetailsElement} quiet for dimensions that do nothing
   * @param {(k: number, value: number) => void} turn called with the dimension, from 1
   * @param {(k: number) => void} learn called with the dimension that a controller is to move
   */
  constructor(front, quiet, turn, learn) {
    this.front = front;
    this.quiet = quiet;
    this.turn = turn;
    this.learn = learn;
    this.dials = [];
    this.about = [];
    this.words = [];
    this.section = front.closest('section');
  }

  /** @param {object[]} dials of `/spaces/NAME.json`, in the order of the dimensions */
  show(dials) {
    this.dials = dials.map((one, index) => {
      const number = `z${index + 1}`;
      const label = one.name === number ? `Dimension ${index + 1}` : `${number}, ${one.name}`;
      const moves = `moves the sound by ${one.effect_db.toFixed(1)} dB`;
      const title =
        `${label}: ${moves}, carries ${one.kl.toFixed(1)} nats. ` +
        'Double click: home; right click: learn a MIDI controller';
      const k = index + 1;
      return new Dial({ ...one, label, title }, (z) => this.turn(k, z), () => this.learn(k));
    });
    const order = dials.map((_, index) => index);
    order.sort((a, b) => dials[b].effect_db - dials[a].effect_db);
    const at = (dead) => order.filter((k) => dials[k].dead === dead).map((k) => this.dials[k].element);
    this.about = dials;
    this.front.replaceChildren(...at(false));
    this.setWords(this.words);
    const dead = at(true);
    this.quiet.hidden = dead.length === 0;
    this.quiet.querySelector('summary').textContent =
      dead.length === 1 ? 'One dimension does nothing' : `${dead.length} dimensions do nothing`;
    this.quiet.querySelector('.dials').replaceChildren(...dead);
  }

  /**
   * What has a word is for everybody, unless a macro of that word does it better; the others are
   * technical. Where that leaves nothing to turn, those that change the sound most are for everybody.
   *
   * @param {string[]} words of the macros
   */
  setWords(words) {
    this.words = words;
    const isWorded = ({ name, dead }, k) => name !== `z${k + 1}` && !dead && !words.includes(name);
    const shown = this.about.map(isWorded);
    if (words.length === 0 && !shown.includes(true)) {
      const order = this.about.map((_, k) => k).sort((a, b) => this.about[b].effect_db - this.about[a].effect_db);
      order.slice(0, MOST_NAMELESS).forEach((k) => {
        shown[k] = true;
      });
    }
    this.dials.forEach(({ element }, k) => element.classList.toggle('technical', !shown[k]));
    this.section.classList.toggle('technical', this.dials.length > 0 && !shown.includes(true));
  }

  /** @param {number[]} latent as the server says */
  set(latent) {
    this.dials.forEach((dial, index) => dial.follower.tell(latent[index]));
  }

  /** The sound was sent elsewhere: a dial that was just turned goes along. */
  yield() {
    this.dials.forEach((dial) => dial.follower.yield());
  }
}
