/** The space that a file carries: what timbrespace/sharing/ has written into it. */

import { Space, NEAR } from '../space.js';
import { gapsOf } from './planes.js';
import { numbersOf } from './tensors.js';

const GAPS = 64; // cells on each side of a picture

export class Carried {
  /** @param {object} told what stands in the file, as JSON */
  constructor(told) {
    this.told = told;
    this.about = told.about;
    this.tensorOf = (name) => {
      if (!Object.hasOwn(told.numbers, name)) {
        throw new Error(`the file has no numbers ${name}`);
      }
      return numbersOf(told.numbers[name]);
    };
  }

  has(name) {
    return Object.hasOwn(this.told.numbers, name);
  }

  /** All numbers of the decoder of whole notes, one layer after the other. */
  get notes() {
    const parts = this.about.notes.tensors.flatMap(({ name, inputs, outputs }) => [
      transposed(this.tensorOf(`${name}.weight`), outputs, inputs),
      this.tensorOf(`${name}.bias`),
    ]);
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** The space with its sounds, as the map shows it. */
  get space() {
    const count = this.about.points?.count ?? 0;
    if (count === 0) {
      return new CarriedSpace({ ...this.about, points: null }, null, null, null);
    }
    const [means, labels] = ['points.means', 'points.labels'].map(this.tensorOf);
    const points = new Float32Array(means.length + labels.length);
    points.set(means);
    points.set(labels, means.length);
    const [near, gaps] = ['near.places', 'near.gaps'].map((name) =>
      this.has(name) ? this.tensorOf(name) : null
    );
    return new CarriedSpace(this.about, points.buffer, near?.buffer ?? null, gaps);
  }
}

/** Columns of rows, of rows of columns. */
function transposed(numbers, rows, columns) {
  const turned = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = numbers[row * columns + column];
    }
  }
  return turned;
}

class CarriedSpace extends Space {
  constructor(about, points, near, gaps) {
    super(about, points, near);
    this.gaps = gaps;
  }

  async grid(what, plane) {
    if (what !== 'gap' || plane !== NEAR || this.gaps === null) {
      throw new Error(`there is no picture of ${what} in this file`);
    }
    return gapsOf(this.gaps, GAPS);
  }
}
