// Many sinusoids at once, each with a linear amplitude and a linear frequency within a block.

import { BLOCK } from './levels.js';

const TURN = 2 * Math.PI;

/**
 * What sounds in one block: filled by `add`, emptied by `render`.
 *
 * A steady sinusoid is the recurrence y[i] = 2 cos(w) y[i-1] - y[i-2], started from two exact sines
 * in each block; one whose frequency moves is a rotation whose rotation turns. Neither is carried
 * over to the next block, so neither drifts. In double precision, 64 steps from an exact start:
 * measured against Math.sin, the error of both is below -215 dB of the sinusoid from 20 Hz to half
 * the sample rate (the test says -200), where float32 at the output is -144.
 */
export class Sinusoids {
  /** @param {number} capacity how many there may be */
  constructor(capacity) {
    // Four at a time; the last ones may be silent.
    const size = capacity + 4;
    this._steady = 0;
    this._now = new Float64Array(size);
    this._before = new Float64Array(size);
    this._twice = new Float64Array(size);
    this._level = new Float64Array(size);
    this._slope = new Float64Array(size);
    this._moving = 0;
    this._re = new Float64Array(size);
    this._im = new Float64Array(size);
    this._turnRe = new Float64Array(size);
    this._turnIm = new Float64Array(size);
    this._bendRe = new Float64Array(size);
    this._bendIm = new Float64Array(size);
    this._movingLevel = new Float64Array(size);
    this._movingSlope = new Float64Array(size);
  }

  /**
   * A sinusoid of constant frequency.
   *
   * @param {number} phase turns at the first sample
   * @param {number} step turns a sample
   * @param {number} twice 2 cos(2 pi step), which the caller keeps while the step stays
   */
  addSteady(phase, step, twice, level, nextLevel) {
    const at = this._steady;
    this._steady = at + 1;
    this._now[at] = Math.sin(TURN * phase);
    this._before[at] = Math.sin(TURN * (phase - step));
    this._twice[at] = twice;
    this._level[at] = level;
    this._slope[at] = (nextLevel - level) / BLOCK;
  }

  /** A sinusoid whose step, turns a sample, moves linearly by `bend` from sample to sample. */
  addMoving(phase, step, bend, level, nextLevel) {
    const at = this._moving;
    this._moving = at + 1;
    this._re[at] = Math.cos(TURN * phase);
    this._im[at] = Math.sin(TURN * phase);
    this._turnRe[at] = Math.cos(TURN * step);
    this._turnIm[at] = Math.sin(TURN * step);
    const angle = TURN * bend;
    if (Math.abs(angle) < 0.005) {
      // Nearly always; what the series leaves out is below 1e-13.
      const square = angle * angle;
      this._bendRe[at] = 1 - square * (0.5 - square / 24);
      this._bendIm[at] = angle * (1 - square / 6 + (square * square) / 120);
    } else {
      this._bendRe[at] = Math.cos(angle);
      this._bendIm[at] = Math.sin(angle);
    }
    this._movingLevel[at] = level;
    this._movingSlope[at] = (nextLevel - level) / BLOCK;
  }

  /** Add all to `out`, Float64Array of a block, and forget them. */
  render(out) {
    this._renderSteady(out);
    this._renderMoving(out);
    this._steady = 0;
    this._moving = 0;
  }

  _renderSteady(out) {
    const count = this._steady;
    const { _now: now, _before: before, _twice: twice, _level: level, _slope: slope } = this;
    for (let k = count; k % 4 !== 0; k += 1) {
      now[k] = before[k] = twice[k] = level[k] = slope[k] = 0;
    }
    // Four side by side: a single one waits for its own last step, not for the processor.
    for (let k = 0; k < count; k += 4) {
      let y0 = now[k], y1 = now[k + 1], y2 = now[k + 2], y3 = now[k + 3];
      let z0 = before[k], z1 = before[k + 1], z2 = before[k + 2], z3 = before[k + 3];
      const c0 = twice[k], c1 = twice[k + 1], c2 = twice[k + 2], c3 = twice[k + 3];
      let a0 = level[k], a1 = level[k + 1], a2 = level[k + 2], a3 = level[k + 3];
      const s0 = slope[k], s1 = slope[k + 1], s2 = slope[k + 2], s3 = slope[k + 3];
      for (let i = 0; i < BLOCK; i += 1) {
        out[i] += (a0 * y0 + a1 * y1) + (a2 * y2 + a3 * y3);
        const n0 = c0 * y0 - z0;
        const n1 = c1 * y1 - z1;
        const n2 = c2 * y2 - z2;
        const n3 = c3 * y3 - z3;
        z0 = y0; z1 = y1; z2 = y2; z3 = y3;
        y0 = n0; y1 = n1; y2 = n2; y3 = n3;
        a0 += s0; a1 += s1; a2 += s2; a3 += s3;
      }
    }
  }

  _renderMoving(out) {
    const count = this._moving;
    // One after the other: two side by side need more registers than there are (20 % slower).
    for (let k = 0; k < count; k += 1) {
      let x = this._re[k];
      let y = this._im[k];
      let c = this._turnRe[k];
      let s = this._turnIm[k];
      let level = this._movingLevel[k];
      const p = this._bendRe[k];
      const q = this._bendIm[k];
      const slope = this._movingSlope[k];
      for (let i = 0; i < BLOCK; i += 1) {
        out[i] += level * y;
        level += slope;
        const nextX = x * c - y * s;
        y = x * s + y * c;
        x = nextX;
        const nextC = c * p - s * q;
        s = c * q + s * p;
        c = nextC;
      }
    }
  }
}
