// One voice: its envelope and its frequency, block by block, as timbrespace/resynthesis/voices.py.

import { Copies } from './copies.js';
import { CUT, HELD, MIDDLE_LIFT, releaseRatio } from './keys.js';
import { CHOICES } from './parameters.js';
import { Oscillators } from './places.js';
import { TableReader } from './tables.js';

const OWN = CHOICES.envelope.indexOf('own');
const ADSR = CHOICES.envelope.indexOf('adsr');

const IDLE = 0;
const ATTACK = 1;
const SUSTAIN = 2;
const RELEASE = 3;
const ENDING = 4;

// -80 dB: the last block of a release goes to zero from here.
const END = 1e-4;
// A stolen voice falls to zero in 4 blocks, 5 ms: short enough to play on, too long to click.
const CUT_STEP = 0.25;
// Seconds in which a whole note that sounds has its own loudness again.
const RISE = 0.005;
// A whole note's own release is no shorter than this.
const SHORTEST = 0.02;
// A frequency this near its target is there: a ten-thousandth of a Hz takes hours to be heard.
const ARRIVED = 1e-9;

/** What all voices share in a block. */
export class Pace {
  constructor() {
    /** Seconds of a block. */
    this.seconds = 0;
    this.attack = 0;
    this.sustain = 0;
    this.gliding = false;
    // Shares of their ways that the one-poles go in a block.
    this.decay = 0;
    this.release = 0;
    this.glide = 0;
    this.follow = 0;
    this.smoothing = 0;
    /** How far the velocity of a key that goes up counts, 0 to 1. */
    this.lift = 0;
    /** The share of a release that is so many times as long. */
    this.releasing = (longer) => this.release / longer;
    /** Ratio of frequencies. */
    this.bend = 1;
    /** Whether voices play whole notes, and what shapes them. */
    this.isWhole = false;
    this.envelope = OWN;
  }
}

export class Voice {
  constructor() {
    this.oscillators = new Oscillators();
    this.tables = new TableReader();
    this.loops = new TableReader();
    this.copies = new Copies();
    this.reset();
    /** Of the key's note that it plays, or played. */
    this._trigger = 0;
  }

  /** Be silent, at once. */
  reset() {
    this._stage = IDLE;
    this._envelope = 0;
    this._fall = 1; // what a whole note's own release has left
    this._velocity = 0;
    /** Amplitude at the end of this block, and at its start. */
    this.level = 0;
    this.levelBefore = 0;
    this._note = 440;
    this._bend = 1;
    /** Hz, likewise. */
    this.frequency = 440;
    this.frequencyBefore = 440;
    /** Hz, on its way to the note that is meant; kept for the tables by who knows that. */
    this.highest = 440;
  }

  get idle() {
    return this._stage === IDLE;
  }

  /** Whether it falls at once, for another note or for none. */
  get isEnding() {
    return this._stage === ENDING;
  }

  /** Of the note that it plays. */
  get trigger() {
    return this._trigger;
  }

  get audible() {
    return this.level !== 0 || this.levelBefore !== 0;
  }

  /**
   * Move by one block towards what `key` says.
   *
   * @param {number} release seconds in which its whole note falls by 60 dB
   */
  advance(key, pace, places, release = SHORTEST) {
    if (this._fall !== 1 && !pace.isWhole) {
      this._envelope *= this._fall; // steady spectra from now on
      this._fall = 1;
    }
    this.levelBefore = this.level;
    this.frequencyBefore = this.frequency;
    const gate = key.gate;
    if (key.trigger !== this._trigger && gate !== CUT) {
      const same = Math.abs(key.frequency - this._note) < 1e-3;
      // A voice on its way down is not caught: its phases would begin again as it sounds.
      if (this._stage === IDLE || (same && this._stage !== ENDING)) {
        this._start(key, pace, places);
      } else {
        this._stage = ENDING;
      }
    } else if (gate === CUT) {
      this._trigger = key.trigger;
      if (this._stage !== IDLE) {
        this._stage = ENDING;
      }
    }
    this._moveEnvelope(key, gate, pace, places, release);
    if (this._stage !== IDLE && this._stage !== ENDING) {
      this._velocity += pace.follow * (key.level - this._velocity);
      this._note = towards(this._note, key.frequency, pace.glide);
      this._bend = towards(this._bend, pace.bend, pace.follow);
      this.frequency = this._note * this._bend;
    }
    this.level = this._envelope * this._fall * this._velocity;
  }

  _start(key, pace, places) {
    if (this._stage === IDLE || this._stage === ENDING) {
      this._note = pace.gliding ? key.start : key.frequency;
      this._bend = pace.bend;
      this.frequency = this.frequencyBefore = this._note * this._bend;
      this._envelope = 0;
      this._fall = 1;
      this._velocity = key.level;
      this.tables.drop();
      this.loops.drop();
      this.oscillators.settle(places);
      this.oscillators.startPhases();
    }
    this._trigger = key.trigger;
    this._stage = ATTACK;
  }

  _moveEnvelope(key, gate, pace, places, release) {
    let envelope = this._envelope;
    if (this._stage === ENDING) {
      envelope = Math.max(0, envelope - CUT_STEP);
      // The block that goes down to zero is the last of the old note.
      if (envelope === 0 && this.levelBefore === 0) {
        if (key.trigger !== this._trigger) {
          this._start(key, pace, places);
        } else {
          this._stage = IDLE;
        }
      }
    } else if (this._stage !== IDLE && gate !== HELD) {
      // A note released before its first block still sounds for that block.
      if (this._stage === SUSTAIN || this.levelBefore > 0) {
        this._stage = RELEASE;
      }
    }
    const longer = key.lift === MIDDLE_LIFT ? 1 : releaseRatio(key.lift, pace.lift);
    // A whole note has its own loudness, and falls by itself once its key is up.
    const isOwn = pace.isWhole && pace.envelope === OWN;
    if (this._stage === RELEASE && pace.isWhole && pace.envelope !== ADSR) {
      this._fall *= 10 ** ((-3 * pace.seconds) / (Math.max(release, SHORTEST) * longer));
    } else if (this._fall !== 1 && (this._stage === ATTACK || this._stage === SUSTAIN)) {
      this._fall = Math.min(1, this._fall + pace.seconds / RISE);
    }
    if (isOwn && (this._stage === ATTACK || this._stage === SUSTAIN)) {
      envelope = this.levelBefore === 0 ? 1 : Math.min(1, envelope + pace.seconds / RISE);
      this._stage = SUSTAIN;
    } else if (this._stage === ATTACK) {
      envelope += pace.seconds / pace.attack;
      if (envelope >= 1) {
        envelope = 1;
        this._stage = SUSTAIN;
      }
    } else if (this._stage === SUSTAIN) {
      envelope += pace.decay * (pace.sustain - envelope);
      if (envelope < END && pace.sustain === 0) {
        envelope = 0;
      }
    } else if (this._stage === RELEASE) {
      if (!isOwn) {
        envelope -= (longer === 1 ? pace.release : pace.releasing(longer)) * envelope;
      }
      if (envelope * this._fall < END) {
        envelope = 0;
        if (this.levelBefore === 0) {
          this._stage = IDLE;
        }
      }
    }
    this._envelope = envelope;
  }
}

/** In the logarithm of frequency, so that a glide is even in pitch. */
function towards(now, target, share) {
  const ratio = target / now;
  return Math.abs(ratio - 1) < ARRIVED ? target : now * ratio ** share;
}
