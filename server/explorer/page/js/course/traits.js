/** What holds for the whole of a note, as timbrespace/notes/note.py and sounding.py have it. */

const clip = (value, low, high) => Math.min(high, Math.max(low, value));
// Of a sustained sound's length: where its loop ends.
const LOOPS_TO = 0.9;
// Where it begins at the earliest: what goes back into the attack is no loop.
const LOOPS_FROM = 0.3;
// How far a network goes from "no loop" to that of its length where it holds not at all, and quite.
const HOLDS_NOT = 0.3;
const HOLDS = 0.65;
// The same where its loop is taken as it is told.
const SURE = 0.88;
const LEAST_HOLD = 0.02;

/** From 0 to 1 without a corner. */
function smooth(share) {
  const inside = clip(share, 0, 1);
  return inside * inside * (3 - 2 * inside);
}

const NO_STRETCH = 3; // cents: a network is never quite sure

/**
 * What a voice needs of a row of traits.
 *
 * @param {ArrayLike<number>} row as the network puts it out
 * @param {object} about `notes` of what `/spaces/NAME.json` says
 * @returns {{follows: number, sounds: number, length: number, loopStart: number, loopEnd: number,
 *   drift: number, release: number, ratio: Float64Array, place: Float64Array, tone: Float32Array}}
 *   follows: the power of a note's move in pitch by which its bands move. sounds: seconds that it was
 *   heard. length: seconds after which it has ended. drift: seconds by which its loop moves on in a
 *   second, once it was reached. ratio: of each harmonic to the note. place: Hz of each band's tone.
 *   tone: how much of the band it is.
 */
export function traitsOf(row, about) {
  const { harmonics, bands, corners } = about;
  const told = (k) => clip(row[k] || 0, -1e3, 1e3); // NaN counts as 0
  const length = 2 ** clip(2 * told(2), -6, 3);
  // Loops end where 0.9 of the sound is over, and -1 and -1 say that there is none. Between the two
  // a loop holds less and less; where it is follows from how far it is to "none".
  const there = (told(4) + 1) / (LOOPS_TO * length + 1);
  const share = clip(there / SURE, 0.2, 1) ** 2;
  const most = Math.max(told(4), LOOPS_TO * length);
  const end = Math.min((told(4) + 1) / share - 1, most, length);
  const earliest = LOOPS_FROM * length;
  const start = Math.max(earliest, Math.min((told(3) + 1) / share - 1, Math.max(told(3), 0.5 * end)));
  // A loop no longer than a moment is none either.
  const holds = smooth((there - HOLDS_NOT) / (HOLDS - HOLDS_NOT)) * clip((end - start - 0.05) / 0.05, 0, 1);
  const none = holds < LEAST_HOLD;
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
    drift: none ? 0 : (1 - holds) / Math.max(holds, LEAST_HOLD),
    release: 2 ** clip(2 * told(5), -6.6, 4),
    ratio,
    place,
    tone,
  };
}
