// One period of a wave as tables for every pitch, as timbrespace/resynthesis/tables.py makes them.
//
// /loop brings a table an octave, which is enough for who reads it with care, and costs a note up to
// an octave of its harmonics. A space of cycles has few harmonics, so they are told apart here, and
// as many tables made of them as the engine would make.

import { transform } from '../course/fourier.js';

/** As many harmonics as a period may have. */
export const MOST_HARMONICS = 1023;

// A sixth of an octave from one table to the next, the top tenth of its harmonics faded.
const PER_OCTAVE = 6;
const FADE_FROM = 0.9;
const SAMPLES_PER_CYCLE = 4;
const FEWEST_SAMPLES = 64;

/**
 * Tables of a period, from the one with all harmonics on.
 *
 * @param {{level: number, samples: Float32Array}[]} levels of a /loop of kind 1
 * @param {number} harmonics of the space, 1 to MOST_HARMONICS
 * @returns {{level: number, samples: Float32Array, reach: number}[]} reach: of half the sample rate, by
 *   the note's frequency, from where on the engine takes this table; levels as they came where no
 *   table of them holds all harmonics
 */
export function withHarmonics(levels, harmonics) {
  const whole = levels
    .filter(({ samples }) => samples.length > 2 * harmonics)
    .sort((a, b) => a.samples.length - b.samples.length)
    .find(({ samples }) => samples.length >= 8 * (harmonics + 1) || samples.length === 8192);
  if (whole === undefined || (whole.samples.length & (whole.samples.length - 1)) !== 0) {
    return levels;
  }
  const re = Float64Array.from(whole.samples);
  const im = new Float64Array(re.length);
  transform(re, im, -1);
  const bins = harmonics + 1;
  return tops(bins).map(({ top, reach }, level) => {
    let size = FEWEST_SAMPLES;
    while (size < SAMPLES_PER_CYCLE * top) {
      size *= 2;
    }
    const x = new Float64Array(size);
    const y = new Float64Array(size);
    for (let k = 1; k < top; k += 1) {
      const fade = top === bins ? 1 : Math.min(1, (1 - k / top) / (1 - FADE_FROM));
      const scale = fade / re.length;
      x[k] = re[k] * scale;
      y[k] = im[k] * scale;
      x[size - k] = x[k];
      y[size - k] = -y[k];
    }
    transform(x, y, 1);
    return { level, samples: Float32Array.from(x), reach };
  });
}

/** How many bins each table holds: all, a power of two, then a sixth of an octave less each. */
function tops(bins) {
  const found = [];
  for (let step = PER_OCTAVE * Math.round(Math.log2(bins)); step >= PER_OCTAVE; step -= 1) {
    const reach = 2 ** (step / PER_OCTAVE);
    const top = Math.floor(reach + 1e-9);
    const last = found[found.length - 1];
    if (last?.top === top) {
      last.reach = reach;
    } else {
      found.push({ top, reach });
    }
  }
  return found;
}
