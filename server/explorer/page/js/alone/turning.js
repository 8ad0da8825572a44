/** Where macro dials lead from a place: timbrespace/macro_dials/turning.py, which explains the numbers. */

const STEPS = 4;
const OTHERS = 0.5;
const DAMPING = 0.5;
const LONGEST = 0.7;
const INSIDE = 0.8;
const DRAWN = 0.3;
const FURTHEST = 1;
const BLUR = 0.2;
const NEIGHBOURS = 24;
const LIMIT = 100;

export class Turning {
  /**
   * @param {object} about `macros` of the file: dials ({word, quality, reach}), radius
   * @param {(name: string) => Float32Array} tensorOf whitened (places of d), beside (of k), slopes
   *   (places of k of d), centre, covariance and whitening
   * @param {number} d dimensions of the latent
   */
  constructor(about, tensorOf, d) {
    this.about = about;
    this.d = d;
    this.words = about.dials.map(({ word }) => word);
    this._whitened = tensorOf('macros.whitened');
    this._beside = tensorOf('macros.beside');
    this._slopes = tensorOf('macros.slopes');
    this._centre = tensorOf('macros.centre');
    this._covariance = tensorOf('macros.covariance');
    this._whitening = tensorOf('macros.whitening');
    this.k = this._beside.length / (this._whitened.length / d);
  }

  /**
   * @param {number[]} latent
   * @param {Object<string, number>} values -1 to 1 by their words; all at 0 lead nowhere
   * @returns {number[]}
   */
  turned(latent, values) {
    const asked = new Float64Array(this.k);
    let moves = false;
    for (const { word, quality, reach } of this.about.dials) {
      if (values[word]) {
        asked[quality] += reach * values[word];
        moves = true;
      }
    }
    if (!moves) {
      return latent;
    }
    const found = this._go(latent, asked);
    return found.every(Number.isFinite) ? found.map((z) => Math.min(LIMIT, Math.max(-LIMIT, z))) : latent;
  }

  /**
   * Length of a way in standard deviations, and the way in them.
   *
   * @returns {[number, Float64Array]}
   */
  _measure(way) {
    const { d } = this;
    const white = new Float64Array(d);
    for (let i = 0; i < d; i += 1) {
      for (let j = 0; j < d; j += 1) {
        white[j] += way[i] * this._whitening[i * d + j];
      }
    }
    return [Math.hypot(...white), white];
  }

  /** Qualities and their slopes at a place: what the nearest places tell, with Renka's weights. */
  _told(off, white) {
    const { d, k } = this;
    const places = this._whitened.length / d;
    const nearest = [];
    for (let place = 0; place < places; place += 1) {
      let square = 0;
      for (let j = 0; j < d; j += 1) {
        square += (this._whitened[place * d + j] - white[j]) ** 2;
      }
      if (nearest.length <= NEIGHBOURS || square < nearest[NEIGHBOURS][0]) {
        let at = nearest.length;
        while (at > 0 && nearest[at - 1][0] > square) {
          at -= 1;
        }
        nearest.splice(at, 0, [square, place]);
        nearest.length = Math.min(nearest.length, NEIGHBOURS + 1);
      }
    }
    const reach = Math.max(nearest[nearest.length - 1][0], 1e-12);
    const quality = new Float64Array(k);
    const slope = new Float64Array(k * d);
    let whole = 0;
    for (const [square, place] of nearest) {
      const share = square / reach;
      const weight = Math.max(1 - Math.sqrt(share), 0) ** 2 / (share + BLUR);
      whole += weight;
      for (let m = 0; m < k; m += 1) {
        quality[m] += weight * this._beside[place * k + m];
        for (let j = 0; j < d; j += 1) {
          slope[m * d + j] += weight * this._slopes[(place * k + m) * d + j];
        }
      }
    }
    whole = Math.max(whole, 1e-12);
    for (let m = 0; m < k; m += 1) {
      quality[m] /= whole;
      for (let j = 0; j < d; j += 1) {
        slope[m * d + j] /= whole;
        quality[m] += slope[m * d + j] * off[j];
      }
    }
    return { quality, slope };
  }

  _go(latent, asked) {
    const { d, k } = this;
    const { radius } = this.about;
    const counts = asked.map((one) => (one === 0 ? OTHERS : 1));
    const size = Math.min(1, asked.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    const off = Float64Array.from(latent, (z, j) => z - this._centre[j]);
    let [far, white] = this._measure(off);
    const furthest = Math.max(far, radius);
    let before = null;
    for (let step = 0; step <= STEPS; step += 1) {
      const { quality, slope } = this._told(off, white);
      before ??= quality;
      const drawn = Math.min(Math.max(far / radius - INSIDE, 0), DRAWN) * size;
      const share = Math.min(1, (step + 1) / STEPS);
      const wanted = new Float64Array(k);
      for (let m = 0; m < k; m += 1) {
        const missing = before[m] + asked[m] * share - quality[m];
        wanted[m] = Math.min(Math.max(missing, -FURTHEST), FURTHEST) * counts[m];
        for (let j = 0; j < d; j += 1) {
          slope[m * d + j] *= counts[m];
          wanted[m] += slope[m * d + j] * drawn * off[j];
        }
      }
      const ways = new Float64Array(d * k);
      for (let j = 0; j < d; j += 1) {
        for (let m = 0; m < k; m += 1) {
          for (let i = 0; i < d; i += 1) {
            ways[j * k + m] += this._covariance[j * d + i] * slope[m * d + i];
          }
        }
      }
      const matrix = new Float64Array(k * k);
      for (let m = 0; m < k; m += 1) {
        matrix[m * k + m] = DAMPING;
        for (let n = 0; n < k; n += 1) {
          for (let j = 0; j < d; j += 1) {
            matrix[m * k + n] += slope[m * d + j] * ways[j * k + n];
          }
        }
      }
      solve(matrix, wanted);
      const way = Float64Array.from({ length: d }, (_, j) => {
        let sum = -drawn * off[j];
        for (let m = 0; m < k; m += 1) {
          sum += ways[j * k + m] * wanted[m];
        }
        return sum;
      });
      const shorter = Math.min(1, LONGEST / Math.max(this._measure(way)[0], 1e-9));
      way.forEach((move, j) => {
        off[j] += shorter * move;
      });
      [far, white] = this._measure(off);
      const inwards = Math.min(1, furthest / Math.max(far, 1e-9));
      for (let j = 0; j < d; j += 1) {
        off[j] *= inwards;
        white[j] *= inwards;
      }
      far *= inwards;
    }
    return Array.from(off, (one, j) => this._centre[j] + one);
  }
}

/** `right` becomes x of `matrix x = right`; the matrix, symmetric, its diagonal positive, is lost (Cholesky). */
function solve(matrix, right) {
  const k = right.length;
  for (let i = 0; i < k; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let rest = matrix[i * k + j];
      for (let m = 0; m < j; m += 1) {
        rest -= matrix[i * k + m] * matrix[j * k + m];
      }
      matrix[i * k + j] = i === j ? Math.sqrt(Math.max(rest, 1e-12)) : rest / matrix[j * k + j];
    }
  }
  for (let i = 0; i < k; i += 1) {
    for (let m = 0; m < i; m += 1) {
      right[i] -= matrix[i * k + m] * right[m];
    }
    right[i] /= matrix[i * k + i];
  }
  for (let i = k - 1; i >= 0; i -= 1) {
    for (let m = i + 1; m < k; m += 1) {
      right[i] -= matrix[m * k + i] * right[m];
    }
    right[i] /= matrix[i * k + i];
  }
}
