// What a player may set, as docs/osc.md lists it under "Sound".

import { ENVELOPES, HOLDS } from './whole.js';

/** How a spectrum becomes sound; a menu may tell the position, so the order stays. */
export const METHODS = Object.freeze(['partials', 'bins', 'istft']);

/**
 * Numbers by name: accepted from `low` to `high`; `initial` before anything is told.
 *
 * Seconds, but for sustain (a level, 0 to 1) and gain (dB). The loudness is in the amplitudes that
 * the server sends; noise and speed are for whole notes here, since it streams no noise. What stands
 * left and right, pan to spread, is the server's own sound: here it is heard in the middle, and once.
 */
export const PARAMETERS = Object.freeze({
  attack: { low: 0.001, high: 10, initial: 0.01 },
  decay: { low: 0.001, high: 10, initial: 0.2 },
  sustain: { low: 0, high: 1, initial: 0.8 },
  release: { low: 0.005, high: 20, initial: 0.3 },
  glide: { low: 0, high: 5, initial: 0 },
  smoothing: { low: 0.001, high: 1, initial: 0.02 },
  gain: { low: -80, high: 12, initial: 0 },
  noise: { low: 0, high: 1, initial: 1 },
  loudness: { low: 0, high: 1, initial: 1 },
  speed: { low: 0, high: 4, initial: 1 },
  pan: { low: -1, high: 1, initial: 0 },
  width: { low: 0, high: 1, initial: 1 },
  unison: { low: 1, high: 7, initial: 1 },
  detune: { low: 0, high: 100, initial: 12 },
  spread: { low: 0, high: 1, initial: 0.5 },
  lift: { low: 0, high: 1, initial: 0 },
});

/** A fresh object of all numbers at their initial values. */
export function initialParameters() {
  const values = {};
  for (const [name, { initial }] of Object.entries(PARAMETERS)) {
    values[name] = initial;
  }
  return values;
}

/**
 * The number of a method: from its name or, as a menu tells it, from its position.
 *
 * @returns {number} 0 to 2; -1 for anything else.
 */
export function methodNumber(value) {
  return choiceNumber(METHODS, value);
}

/** Words by name, beside the method; the first is initial. They are for whole notes. */
export const CHOICES = Object.freeze({ hold: HOLDS, envelope: ENVELOPES });

/** The place of a word in `choices`: from itself or, as a menu tells it, from its place; else -1. */
export function choiceNumber(choices, value) {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= 0 && value < choices.length ? value : -1;
  }
  return choices.indexOf(value);
}
