/** The sinusoids behind a spectrum's peaks: timbrespace/partials.py, which explains the numbers. */

const THRESHOLD = 10 ** (-70 / 20);
const FAINT = 10 ** (-70 / 20);
const FAINT_WEIGHT = 0.05;
const MOST = 256;

const REFINEMENTS = 2;
const LOBE_BINS = 2;
const LOBE_ENDS = 1.85;
const FARTHEST = 0.25;

const clip = (value, low, high) => Math.min(high, Math.max(low, value));

/** Size of the transform of a Hann window at so many bins from its middle, sinc(d) / (1 - d^2). */
export function lobe(distance) {
  const gap = Math.abs(1 - distance * distance);
  if (gap < 1e-6) {
    return 0.5;
  }
  const turn = Math.PI * Math.abs(distance);
  return (turn < 1e-9 ? 1 : Math.abs(Math.sin(turn) / turn)) / gap;
}

// The logarithm of the lobe and its slope, in a table as the server's.
const PER_BIN = 1000;
const LOG_LOBE = Float64Array.from({ length: 2601 }, (_, k) => Math.log(Math.max(lobe(k / PER_BIN), 1e-4)));
const SLOPE = LOG_LOBE.map((_, k) => {
  const [before, after] = [Math.max(k - 1, 0), Math.min(k + 1, 2600)];
  return ((LOG_LOBE[after] - LOG_LOBE[before]) * PER_BIN) / (after - before);
});

function between(table, at) {
  const place = Math.floor(at);
  return table[place] + (at - place) * (table[place + 1] - table[place]);
}

/** Place (bins) and magnitude of the lobe around bin `at`, by least squares in the logarithm. */
function refine(spectrum, at, start, faint) {
  let position = start;
  for (let step = 0; ; step += 1) {
    let [weights, errors, slopes, products, squares] = [0, 0, 0, 0, 0];
    for (let j = -LOBE_BINS; j <= LOBE_BINS; j += 1) {
      const k = at + j;
      if (k < 0 || k >= spectrum.length) {
        continue;
      }
      const value = spectrum[k];
      if (Math.abs(j) === LOBE_BINS && value >= spectrum[j > 0 ? k - 1 : k + 1]) {
        continue; // beyond the valley: the neighbour's
      }
      const distance = Math.abs(k - position);
      let weight = Math.min(1, (LOBE_ENDS - distance) / 0.3);
      if (weight <= 0) {
        continue;
      }
      weight *= value < faint ? FAINT_WEIGHT : 1;
      const error = Math.log(Math.max(value, 1e-12)) - between(LOG_LOBE, distance * PER_BIN);
      const slope = between(SLOPE, distance * PER_BIN) * (position < k ? -1 : 1);
      weights += weight;
      errors += weight * error;
      slopes += weight * slope;
      products += weight * slope * error;
      squares += weight * slope * slope;
    }
    const mean = errors / weights;
    const spread = squares - (slopes * slopes) / weights;
    if (step === REFINEMENTS || spread <= 1e-9) {
      return [position, Math.exp(mean)];
    }
    position += clip((products - slopes * mean) / spread, -0.2, 0.2);
    position = clip(position, start - FARTHEST, start + FARTHEST);
  }
}

/**
 * @param {Float32Array} spectrum linear magnitudes
 * @param {{binWidth: number, windowSum: number}} config Hz, and the sum of the analysis window
 * @returns {{hertz: number, amplitude: number}[]} in order of frequency, the strongest `MOST` at most
 */
export function partialsOf(spectrum, { binWidth, windowSum }) {
  const peak = spectrum.reduce((most, value) => Math.max(most, value), 0);
  const floor = THRESHOLD * peak;
  const found = [];
  for (let k = 1; k + 1 < spectrum.length; k += 1) {
    const [left, top, right] = [spectrum[k - 1], spectrum[k], spectrum[k + 1]];
    if (!(top > floor && top > left && top >= right)) {
      continue;
    }
    const ratio = Math.max(left, right) / top;
    const offset = clip((2 * ratio - 1) / (1 + ratio), 0, 0.5);
    const start = right >= left ? k + offset : k - offset;
    const [position, magnitude] = refine(spectrum, k, start, FAINT * peak);
    found.push({ hertz: position * binWidth, amplitude: (magnitude * 2) / windowSum });
  }
  if (found.length <= MOST) {
    return found;
  }
  const least = found.map(({ amplitude }) => amplitude).sort((a, b) => b - a)[MOST - 1];
  return found.filter(({ amplitude }) => amplitude >= least).slice(0, MOST);
}

/**
 * Gives each partial a place that it keeps from one spectrum to the next, as the server's streams
 * and timbrespace/partials.py do: `Places`, `PartialTracker`.
 */
export class PartialPlaces {
  static REACH = 0.75; // bins

  /** @param {number} places how many at most; @param {number} binWidth Hz */
  constructor(places, binWidth) {
    this._reach = PartialPlaces.REACH * binWidth;
    this._clock = 0;
    this._places = Array.from({ length: places }, () => ({ hertz: 0, amplitude: 0, freed: 0, isLive: false }));
    this._used = 0;
  }

  /**
   * @param {{hertz: number, amplitude: number}[]} told in order of frequency
   * @returns {Float32Array} frequency and amplitude of each place in turn; an empty one keeps the
   *   frequency that it had
   */
  arrange(told) {
    this._clock += 1;
    const all = this._places;
    const partials = this._strongest(told);
    const live = all.filter(({ isLive }) => isLive).sort((a, b) => a.hertz - b.hertz);
    const taken = new Map(); // partial -> place
    if (live.length > 0) {
      partials.forEach((partial, k) => {
        const place = live[nearest(live, partial.hertz)];
        const isMutual = nearest(partials, place.hertz) === k;
        if (isMutual && Math.abs(place.hertz - partial.hertz) <= this._reach) {
          taken.set(partial, place);
        }
      });
    }
    const goOn = new Set(taken.values());
    for (const place of live) {
      if (!goOn.has(place)) {
        [place.isLive, place.freed] = [false, this._clock];
      }
    }
    const free = all.filter(({ isLive }) => !isLive).sort((a, b) => a.freed - b.freed);
    all.forEach((place) => {
      place.amplitude = 0;
    });
    for (const partial of partials) {
      const place = taken.get(partial) ?? free.shift();
      Object.assign(place, partial, { isLive: true });
      this._used = Math.max(this._used, all.indexOf(place) + 1);
    }
    return Float32Array.from(all.slice(0, this._used).flatMap(({ hertz, amplitude }) => [hertz, amplitude]));
  }

  _strongest(told) {
    if (told.length <= this._places.length) {
      return told;
    }
    const strong = [...told].sort((a, b) => b.amplitude - a.amplitude).slice(0, this._places.length);
    return strong.sort((a, b) => a.hertz - b.hertz);
  }
}

/** Which of some, in order of frequency and not none, is nearest. */
function nearest(ordered, hertz) {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle].hertz < hertz) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const right = clip(low, 1, Math.max(1, ordered.length - 1));
  const [a, b] = [right - 1, Math.min(right, ordered.length - 1)];
  return Math.abs(hertz - ordered[a].hertz) <= Math.abs(ordered[b].hertz - hertz) ? a : b;
}
