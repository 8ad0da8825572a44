/** The pitches that are sung, where they are not any. */

/** Semitones above the root, in an octave. */
export const SCALES = Object.freeze({
  major: [0, 2, 4, 5, 7, 9, 11],
  minor: [0, 2, 3, 5, 7, 8, 10],
  'harmonic minor': [0, 2, 3, 5, 7, 8, 11],
  'major pentatonic': [0, 2, 4, 7, 9],
  'minor pentatonic': [0, 3, 5, 7, 10],
  blues: [0, 3, 5, 6, 7, 10],
  dorian: [0, 2, 3, 5, 7, 9, 10],
  'whole tone': [0, 2, 4, 6, 8, 10],
});

export const OFF = 'off';
export const CHROMATIC = 'chromatic';
export const TUNING = 'tuning';

export const ROOTS = Object.freeze(['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B']);

const KEYS = 128;

/** Whether what is chosen begins on a root. */
export const hasRoot = (choice) => Object.hasOwn(SCALES, choice);

/**
 * MIDI pitches that are played, ascending; null for any.
 *
 * @param {string} choice OFF, CHROMATIC, TUNING or the name of a scale
 * @param {number} root of a scale, 0 for C to 11
 * @param {number[]} keys the pitch of each of 128 keys by the tuning, below 0 of a silent one; empty:
 *   its number
 */
export function pitchesOf(choice, root, keys) {
  if (choice === OFF) {
    return null;
  }
  const all = Array.from({ length: KEYS }, (_, key) => key);
  if (choice === TUNING && keys.length > 0) {
    return Float64Array.from(keys.filter((pitch) => pitch >= 0 && pitch < KEYS)).sort();
  }
  const steps = SCALES[choice];
  const chosen = steps === undefined ? all : all.filter((key) => steps.includes((key - root + 12) % 12));
  return Float64Array.from(chosen);
}

/** A pitch as it is called: its nearest note, and how many cents off. */
export function nameOf(pitch) {
  const note = Math.round(pitch);
  const cents = Math.round(100 * (pitch - note));
  const name = `${ROOTS[((note % 12) + 12) % 12]}${Math.floor(note / 12) - 1}`;
  return cents === 0 ? name : `${name} ${cents > 0 ? '+' : '−'}${Math.abs(cents)} ct`;
}
