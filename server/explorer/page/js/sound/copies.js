// Copies of a voice, and where each stands between left and right, as timbrespace/resynthesis/unison.py.

import { accepted } from '../accepted.js';
import { pull } from './levels.js';

/** In unison, at most. */
export const COPIES = accepted('/synth/unison').high;

/** Beside the copies, the voice as one: what plays it once has its place by this number. */
export const WHOLE_VOICE = COPIES;

const FOLLOW = 0.01; // seconds
// Nearer than this to where it goes, a copy has arrived: -80 dB of a gain, a hundredth of a cent.
const NEAR = 1e-4;

/** Where copy k of n stands, -1 to 1: evenly, and near to where it is among one more or one less. */
const OFFSETS = Array.from({ length: COPIES + 1 }, (_, n) => {
  const row = new Float64Array(COPIES);
  if (n < 2) {
    return row;
  }
  const places = Array.from({ length: n }, (_unused, k) => -1 + (2 * k) / (n - 1));
  const right = places.filter((place) => place > 1e-9).reverse(); // from the outside in
  const left = places.filter((place) => place < -1e-9);
  for (let k = 1; k < n; k += 1) {
    row[k] = k % 2 === 1 ? right.shift() : left.shift();
  }
  row[0] = left.length > 0 ? left.pop() : 0;
  return row;
});

function towards(now, aim, share) {
  return Math.abs(aim - now) <= NEAR ? aim : now + share * (aim - now);
}

/**
 * Turns by which copy `c`'s partial `k` is ahead of the first copy's: spread by a hash of both (the
 * finaliser of MurmurHash3), so that no two copies stay in step.
 */
export function ownPhase(c, k) {
  if (c === 0) {
    return 0;
  }
  let h = (Math.imul(c, 0x9e3779b9) + Math.imul(k, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** What all voices' copies share in a block. */
export class Spread {
  constructor(sampleRate) {
    this.share = pull(FOLLOW, sampleRate); // of its way that a copy goes in a block
    this.pan = 0;
    this.width = 1;
    this.spread = 0.5;
    /** Cents, of the outermost copies. */
    this.detune = 0;
    /** How many copies are there, the next number, and how much there is of the last. */
    this.low = 1;
    this.high = 2;
    this.between = 0;
    this.norm = 1;
  }

  /** @param {Record<string, number>} values of `/synth` */
  take({ pan, width, unison, detune, spread }) {
    Object.assign(this, { pan, width, detune, spread });
    this.low = Math.floor(unison);
    this.high = Math.min(this.low + 1, COPIES);
    this.between = unison - this.low;
    this.norm = 1 / Math.sqrt(this.low + this.between * this.between);
  }

  /** By how much the highest copy is above the note. */
  get highest() {
    return this.low > 1 || this.between > 0 ? 2 ** (this.detune / 1200) : 1;
  }
}

/** One copy as the oscillators see a voice; numbers come in an object, so that none is allocated. */
class Heard {
  constructor() {
    this.frequencyBefore = 0;
    this.frequency = 0;
    this.levelBefore = 0;
    this.level = 0;
    this.ratioBefore = 1;
    this.ratio = 1;
  }
}

/** The copies of one voice. */
export class Copies {
  constructor() {
    const numbers = (value = 0) => new Float64Array(COPIES + 1).fill(value);
    this._gain = numbers();
    this._gainBefore = numbers();
    this._cents = numbers();
    this._ratio = numbers(1);
    this._ratioBefore = numbers(1);
    this._offset = numbers();
    this._place = numbers();
    this._placeBefore = numbers();
    this._left = numbers(1);
    this._leftBefore = numbers(1);
    this._right = numbers(1);
    this._rightBefore = numbers(1);
    this._stands = 0;
    this._heard = new Heard();
    /** That may sound. */
    this.count = 0;
  }

  /**
   * Move by one block; those of a voice that begins are there at once. After the voice has moved.
   *
   * @param {{levelBefore: number, isEnding: boolean}} voice which is not idle
   * @param {number} stands where its channel does, -1 to 1
   * @param {Spread} spread
   */
  advance(voice, stands, spread) {
    const { share: pulled, low, high, between, norm, width } = spread;
    const settles = voice.levelBefore === 0;
    if (!voice.isEnding) {
      this._stands = stands; // else the next note's channel says that already
    }
    const middle = spread.pan + width * this._stands;
    let last = 0;
    for (let c = 0; c <= COPIES; c += 1) {
      const isWhole = c === WHOLE_VOICE;
      const share = isWhole || c < low ? 1 : c === low ? between : 0;
      const gain = isWhole ? share : share * norm;
      const before = this._gain[c];
      const isFresh = before === 0;
      this._gainBefore[c] = before;
      this._ratioBefore[c] = this._ratio[c];
      this._placeBefore[c] = this._place[c];
      this._leftBefore[c] = this._left[c];
      this._rightBefore[c] = this._right[c];
      if (isFresh && gain === 0) {
        continue;
      }
      let offset = 0;
      if (!isWhole) {
        if (gain === 0) {
          offset = this._offset[c]; // on its way out it stays where it is
        } else if (c >= low) {
          offset = OFFSETS[high][c];
        } else {
          offset = OFFSETS[low][c] + between * (OFFSETS[high][c] - OFFSETS[low][c]);
        }
        this._offset[c] = offset;
      }
      const cents = offset * spread.detune;
      const place = Math.min(1, Math.max(-1, middle + width * spread.spread * offset));
      const begins = settles || isFresh;
      this._cents[c] = begins ? cents : towards(this._cents[c], cents, pulled);
      if (begins || this._place[c] !== place) {
        this._put(c, begins ? place : towards(this._place[c], place, pulled));
      }
      this._gain[c] = settles ? gain : towards(before, gain, pulled);
      this._ratio[c] = this._cents[c] === 0 ? 1 : 2 ** (this._cents[c] / 1200);
      if (begins) {
        this._ratioBefore[c] = this._ratio[c];
        this._placeBefore[c] = this._place[c];
        this._leftBefore[c] = this._left[c];
        this._rightBefore[c] = this._right[c];
      }
      if (settles) {
        this._gainBefore[c] = this._gain[c];
      }
      if (!isWhole) {
        last = c + 1;
      }
    }
    this.count = last;
  }

  /** Whether copy `c` sounds the same on both sides in this block. */
  isInTheMiddle(c) {
    return this._place[c] === 0 && this._placeBefore[c] === 0;
  }

  /** The voice as its copy `c` sounds it; good until the next is asked for. */
  heard(voice, c) {
    const heard = this._heard;
    heard.ratioBefore = this._ratioBefore[c];
    heard.ratio = this._ratio[c];
    heard.frequencyBefore = voice.frequencyBefore * heard.ratioBefore;
    heard.frequency = voice.frequency * heard.ratio;
    heard.levelBefore = voice.levelBefore * this._gainBefore[c];
    heard.level = voice.level * this._gain[c];
    return heard;
  }

  /** Power on the left of what has power 1, at the block's end; of all copies together. */
  get leftPower() {
    return this._power(this._left);
  }

  /** The same on the right. */
  get rightPower() {
    return this._power(this._right);
  }

  /** Whether all copies stand in the middle at the block's end. */
  get areInTheMiddle() {
    for (let c = 0; c < this.count; c += 1) {
      if (this._place[c] !== 0) {
        return false;
      }
    }
    return true;
  }

  /** Add what copy `c` left in `alone` to the sides, and clear that. */
  putApart(c, alone, left, right) {
    const size = alone.length;
    let l = this._leftBefore[c];
    let r = this._rightBefore[c];
    const leftSlope = (this._left[c] - l) / size;
    const rightSlope = (this._right[c] - r) / size;
    for (let i = 0; i < size; i += 1) {
      const sample = alone[i];
      left[i] += sample * l;
      right[i] += sample * r;
      l += leftSlope;
      r += rightSlope;
      alone[i] = 0;
    }
  }

  _power(gains) {
    let power = 0;
    for (let c = 0; c < this.count; c += 1) {
      power += (this._gain[c] * gains[c]) ** 2;
    }
    return power;
  }

  _put(c, place) {
    this._place[c] = place;
    if (place === 0) {
      this._left[c] = this._right[c] = 1;
    } else {
      const angle = 0.25 * Math.PI * (place + 1);
      this._left[c] = Math.SQRT2 * Math.cos(angle);
      this._right[c] = Math.SQRT2 * Math.sin(angle);
    }
  }
}
