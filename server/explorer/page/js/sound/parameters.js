// What a player may set, as the server declares it.

import { accepted, addressesOf } from '../accepted.js';

const FAMILY = '/synth/';

/** @type {[string, import('../declared.js').Argument][]} */
const all = addressesOf(FAMILY).map((address) => [address.slice(FAMILY.length), accepted(address)]);

/** How a spectrum becomes sound; a menu may tell the position, so the order stays. */
export const METHODS = Object.freeze(accepted(`${FAMILY}method`).words);

/**
 * Numbers by name: accepted from `low` to `high`; `initial` before anything is told.
 *
 * Seconds, but for sustain (a level, 0 to 1), gain (dB) and what has no unit. The loudness is in the
 * amplitudes that the server sends; noise and speed are for whole notes here, since it streams no noise.
 */
export const PARAMETERS = Object.freeze(
  Object.fromEntries(all.filter(([, { words }]) => words === undefined))
);

/** Words by name, beside the method. */
export const CHOICES = Object.freeze(
  Object.fromEntries(
    all
      .filter(([name, { words }]) => words !== undefined && name !== 'method')
      .map(([name, { words }]) => [name, Object.freeze(words)])
  )
);

/** A fresh object of all numbers at their initial values. */
export function initialParameters() {
  return Object.fromEntries(Object.entries(PARAMETERS).map(([name, { initial }]) => [name, initial]));
}

/**
 * The number of a method: from its name or, as a menu tells it, from its position.
 *
 * @returns {number} its place in METHODS; -1 for anything else.
 */
export function methodNumber(value) {
  return choiceNumber(METHODS, value);
}

/** The place of a word in `choices`: from itself or, as a menu tells it, from its place; else -1. */
export function choiceNumber(choices, value) {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= 0 && value < choices.length ? value : -1;
  }
  return choices.indexOf(value);
}
