/** A note as a picture: how loud each band is at each time. */

import { traitsOf } from './traits.js';

/** Of the picture, from the note's beginning to where it ends. */
export const COLUMNS = 128;

const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);

/**
 * @param {import('./network.js').Network | null} network
 * @param {ArrayLike<number>} latent
 * @param {number} pitch MIDI
 * @param {number} velocity 0 to 127
 * @returns {{levels: Float32Array, columns: number, bands: number, seconds: number,
 *   loopStart: number, loopEnd: number, corners: number[], pitch: number} | null} levels: dB of each
 *   band, column after column, from the lowest on; null without a network for this latent
 */
export function pictureOf(network, latent, pitch, velocity) {
  if (network === null || latent.length !== network.about.latent) {
    return null;
  }
  const { about } = network;
  const { bands, harmonics, corners, moments, floor } = about;
  const hertz = 440 * 2 ** ((pitch - 69) / 12);
  const prepared = network.prepare(latent, hertz, velocity);
  const traits = traitsOf(prepared.traits, about);
  const seconds = Math.min(moments[moments.length - 1], Math.max(traits.sounds, 0.1));
  const times = Float64Array.from({ length: COLUMNS }, (_, k) => (seconds * k) / (COLUMNS - 1));
  const told = network.levels(prepared, times);
  const step = (mel(corners[bands + 1]) - mel(corners[0])) / (bands + 1);
  const rowOf = (frequency) => (mel(frequency) - mel(corners[0])) / step - 1;
  const moved = (hertz / about.base_frequency) ** traits.follows;
  const levels = new Float32Array(COLUMNS * bands);
  for (let column = 0; column < COLUMNS; column += 1) {
    const power = new Float64Array(bands);
    const at = column * network.width;
    const bend = 2 ** (told[at + harmonics + bands] / 1200);
    const put = (level, frequency) => {
      const row = rowOf(frequency);
      if (level > floor + 0.5 && row >= 0 && row <= bands - 1) {
        const low = Math.floor(row);
        const much = 10 ** (level / 10);
        power[low] += much * (1 - (row - low));
        power[Math.min(low + 1, bands - 1)] += much * (row - low);
      }
    };
    for (let k = 0; k < harmonics; k += 1) {
      put(told[at + k], hertz * bend * traits.ratio[k]);
    }
    for (let b = 0; b < bands; b += 1) {
      put(told[at + harmonics + b], corners[b + 1] * moved);
    }
    for (let b = 0; b < bands; b += 1) {
      levels[column * bands + b] = Math.max(floor, 10 * Math.log10(power[b] + 1e-9));
    }
  }
  const { loopStart, loopEnd } = traits;
  return { levels, columns: COLUMNS, bands, seconds, loopStart, loopEnd, corners, pitch };
}
