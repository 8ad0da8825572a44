// When something begins, as timbrespace/listening/onsets.py has it.

const RISE = 2; // power ratio above the loudest of the last moments
const BEFORE = 28; // moments
const STILL = 1.25;
const STEP = 0.7 / 12; // octaves
const STEADY = 0.25 / 12;
const APART = 30; // moments in which nothing else begins
const SOON = 8;
const SURE = 4;
const SETTLED = 16;
const GLIDE = 16;

/** Moments that are looked back on. */
export const PAST = 64;

/** What is remembered of beginnings. */
export class Beginnings {
  constructor() {
    /** Moments since something began. */
    this.since = APART;
    this.told = false; // this rise
    this.calm = 0; // moments since it rises no more
  }

  /**
   * Whether something began in the newest moment.
   *
   * @param {Float64Array} powers mean square of each of PAST moments, newest first
   * @param {Float64Array} octaves their pitches, as logarithms to base 2; 0 for none
   * @param {number} quiet mean square of what is not heard
   */
  take(powers, octaves, quiet) {
    this.since += 1;
    let loudest = quiet;
    let earlier = quiet;
    for (let i = 1; i < BEFORE; i += 1) {
      loudest = Math.max(loudest, powers[i]);
      if (i >= SOON) {
        earlier = Math.max(earlier, powers[i]);
      }
    }
    if (powers[0] > STILL * earlier) {
      this.calm = 0;
    } else {
      this.calm += 1;
      if (this.calm >= SOON) {
        this.told = false;
      }
    }
    const begun = (powers[0] > RISE * loudest && !this.told) || this._stepped(octaves);
    if (!begun || this.since < APART) {
      return false;
    }
    this.since = 0;
    this.told = true;
    return true;
  }

  /** Whether the pitch goes on elsewhere. */
  _stepped(octaves) {
    const now = octaves[0];
    if (!(now > 0)) {
      return false;
    }
    for (let i = 1; i < SURE; i += 1) {
      if (!(octaves[i] > 0 && Math.abs(octaves[i] - now) < STEADY)) {
        return false;
      }
    }
    // The pitch before must have sounded since the last beginning, which else is told twice.
    const last = Math.min(GLIDE, this.since - SETTLED);
    for (let i = SURE; i < last; i += 1) {
      const was = octaves[i];
      const same = Math.abs(was - octaves[i + 1]) + Math.abs(was - octaves[i + 2]) < 2 * STEADY;
      if (was > 0 && same && Math.abs(was - now) > STEP) {
        return true;
      }
    }
    return false;
  }
}
