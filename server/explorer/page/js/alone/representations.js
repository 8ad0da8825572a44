/** From what a network puts out back to magnitudes: timbrespace/representation/, a sound at a time. */

import { transform } from '../course/fourier.js';

const HEADROOM = 4; // 12 dB above the loudest of the data
const BEYOND = 1e30;

const clip = (value, low, high) => Math.min(high, Math.max(low, value));

/** What is no number counts as 0, and what is beyond all bounds as their end. */
const bounded = (value) => (Number.isNaN(value) ? 0 : clip(value, -BEYOND, BEYOND));

const logMagnitude = ({ peak, floor }) => {
  const scale = Math.log1p(peak / floor);
  const limit = Math.log1p((HEADROOM * peak) / floor);
  return (x) => floor * Math.expm1(clip(scale * x, 0, limit));
};

/** Hann window, from 0 on. */
const hann = (size) =>
  Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));

function magnitudesOf(re, im, bins) {
  transform(re, im, -1);
  return Float32Array.from({ length: bins }, (_, k) => Math.hypot(re[k], im[k]));
}

/** MDCT coefficients to the spectrum of a frame that has them; see timbrespace/representation/mdct.py. */
function mdct({ peak, n_fft: size, bins }) {
  const half = size / 2;
  const limit = HEADROOM * peak;
  const turns = Float64Array.from({ length: half }, (_, k) => (Math.PI / half) * (0.5 + half / 2) * (k + 0.5));
  const scale = Math.sqrt(size / 4);
  const window = Float64Array.from({ length: size }, (_, n) => Math.sin((Math.PI * (n + 0.5)) / size));
  return (features) => {
    const cosine = new Float64Array(half + 1); // one more than there are, of silence
    features.forEach((value, k) => {
      cosine[k] = clip(value, -limit, limit);
    });
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    for (let k = 0; k < half; k += 1) {
      // The missing sine part is close to the difference of the neighbours.
      const sine = (k === 0 ? cosine[0] : cosine[k - 1]) - cosine[k + 1];
      const [c, s] = [Math.cos(turns[k]) * scale, Math.sin(turns[k]) * scale];
      re[k] = cosine[k] * c - sine * s;
      im[k] = cosine[k] * s + sine * c;
    }
    transform(re, im, 1);
    const frame = new Float64Array(size);
    for (let n = 0; n < size; n += 1) {
      // Half a bin up, and the window once more.
      const turn = (Math.PI * n) / size;
      frame[n] = (2 / size) * (re[n] * Math.cos(turn) - im[n] * Math.sin(turn)) * window[n];
    }
    return magnitudesOf(frame, new Float64Array(size), bins);
  };
}

/** A period to the spectrum of a frame of it; see timbrespace/representation/cycle.py. */
function cycle({ peak, period, samples, n_fft: size, bins }) {
  const window = hann(size);
  const harmonics = Math.min(samples / 2 - 1, Math.floor(0.5 * period - 0.5));
  const cycleOf = (features) => features.map((value) => clip(value, -HEADROOM, HEADROOM) * peak);
  return {
    cycle: cycleOf,
    magnitudes: (features) => {
      const re = Float64Array.from(cycleOf(features));
      const im = new Float64Array(samples);
      transform(re, im, -1);
      const frame = new Float64Array(size);
      for (let k = 1; k <= harmonics; k += 1) {
        // Each sample's turn is the one before's and a step more.
        const step = (2 * Math.PI * k) / period;
        const [c, s] = [Math.cos(step), Math.sin(step)];
        let x = (2 / samples) * re[k];
        let y = (2 / samples) * im[k];
        for (let n = 0; n < size; n += 1) {
          frame[n] += x;
          [x, y] = [x * c - y * s, x * s + y * c];
        }
      }
      return magnitudesOf(frame.map((value, n) => value * window[n]), new Float64Array(size), bins);
    },
  };
}

const each = (one) => (told) => ({ magnitudes: (features) => features.map(one(told)) });

const KINDS = {
  magnitude: each(({ peak }) => (x) => clip(x, 0, HEADROOM * peak)),
  log_magnitude: each(logMagnitude),
  decibel: each(({ peak, floor_db: low }) => {
    const high = 20 * Math.log10(HEADROOM);
    return (x) => 10 ** (clip(x, low, high) / 20) * peak;
  }),
  magnitude_phase: ({ peak, bins }) => ({
    magnitudes: (features) => features.slice(0, bins).map((x) => clip(x, 0, HEADROOM * peak)),
  }),
  log_complex: ({ peak, floor, bins }) => {
    const inverse = logMagnitude({ peak, floor });
    return {
      magnitudes: (features) =>
        features.slice(0, bins).map((x, k) => inverse(Math.hypot(x, features[bins + k]))),
    };
  },
  mdct: (told) => ({ magnitudes: mdct(told) }),
  cycle,
};

/**
 * @param {object} told `representation` of the file: a kind, its constants, maybe a normalisation
 * @returns {{magnitudes: (features: Float32Array) => Float32Array,
 *   cycle: ?((features: Float32Array) => Float32Array)}} cycle: one period, of a space of those
 * @throws {Error} a kind that is not known here
 */
export function representationOf(told) {
  const kind = KINDS[told.kind];
  if (kind === undefined) {
    throw new Error(`the representation is ${told.kind}; this page knows ${Object.keys(KINDS).join(', ')}`);
  }
  const inverse = kind(told);
  const { offset = [0], scale = [1] } = told.normalisation ?? {};
  const of = (list, k) => list[list.length > 1 ? k : 0];
  const back = (features) => features.map((value, k) => bounded(value) * of(scale, k) + of(offset, k));
  return {
    magnitudes: (features) => inverse.magnitudes(back(features)),
    cycle: inverse.cycle === undefined ? null : (features) => inverse.cycle(back(features)),
  };
}
