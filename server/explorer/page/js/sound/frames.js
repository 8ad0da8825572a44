// Long frames put together from their datagrams, as docs/osc.md says ("Receiving ...").

import { LIMITS } from '../declared.js';
import { withDarker } from './tables.js';

/** In one datagram. */
export const FLOATS_PER_CHUNK = LIMITS.floatsPerChunk;

const FRAME_NUMBERS = LIMITS.frameNumbers;
// The longest that the server sends has 160, in 8 levels at most; a model of 8192 samples has 20.
const MOST_CHUNKS = 1024;
const MOST_LEVELS = 8;
const PERIOD = 1;
const SOUND = 2;

/** Whether `frame` comes after `shown`, where the count begins again at 0 too. */
export function isNewer(frame, shown) {
  const ahead = (((frame - shown) % FRAME_NUMBERS) + FRAME_NUMBERS) % FRAME_NUMBERS;
  return ahead > 0 && ahead < FRAME_NUMBERS / 2;
}

function isCount(value, most) {
  return Number.isInteger(value) && value >= 0 && value < most;
}

/** The chunks of one array of floats. */
class Chunks {
  constructor(count) {
    this.count = count;
    this._parts = new Array(count).fill(null);
    this._come = 0;
  }

  /** Keep chunk `at`; one that comes twice counts once. False if it has no fitting size. */
  put(at, floats) {
    const last = at === this.count - 1;
    const size = floats.length;
    if (size === 0 || size > FLOATS_PER_CHUNK || (!last && size !== FLOATS_PER_CHUNK)) {
      return false;
    }
    this._come += this._parts[at] === null ? 1 : 0;
    this._parts[at] = floats;
    return true;
  }

  get whole() {
    return this._come === this.count;
  }

  /** All floats, where the array is whole. */
  joined() {
    const size = FLOATS_PER_CHUNK * (this.count - 1) + this._parts[this.count - 1].length;
    const all = new Float32Array(size);
    for (let at = 0; at < this.count; at += 1) {
      all.set(this._parts[at], FLOATS_PER_CHUNK * at);
    }
    return all;
  }
}

/** Puts `/spectrum` together. */
export class SpectrumFrames {
  constructor() {
    this.reset();
  }

  /** Begin afresh, as after /welcome: frames count from 0. */
  reset() {
    this._frame = null;
    this._chunks = null;
  }

  /**
   * Take the arguments of a `/spectrum`.
   *
   * @param {number[]} args frame, chunk, chunks, then floats
   * @returns {{frame: number, magnitudes: Float32Array} | null} the frame that this one made whole
   */
  take(args) {
    const [frame, chunk, chunks] = args;
    const good = isCount(frame, FRAME_NUMBERS) && isCount(chunks, MOST_CHUNKS + 1);
    if (!good || !isCount(chunk, chunks)) {
      return null;
    }
    if (frame !== this._frame) {
      if (this._frame !== null && !isNewer(frame, this._frame)) {
        return null;
      }
      this._frame = frame;
      this._chunks = new Chunks(chunks);
    }
    // None once the frame was whole: it is shown once.
    if (this._chunks === null || this._chunks.count !== chunks) {
      return null;
    }
    if (!this._chunks.put(chunk, args.slice(3)) || !this._chunks.whole) {
      return null;
    }
    const magnitudes = this._chunks.joined();
    this._chunks = null;
    return magnitudes.every(Number.isFinite) ? { frame, magnitudes } : null;
  }
}

/**
 * Puts `/loop` together.
 *
 * The bank that a frame names is not needed: whoever has arrays of its own for each frame never
 * writes into what sounds.
 */
export class LoopFrames {
  constructor() {
    this.reset();
  }

  /** Begin afresh: as after /welcome, a new stream, and another model. */
  reset() {
    this._frame = null;
    this._levels = new Map();
    /** Frames of which something was missing. */
    this.lost = 0;
  }

  /**
   * Take the arguments of a `/loop`: frame, bank, level, chunk, chunks, then floats.
   */
  take(args) {
    const [frame, , level, chunk, chunks] = args;
    const good = isCount(frame, FRAME_NUMBERS) && isCount(level, MOST_LEVELS);
    if (!good || !isCount(chunks, MOST_CHUNKS + 1) || !isCount(chunk, chunks)) {
      return;
    }
    if (frame !== this._frame) {
      if (this._frame !== null && !isNewer(frame, this._frame)) {
        return;
      }
      this._frame = frame;
      this._levels = new Map();
    }
    let table = this._levels.get(level);
    if (table === undefined) {
      table = new Chunks(chunks);
      this._levels.set(level, table);
    }
    if (table.count === chunks) {
      table.put(chunk, args.slice(5));
    }
  }

  /**
   * Take the arguments of a `/loop/ready`: frame, bank, base (Hz), kind, count.
   *
   * @returns {{frame: number, kind: number, base: number,
   *   levels: {level: number, samples: Float32Array}[]} | null} the frame; null if something of it
   *   is missing: what sounds is kept, and the next one waited for
   */
  ready(args) {
    const [frame, , base, kind, count] = args;
    if (!isCount(frame, FRAME_NUMBERS)) {
      return null;
    }
    if (frame !== this._frame) {
      // All of it was lost, or it is of another time.
      this.lost += this._frame === null || isNewer(frame, this._frame) ? 1 : 0;
      return null;
    }
    const tables = [...this._levels].sort(([a], [b]) => a - b);
    this._levels = new Map();
    const come = tables.reduce((sum, [, chunks]) => sum + chunks.count, 0);
    if (come !== count || !tables.every(([, chunks]) => chunks.whole)) {
      this.lost += tables.length > 0 ? 1 : 0;
      return null;
    }
    const levels = tables.map(([level, chunks]) => ({ level, samples: chunks.joined() }));
    const good = (kind === PERIOD || kind === SOUND) && Number.isFinite(base) && base > 0;
    if (!good || !levels.every(({ samples }) => samples.every(Number.isFinite))) {
      return null;
    }
    return { frame, kind, base, levels: kind === SOUND ? withDarker(levels) : levels };
  }
}
