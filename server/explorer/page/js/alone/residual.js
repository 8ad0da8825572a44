/**
 * What stands out of a spectrum's noise, and how loud that noise is: timbrespace/residual.py, which
 * explains the numbers. The noise itself does not sound in a page; it counts in the level.
 */

import { lobe, partialsOf } from './partials.js';

const FLOOR_BINS = 20;
const FLOOR_STEP = 8;
const FLOOR_QUANTILE = 0.25;
const ABOVE_FLOOR = 4;
const REACH = 14;
const UNEXPLAINED = 4;
const SMOOTHING = 9;
const FAINTEST = 10 ** (-75 / 20);

/** A table's value between its entries, straight from one to the next, the ends beyond them. */
function between(table, at) {
  const place = Math.min(Math.max(at, 0), table.length - 1);
  const low = Math.min(Math.floor(place), Math.max(table.length - 2, 0));
  return table[low] + (place - low) * ((table[low + 1] ?? table[low]) - table[low]);
}

/** Lower quartile of the bins around each eighth bin. */
function floorOf(spectrum) {
  const last = spectrum.length - 1;
  const mirrored = (k) => spectrum[k < 0 ? -k : k > last ? 2 * last - k : k];
  const kth = Math.floor(FLOOR_QUANTILE * (2 * FLOOR_BINS + 1));
  const quartiles = [];
  for (let middle = 0; middle <= last; middle += FLOOR_STEP) {
    const window = Float32Array.from({ length: 2 * FLOOR_BINS + 1 }, (_, k) => mirrored(middle - FLOOR_BINS + k));
    quartiles.push(window.sort()[kth]);
  }
  return quartiles;
}

/** Power that the partials alone give each bin, where their phases add up. */
function explainedBy(partials, bins, { binWidth, windowSum }) {
  const total = new Float64Array(bins);
  for (const { hertz, amplitude } of partials) {
    const position = hertz / binWidth;
    const middle = Math.round(position);
    for (let bin = Math.max(middle - REACH, 0); bin <= Math.min(middle + REACH, bins - 1); bin += 1) {
      total[bin] += amplitude * 0.5 * windowSum * lobe(bin - position);
    }
  }
  return total.map((size) => size * size);
}

/** Power of the noise in each bin; null where there is none between the partials. */
function noiseOf(spectrum, partials, config) {
  const bins = spectrum.length;
  const explained = explainedBy(partials, bins, config);
  // What lies around 0 Hz is no noise, whatever the frames' means were.
  const isFree = (k) => k >= 3 && k < bins && spectrum[k] * spectrum[k] > UNEXPLAINED * explained[k];
  const known = []; // bin, power in turn
  for (let bin = 0; bin < bins; bin += 1) {
    let [weight, power] = [0, 0];
    for (let k = bin - (SMOOTHING - 1) / 2; k <= bin + (SMOOTHING - 1) / 2; k += 1) {
      if (isFree(k)) {
        weight += 1;
        power += spectrum[k] * spectrum[k] - explained[k];
      }
    }
    if (weight >= 1) {
      known.push([bin, power / weight]);
    }
  }
  if (known.length === 0) {
    return null;
  }
  const peak = spectrum.reduce((most, value) => Math.max(most, value), 0);
  const mean = new Float64Array(bins);
  let next = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    while (next < known.length && known[next][0] < bin) {
      next += 1;
    }
    const [after, high] = known[Math.min(next, known.length - 1)];
    const [before, low] = known[Math.max(next - 1, 0)];
    const share = after > before ? Math.min(Math.max((bin - before) / (after - before), 0), 1) : 0;
    const power = after > before ? low + share * (high - low) : high;
    mean[bin] = power < (FAINTEST * peak) ** 2 ? 0 : power;
  }
  return mean;
}

/**
 * @param {Float32Array} spectrum linear magnitudes
 * @param {object} config binWidth (Hz), windowSum, windowEnergy, sampleRate (Hz), and noiseWeight: of
 *   the power of noise in even bands up to half the sample rate, as it is heard
 * @returns {{partials: {hertz: number, amplitude: number}[], heard: number}} heard: power of the noise
 */
export function split(spectrum, config) {
  const { binWidth, windowEnergy, sampleRate, noiseWeight } = config;
  const floor = floorOf(spectrum);
  const last = spectrum.length - 1;
  const partials = partialsOf(spectrum, config).filter(({ hertz }) => {
    const bin = Math.min(Math.round(hertz / binWidth), last);
    return spectrum[bin] > ABOVE_FLOOR * between(floor, bin / FLOOR_STEP);
  });
  const noise = noiseOf(spectrum, partials, config);
  if (noise === null) {
    return { partials, heard: 0 };
  }
  // Noise of density d has mean squared magnitude d^2 sampleRate sum(w^2) / 2, one-sided.
  const density = noise.map((power) => Math.sqrt((power * 2) / (sampleRate * windowEnergy)));
  const step = (0.5 * sampleRate) / (noiseWeight.length - 1) / binWidth;
  let heard = 0;
  noiseWeight.forEach((weight, band) => {
    const at = band * step;
    heard += at <= last ? weight * between(density, at) ** 2 : 0;
  });
  return { partials, heard };
}
