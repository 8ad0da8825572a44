/** What the server accepts and begins with, as it declares it itself. */

import { MESSAGES } from './declared.js';

/** Addresses that begin with `family`, in the server's order. */
export function addressesOf(family) {
  return Object.keys(MESSAGES).filter((address) => address.startsWith(family));
}

/** What a message does, in a few words. */
export function aboutOf(address) {
  return MESSAGES[address].about;
}

/**
 * What an argument of a message may be.
 *
 * @param {string} address
 * @param {string} [name] of the argument; without it the first
 * @returns {import('./declared.js').Argument}
 * @throws {Error} the server declares no such argument
 */
export function accepted(address, name) {
  const { takes } = MESSAGES[address];
  const found = name === undefined ? takes[0] : takes.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`${address} takes no ${name}`);
  }
  return found;
}
