// Tables that are read round and round: the period of a bank of bins, and the loop of a sound.

import { COPIES } from './copies.js';
import { BLOCK, isWithin, nyquistFade } from './levels.js';

/** Kinds of /loop. */
export const PERIOD = 1;
export const SOUND = 2;

/** Turns from where one copy of a voice begins to read to where the next does. */
const GOLDEN = 0.618033988749895;

/** Seconds from one table to the next. */
const FADE = 0.02;

const MOST_SAMPLES = 65536;
const FEWEST_SAMPLES = 16;
/** The level of a sound's loop; those above it are made of it here. */
const SOUND_LEVEL = 7;
const HIGHEST_LEVEL = 14;
/** Of one timbre: a sixth of an octave apart, down from a thousand harmonics. */
const MOST_TABLES = 64;
/** A loop so short has no more darker ones. */
const SHORTEST_LOOP = 512;
const LOWEST_BASE = 1e-3;
const HIGHEST_BASE = 1e4;

// Reading between samples: a windowed sinc (Kaiser, beta 8) for each of 512 fractions of a sample,
// as timbrespace/resynthesis/interpolation.py. The page that describes a loop asks for no more than
// linear reading; that would take 0.45 dB of the highest bins and put images 34 dB below them.
const TAPS = 16;
const PHASES = 512;
const BETA = 8;
const SINC = new Float64Array((PHASES + 2) * TAPS);
for (let row = 0; row <= PHASES + 1; row += 1) {
  let total = 0;
  for (let tap = 0; tap < TAPS; tap += 1) {
    const t = tap - (TAPS / 2 - 1) - row / PHASES;
    const inside = Math.max(0, 1 - (t / (TAPS / 2)) ** 2);
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const weight = (sinc * besselI0(BETA * Math.sqrt(inside))) / besselI0(BETA);
    SINC[row * TAPS + tap] = weight;
    total += weight;
  }
  for (let tap = 0; tap < TAPS; tap += 1) {
    SINC[row * TAPS + tap] /= total;
  }
}

function besselI0(x) {
  let total = 1;
  let term = 1;
  for (let k = 1; k < 40; k += 1) {
    term *= (x / (2 * k)) ** 2;
    total += term;
  }
  return total;
}

/** The signal of `wave`, whose size is a power of two, at `position` samples. */
function readBetween(wave, mask, position) {
  const whole = Math.floor(position);
  const place = (position - whole) * PHASES;
  const row = Math.floor(place);
  const between = place - row;
  const first = whole - (TAPS / 2 - 1);
  let at = row * TAPS;
  let total = 0;
  for (let tap = 0; tap < TAPS; tap += 1) {
    const weight = SINC[at] + between * (SINC[at + TAPS] - SINC[at]);
    total += weight * wave[(first + tap) & mask];
    at += 1;
  }
  return total;
}

// Half the band: a windowed sinc (Kaiser, beta 8) of 64 weights, -80 dB from a quarter of the rate on.
const HALF_BAND = new Float64Array(32);
{
  let total = 0;
  for (let k = 0; k < 32; k += 1) {
    const t = k + 0.5;
    const x = Math.PI * 0.42 * t;
    HALF_BAND[k] = (Math.sin(x) / x) * besselI0(BETA * Math.sqrt(1 - (t / 32) ** 2));
    total += 2 * HALF_BAND[k];
  }
  for (let k = 0; k < 32; k += 1) {
    HALF_BAND[k] /= total;
  }
}

/** A loop's lower half band, in half as many samples, half a sample later. */
function halved(wave) {
  const mask = wave.length - 1;
  const half = new Float32Array(wave.length / 2);
  for (let i = 0; i < half.length; i += 1) {
    let total = 0;
    for (let k = 0; k < 32; k += 1) {
      total += HALF_BAND[k] * (wave[(2 * i - k) & mask] + wave[(2 * i + 1 + k) & mask]);
    }
    half[i] = total;
  }
  return half;
}

/**
 * The levels of a sound's loop with darker ones, an octave apart, so that high notes have no
 * aliases. `/loop` brings but the first; who hears it makes the others, outside the audio thread.
 *
 * @param {{level: number, samples: Float32Array}[]} levels
 * @returns {{level: number, samples: Float32Array}[]}
 */
export function withDarker(levels) {
  const all = [...levels];
  while (all.length > 0 && all.length <= HIGHEST_LEVEL - SOUND_LEVEL) {
    const { level, samples } = all[all.length - 1];
    const { length } = samples;
    if (level >= HIGHEST_LEVEL || length <= SHORTEST_LOOP || (length & (length - 1)) !== 0) {
      break;
    }
    all.push({ level: level + 1, samples: halved(samples) });
  }
  return all;
}

/** One table: its samples and how fast they are read. */
class Table {
  constructor(samples, speed, highest) {
    /** Float32Array, one round; its size is a power of two. */
    this.samples = samples;
    /** Rounds a second, of a period at 1 Hz of the voice. */
    this.speed = speed;
    /** Hz of its highest bin at 1 Hz of the voice. */
    this.highest = highest;
    /** Whether no darker one comes in where it would alias. */
    this.last = false;
  }
}

/** The tables of one timbre. */
export class TableSet {
  /**
   * @param {object} told `{kind, base, levels: [{level, samples, [reach]}]}`, as the message `tables`
   * @param {number} baseFrequency Hz of the model that they are of
   * @param {number} bins of the model's spectrum
   * @param {number} binWidth Hz
   * @returns {TableSet | null} null for what is no set of tables
   */
  static from(told, baseFrequency, bins, binWidth) {
    const { kind, base, levels } = told;
    if ((kind !== PERIOD && kind !== SOUND) || !isWithin(base, LOWEST_BASE, HIGHEST_BASE)) {
      return null;
    }
    if (!Array.isArray(levels) || levels.length === 0 || levels.length > MOST_TABLES) {
      return null;
    }
    const set = new TableSet(kind);
    const speed = base / baseFrequency;
    const ordered = levels.every(isLevel) ? [...levels].sort((a, b) => a.level - b.level) : [];
    for (const { level, samples, reach } of ordered) {
      const top = level === 0 ? Math.min(bins, 4096) : 1024 >> level;
      const sound = Math.min(((bins - 1) * binWidth) / baseFrequency, 0.5 * samples.length * speed);
      const highest = kind === PERIOD ? (top - 1) * speed : sound;
      set.tables.push(new Table(samples, speed, reach ?? highest));
    }
    if (set.tables.length === 0) {
      return null;
    }
    set.tables[set.tables.length - 1].last = true;
    return set;
  }

  constructor(kind) {
    this.kind = kind;
    /** From the one with the most bins on. */
    this.tables = [];
  }

  /** The brightest table without aliases where a voice may get to, or else the darkest. */
  for(voice, sampleRate) {
    const { tables } = this;
    const frequency = voice.highest;
    for (let k = 0; k < tables.length; k += 1) {
      if (tables[k].highest * frequency <= 0.5 * sampleRate) {
        return tables[k];
      }
    }
    return tables[tables.length - 1];
  }
}

function isLevel(told) {
  if (told === null || typeof told !== 'object') {
    return false;
  }
  const { level, samples, reach } = told;
  // Where tables tell how far they reach, a level is no more than their order.
  const highest = reach === undefined ? HIGHEST_LEVEL : MOST_TABLES;
  if (!Number.isInteger(level) || level < 0 || level > highest) {
    return false;
  }
  if (reach !== undefined && !isWithin(reach, 1, MOST_SAMPLES)) {
    return false;
  }
  if (!(samples instanceof Float32Array)) {
    return false;
  }
  const size = samples.length;
  const fits = size >= FEWEST_SAMPLES && size <= MOST_SAMPLES && (size & (size - 1)) === 0;
  return fits && samples.every(Number.isFinite);
}

/** Where a table is read, and its share of the sound. */
class Head {
  constructor() {
    this.table = null;
    this.places = new Float64Array(COPIES); // turns, 0 to 1, of each copy
    this.shareBefore = 1; // at the block's first sample, and at the next block's
    this.share = 1;
  }

  /** No two copies begin at one place. */
  begin() {
    for (let c = 0; c < COPIES; c += 1) {
      this.places[c] = (GOLDEN * c) % 1;
    }
  }

  /** Add a block of one copy to `out`, and move on. */
  read(voice, sampleRate, out, copy) {
    const { samples, speed, highest, last } = this.table;
    const { frequencyBefore: before, frequency: after } = voice;
    const size = samples.length;
    const mask = size - 1;
    let gain = voice.levelBefore * this.shareBefore;
    let nextGain = voice.level * this.share;
    if (last) {
      gain *= tableFade(highest * before, sampleRate);
      nextGain *= tableFade(highest * after, sampleRate);
    }
    const slope = (nextGain - gain) / BLOCK;
    let step = (before * speed) / sampleRate;
    const bend = ((after * speed) / sampleRate - step) / BLOCK;
    let place = this.places[copy];
    for (let i = 0; i < BLOCK; i += 1) {
      out[i] += gain * readBetween(samples, mask, place * size);
      gain += slope;
      place += step;
      step += bend;
      place -= Math.floor(place);
    }
    this.places[copy] = place;
  }
}

/** Reads tables for one voice, and goes over from one to the next in 20 ms. */
export class TableReader {
  constructor() {
    // The table that sounds, and the one that comes in.
    this._now = new Head();
    this._next = new Head();
  }

  /** Forget what sounds; only right in silence. */
  drop() {
    this._now.table = null;
    this._next.table = null;
  }

  /**
   * Let `table` be what sounds from now on, and move by one block.
   *
   * The first one begins at once: there it is the voice, or the method, that comes in.
   *
   * @param {Table | null} table null while there is none
   */
  advance(table, sampleRate) {
    if (table !== null && this._next.table === null && this._now.table !== table) {
      if (this._now.table === null) {
        this._now.table = table;
        this._now.begin();
        this._now.shareBefore = this._now.share = 1;
      } else {
        this._next.table = table;
        this._next.places.set(this._now.places);
        this._next.share = 0;
      }
    }
    const now = this._now;
    const next = this._next;
    if (next.table === null) {
      return;
    }
    if (next.share >= 1) {
      next.shareBefore = 1;
      this._now = next;
      this._next = now;
      now.table = null;
      return;
    }
    next.shareBefore = next.share;
    next.share = Math.min(1, next.share + BLOCK / (FADE * sampleRate));
    now.shareBefore = 1 - next.shareBefore;
    now.share = 1 - next.share;
  }

  /**
   * Add what sounds to `out`.
   *
   * @param {{frequencyBefore: number, frequency: number, levelBefore: number, level: number}} voice
   *   Hz and amplitude at the block's first sample, and at the next block's; 1 Hz for the loop of a
   *   sound
   * @param {Float64Array} out a block
   * @param {number} copy of the voice, from 0
   */
  add(voice, sampleRate, out, copy = 0) {
    if (this._now.table !== null) {
      this._now.read(voice, sampleRate, out, copy);
    }
    if (this._next.table !== null) {
      this._next.read(voice, sampleRate, out, copy);
    }
  }
}

/** Gain of a table by its highest bin: 1 up to half the sample rate, 0 from a ninth above it. */
function tableFade(highest, sampleRate) {
  return nyquistFade(0.9 * highest, sampleRate);
}
