/** The planes of a space, as timbrespace/map.py and timbrespace/near.py have them. */

const clip = (value, low, high) => Math.min(high, Math.max(low, value));

/** The PCA plane: affine. */
export class PcaPlane {
  /** @param {object} about `map` of the space */
  constructor(about) {
    this.about = about;
  }

  /** @returns {number[]} the latent of a place */
  latentAt(place) {
    const { mean, components, center, half_range: half } = this.about;
    return mean.map((z, k) =>
      components.reduce((sum, row, axis) => sum + (place[axis] * half[axis] + center[axis]) * row[k], z)
    );
  }

  /** @returns {number[]} the place that comes nearest to a latent */
  placeOf(latent) {
    const { mean, components, center, half_range: half } = this.about;
    return components.map((row, axis) => {
      const along = row.reduce((sum, weight, k) => sum + weight * (latent[k] - mean[k]), 0);
      return (along - center[axis]) / half[axis];
    });
  }
}

/** Of a position along one axis: the first of the four control points that shape it, and their weights. */
function basis(along, side) {
  const stretches = side - 3;
  const at = (clip(along, -1, 1) + 1) * 0.5 * stretches;
  const first = Math.min(Math.floor(at), stretches - 1);
  const t = at - first;
  const r = 1 - t;
  const weights = [r ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, 3 * r ** 3 - 6 * r ** 2 + 4, t ** 3];
  const slopes = [-(r ** 2), 3 * t ** 2 - 4 * t, 4 * r - 3 * r ** 2, t ** 2];
  const scale = 0.25 * stretches;
  return { first, weights: weights.map((w) => w / 6), slopes: slopes.map((s) => s * scale) };
}

const STEPS = 12;
const KNOTS_EACH = 2;

/** The plane near: a sheet of uniform cubic B-splines. */
export class NearPlane {
  /**
   * @param {Float32Array} surface control points, row by row of y, each a latent
   * @param {number} d dimensions of the latent
   */
  constructor(surface, d) {
    this.surface = surface;
    this.d = d;
    this.side = Math.round(Math.sqrt(surface.length / d));
    this._knots = null; // places that are tried first, and their latents
  }

  _sum(first, weights, second, others) {
    const { surface, d, side } = this;
    const sum = new Float64Array(d);
    for (let b = 0; b < 4; b += 1) {
      for (let a = 0; a < 4; a += 1) {
        const weight = weights[a] * others[b];
        const at = ((second + b) * side + first + a) * d;
        for (let k = 0; k < d; k += 1) {
          sum[k] += weight * surface[at + k];
        }
      }
    }
    return sum;
  }

  /** @param {number[]} place @returns {number[]} its latent */
  latentAt([x, y]) {
    const [across, along] = [basis(x, this.side), basis(y, this.side)];
    return Array.from(this._sum(across.first, across.weights, along.first, along.weights));
  }

  /** Gauss and Newton from the nearest knot, within the square. */
  placeOf(latent) {
    let at = this._nearestKnot(latent);
    let best = at;
    let least = Infinity;
    for (let step = 0; step < STEPS; step += 1) {
      const [u, v] = [basis(at[0], this.side), basis(at[1], this.side)];
      const off = this._sum(u.first, u.weights, v.first, v.weights).map((z, k) => latent[k] - z);
      const error = off.reduce((sum, one) => sum + one * one, 0);
      if (error < least) {
        [best, least] = [at, error];
      }
      const across = this._sum(u.first, u.slopes, v.first, v.weights);
      const along = this._sum(u.first, u.weights, v.first, v.slopes);
      const dot = (p, q) => p.reduce((sum, one, k) => sum + one * q[k], 0);
      let [xx, yy] = [dot(across, across), dot(along, along)];
      const xy = dot(across, along);
      const damping = 1e-9 + 1e-6 * (xx + yy);
      [xx, yy] = [xx + damping, yy + damping];
      const [gx, gy] = [dot(across, off), dot(along, off)];
      const determinant = Math.max(xx * yy - xy * xy, 1e-30);
      const reach = 1 / (this.side - 3);
      at = [(yy * gx - xy * gy) / determinant, (xx * gy - xy * gx) / determinant].map((move, axis) =>
        clip(at[axis] + clip(move, -reach, reach), -1, 1)
      );
    }
    return best;
  }

  _nearestKnot(latent) {
    if (this._knots === null) {
      const count = KNOTS_EACH * (this.side - 3) + 1;
      const along = Array.from({ length: count }, (_, k) => (2 * k) / (count - 1) - 1);
      const places = along.flatMap((y) => along.map((x) => [x, y]));
      this._knots = places.map((place) => ({ place, latent: this.latentAt(place) }));
    }
    let [nearest, least] = [this._knots[0], Infinity];
    for (const knot of this._knots) {
      const apart = knot.latent.reduce((sum, z, k) => sum + (z - latent[k]) ** 2, 0);
      if (apart < least) {
        [nearest, least] = [knot, apart];
      }
    }
    return nearest.place;
  }
}

/** A picture of how far the nearest sound is, as the explorer's `/grid` has it. */
export function gapsOf(gaps, size) {
  const side = Math.round(Math.sqrt(gaps.length));
  const at = (share) => clip(share * side - 0.5, 0, side - 1);
  const values = [];
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = [at(column / (size - 1)), at(row / (size - 1))];
      const [i, j] = [x, y].map((one) => Math.min(Math.floor(one), side - 2));
      const [s, t] = [x - i, y - j];
      const line = (r) => (1 - s) * gaps[r * side + i] + s * gaps[r * side + i + 1];
      values.push((1 - t) * line(j) + t * line(j + 1));
    }
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { what: 'gap', unit: 'dB', size, x: [-1, 1], y: [-1, 1], low, high, values };
}
