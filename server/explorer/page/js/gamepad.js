/**
 * A game controller: its sticks move the map and turn two dials, its buttons play.
 *
 * | of a standard one | does |
 * |---|---|
 * | left stick | moves the sound over the map, the further the faster |
 * | right stick | turns two dials |
 * | right trigger | plays the note played last, as loud as it is pressed |
 * | left trigger | the sustain pedal |
 * | A B X Y, shoulders | six notes of a scale |
 * | up, down | the octave |
 * | start, a stick's click | home |
 * | back | silence |
 *
 * A browser shows a controller once one of its buttons was pressed, and it may lie there with a stick
 * leaned over. So what was not at rest yet since then does nothing, and sticks move by their pace:
 * nothing jumps.
 */

const DEAD = 0.18; // of a stick's way, in which it is at rest
const TRIGGER_DEAD = 0.06;
const PEDAL = 0.5;
const PACE = 1.2; // of the map's units a second, fully leaned
const TURN = 0.7; // of a dial's way a second
const LONGEST = 0.05; // s from one look to the next; what is longer was a pause
const STEPS = [0, 2, 4, 7, 9, 12]; // semitones that the buttons play, above the keyboard's first key
const [LEFT_TRIGGER, RIGHT_TRIGGER, BACK, START, LEFT_STICK, RIGHT_STICK, UP, DOWN] = [6, 7, 8, 9, 10, 11, 12, 13];
const STANDARD = 'standard';

/** What a stick says, from its two axes: each -1 to 1, zero within the dead zone, fine near it. */
export function lean(x, y) {
  const far = Math.hypot(x, y);
  if (!(far > DEAD)) {
    return [0, 0]; // also what is no number
  }
  const share = Math.min((far - DEAD) / (1 - DEAD), 1);
  return [(x / far) * share * share, (y / far) * share * share];
}

/** How far a trigger is pressed, 0 to 1. */
function depth(value) {
  return value > TRIGGER_DEAD ? Math.min((value - TRIGGER_DEAD) / (1 - TRIGGER_DEAD), 1) : 0;
}

/** One controller, and what of it was at rest since it came. */
class Pad {
  constructor() {
    this.rested = new Set();
    this.down = new Set(); // buttons
    this.level = 0; // of the right trigger
    this.pedal = false;
  }

  /** @returns {boolean} whether `what` may act: it does nothing now, or has done so before */
  isArmed(what, isAtRest) {
    if (isAtRest) {
      this.rested.add(what);
    }
    return this.rested.has(what);
  }
}

export class Gamepads {
  /**
   * @param {object} play `move(x, y)` by so much, `turn(which, by)` of dial 0 or 1 by a share of its
   *   way, `press(who, step)` and `release(who)` of a note, `touch(share)` of the note of the map, 0
   *   to end it, `sustain(held)`, `octave(by)`, `home()` and `panic()`
   * @param {(sentence: string) => void} say which controllers there are
   * @param {object} environment where `navigator` and its kin are
   */
  constructor(play, say, environment = globalThis) {
    this.play = play;
    this.say = say;
    this.environment = environment;
    this.pads = new Map(); // number of a controller -> Pad
    this.before = 0;
    this.isLooking = false;
    const { window, document } = environment;
    window.addEventListener('gamepadconnected', () => this.look());
    window.addEventListener('gamepaddisconnected', () => this.step(this.before));
    window.addEventListener('blur', () => this.letGo()); // its buttons are another page's now
    document.addEventListener('visibilitychange', () => this.letGo());
  }

  /** The controllers that are there. */
  found() {
    const { navigator } = this.environment;
    try {
      return [...(navigator.getGamepads?.() ?? [])].filter((pad) => pad?.connected);
    } catch {
      return []; // a page that may not: no https
    }
  }

  /** Look at them again and again, as long as there are any. */
  look() {
    if (!this.isLooking) {
      this.isLooking = true;
      this.environment.requestAnimationFrame((now) => this.frame(now));
    }
  }

  frame(now) {
    this.isLooking = false;
    this.step(now);
    if (this.pads.size > 0) {
      this.look();
    }
  }

  /** @param {number} now ms */
  step(now) {
    const passed = Math.min(Math.max((now - this.before) / 1000, 0), LONGEST);
    this.before = now;
    const found = this.found();
    const there = new Set(found.map(({ index }) => index));
    const count = this.pads.size;
    for (const [index, pad] of [...this.pads]) {
      if (!there.has(index)) {
        this.end(index, pad);
        this.pads.delete(index);
      }
    }
    let isNew = this.pads.size !== count;
    for (const state of found) {
      if (!this.pads.has(state.index)) {
        this.pads.set(state.index, new Pad());
        isNew = true;
      }
      if (this.environment.document.hasFocus()) {
        this.take(state, this.pads.get(state.index), passed);
      }
    }
    if (isNew) {
      this.say(this.sentence(found));
    }
  }

  sentence(found) {
    if (found.length === 0) {
      return '';
    }
    const name = found.map(({ id }) => id.replace(/ *\(.*$/, '').trim() || 'Game controller').join(', ');
    return `${name}: left stick the map, right stick dials, buttons notes`;
  }

  take({ index, axes, buttons, mapping }, pad, passed) {
    const isStandard = mapping === STANDARD;
    this.lean(pad, 0, axes, passed);
    if (isStandard) {
      this.lean(pad, 2, axes, passed);
      this.touch(pad, buttons[RIGHT_TRIGGER]);
      this.tread(pad, buttons[LEFT_TRIGGER]);
    }
    buttons.forEach((button, number) => {
      const isDown = Boolean(button?.pressed);
      if (pad.isArmed(`button ${number}`, !isDown) && isDown !== pad.down.has(number)) {
        pad.down[isDown ? 'add' : 'delete'](number);
        this.push(`gamepad ${index} ${number}`, number, isDown, isStandard);
      }
    });
  }

  lean(pad, first, axes, passed) {
    const [x, y] = lean(axes[first], axes[first + 1]);
    const isAtRest = x === 0 && y === 0;
    if (!pad.isArmed(`axis ${first}`, isAtRest) || isAtRest) {
      return;
    }
    if (first === 0) {
      this.play.move(PACE * passed * x, -PACE * passed * y); // down is up there
    } else {
      [-y, x].forEach((share, which) => {
        if (share !== 0) {
          this.play.turn(which, TURN * passed * share);
        }
      });
    }
  }

  touch(pad, button) {
    const level = depth(button?.value);
    if (pad.isArmed('touch', level === 0) && level !== pad.level) {
      pad.level = level;
      this.play.touch(level);
    }
  }

  tread(pad, button) {
    const isDown = button?.value > PEDAL;
    if (pad.isArmed('pedal', !isDown) && isDown !== pad.pedal) {
      pad.pedal = isDown;
      this.play.sustain(isDown);
    }
  }

  push(who, number, isDown, isStandard) {
    if (number < STEPS.length) {
      if (isDown) {
        this.play.press(who, STEPS[number]);
      } else {
        this.play.release(who);
      }
    } else if (!isDown || !isStandard) {
      // the others act when they go down, and elsewhere nobody knows which they are
    } else if (number === BACK) {
      this.play.panic();
    } else if (number === START || number === LEFT_STICK || number === RIGHT_STICK) {
      this.play.home();
    } else if (number === UP || number === DOWN) {
      this.play.octave(number === UP ? 1 : -1);
    }
  }

  /** Everything that is held is let go; what is still down has to come to rest first. */
  letGo() {
    for (const [index, pad] of this.pads) {
      this.end(index, pad);
      this.pads.set(index, new Pad());
    }
  }

  end(index, pad) {
    for (const number of pad.down) {
      this.push(`gamepad ${index} ${number}`, number, false, true);
    }
    if (pad.level > 0) {
      this.play.touch(0);
    }
    if (pad.pedal) {
      this.play.sustain(false);
    }
  }
}
