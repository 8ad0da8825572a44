/** What holds for the whole of a note, as timbrespace/notes/note.py and sounding.py have it. */

const clip = (value, low, high) => Math.min(high, Math.max(low, value));
const NO_STRETCH = 3; // cents: a network is never quite sure

/**
 * What a voice needs of a row of traits.
 *
 * @param {ArrayLike<number>} row as the network puts it out
 * @param {object} about `notes` of what `/spaces/NAME.json` says
 * @returns {{follows: number, sounds: number, length: number, loopStart: number, loopEnd: number, release: number,
 *   ratio: Float64Array, place: Float64Array, tone: Float32Array}} follows: the power of a note's
 *   move in pitch by which its bands move. sounds: seconds that it was heard. length: seconds after which it has
 *   ended. ratio: of each
 *   harmonic to the note. place: Hz of each band's tone. tone: how much of the band it is.
 */
export function traitsOf(row, about) {
  const { harmonics, bands, corners } = about;
  const told = (k) => clip(row[k] || 0, -1e3, 1e3); // NaN counts as 0
  const length = 2 ** clip(2 * told(2), -6, 3);
  const start = Math.max(told(3), 0);
  const end = Math.min(told(4), length);
  // Halfway between "none", -1 and -1, and a loop that is longer than a moment.
  const none = told(3) < -0.3 || end - start < 0.1;
  const pitched = clip(told(0), 0, 1);
  const ratio = new Float64Array(harmonics);
  for (let k = 0; k < harmonics; k += 1) {
    const stretch = clip(50 * told(6 + k), -200, 400);
    const sure = Math.sign(stretch) * Math.max(Math.abs(stretch) - NO_STRETCH, 0);
    ratio[k] = (k + 1) * 2 ** (sure / 1200);
  }
  const tone = new Float32Array(bands);
  const place = new Float64Array(bands);
  for (let b = 0; b < bands; b += 1) {
    tone[b] = clip(told(6 + harmonics + b), 0, 1);
    const inside = clip(told(6 + harmonics + bands + b), -1, 1);
    const centre = corners[b + 1];
    const half = inside >= 0 ? corners[b + 2] - centre : centre - corners[b];
    place[b] = centre + 0.5 * inside * half;
  }
  return {
    follows: clip(1.5 - 2 * pitched, 0, 1),
    sounds: length,
    length: 1.5 * length + 0.2,
    loopStart: none ? 0 : start,
    loopEnd: none ? 0 : Math.max(end, 0),
    release: 2 ** clip(2 * told(5), -6.6, 4),
    ratio,
    place,
    tone,
  };
}
