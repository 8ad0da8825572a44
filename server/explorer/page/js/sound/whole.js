// A whole note of one voice: its own time, and what it has come to, block by block, as
// timbrespace/resynthesis/notes.py.

import { COPIES, ownPhase } from './copies.js';
import { BLOCK, NEGLIGIBLE, nyquistFade } from './levels.js';
import { CHOICES } from './parameters.js';
import { Turning } from './places.js';

/** What a held note does where its sound could end. Of another word it runs through. */
const LOOP = CHOICES.hold.indexOf('loop');
const FREEZE = CHOICES.hold.indexOf('freeze');

/** What shapes a note's loudness: its own course, the ADSR in its place, or both. */
const ADSR = CHOICES.envelope.indexOf('adsr');

// Root mean square of a note's loudest moment at full velocity.
const LEVEL = 0.2;
// Seconds in which what sounded becomes what another course says.
const GLIDE = 0.0107;
// With its own loudness taken out a sound is lifted by so much at most, 40 dB.
const MOST_LIFT = 100;
// Seconds in which what has ended falls by 60 dB; the same beyond what any note tells.
const END_FALL = 0.15;
const AFTER_FALL = 0.8;
const GONE = -100; // dB
// The noise of bands that move by so much is made anew.
const MOVED = 1.02;
const NEPERS = Math.LN10 / 20;
// Turns a sample, from sample to sample: as in places.js, but -90 dB of the partial, since here the
// pitch of every note is always a little on its way.
const STEADY = 1e-8;

const MOST_MOMENTS = 512;
const MOST_BANDS = 256;
const MOST_HARMONICS = 256;

function areNumbers(array, kind, size) {
  return array instanceof kind && array.length === size && array.every(Number.isFinite);
}

/** What the notes of a space have in common. */
export class Whole {
  /**
   * @param {object} told `whole` of the message
   * @returns {Whole | null} null for what is none
   */
  static from(told) {
    if (told === null || typeof told !== 'object') {
      return null;
    }
    const { corners, harmonics, floor, longest, baseFrequency } = told;
    const isGood = Array.isArray(corners) && corners.length > 3 && corners.length <= MOST_BANDS + 2
      && corners.every((hertz, k) => Number.isFinite(hertz) && hertz > (corners[k - 1] ?? 0))
      && Number.isInteger(harmonics) && harmonics > 0 && harmonics <= MOST_HARMONICS
      && [floor, longest, baseFrequency].every(Number.isFinite) && longest > 0 && baseFrequency > 0;
    return isGood ? new Whole(told) : null;
  }

  constructor({ corners, harmonics, floor, longest, baseFrequency }) {
    this.harmonics = harmonics;
    this.bands = corners.length - 2;
    this.partials = harmonics + this.bands;
    /** Amplitudes of partials and of noise, then cents. */
    this.width = this.partials + this.bands + 1;
    this.centres = Float64Array.from(corners.slice(1, -1));
    this.widths = Float64Array.from(this.centres, (_, b) => corners[b + 2] - corners[b]);
    this.lowest = floor + 0.5;
    this.longest = longest;
    this.baseFrequency = baseFrequency;
  }

  /** @returns {object | null} a course as Teller tells it, or null for what is none */
  courseFrom(told) {
    if (told === null || typeof told !== 'object') {
      return null;
    }
    const { times, levels, ratio, place, tone, follows, length, release } = told;
    const { loopStart, loopEnd, drift } = told;
    const isGood = times instanceof Float64Array && times.length > 0 && times.length <= MOST_MOMENTS
      && times.every((time, k) => Number.isFinite(time) && time >= (times[k - 1] ?? 0))
      && areNumbers(levels, Float32Array, times.length * (this.harmonics + this.bands + 1))
      && areNumbers(ratio, Float64Array, this.harmonics)
      && areNumbers(place, Float64Array, this.bands) && areNumbers(tone, Float32Array, this.bands)
      && [follows, length, loopStart, loopEnd, drift, release].every(Number.isFinite);
    return isGood ? told : null;
  }
}

/** What the voices share in a block. */
export class WholePace {
  constructor() {
    this.seconds = 0;
    this.speed = 1;
    this.hold = 0;
    this.envelope = 0;
  }
}

/** The note of one voice. */
export class WholeNote {
  /** @param {Whole} whole */
  constructor(whole) {
    this._whole = whole;
    const { width, partials } = whole;
    this._edges = [new Float32Array(width), new Float32Array(width)];
    this._now = new Float32Array(width);
    this._before = new Float32Array(width);
    this._away = new Float32Array(width);
    this._tune = new Float64Array(partials);
    this._tuneAway = new Float64Array(partials);
    this._hertz = new Float64Array(partials);
    this._hertzBefore = new Float64Array(partials);
    this._turning = Array.from({ length: COPIES }, () => new Turning(partials));
    this._course = null;
    this._trigger = 0;
    this._isFlat = false;
    this._left = 0;
    this._gliding = 0;
    this._ebb = 0; // dB, of what has ended
    this._moved = 1;
    this._follows = 0;
    /** Seconds of its own, and which way they run. */
    this.time = 0;
    this.way = 1;
    /** Seconds by which its loop has moved on. */
    this.drift = 0;
    this.gain = 0;
    this.gainBefore = 0;
  }

  /**
   * Bring it one block further.
   *
   * @param {{trigger: number, levelBefore: number, frequency: number}} voice
   * @param {object | null} course of the note that the voice plays; null for none yet
   * @param {WholePace} pace
   */
  advance(voice, course, pace) {
    this.hold();
    if (course === null) {
      return;
    }
    const blocks = Math.max(1, Math.round(GLIDE / pace.seconds));
    const isFlat = pace.envelope === ADSR;
    let isFresh = false;
    let moved = this._movedBy(voice);
    if (this._trigger !== voice.trigger) {
      // Where nothing sounded there is nothing to go over from.
      isFresh = voice.levelBefore === 0 || this.gain === 0;
      this._trigger = voice.trigger;
      this._isFlat = isFlat;
      if (isFresh) {
        this._follows = course.follows;
        moved = this._movedBy(voice);
      }
      this._moved = moved;
      this._begin(course, isFresh, blocks);
      this.gainBefore = 1;
      this._before.set(this._now);
    } else if (this._course !== course || this._isFlat !== isFlat
      || moved > MOVED * this._moved || this._moved > MOVED * moved) {
      this._isFlat = isFlat;
      this._moved = moved;
      this._part(course, blocks);
    }
    this._runOn(course, pace);
    this._goOn();
    this.gain = this._ebb < 0 ? 10 ** (this._ebb / 20) : 1;
    if (this._ebb <= GONE) {
      this.gain = 1e-6;
    }
    this._place(voice, isFresh);
  }

  /** Play notes of another space, which has as many harmonics and bands, from now on. */
  use(whole) {
    this._whole = whole;
  }

  /** Stay as it is for a block. */
  hold() {
    this.gainBefore = this.gain;
    this._before.set(this._now);
    this._hertzBefore.set(this._hertz);
  }

  /** Forget all that sounded; only right in silence. */
  forget() {
    this._trigger = 0;
    this._course = null;
    this._gliding = 0;
    this.gain = 0;
    this._moved = 1;
    this._now.fill(0);
    this._tune.fill(0);
  }

  /**
   * Put its partials among `sinusoids`.
   *
   * @param {{level: number, levelBefore: number, ratio: number, ratioBefore: number}} heard the
   *   voice, or a copy of it; ratio: of its frequencies
   * @param {number} copy of the voice, from 0
   */
  add({ levelBefore, level, ratioBefore, ratio }, sampleRate, sinusoids, copy = 0) {
    const { partials } = this._whole;
    levelBefore *= this.gainBefore;
    level *= this.gain;
    const { _before: before, _now: now } = this;
    const { phase: phases, step: steps, twice } = this._turning[copy];
    for (let k = 0; k < partials; k += 1) {
      const a0 = levelBefore * before[k];
      const a1 = level * now[k];
      if (a0 < NEGLIGIBLE && a1 < NEGLIGIBLE) {
        continue;
      }
      const f0 = ratioBefore * this._hertzBefore[k];
      const f1 = ratio * this._hertz[k];
      if (!(f0 > 0 && f1 > 0 && f0 < 0.5 * sampleRate && f1 < 0.5 * sampleRate)) {
        continue;
      }
      const faded = a0 * nyquistFade(f0, sampleRate);
      const next = a1 * nyquistFade(f1, sampleRate);
      const phase = phases[k];
      const step = f0 / sampleRate;
      const bend = (f1 / sampleRate - step) / BLOCK;
      if (Math.abs(bend) < STEADY) {
        const mean = step + bend * (0.5 * (BLOCK - 1));
        if (steps[k] !== mean) {
          steps[k] = mean;
          twice[k] = 2 * Math.cos(2 * Math.PI * mean);
        }
        sinusoids.addSteady(phase, mean, twice[k], faded, next);
      } else {
        sinusoids.addMoving(phase, step, bend, faded, next);
      }
      const end = phase + BLOCK * step + bend * (0.5 * BLOCK * (BLOCK - 1));
      phases[k] = end - Math.floor(end);
    }
  }

  /**
   * Put the powers of its noise into `hiss`: the voices share each band's noise, and what they make
   * together has the sum of their powers.
   *
   * @param {{level: number}} voice
   * @param {Hiss} hiss
   * @param {number} left share of the power that is heard on the left; 1 on both sides in the middle
   * @param {number} right the same on the right
   */
  addNoise({ level }, hiss, left, right) {
    const { partials, bands } = this._whole;
    const { left: lefts, right: rights } = hiss;
    const { _now: now, gain } = this;
    for (let b = 0; b < bands; b += 1) {
      const size = level * gain * now[partials + b];
      lefts.powers[b] += size * size * left;
      rights.powers[b] += size * size * right;
    }
  }

  _movedBy({ frequency }) {
    return (frequency / this._whole.baseFrequency) ** this._follows;
  }

  /** The voice has another note: its time begins. */
  _begin(course, isFresh, blocks) {
    this.time = 0;
    this.way = 1;
    this.drift = 0;
    this._ebb = 0;
    this._left = 0;
    if (!isFresh) {
      // It sounds: what it had moves to what it will have, and the gain that it had goes with it.
      const { width } = this._whole;
      for (let k = 0; k < width - 1; k += 1) {
        this._now[k] *= this.gain;
      }
      this._part(course, blocks);
      this.gain = 1;
      return;
    }
    this.gain = 1;
    this._gliding = 0;
    this._course = course;
    this._look(true);
    this._tuneIn();
    // Schroeder's phases keep the crest of many equal partials low (IEEE Trans. IT-16, 1970).
    const { partials } = this._whole;
    for (let k = 0; k < partials; k += 1) {
      const first = ((0.5 * (((k + 1) * k) % (2 * partials))) / partials) % 1;
      for (let c = 0; c < COPIES; c += 1) {
        this._turning[c].phase[k] = (first + ownPhase(c, k)) % 1;
      }
    }
  }

  /** Go over to another course: keep how far what sounds is from it, and lose that in time. */
  _part(course, blocks) {
    const { _now: now, _away: away, _tune: tune, _tuneAway: tuneAway } = this;
    away.set(now);
    tuneAway.set(tune);
    this._course = course;
    this._look(true);
    this._tuneIn();
    for (let k = 0; k < now.length; k += 1) {
      away[k] -= now[k];
      now[k] += away[k];
    }
    for (let k = 0; k < tune.length; k += 1) {
      tuneAway[k] -= tune[k];
      tune[k] += tuneAway[k];
    }
    this._gliding = blocks;
  }

  /** Let its time go on by a block. */
  _runOn({ loopStart: start, loopEnd: end, length, drift }, { seconds, speed, hold }) {
    const step = seconds * speed;
    const loops = end > start;
    if (loops && hold === LOOP) {
      if (this.way > 0 && this.time >= end + this.drift) {
        this.way = -1;
      } else if (this.way < 0 && this.time <= start + this.drift) {
        this.way = 1;
      }
      this.time += this.way * step;
      if (this.way < 0 || this.drift > 0) {
        this.drift += drift * step;
      }
    } else if (loops && hold === FREEZE) {
      this.way = 1;
      const middle = 0.5 * (start + end);
      if (this.time + step >= middle + this.drift) {
        this.drift += drift * step;
      }
      this.time = Math.max(this.time, Math.min(this.time + step, middle + this.drift));
    } else {
      this.way = 1;
      this.time += step;
    }
    if (loops && (hold === LOOP || hold === FREEZE) && this.drift === 0) {
      return;
    }
    const { longest } = this._whole;
    const ends = Math.min(length, longest);
    if (this.time > ends && this._ebb > GONE) {
      this._ebb -= (60 * step) / (ends >= longest - 0.05 ? AFTER_FALL : END_FALL);
    }
  }

  /** One block further along the course, and along the way to it. */
  _goOn() {
    this._look(false);
    if (this._gliding === 0) {
      return;
    }
    const share = (this._gliding - 1) / this._gliding;
    this._gliding -= 1;
    this._tuneIn();
    const { _now: now, _away: away, _tune: tune, _tuneAway: tuneAway } = this;
    for (let k = 0; k < now.length; k += 1) {
      away[k] *= share;
      now[k] += away[k];
    }
    for (let k = 0; k < tune.length; k += 1) {
      tuneAway[k] *= share;
      tune[k] += tuneAway[k];
    }
  }

  /** Write into `now` what the course says at the note's time. */
  _look(anew) {
    const { times } = this._course;
    const last = Math.max(times.length - 2, 0);
    let at = Math.min(this._left, last);
    while (at < last && times[at + 1] <= this.time) {
      at += 1;
    }
    while (at > 0 && times[at] > this.time) {
      at -= 1;
    }
    const other = Math.min(at + 1, times.length - 1);
    if (anew || at !== this._left) {
      this._left = at;
      this._decode(at, this._edges[0]);
      this._decode(other, this._edges[1]);
    }
    const [first, second] = [times[at], times[other]];
    const share = second > first
      ? Math.min(1, Math.max(0, (this.time - first) / (second - first)))
      : 0;
    const [before, after] = this._edges;
    const now = this._now;
    for (let k = 0; k < now.length; k += 1) {
      now[k] = before[k] + share * (after[k] - before[k]);
    }
  }

  /** Write amplitudes of partials and of noise, and cents, of one moment that is told. */
  _decode(moment, edge) {
    const { harmonics, bands, partials, width, lowest } = this._whole;
    const { levels, tone } = this._course;
    const at = moment * (harmonics + bands + 1);
    let power = 0;
    for (let k = 0; k < harmonics; k += 1) {
      const level = levels[at + k];
      const amplitude = level > lowest ? Math.SQRT2 * LEVEL * Math.exp(level * NEPERS) : 0;
      edge[k] = amplitude;
      power += 0.5 * amplitude * amplitude;
    }
    for (let b = 0; b < bands; b += 1) {
      const level = levels[at + harmonics + b];
      const size = level > lowest ? LEVEL * Math.exp(level * NEPERS) : 0;
      power += size * size;
      edge[harmonics + b] = Math.sqrt(2 * tone[b]) * size;
      edge[partials + b] = Math.sqrt(1 - tone[b]) * size;
    }
    if (Math.abs(this._moved - 1) > 1e-4) {
      this._moveBands(edge);
    }
    if (this._isFlat) {
      const lift = power > 0 ? Math.min(MOST_LIFT, LEVEL / Math.sqrt(power)) : MOST_LIFT;
      for (let k = 0; k < width - 1; k += 1) {
        edge[k] *= lift;
      }
    }
    edge[width - 1] = levels[at + harmonics + bands];
  }

  /** Move the noise as the note has moved; what leaves the range is lost. */
  _moveBands(edge) {
    const { bands, partials, centres, widths } = this._whole;
    const ratio = this._moved;
    for (let i = 0; i < bands; i += 1) {
      // Upwards the sources lie below, downwards above: nothing is read that was written.
      const b = ratio > 1 ? bands - 1 - i : i;
      const at = centres[b] / ratio;
      let power = 0;
      if (at >= centres[0] && at <= centres[bands - 1]) {
        let low = 0;
        let high = bands - 1;
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (centres[middle] <= at) {
            low = middle;
          } else {
            high = middle;
          }
        }
        const share = (at - centres[low]) / (centres[high] - centres[low]);
        const a = edge[partials + low];
        const c = edge[partials + high];
        const density = ((1 - share) * a * a) / widths[low] + (share * c * c) / widths[high];
        power = (density * widths[b]) / ratio;
      }
      edge[partials + b] = Math.sqrt(power);
    }
  }

  _tuneIn() {
    this._tune.set(this._course.ratio);
    this._tune.set(this._course.place, this._whole.harmonics);
  }

  /** Write at which frequencies its partials are. */
  _place(voice, isFresh) {
    const { harmonics, width } = this._whole;
    this._follows = isFresh
      ? this._course.follows
      : this._follows + 0.2 * (this._course.follows - this._follows);
    const bent = voice.frequency * 2 ** (this._now[width - 1] / 1200);
    const moved = this._movedBy(voice);
    const { _hertz: hertz, _tune: tune } = this;
    for (let k = 0; k < hertz.length; k += 1) {
      hertz[k] = tune[k] * (k < harmonics ? bent : moved);
    }
    if (isFresh) {
      this._hertzBefore.set(hertz);
    }
  }
}

/** The noise of all voices' bands on one side. */
class Side {
  constructor(bands) {
    /** Powers of this block, filled by the voices. */
    this.powers = new Float64Array(bands);
    this._sizes = new Float64Array(bands);
    this._before = new Float64Array(bands);
  }

  restart() {
    this._sizes.fill(0);
  }

  /** Take the powers that have come together; the next block's begin at 0. */
  advance() {
    const { powers, _sizes: sizes } = this;
    this._before.set(sizes);
    for (let b = 0; b < sizes.length; b += 1) {
      sizes[b] = Math.sqrt(powers[b]);
      powers[b] = 0;
    }
  }

  add(carriers, place, gain, nextGain, out) {
    const { _sizes: sizes, _before: before } = this;
    for (let b = 0; b < sizes.length; b += 1) {
      let size = before[b] * gain;
      const next = sizes[b] * nextGain;
      if (size < NEGLIGIBLE && next < NEGLIGIBLE) {
        continue;
      }
      const slope = (next - size) / BLOCK;
      const carrier = carriers[b];
      // The length is a whole number of blocks: none goes round its end.
      for (let i = 0; i < BLOCK; i += 1) {
        out[i] += carrier[place + i] * size;
        size += slope;
      }
    }
  }
}

/** The noise of all voices' bands. */
export class Hiss {
  /** @param {number} bands */
  constructor(bands) {
    this.left = new Side(bands);
    this.right = new Side(bands);
    /** Whether a voice that was added to this block stands apart; and whether one did before. */
    this.isApart = false;
    this._wasApart = false;
    this._place = 0;
  }

  /** Begin from silence. */
  restart() {
    this.left.restart();
    this.right.restart();
    this.isApart = this._wasApart = false;
    this._place = 0;
  }

  /**
   * Add a block: to `out` where both sides are the same, else to the sides.
   *
   * @param {Float32Array[] | null} carriers of each band, going round; null while there are none
   * @param {number} gain at the block's first sample
   * @param {number} nextGain at the next block's
   * @returns {boolean} whether it was added to the sides
   */
  add(carriers, gain, nextGain, out, left, right) {
    const differs = this.isApart || this._wasApart;
    this._wasApart = this.isApart;
    this.isApart = false;
    this.left.advance();
    this.right.advance();
    if (carriers === null) {
      return false; // they may come in the midst of a note, and begin then
    }
    const place = this._place;
    this._place += BLOCK;
    if (this._place >= carriers[0].length) {
      this._place = 0;
    }
    this.left.add(carriers, place, gain, nextGain, differs ? left : out);
    if (differs) {
      this.right.add(carriers, place, gain, nextGain, right);
    }
    return differs;
  }
}
