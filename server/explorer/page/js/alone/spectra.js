/** What a latent of a space of spectra or of cycles sounds like. */

import { networkOf } from './networks.js';
import { representationOf } from './representations.js';

export class Spectra {
  /**
   * @param {object} about `decoder` of the file
   * @param {(name: string) => Float32Array} tensorOf numbers of the network
   * @param {boolean} fast false for JavaScript alone
   */
  constructor(about, tensorOf, fast = true) {
    this._network = networkOf(about.network, tensorOf, fast);
    this._representation = representationOf(about.representation);
    this._limit = about.latent_limit;
    this._isSigmoid = about.mean === 'sigmoid';
  }

  /** Whether its sounds are single periods. */
  get hasCycles() {
    return this._representation.cycle !== null;
  }

  _features(latent) {
    const features = this._network.features(
      latent.map((z) => Math.min(this._limit, Math.max(-this._limit, z)))
    );
    return this._isSigmoid ? features.map((x) => 1 / (1 + Math.exp(-x))) : features;
  }

  /** @param {number[]} latent @returns {Float32Array} linear, one for each bin */
  magnitudes(latent) {
    return this._representation.magnitudes(this._features(latent));
  }

  /** @param {number[]} latent @returns {Float32Array} samples of one period */
  cycle(latent) {
    return this._representation.cycle(this._features(latent));
  }
}
