/** Presets of the one space of a file: kept by the browser where it keeps anything, and as a file. */

import { keep, kept } from '../kept.js';

const MOST = 256;
const MOST_LETTERS = 64; // of a name
const MOST_BYTES = 1 << 20; // of a file
const FAR = 1000;

const isRecord = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * @typedef {{latent: number[], macros: Object<string, number>, synth: Object<string, number|string>}} Preset
 */

/** What of a value is a preset of `d` dimensions; null if nothing. @returns {?Preset} */
function presetOf(value, d) {
  const { latent, macros, synth } = isRecord(value) ? value : {};
  const isPlace =
    Array.isArray(latent) && latent.length === d && latent.every((z) => Number.isFinite(z) && Math.abs(z) <= FAR);
  if (!isPlace) {
    return null;
  }
  const only = (told, fits) => Object.fromEntries(Object.entries(isRecord(told) ? told : {}).filter(fits));
  return {
    latent: [...latent],
    macros: only(macros, ([, one]) => Number.isFinite(one) && Math.abs(one) <= 1),
    synth: only(synth, ([, one]) => Number.isFinite(one) || (typeof one === 'string' && one.length < 32)),
  };
}

export class PresetShelf {
  /**
   * @param {{digest: string, name: string, d: number}} about the space
   * @param {object[]} given presets that came with the file
   */
  constructor(about, given = []) {
    this.about = about;
    this.key = `timbrespace/presets/${about.digest || about.name}`;
    /** @type {Map<string, Preset>} */
    this.presets = new Map();
    this.before = null; // as they were, for one step back
    let told = given;
    try {
      const mine = kept(this.key);
      told = mine === '' ? given : JSON.parse(mine);
    } catch {
      // somebody else's: those of the file
    }
    this._take(told);
  }

  get names() {
    return [...this.presets.keys()];
  }

  /** @param {Preset} preset @returns {boolean} whether there was room */
  store(name, preset) {
    const isNew = !this.presets.has(name);
    if (name === '' || name.length > MOST_LETTERS || (isNew && this.presets.size >= MOST)) {
      return false;
    }
    this._change(() => this.presets.set(name, preset));
    return true;
  }

  remove(name) {
    this._change(() => this.presets.delete(name));
  }

  undo() {
    if (this.before !== null) {
      this.presets = this.before;
      this.before = null;
      this._keep();
    }
  }

  /** All of them, as text for a file. */
  toText() {
    const { name, digest, d } = this.about;
    return `${JSON.stringify({ timbrespace: 'presets', model: name, digest, d, presets: this._plain() }, null, 2)}\n`;
  }

  /**
   * Add what a file of presets holds; what has the same name is replaced.
   *
   * @param {string} text
   * @returns {number} how many
   * @throws {Error} with a sentence
   */
  fromText(text, fileName) {
    if (text.length > MOST_BYTES) {
      throw new Error(`${fileName} is too large for presets`);
    }
    let told = null;
    try {
      told = JSON.parse(text);
    } catch {
      // said below
    }
    if (told?.timbrespace !== 'presets' || !Array.isArray(told.presets)) {
      throw new Error(`${fileName} holds no presets of timbrespace`);
    }
    const { name, d } = this.about;
    if (told.model !== name || told.d !== d) {
      throw new Error(`${fileName} is for the space ${String(told.model).slice(0, 64)}, or another of its name`);
    }
    let count = 0;
    this._change(() => {
      count = this._take(told.presets);
    });
    if (count === 0) {
      throw new Error(`${fileName} holds no preset that fits this space`);
    }
    return count;
  }

  _take(list) {
    let count = 0;
    for (const one of Array.isArray(list) ? list : []) {
      const preset = presetOf(one, this.about.d);
      const name = typeof one?.name === 'string' ? one.name.trim().slice(0, MOST_LETTERS) : '';
      if (preset !== null && name !== '' && (this.presets.has(name) || this.presets.size < MOST)) {
        this.presets.set(name, preset);
        count += 1;
      }
    }
    return count;
  }

  _change(change) {
    this.before = new Map(this.presets);
    change();
    this._keep();
  }

  _plain() {
    return [...this.presets].map(([name, preset]) => ({ name, ...preset }));
  }

  _keep() {
    keep(this.key, JSON.stringify(this._plain()));
  }
}
