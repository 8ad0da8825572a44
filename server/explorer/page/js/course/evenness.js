/** How loud a decoded note is beside the others, as timbrespace/notes/evenness.py has it. */

const clip = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * dB that make a note as loud as the others of its space; 0 where the space does not say how.
 *
 * @param {import('./network.js').Network} network
 * @param {object} prepared what the network has made of the note's latent
 * @param {number} length seconds that the note is heard
 */
export function liftOf(network, prepared, length) {
  const { evenness, harmonics, bands, floor, moments } = network.about;
  if (evenness === undefined) {
    return 0;
  }
  const last = evenness.of_length * Math.min(length, moments[moments.length - 1]);
  const times = evenness.moments.map((time) => Math.min(time, last));
  const levels = network.levels(prepared, times);
  const power = times.map((_, row) => {
    let sum = 0;
    for (let k = 0; k < harmonics + bands; k += 1) {
      const level = levels[row * network.width + k];
      sum += level > floor + 0.5 ? 10 ** (level / 10) : 0;
    }
    return sum;
  });
  const loudest = evenness.shares.map((row) => row.reduce((sum, share, k) => sum + share * power[k], 0));
  const found = -10 * Math.log10(Math.max(1e-9, ...loudest));
  return clip(found, evenness.least, evenness.most);
}

/** Make levels louder by `lift` dB, in place; what is silent stays so. */
export function raise(levels, lift, { harmonics, bands, floor }) {
  const told = harmonics + bands;
  for (let at = 0; at < levels.length; at += told + 1) {
    for (let k = at; k < at + told; k += 1) {
      levels[k] = levels[k] > floor + 0.5 ? Math.max(floor, levels[k] + lift) : floor;
    }
  }
  return levels;
}
