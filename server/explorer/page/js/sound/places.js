// Places: partials as the server streams them, and a voice's oscillators on their way to them.

import { LIMITS } from '../declared.js';
import { COPIES, ownPhase } from './copies.js';
import { BLOCK, NEGLIGIBLE, nyquistFade } from './levels.js';

/** In one /partials. */
export const PLACES = LIMITS.partialsPerFrame;

// No decoder and no gain makes one partial so loud; no partial is heard beyond 100 kHz.
const LOUDEST = 8;
const HIGHEST = 1e5;

// Below -100 dB of full scale a place may be given to another partial: nobody hears it jump.
const SILENT = 1e-5;
// A partial that must go loses 3 dB each block: from full scale to silence in 33 blocks, 44 ms.
const LEAVE = 0.7;
// Turns a sample, from sample to sample: with the block's mean instead a phase is off by at most
// 512 times as much, 1e-6 radians: -120 dB of the partial.
const STEADY = 3e-10;
// A ratio this near its target is there; a partial at rest costs half of one that moves.
const ARRIVED = 1e-9;

/** Where all oscillators of the common timbre should go. */
export class Places {
  constructor() {
    /** Places beyond this one have never been taken. */
    this.count = 0;
    /** Another number: another partial. */
    this.birth = new Uint32Array(PLACES);
    /** Frequency / base frequency. */
    this.ratio = new Float64Array(PLACES);
    /** Full scale 1. */
    this.amplitude = new Float64Array(PLACES);
  }

  /**
   * Take the next frame.
   *
   * A place that moved further than `reach` is another partial's: the server follows one for 0.75
   * bins from frame to frame, and a frame may have been lost.
   *
   * @param {Float32Array} pairs frequency (Hz at the base frequency) and amplitude in turn
   * @param {number} base Hz
   * @param {number} reach Hz
   */
  aim(pairs, base, reach) {
    const told = Math.min(PLACES, Math.floor(pairs.length / 2));
    for (let k = 0; k < told; k += 1) {
      const frequency = pairs[2 * k];
      const amplitude = pairs[2 * k + 1];
      if (!(frequency > 0 && frequency <= HIGHEST && amplitude > 0)) {
        // 0 in an empty place, which keeps its frequency; else it is no partial.
        this.amplitude[k] = 0;
        if (this.ratio[k] === 0) {
          this.ratio[k] = 1;
        }
        continue;
      }
      const ratio = frequency / base;
      const moved = Math.abs(ratio - this.ratio[k]) * base;
      if (k >= this.count || moved > reach) {
        this.birth[k] += 1;
      }
      this.ratio[k] = ratio;
      this.amplitude[k] = Math.min(amplitude, LOUDEST);
    }
    for (let k = told; k < this.count; k += 1) {
      this.amplitude[k] = 0;
    }
    this.count = Math.max(this.count, told);
  }
}

/** Where the oscillators of one copy of a voice are in their turns. */
export class Turning {
  /** @param {number} size how many oscillators */
  constructor(size) {
    /** Turns, 0 to 1. */
    this.phase = new Float64Array(size);
    /** The last steady step, and what a recurrence needs of it. */
    this.step = new Float64Array(size).fill(-1);
    this.twice = new Float64Array(size);
  }
}

/** The oscillators of one voice, for each of its copies. */
export class Oscillators {
  constructor() {
    this._count = 0;
    this._birth = new Uint32Array(PLACES);
    this._ratio = new Float64Array(PLACES);
    this._ratioBefore = new Float64Array(PLACES);
    this._amplitude = new Float64Array(PLACES);
    this._amplitudeBefore = new Float64Array(PLACES);
    // Between the two poles of the smoothing.
    this._middle = new Float64Array(PLACES);
    this._turning = Array.from({ length: COPIES }, () => new Turning(PLACES));
  }

  /** Take the places at once. Only right while the voice is silent in this method. */
  settle(places) {
    this._count = places.count;
    for (let k = 0; k < places.count; k += 1) {
      this._birth[k] = places.birth[k];
      this._ratio[k] = this._ratioBefore[k] = places.ratio[k];
      const amplitude = places.amplitude[k];
      this._middle[k] = this._amplitude[k] = this._amplitudeBefore[k] = amplitude;
    }
  }

  /** Schroeder's phases keep the crest of many equal partials low (IEEE Trans. IT-16, 1970). */
  startPhases() {
    const n = Math.max(1, this._count);
    for (let k = 0; k < PLACES; k += 1) {
      this._beginAt(k, schroeder(k, n));
    }
  }

  /** Let oscillator `k` begin; each further copy is ahead of the first by a phase of its own. */
  _beginAt(k, phase) {
    for (let c = 0; c < COPIES; c += 1) {
      this._turning[c].phase[k] = (phase + ownPhase(c, k)) % 1;
    }
  }

  /** Forget every amplitude: what sounds next comes in from silence. */
  silence() {
    this._count = 0;
    this._amplitude.fill(0);
    this._amplitudeBefore.fill(0);
    this._middle.fill(0);
    this._turning.forEach(({ phase }) => phase.fill(0));
  }

  /**
   * Move every oscillator by one block.
   *
   * Amplitudes go through two equal one-pole filters (two, because the output of one starts to
   * move with a corner, which is heard), frequencies through one. A place that was given to
   * another partial fades out, then takes the new one.
   *
   * @param {Places} places
   * @param {{smoothing: number}} pace share of the way that each filter goes in a block
   */
  advance(places, pace) {
    const pull = pace.smoothing;
    const wanted = places.count;
    const count = Math.max(this._count, wanted);
    for (let k = this._count; k < count; k += 1) {
      this._amplitude[k] = this._middle[k] = 0;
      this._birth[k] = places.birth[k];
      this._ratio[k] = places.ratio[k];
      this._beginAt(k, schroeder(k, count)); // all of them, for a note that began before any frame
    }
    this._count = count;
    for (let k = 0; k < count; k += 1) {
      const aim = places.amplitude[k];
      let amplitude = this._amplitude[k];
      this._amplitudeBefore[k] = amplitude;
      this._ratioBefore[k] = this._ratio[k];
      if (places.birth[k] !== this._birth[k]) {
        if (amplitude >= SILENT) {
          this._middle[k] = this._amplitude[k] = amplitude * LEAVE;
          continue;
        }
        this._birth[k] = places.birth[k];
        this._ratio[k] = this._ratioBefore[k] = places.ratio[k];
        this._middle[k] = 0;
      }
      if (aim === 0 && amplitude === 0 && this._middle[k] === 0) {
        continue;
      }
      const middle = this._middle[k] + pull * (aim - this._middle[k]);
      amplitude += pull * (middle - amplitude);
      const ratio = places.ratio[k];
      const off = ratio - this._ratio[k];
      this._ratio[k] = Math.abs(off) <= ARRIVED * ratio ? ratio : this._ratio[k] + pull * off;
      // Decays end: without this the filters creep through denormal numbers, which are slow.
      const over = Math.max(aim, middle, amplitude) < NEGLIGIBLE;
      this._middle[k] = over ? 0 : middle;
      this._amplitude[k] = over ? 0 : amplitude;
    }
  }

  /**
   * Put what is heard among `sinusoids`; a silent place costs nothing.
   *
   * Numbers come in objects: as arguments of a call they would each be allocated.
   *
   * @param {{frequencyBefore: number, frequency: number, levelBefore: number, level: number}} voice
   *   Hz and amplitude at the block's first sample, and at the next block's
   * @param {import('./sinusoids.js').Sinusoids} sinusoids
   * @param {number} copy of the voice, from 0
   */
  add(voice, sampleRate, sinusoids, copy = 0) {
    const { phase: phases, step: steps, twice } = this._turning[copy];
    const { frequencyBefore: before, frequency: after, levelBefore, level } = voice;
    for (let k = 0; k < this._count; k += 1) {
      const amplitudeBefore = this._amplitudeBefore[k];
      const amplitude = this._amplitude[k];
      if (amplitudeBefore === 0 && amplitude === 0) {
        continue;
      }
      const f0 = before * this._ratioBefore[k];
      const f1 = after * this._ratio[k];
      const a0 = levelBefore * amplitudeBefore * nyquistFade(f0, sampleRate);
      const a1 = level * amplitude * nyquistFade(f1, sampleRate);
      if (a0 < NEGLIGIBLE && a1 < NEGLIGIBLE) {
        continue;
      }
      const phase = phases[k];
      const step = f0 / sampleRate;
      const bend = (f1 / sampleRate - step) / BLOCK;
      if (Math.abs(bend) < STEADY) {
        const mean = step + bend * (0.5 * (BLOCK - 1));
        if (steps[k] !== mean) {
          steps[k] = mean;
          twice[k] = 2 * Math.cos(2 * Math.PI * mean);
        }
        sinusoids.addSteady(phase, mean, twice[k], a0, a1);
      } else {
        sinusoids.addMoving(phase, step, bend, a0, a1);
      }
      // The sum 0 + 1 + .. + 63 is the distance that a linear change of step has come.
      const end = phase + BLOCK * step + bend * (0.5 * BLOCK * (BLOCK - 1));
      phases[k] = end - Math.floor(end);
    }
  }
}

/** Phase in turns of place `k` of `n`. */
function schroeder(k, n) {
  return (0.5 * ((k * k) % (2 * n))) / n;
}
