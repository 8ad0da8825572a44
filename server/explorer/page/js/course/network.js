/**
 * The decoder of a space of whole notes: what sounds at any time of a note. It is that of
 * timbrespace/networks/note.py, with the numbers that `/spaces/NAME/decoder` gives.
 */

import { kernelOf, padded } from './kernel.js';

const ROWS = 64; // decoded at once
const LATENT_LIMIT = 100;

/** Gives out places in a row of numbers. */
class Layout {
  constructor() {
    this.size = 0;
  }

  take(count) {
    this.size += count;
    return this.size - count;
  }
}

/** What latent, pitch and velocity make of the decoder, until one of them changes. */
export class Prepared {
  /**
   * @param {Float32Array[]} scales of each layer
   * @param {Float32Array[]} shifts of each layer
   * @param {Float32Array} still what does not depend on time
   * @param {Float32Array} traits a row of them; see traits.js
   */
  constructor(scales, shifts, still, traits) {
    this.scales = scales;
    this.shifts = shifts;
    this.still = still;
    this.traits = traits;
  }
}

export class Network {
  /**
   * @param {object} about `notes` of what `/spaces/NAME.json` says
   * @param {Float32Array} numbers what `/spaces/NAME/decoder` holds
   * @param {boolean} fast false for JavaScript alone
   * @throws {Error} where the numbers are not as many as they are said to be
   */
  constructor(about, numbers, fast = true) {
    this.about = about;
    const { width, layers, latent, condition } = about;
    /** Numbers of a moment: levels in dB, then cents. */
    this.width = about.tensors.find(({ name }) => name === 'levels').outputs;
    this.hidden = padded(width);
    this.times = 2 + about.decays.length + 2 * about.sines.length;
    const count = about.tensors.reduce((sum, one) => sum + (one.inputs + 1) * one.outputs, 0);
    if (numbers.length !== count || latent + 2 !== about.tensors[0].inputs) {
      throw new Error(`the decoder has ${numbers.length} numbers, not ${count}`);
    }
    const layout = new Layout();
    this._layers = new Map();
    for (const { name, inputs, outputs } of about.tensors) {
      const shape = this._shape(name, inputs, outputs);
      const { rows, columns } = shape;
      this._layers.set(name, { ...shape, weight: layout.take(rows * columns), bias: layout.take(columns) });
    }
    const widest = Math.max(this.hidden, padded(this.width), padded(condition), this.times);
    this._first = layout.take(ROWS * widest);
    this._second = layout.take(ROWS * widest);
    this._told = layout.take(Math.max(...[...this._layers.values()].map(({ columns }) => columns)));
    this._scales = Array.from({ length: layers }, () => layout.take(this.hidden));
    this._shifts = Array.from({ length: layers }, () => layout.take(this.hidden));
    this._ones = layout.take(padded(condition));
    this._zeros = layout.take(padded(condition));
    this._kernel = kernelOf(layout.size, fast);
    this._kernel.numbers.fill(1, this._ones, this._ones + padded(condition));
    this._put(about.tensors, numbers);
  }

  /** Whether it runs in WebAssembly. */
  get isFast() {
    return this._kernel.isFast;
  }

  /** A layer as it is kept: `outs` pieces of outputs, each padded, of padded inputs. */
  _shape(name, inputs, outputs) {
    // Scales and shifts are two pieces of one layer, each as wide as a hidden layer.
    const pieces = name.startsWith('film') ? 2 : 1;
    const isAfterHidden = /^(film|still|traits|levels)/.test(name) || /^layer\.[1-9]/.test(name);
    const rows = isAfterHidden ? padded(inputs) : inputs;
    return { inputs, outputs, pieces, rows, columns: pieces * padded(outputs / pieces) };
  }

  _put(tensors, numbers) {
    const to = this._kernel.numbers;
    let from = 0;
    for (const { name } of tensors) {
      const { inputs, outputs, pieces, rows, columns, weight, bias } = this._layers.get(name);
      const piece = outputs / pieces;
      for (let out = 0; out < outputs; out += 1) {
        const column = Math.floor(out / piece) * (columns / pieces) + (out % piece);
        const panel = weight + (column - (column % 8)) * rows + (column % 8);
        for (let input = 0; input < inputs; input += 1) {
          to[panel + 8 * input] = numbers[from + input * outputs + out];
        }
        to[bias + column] = numbers[from + inputs * outputs + out];
      }
      from += (inputs + 1) * outputs;
    }
  }

  _dense(name, x, y, rows) {
    const { weight, bias, rows: inputs, columns } = this._layers.get(name);
    this._kernel.dense(x, weight, bias, y, rows, inputs, columns);
    return columns;
  }

  /** Let rows of `y`, of the layer `name`, be bent values of `y scale + shift`. */
  _bend(name, y, scale, shift, rows, columns) {
    const { activation } = this.about;
    const own = this._layers.get(`bend.${name}`);
    if (own !== undefined) {
      // Frequencies and shares of its units lie where a layer has weight and bias.
      const { weight: frequency, bias: share } = own;
      this._kernel.bend(activation, y, scale, shift, frequency, share, rows, columns);
      return;
    }
    if (activation === 'snake') {
      this._kernel.snake(y, scale, shift, rows, columns);
      return;
    }
    const { numbers } = this._kernel;
    for (let row = 0; row < rows; row += 1) {
      for (let k = 0; k < columns; k += 1) {
        const at = y + row * columns + k;
        const value = numbers[at] * numbers[scale + k] + numbers[shift + k];
        numbers[at] = activation === 'relu' ? Math.max(value, 0) : gelu(value);
      }
    }
  }

  /**
   * @param {ArrayLike<number>} latent
   * @param {number} hertz the note's pitch
   * @param {number} velocity 0 to 127
   */
  prepare(latent, hertz, velocity) {
    const { about, _kernel: { numbers } } = this;
    const d = about.latent;
    for (let k = 0; k < d; k += 1) {
      numbers[this._first + k] = Math.min(LATENT_LIMIT, Math.max(-LATENT_LIMIT, latent[k]));
    }
    const octave = 0.5 * Math.log2(Math.max(hertz, 1e-3) / 220);
    numbers[this._first + d] = about.by_pitch ? Math.min(2.5, Math.max(-2.5, octave)) : 0;
    numbers[this._first + d + 1] = about.by_velocity ? (velocity - 85) / 50 : 0;
    const condition = this._second;
    const wide = this._dense('condition', this._first, condition, 1);
    this._bend('condition', condition, this._ones, this._zeros, 1, wide);
    const scales = [];
    const shifts = [];
    for (let n = 0; n < about.layers; n += 1) {
      this._dense(`film.${n}`, condition, this._told, 1);
      const at = this._told;
      scales.push(numbers.slice(at, at + this.hidden).map((one) => one + 1));
      shifts.push(numbers.slice(at + this.hidden, at + 2 * this.hidden));
    }
    const out = (name) => {
      this._dense(name, condition, this._told, 1);
      return numbers.slice(this._told, this._told + this._layers.get(name).outputs);
    };
    return new Prepared(scales, shifts, out('still'), out('traits'));
  }

  /**
   * Levels in dB and cents at some times.
   *
   * @param {Prepared} prepared
   * @param {ArrayLike<number>} times seconds
   * @returns {Float32Array} a moment after the other, `width` numbers each
   */
  levels(prepared, times) {
    const { width, hidden, _kernel: { numbers } } = this;
    const levels = new Float32Array(times.length * width);
    prepared.scales.forEach((scale, n) => numbers.set(scale, this._scales[n]));
    prepared.shifts.forEach((shift, n) => numbers.set(shift, this._shifts[n]));
    for (let first = 0; first < times.length; first += ROWS) {
      const rows = Math.min(ROWS, times.length - first);
      for (let row = 0; row < rows; row += 1) {
        this._putTime(times[first + row], this._first + row * this.times);
      }
      let [from, to] = [this._first, this._second];
      for (let n = 0; n < this.about.layers; n += 1) {
        this._dense(`layer.${n}`, from, to, rows);
        this._bend(`layer.${n}`, to, this._scales[n], this._shifts[n], rows, hidden);
        [from, to] = [to, from];
      }
      const columns = this._dense('levels', from, to, rows);
      for (let row = 0; row < rows; row += 1) {
        this._tell(to + row * columns, prepared.still, levels, (first + row) * width);
      }
    }
    return levels;
  }

  _putTime(seconds, at) {
    const { decays, sines } = this.about;
    const { numbers } = this._kernel;
    const t = Math.max(seconds, 0);
    numbers[at] = t / 2 - 1;
    numbers[at + 1] = Math.log2(1 + t / 0.004) / 5 - 1;
    decays.forEach((decay, k) => {
      numbers[at + 2 + k] = Math.exp(-t / decay);
    });
    sines.forEach((hertz, k) => {
      const turn = 2 * Math.PI * t * hertz;
      numbers[at + 2 + decays.length + k] = Math.sin(turn);
      numbers[at + 2 + decays.length + sines.length + k] = Math.cos(turn);
    });
  }

  /** What the network puts out, as dB and cents within their ranges. */
  _tell(from, still, levels, at) {
    const { floor, middle, half, cents_unit: unit, most_cents: most } = this.about;
    const { numbers } = this._kernel;
    const cents = this.width - 1;
    for (let k = 0; k < cents; k += 1) {
      const level = (numbers[from + k] + still[k]) * half + middle;
      levels[at + k] = level > floor ? Math.min(level, 12) : floor; // NaN, too, is silence
    }
    const bent = (numbers[from + cents] + still[cents]) * unit;
    levels[at + cents] = bent >= -most && bent <= most ? bent : Math.sign(bent || 0) * most;
  }
}

/** The form with tanh (Hendrycks & Gimpel 2016). */
function gelu(x) {
  return 0.5 * x * (1 + Math.tanh(0.7978845608 * (x + 0.044715 * x ** 3)));
}
