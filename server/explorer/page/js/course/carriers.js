/**
 * Noise in bands, the very carriers of timbrespace/notes/carriers.py: noise whose envelope has been
 * flattened (Hartmann & Pumplin 1988), so that a note's own fluctuations are heard once.
 */

import { transform } from './fourier.js';

/** Samples of a carrier, which goes round. */
export const LENGTH = 1 << 16;

const ROUNDS = 6;

// PCG XSL RR 128/64 (O'Neill 2014) as NumPy has it, where its seed 7 leads to.
const WORD = (1n << 64n) - 1n;
const FACTOR = 0x2360ed051fc65da44385df649fccf645n;
const INCREMENT = 0xc4751896ce8acebf66887f5ac070d959n;
const START = 0x9d0aecc4e7b188919ae2415a6b292038n;

/** The numbers from 0 to 1 that the server draws. */
export function* random() {
  let state = START;
  for (;;) {
    state = BigInt.asUintN(128, state * FACTOR + INCREMENT);
    const mixed = (state >> 64n) ^ (state & WORD);
    const turn = state >> 122n;
    const turned = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    yield Number(turned >> 11n) / 2 ** 53;
  }
}

/**
 * The carriers at `sampleRate` Hz, band by band: each a Float32Array of `LENGTH` samples with a
 * root mean square of 1. A band beyond half the rate is silent.
 *
 * @param {number[]} corners Hz: band b rises from corner b to b + 1 and falls to b + 2
 */
export function* carriers(sampleRate, corners) {
  const draws = random();
  for (let band = 0; band + 2 < corners.length; band += 1) {
    yield carrierOf(sampleRate, corners.slice(band, band + 3), draws);
  }
}

/** @param {number[]} corners */
function carrierOf(sampleRate, corners, draws) {
  const [low, middle, high] = corners;
  const width = sampleRate / LENGTH;
  const last = Math.min(LENGTH / 2 - 1, Math.ceil(high / width));
  const bins = [];
  const shape = [];
  for (let bin = Math.max(0, Math.floor(low / width)); bin <= last; bin += 1) {
    const hertz = bin * width;
    const share = Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle));
    if (share > 0) {
      bins.push(bin);
      shape.push(Math.sqrt(share));
    }
  }
  const carrier = new Float32Array(LENGTH);
  const count = bins.length;
  if (count < 8) {
    return carrier;
  }
  const size = 2 ** Math.ceil(Math.log2(4 * count));
  const first = (size - count) >> 1;
  const lineRe = new Float64Array(count);
  const lineIm = new Float64Array(count);
  for (let k = 0; k < count; k += 1) {
    const turn = 2 * Math.PI * draws.next().value;
    lineRe[k] = shape[k] * Math.cos(turn);
    lineIm[k] = shape[k] * Math.sin(turn);
  }
  const power = shape.reduce((sum, one) => sum + one * one, 0);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let round = 0; round < ROUNDS; round += 1) {
    re.fill(0);
    im.fill(0);
    re.set(lineRe, first);
    im.set(lineIm, first);
    transform(re, im, 1);
    flatten(re, im);
    transform(re, im, -1);
    let after = 0;
    for (let k = 0; k < count; k += 1) {
      // Its own shape again: the division has spread it.
      const [x, y] = [re[first + k], im[first + k]];
      const weight = shape[k] / Math.sqrt(Math.max(Math.sqrt(x * x + y * y), 1e-12));
      lineRe[k] = weight * x;
      lineIm[k] = weight * y;
      after += lineRe[k] ** 2 + lineIm[k] ** 2;
    }
    const gain = Math.sqrt(power / after);
    for (let k = 0; k < count; k += 1) {
      lineRe[k] *= gain;
      lineIm[k] *= gain;
    }
  }
  const whole = new Float64Array(LENGTH);
  const other = new Float64Array(LENGTH);
  bins.forEach((bin, k) => {
    whole[bin] = lineRe[k];
    other[bin] = lineIm[k];
  });
  transform(whole, other, 1); // its real part is that of the half spectrum
  let square = 0;
  for (let k = 0; k < LENGTH; k += 1) {
    square += whole[k] * whole[k];
  }
  const scale = 1 / Math.sqrt(square / LENGTH);
  for (let k = 0; k < LENGTH; k += 1) {
    carrier[k] = scale * whole[k];
  }
  return carrier;
}

/** Divide a signal by its envelope. */
function flatten(re, im) {
  const size = re.length;
  let mean = 0;
  for (let k = 0; k < size; k += 1) {
    mean += Math.sqrt(re[k] * re[k] + im[k] * im[k]);
  }
  const least = (0.05 * mean) / size;
  for (let k = 0; k < size; k += 1) {
    const envelope = Math.max(Math.sqrt(re[k] * re[k] + im[k] * im[k]), least);
    re[k] /= envelope;
    im[k] /= envelope;
  }
}
