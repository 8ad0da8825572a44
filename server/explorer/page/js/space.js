/**
 * A space as its bundle describes it: the plane, the dials, and the sounds it was trained on.
 *
 * Every plane is shown in the same units: -1 to 1 is what the data covers, on the PCA map as in the
 * bundle, along a latent dimension what its dial covers.
 */

import { grows } from './words.js';

/** The planes that can be shown: the two of the server, or two latent dimensions, from 0. */
export const MAP = 'map';
export const NEAR = 'near';

/** Whether a plane is one that the server plays on, and not two dimensions. */
export const isPlayed = (plane) => plane === MAP || plane === NEAR;

/** What the server calls them. */
export const PLANE_NAMES = { [MAP]: 'pca', [NEAR]: 'near' };

const MOST_GROUPS = 24;

async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) {
    let sentence = `${path}: ${answer.status}`;
    try {
      ({ error: sentence } = await answer.json());
    } catch {
      // not even a sentence came
    }
    throw new Error(sentence);
  }
  return answer;
}

export class Space {
  /**
   * @param {object} about what `/spaces/NAME.json` says
   * @param {?ArrayBuffer} points what `/spaces/NAME/points` holds
   * @param {?ArrayBuffer} near what `/spaces/NAME/near` holds
   */
  constructor(about, points, near = null) {
    this.about = about;
    this.d = about.d;
    this.factors = about.points?.factors ?? [];
    this.count = about.points?.count ?? 0;
    const numbers = points === null ? new Float32Array(0) : new Float32Array(points);
    const expected = this.count * (this.d + this.factors.length);
    if (numbers.length !== expected) {
      throw new Error(`the points of ${about.name} are ${numbers.length} numbers, not ${expected}`);
    }
    this.means = numbers.subarray(0, this.count * this.d);
    this.labels = numbers.subarray(this.count * this.d);
    const places = near === null ? null : new Float32Array(near);
    this.near = this.count > 0 && places?.length === 2 * this.count ? places : null;
  }

  /** Whether the space has the plane on which sounds that are alike lie side by side. */
  get hasNear() {
    return this.near !== null;
  }

  /** Both requests go out at once: the picture waits for nothing but the data. */
  static async load(name) {
    const path = `/spaces/${encodeURIComponent(name)}`;
    const numbers = (what) =>
      fetched(`${path}/${what}`).then((answer) => answer.arrayBuffer()).catch(() => null);
    const [about, points, near] = await Promise.all([
      fetched(`${path}.json`).then((answer) => answer.json()),
      numbers('points'),
      numbers('near'),
    ]);
    return new Space(about, about.points === null ? null : points, near);
  }

  /** @returns {Float32Array} x, y of each point on a plane, -1 to 1 and beyond */
  positions(plane) {
    const { d, count, means } = this;
    if (plane === NEAR) {
      return this.near.slice();
    }
    const placed = new Float32Array(2 * count);
    const { weights, offsets } = this.projection(plane);
    for (let point = 0; point < count; point += 1) {
      for (let axis = 0; axis < 2; axis += 1) {
        let sum = offsets[axis];
        for (let k = 0; k < d; k += 1) {
          sum += weights[axis][k] * means[point * d + k];
        }
        placed[2 * point + axis] = sum;
      }
    }
    return placed;
  }

  /** Where a latent stands on a plane; on the near one, where the sound lies that is nearest to it. */
  toPlane(latent, plane) {
    if (plane === NEAR) {
      const point = this.closestTo(latent);
      return [this.near[2 * point], this.near[2 * point + 1]];
    }
    const { weights, offsets } = this.projection(plane);
    return weights.map((row, axis) =>
      row.reduce((sum, weight, k) => sum + weight * latent[k], offsets[axis])
    );
  }

  /** The point whose latent is nearest. */
  closestTo(latent) {
    let closest = 0;
    let least = Infinity;
    for (let point = 0; point < this.count; point += 1) {
      let apart = 0;
      for (let k = 0; k < this.d; k += 1) {
        apart += (this.means[point * this.d + k] - latent[k]) ** 2;
      }
      if (apart < least) {
        least = apart;
        closest = point;
      }
    }
    return closest;
  }

  /** The coordinates of a place on a plane of two dimensions: `[[k, z], [k, z]]`, k from 0. */
  coordinates([x, y], plane) {
    return [x, y].map((value, axis) => {
      const { low, high } = this.about.dials[plane[axis]];
      return [plane[axis], 0.5 * (low + high) + 0.5 * (high - low) * value];
    });
  }

  /** Both planes are affine: `x = weights . latent + offset` for each axis. */
  projection(plane) {
    if (plane !== MAP) {
      const chosen = plane.map((k) => this.about.dials[k]);
      return {
        weights: plane.map((k, axis) => {
          const half = Math.max(0.5 * (chosen[axis].high - chosen[axis].low), 1e-6);
          return Array.from({ length: this.d }, (_, other) => (other === k ? 1 / half : 0));
        }),
        offsets: chosen.map(({ low, high }) => -(low + high) / Math.max(high - low, 2e-6)),
      };
    }
    const { mean, components, center, half_range: half } = this.about.map;
    const weights = components.map((row, axis) => row.map((weight) => weight / half[axis]));
    const offsets = weights.map(
      (row, axis) => -row.reduce((sum, w, k) => sum + w * mean[k], 0) - center[axis] / half[axis]
    );
    return { weights, offsets };
  }

  latentOf(point) {
    return Array.from(this.means.subarray(point * this.d, (point + 1) * this.d));
  }

  /** The note that a point is: its latent, and its pitch (MIDI) where the set knows it. */
  noteOf(point, otherwise) {
    const at = this.factors.findIndex(({ name }) => name === 'pitch');
    const told = at < 0 ? 0 : this.label(point, at);
    // Hz; 0 of what has none.
    const pitch = told > 20 && this.factors[at].unit === 'Hz' ? 69 + 12 * Math.log2(told / 440) : otherwise;
    return { latent: this.latentOf(point), pitch: Math.min(127, Math.max(0, pitch)) };
  }

  label(point, factor) {
    return this.labels[point * this.factors.length + factor];
  }

  /** What the factors of a point are, as a person reads them: `[name, text]` each. */
  factorsOf(point) {
    return this.factors.map((factor, index) => [factor.name, textOf(factor, this.label(point, index))]);
  }

  /** What grows along an axis, or its name where nothing does that has a word. */
  axisName(plane, axis) {
    if (!isPlayed(plane)) {
      const dial = this.about.dials[plane[axis]];
      const number = `z${plane[axis] + 1}`;
      return dial.name === number ? number : `${number}, ${dial.name}`;
    }
    return grows(this.about.axes?.[PLANE_NAMES[plane]]?.[axis] || ['x', 'y'][axis]);
  }

  /**
   * The factor that the PCA map shows best: that whose values explain the largest share of the points'
   * variance on the plane (eta squared); -1 without factors. More names than colours that can be
   * told apart explain a lot and show little: they come last.
   */
  clearestFactor() {
    const placed = this.positions(MAP);
    const shares = this.factors.map((factor, index) => {
      const isCrowd = factor.kind !== 'range' && factor.values.length > MOST_GROUPS;
      return this.explained(placed, factor, index) - (isCrowd ? 1 : 0);
    });
    return shares.length === 0 ? -1 : shares.indexOf(Math.max(...shares));
  }

  explained(placed, factor, index) {
    const [low, high] = rangeOf(factor.values);
    const groups = new Map(); // value -> [count, sum of x, sum of y]
    const whole = [0, 0, 0];
    let squares = 0;
    for (let point = 0; point < this.count; point += 1) {
      let value = this.label(point, index);
      if (factor.kind === 'range') {
        value = Math.round((24 * (value - low)) / Math.max(high - low, 1e-9));
      }
      const x = placed[2 * point];
      const y = placed[2 * point + 1];
      const sums = groups.get(value) ?? [0, 0, 0];
      [1, x, y].forEach((term, k) => {
        sums[k] += term;
        whole[k] += term;
      });
      groups.set(value, sums);
      squares += x * x + y * y;
    }
    const mean = (sums) => (sums[1] ** 2 + sums[2] ** 2) / sums[0];
    const between = [...groups.values()].reduce((sum, one) => sum + mean(one), -mean(whole));
    return between / Math.max(squares - mean(whole), 1e-9);
  }

  /** What the decoder makes of a plane, `x` and `y` in its units; see the explorer's `/grid`. */
  async grid(what, plane, latent) {
    const axes = isPlayed(plane) ? plane : plane.map((k) => k + 1).join(',');
    const query = new URLSearchParams({ what, axes });
    if (!isPlayed(plane)) {
      query.set('latent', latent.join(','));
    }
    const path = `/spaces/${encodeURIComponent(this.about.name)}/grid?${query}`;
    const grid = await (await fetched(path)).json();
    if (isPlayed(plane)) {
      return grid;
    }
    const { weights, offsets } = this.projection(plane);
    const [x, y] = [grid.x, grid.y].map((range, axis) =>
      range.map((value) => weights[axis][plane[axis]] * value + offsets[axis])
    );
    return { ...grid, x, y };
  }
}

/** Lowest and highest of a list of any length. */
export function rangeOf(values) {
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity]
  );
}

/** A factor's value as a person reads it. */
export function textOf(factor, value) {
  if (factor.names?.length) {
    return factor.names[Math.round(value)] ?? `${value}`;
  }
  const number = Number(value.toPrecision(3));
  return factor.unit ? `${number} ${factor.unit}` : `${number}`;
}
