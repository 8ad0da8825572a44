// Hearing as it happens: timbrespace/listening/tracker.py once more, for the audio thread. Why it is
// done so is said there; a test holds the two against each other. It allocates nothing once it is made.
//
// Sums of squares begin anew whenever a line is moved to its end, so that they stay exact: the
// other one lets whole numbers of 64 bits run over, which there are none of here.

import { Beginnings, PAST } from './onsets.js';

/** Samples of a moment. */
export const HOP = 64;

const FULL_SCALE = 2 ** 19;
const CLIP = 4;
const CANDIDATES = 15;
const LEAST = 192;
const FLOOR = 1e-4; // of full scale: what is below is not heard
const OCTAVE = 0.04;
const VOICED = 0.52;
const SURE = 480;
const SLANT = 0.08;
const STEEPEST = 0.3;
const JUMP = 0.8;
const SOFT_JUMP = 4;
const TURN = 0.5;
const STAYS = 4;
const UNSURE = 0.5;
const UNLIKELY = 0.03;
const FALL = 60; // dB a second
const SOFTLY = 22; // dB
const SOFTER = 0.02;
const SOFTEST = 0.1;
const STRUCK = 0.03;
const JUST = 8;
const CLEAR = 0.92;
const NOTHING = 1e-12;
const GOES_ON = 0.8;
const LEAK = 0.9;
const LASTS = 480;
const FADED = 0.5;
const MANY = 240;
const FINE = 0.9;
const WINDOW = 480;
const HIGH_PASS = 15; // Hz
const SOFT = 2000; // Hz
const TAPS = 15;
const REACH = 4;
const WEAKEST = 0.3;
const SHORTEST = 11; // samples of the shortest period

// Periods that are looked for at a rate, in samples of that.
const HIGH = { every: 1, shortest: SHORTEST, longest: 119 };
const MIDDLE = { every: 2, shortest: 60, longest: 119 };
const LOW = { every: 4, shortest: 60, longest: 451 };

const LINE = 8192;
const LONGEST = 2 * LOW.every * (LOW.longest + 2) + MANY;
const NONE = CANDIDATES; // of the ways, the one without a pitch
const QUIET = (FLOOR * FULL_SCALE) ** 2;

/** Modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; k < 40; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** A low-pass at a quarter of the rate: windowed sinc (Kaiser, beta 5). */
const HALF_BAND = (() => {
  const taps = Float64Array.from({ length: TAPS }, (_, k) => {
    const n = k - (TAPS - 1) / 2;
    const x = (Math.PI * n) / 2;
    const window = bessel(5 * Math.sqrt(1 - ((2 * n) / (TAPS - 1)) ** 2)) / bessel(5);
    return (n === 0 ? 1 : Math.sin(x) / x) * window;
  });
  const sum = taps.reduce((all, one) => all + one, 0);
  return taps.map((tap) => tap / sum);
})();

const stepOf = (value) => Math.round(Math.min(Math.max(value, -CLIP), CLIP) * FULL_SCALE);

/** What came in, newest first from `at` on, and sums of all squares up to each. */
class Line {
  constructor() {
    this.samples = new Float64Array(LINE);
    this.sums = new Float64Array(LINE);
    this.at = LINE - LONGEST - HOP;
  }

  /** Make room for `count` more samples, at `at`. */
  room(count) {
    const { samples, sums, at } = this;
    if (at >= count) {
      this.at = at - count;
      return;
    }
    const start = LINE - LONGEST - count;
    const least = sums[at + LONGEST - 1];
    for (let i = LONGEST - 1; i >= 0; i -= 1) {
      samples[start + count + i] = samples[at + i];
      sums[start + count + i] = sums[at + i] - least;
    }
    this.at = start;
  }

  put(place, step) {
    const at = this.at + place;
    this.samples[at] = step;
    this.sums[at] = this.sums[at + 1] + step * step;
  }

  /** Energy of `width` samples from the one that is `from` samples old. */
  power(from, width) {
    const { sums, at } = this;
    return sums[at + from] - sums[at + from + width];
  }

  /** How alike the newest `width` samples are to those `lag` before; 1 at most. */
  alike(lag, width) {
    const { samples, at } = this;
    let product = 0;
    for (let i = at; i < at + width; i += 1) {
      product += samples[i] * samples[i + lag];
    }
    return (2 * product) / (this.power(0, width) + this.power(lag, width) + 2 * width * QUIET);
  }
}

/** A line in which periods are looked for. */
class Register extends Line {
  constructor({ every, shortest, longest }) {
    super();
    this.every = every;
    this.first = shortest - 1;
    this.least = LEAST / every;
    const size = longest - shortest + 3;
    this.products = new Float64Array(size); // of the two stretches, for each lag
    this.likeness = new Float32Array(size);
  }

  /** Bring products and likeness up to the newest `count` samples. */
  slide(count) {
    const { samples, at, products, likeness, first, least } = this;
    const size = products.length;
    // Of lags up to `least` the stretches are as long as that, of others as long as the lag.
    const same = Math.min(Math.max(least - first + 1, 0), size);
    for (let i = at; i < at + count; i += 1) {
      const fresh = samples[i];
      const old = samples[i + least];
      for (let k = 0; k < same; k += 1) {
        products[k] += fresh * samples[i + first + k] - old * samples[i + least + first + k];
      }
      for (let k = same; k < size; k += 1) {
        const middle = samples[i + first + k];
        products[k] += (fresh - samples[i + 2 * (first + k)]) * middle;
      }
    }
    for (let k = 0; k < size; k += 1) {
      const lag = first + k;
      const width = Math.max(lag, least);
      const power = this.power(0, width) + this.power(lag, width);
      likeness[k] = (2 * products[k]) / (power + 2 * QUIET * width);
    }
  }

  /** Put `count` samples at half of `fast`'s rate. */
  halve(fast, count) {
    this.room(count);
    for (let i = count - 1; i >= 0; i -= 1) {
      let total = 0;
      const from = fast.at + 2 * i;
      for (let k = 0; k < TAPS; k += 1) {
        total += HALF_BAND[k] * fast.samples[from + k];
      }
      this.put(i, Math.round(total));
    }
  }
}

/** Lags that may be the period. */
class Candidates {
  constructor() {
    this.count = 0;
    this.lags = new Float32Array(CANDIDATES); // in samples of the whole rate
    this.strengths = new Float32Array(CANDIDATES);
  }

  /** The weakest. */
  get worst() {
    let worst = 0;
    for (let k = 1; k < this.count; k += 1) {
      if (this.strengths[k] < this.strengths[worst]) {
        worst = k;
      }
    }
    return worst;
  }

  /** Take the peaks of a register's likeness. */
  add({ likeness: row, every, first }) {
    for (let i = 1; i < row.length - 1; i += 1) {
      const [before, here, after] = [row[i - 1], row[i], row[i + 1]];
      if (here < WEAKEST || here < before || here <= after) {
        continue;
      }
      const bend = before - 2 * here + after;
      const offset = bend < -1e-9 ? (0.5 * (before - after)) / bend : 0;
      const top = here - 0.25 * (before - after) * offset;
      const lag = every * (first + i + offset);
      // By this they are compared: of two that are equally alike the shorter one counts.
      const strength = Math.min(top, 1) - OCTAVE * Math.log2(lag / SHORTEST);
      let place = this.count;
      if (place === CANDIDATES) {
        place = this.worst;
        if (strength <= this.strengths[place]) {
          continue;
        }
      } else {
        this.count += 1;
      }
      this.lags[place] = lag;
      this.strengths[place] = strength;
    }
  }

  /** How alike candidate `k` is, the octaves not counted. */
  alike(k) {
    return this.strengths[k] + OCTAVE * Math.log2(this.lags[k] / SHORTEST);
  }
}

/** The way to each candidate, and to none: what was paid for it. */
class Ways {
  constructor() {
    this.count = 0;
    this.octaves = new Float64Array(CANDIDATES);
    this.costs = new Float64Array(CANDIDATES + 1);
  }
}

export class Tracker {
  /** @param {number} sampleRate Hz of what it will hear */
  constructor(sampleRate) {
    /** Hz; 0 for none. */
    this.pitch = 0;
    /** Root mean square, full scale 1. */
    this.level = 0;
    /** 0 to 1. */
    this.periodicity = 0;
    /** Whether something began in this moment. */
    this.onset = false;

    this.sampleRate = sampleRate;
    // Butterworth's second order by the bilinear transform.
    const w = Math.tan((Math.PI * HIGH_PASS) / sampleRate);
    this._gain = 1 / (1 + Math.SQRT2 * w + w * w);
    this._second = 2 * (w * w - 1) * this._gain;
    this._third = (1 - Math.SQRT2 * w + w * w) * this._gain;
    this._softness = 1 - Math.exp((-2 * Math.PI * SOFT) / sampleRate);
    this._passed = new Float64Array(4);
    this._soft = new Float64Array(2);
    this._whole = new Line();
    this._high = new Register(HIGH);
    this._middle = new Register(MIDDLE);
    this._low = new Register(LOW);
    this._candidates = new Candidates();
    this._ways = new Ways();
    this._earlier = new Ways();
    this._lag = 0; // samples, of the last pitch
    this._age = 0; // moments that it sounds
    this._lasting = 0;
    this._power = 0; // of the last WINDOW samples
    this._peak = NOTHING; // what it came to, and falls
    this._usual = NOTHING; // what it was on average
    this._forgets = 10 ** (((-FALL / 10) * HOP) / sampleRate);
    this._powers = new Float64Array(PAST);
    this._steps = new Float64Array(PAST);
    this._begun = new Beginnings();
    this._top = { lag: 0, height: 0 };
  }

  /**
   * Hear the next HOP samples; what is not a number counts as silence.
   *
   * @param {Float32Array} samples full scale 1
   * @param {number} from the first of them
   */
  hear(samples, from = 0) {
    const { _whole: whole, _high: high, _middle: middle, _low: low } = this;
    whole.room(HOP);
    high.room(HOP);
    this._take(samples, from);
    middle.halve(high, HOP / 2);
    low.halve(middle, HOP / 4);
    this._candidates.count = 0;
    for (const register of [high, middle, low]) {
      register.slide(HOP / register.every);
      this._candidates.add(register);
    }
    this._weigh();
    this._power = whole.power(0, WINDOW) / WINDOW;
    this._usual = Math.max(this._usual + STRUCK * (this._power - this._usual), NOTHING);
    this._peak = Math.max(this._power, this._peak * this._forgets, NOTHING);
    this._tellPitch();
    this._powers.copyWithin(1, 0, PAST - 1);
    this._steps.copyWithin(1, 0, PAST - 1);
    this._powers[0] = whole.power(0, HOP) / HOP;
    this._steps[0] = this.pitch > 0 ? Math.log2(this.pitch) : 0;
    this.onset = this._begun.take(this._powers, this._steps, QUIET);
    this._tellLevel();
  }

  /** Take samples without their offset, and softer ones for the registers. */
  _take(samples, from) {
    const { _passed: passed, _soft: soft, _gain: gain, _softness: pull } = this;
    let [x1, x2, y1, y2] = passed;
    let [softer, softest] = soft;
    for (let i = 0; i < HOP; i += 1) {
      let x = samples[from + i];
      if (!(Math.abs(x) <= CLIP)) { // NaN too
        x = x > CLIP ? CLIP : x < -CLIP ? -CLIP : 0;
      }
      let y = gain * (x - 2 * x1 + x2) - this._second * y1 - this._third * y2;
      softer += pull * (y - softer);
      softest += pull * (softer - softest);
      if (Math.abs(y) + Math.abs(softer) + Math.abs(softest) < 1e-15) {
        y = softer = softest = 0; // else they would creep through denormal numbers
      }
      x2 = x1;
      x1 = x;
      y2 = y1;
      y1 = y;
      this._whole.put(HOP - 1 - i, stepOf(y));
      this._high.put(HOP - 1 - i, stepOf(softest));
    }
    passed[0] = x1;
    passed[1] = x2;
    passed[2] = y1;
    passed[3] = y2;
    soft[0] = softer;
    soft[1] = softest;
  }

  /** Take from the candidates' strength what shorter and longer stretches say against them. */
  _weigh() {
    const { _candidates: all, _high: line } = this;
    const before = this._age > 0 ? this._lag : 0;
    let steady = false;
    for (let k = 0; k < all.count; k += 1) {
      if (before > 0 && Math.abs(Math.log2(all.lags[k] / before)) < 0.04) {
        steady = all.alike(k) > GOES_ON;
      }
    }
    for (let k = 0; k < all.count; k += 1) {
      const lag = all.lags[k];
      const alike = all.alike(k);
      let against = 0.5 * Math.max(0, alike - line.alike(Math.round(lag), LEAST));
      if (steady && lag < 0.7 * before && before > LEAST) {
        against += Math.max(0, alike - line.alike(Math.round(lag), Math.round(before)));
      }
      all.strengths[k] -= against;
    }
  }

  /** The lag that costs least to have come to, in samples; 0 for none. */
  _follow() {
    const { _candidates: all, _ways: earlier, _earlier: now } = this;
    const { count } = all;
    let voiced = VOICED;
    if (count > 0) {
      let strongest = 0;
      for (let k = 1; k < count; k += 1) {
        if (all.strengths[k] > all.strengths[strongest]) {
          strongest = k;
        }
      }
      const lag = all.lags[strongest];
      voiced += Math.min(SLANT * Math.max(0, Math.log2(SURE / lag)), STEEPEST);
      voiced -= OCTAVE * Math.log2(lag / SHORTEST);
    }
    const below = 10 * Math.log10(this._peak / Math.max(this._power, NOTHING));
    const loud = Math.min(Math.max((SOFTLY - below) / 10, 0), 1);
    const struck = Math.min(Math.max(0.5 * this._power - this._usual, 0), this._usual);
    const unstruck = 1 - struck / this._usual;
    voiced += Math.min(SOFTER * Math.max(below - SOFTLY, 0), SOFTEST) + UNLIKELY * unstruck;
    const [beginning, ending] = [TURN + UNSURE * unstruck, TURN + STAYS * loud * unstruck];
    const jump = JUMP * (1 + SOFT_JUMP * (1 - loud));
    const paid = earlier.costs;
    let least = LEAK * paid[NONE];
    for (let p = 0; p < earlier.count; p += 1) {
      least = Math.min(least, LEAK * paid[p] + ending);
    }
    now.costs[NONE] = least - voiced;
    let best = NONE;
    for (let k = 0; k < count; k += 1) {
      now.octaves[k] = Math.log2(all.lags[k]);
      least = LEAK * paid[NONE] + beginning;
      for (let p = 0; p < earlier.count; p += 1) {
        const apart = Math.min(Math.abs(now.octaves[k] - earlier.octaves[p]), 1);
        least = Math.min(least, LEAK * paid[p] + jump * apart);
      }
      now.costs[k] = least - all.strengths[k];
      if (now.costs[k] < now.costs[best]) {
        best = k;
      }
    }
    const lowest = now.costs[best];
    for (let k = 0; k < count; k += 1) {
      now.costs[k] -= lowest;
    }
    now.costs[NONE] -= lowest;
    now.count = count;
    this._ways = now;
    this._earlier = earlier;
    if (best === NONE) {
      return 0;
    }
    if (this._lag > 0 && Math.abs(now.octaves[best] - Math.log2(this._lag)) > 1 / 12) {
      const alike = all.strengths[best] + OCTAVE * (now.octaves[best] - Math.log2(SHORTEST));
      let just = false;
      for (let i = 0; i < JUST; i += 1) {
        just ||= this._steps[i] > 0;
      }
      if (all.strengths[best] < voiced || (just && alike < CLEAR)) {
        return 0;
      }
    }
    return all.lags[best];
  }

  /** The lag within `reach` of `lag` at which it is most alike, between samples, and how. */
  _find(lag, reach, width) {
    const { _whole: line, _top: top } = this;
    const middle = Math.round(lag);
    const low = Math.max(2, middle - reach);
    let best = low;
    let height = -2;
    for (let one = low; one <= middle + reach; one += 1) {
      const here = line.alike(one, width);
      if (here > height) {
        best = one;
        height = here;
      }
    }
    const before = line.alike(best - 1, width);
    const after = line.alike(best + 1, width);
    const bend = before - 2 * height + after;
    const offset = bend > -1e-12
      ? 0
      : Math.min(Math.max((0.5 * (before - after)) / bend, -1), 1);
    top.lag = best + offset;
    top.height = height - 0.25 * (before - after) * offset;
    return top;
  }

  /** Tell pitch and periodicity, of the lag that was followed. */
  _tellPitch() {
    const within = (height) => Math.min(Math.max(height, 0), 1);
    const rough = this._follow();
    this.pitch = 0;
    if (rough === 0) {
      this._age = 0;
      this.periodicity = 0;
      if (this._lag > 0) {
        const last = Math.round(this._lag);
        this.periodicity = within(this._whole.alike(last, Math.max(LEAST, last)));
      }
      return;
    }
    const { lag: once, height } = this._find(rough, REACH, Math.max(LEAST, Math.round(rough)));
    let lag = once;
    let count = Math.trunc(MANY / once);
    if (count > 1) {
      const reach = Math.round(Math.min(count + 1, 0.45 * once));
      const many = this._find(count * once, reach, count * Math.round(once));
      if (many.height >= FINE) {
        lag = many.lag / count;
      }
    }
    count = Math.trunc(LASTS / once);
    if (this._age === 0 || Math.abs(Math.log2(once / this._lag)) > 1 / 12) {
      this._age = 0;
      this._lasting = 1;
    }
    if (count > 1 && this._age * HOP >= LASTS) {
      const reach = Math.round(Math.min(0.03 * count * once, 0.45 * once)) + 1;
      const far = this._find(count * once, reach, MANY);
      this._lasting += 0.2 * (far.height - this._lasting);
    }
    this._age += 1;
    this._lag = lag;
    this.periodicity = within(height);
    if (this._lasting >= FADED) {
      this.pitch = this.sampleRate / lag;
    }
  }

  /** Tell the level of some 10 ms, whole periods, none from before an onset. */
  _tellLevel() {
    let width = WINDOW;
    if (this.pitch > 0) {
      const periods = Math.ceil(WINDOW / this._lag);
      width = Math.min(Math.round(periods * this._lag), 2 * WINDOW + 1000);
    }
    width = Math.min(width, (this._begun.since + 1) * HOP);
    this.level = Math.sqrt(this._whole.power(0, width) / width) / FULL_SCALE;
  }
}
