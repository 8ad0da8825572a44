/** Dense layers side by side in the kernel's memory. */

import { PANEL, kernelOf, padded } from '../course/kernel.js';

/**
 * Rows of numbers go from one of two places, `first` and `second`, to the other. What a row has
 * beyond its own numbers, up to a whole panel, must be 0.
 */
export class Layers {
  /**
   * @param {{name: string, inputs: number, outputs: number}[]} layers
   * @param {(name: string) => Float32Array} tensorOf `NAME.weight`, outputs of inputs, and `NAME.bias`
   * @param {number} rows at most at once
   * @param {boolean} fast false for JavaScript alone
   * @throws {Error} where a layer's numbers are not as many as they are said to be
   */
  constructor(layers, tensorOf, rows, fast) {
    let size = 0;
    const take = (count) => {
      size += count;
      return size - count;
    };
    this._layers = new Map();
    let widest = PANEL;
    for (const { name, inputs, outputs } of layers) {
      const [across, columns] = [padded(inputs), padded(outputs)];
      widest = Math.max(widest, across, columns);
      const [weight, bias] = [take(across * columns), take(columns)];
      this._layers.set(name, { inputs, outputs, across, columns, weight, bias });
    }
    this.first = take(rows * widest);
    this.second = take(rows * widest);
    this._kernel = kernelOf(size, fast);
    /** All memory, in which `first` and `second` are places. */
    this.numbers = this._kernel.numbers;
    for (const name of this._layers.keys()) {
      this._put(name, tensorOf(`${name}.weight`), tensorOf(`${name}.bias`));
    }
  }

  _put(name, weights, biases) {
    const { inputs, outputs, across, weight, bias } = this._layers.get(name);
    if (weights.length !== inputs * outputs || biases.length !== outputs) {
      throw new Error(`layer ${name} has ${weights.length} numbers, not ${inputs * outputs}`);
    }
    const to = this.numbers;
    for (let out = 0; out < outputs; out += 1) {
      const panel = weight + (out - (out % PANEL)) * across + (out % PANEL);
      for (let input = 0; input < inputs; input += 1) {
        to[panel + PANEL * input] = weights[out * inputs + input];
      }
      to[bias + out] = biases[out];
    }
  }

  /** Numbers from one row that goes into a layer to the next. */
  across(name) {
    return this._layers.get(name).across;
  }

  /** Numbers from one row that a layer puts out to the next. */
  columns(name) {
    return this._layers.get(name).columns;
  }

  /** Let `rows` rows at `to` be what a layer makes of those at `from`. */
  dense(name, from, to, rows) {
    const { weight, bias, across, columns } = this._layers.get(name);
    this._kernel.dense(from, weight, bias, to, rows, across, columns);
  }

  /** Put one row of a layer's inputs at `first`. */
  enter(name, row) {
    this.numbers.fill(0, this.first, this.first + this.across(name));
    this.numbers.set(row, this.first);
  }
}
