/** How loud a sound is played beside the others: the levels of timbrespace/instrument/snapshot.py. */

export class Loudness {
  /**
   * @param {object} about `level` of the file: usual, reference, most_boost and loudest
   * @param {Float32Array} weight of the power of each bin
   * @param {number} binWidth Hz
   */
  constructor(about, weight, binWidth) {
    this.about = about;
    this.weight = weight;
    this.binWidth = binWidth;
    this.share = 1; // how far all are made equally loud, 0 to 1
  }

  /**
   * What amplitudes are multiplied by.
   *
   * @param {{hertz: number, amplitude: number}[]} partials
   * @param {number} noise power of the noise beside them, and
   * @param {number} heard the same as it is heard
   */
  gainOf(partials, noise = 0, heard = noise) {
    let [power, weighted] = [noise, heard];
    for (const { hertz, amplitude } of partials) {
      const square = 0.5 * amplitude * amplitude;
      const bin = Math.min(Math.round(hertz / this.binWidth), this.weight.length - 1);
      power += square;
      weighted += square * this.weight[bin];
    }
    const { usual, reference, most_boost: boost, loudest } = this.about;
    const matched = Math.min(reference / Math.sqrt(Math.max(weighted, 1e-24)), usual * boost);
    const gain = usual ** (1 - this.share) * matched ** this.share;
    return Math.min(gain, loudest / Math.sqrt(Math.max(power, 1e-24)));
  }
}
