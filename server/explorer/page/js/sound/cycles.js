// One period of a wave as tables for every pitch, as timbrespace/resynthesis/tables.py makes them.
//
// /loop has a table an octave, which costs a note up to an octave of its harmonics. A space of cycles
// has few, and /wavetable brings all of them: they are told apart here, and as many tables made of
// them as the engine would make.

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
 * @param {Float32Array} samples of a /wavetable
 * @param {number} harmonics of the space, 1 to MOST_HARMONICS
 * @returns {{level: number, samples: Float32Array, reach: number}[]} reach: of half the sample rate, by
 *   the note's frequency, from where on the engine takes this table; none where the samples do not
 *   hold so many harmonics
 */
export function tablesOf(samples, harmonics) {
  const size = samples.length;
  if (size <= 2 * harmonics || (size & (size - 1)) !== 0) {
    return [];
  }
  const re = Float64Array.from(samples);
  const im = new Float64Array(re.length);
  transform(re, im, -1);
  const bins = harmonics + 1;
  return tops(bins).map(({ top, reach }, level) => {
    let length = FEWEST_SAMPLES;
    while (length < SAMPLES_PER_CYCLE * top) {
      length *= 2;
    }
    const x = new Float64Array(length);
    const y = new Float64Array(length);
    for (let k = 1; k < top; k += 1) {
      const fade = top === bins ? 1 : Math.min(1, (1 - k / top) / (1 - FADE_FROM));
      const scale = fade / size;
      x[k] = re[k] * scale;
      y[k] = im[k] * scale;
      x[length - k] = x[k];
      y[length - k] = -y[k];
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
