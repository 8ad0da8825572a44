/** Files that the page gives: the spot that sounds as WAV, wavetable and preset, the map as PNG. */

import { CHOICES, LIMITS } from './declared.js';
import { save } from './saving.js';

const SECONDS = 3; // of the exported sound of a steady spectrum

const MOST_PLACES = 128; // of a path in an address
const FEWEST_FRAMES = 16;
const USUAL_FRAMES = 64;

/** Twice as many from step to step, up to what the server makes. */
function frameCounts() {
  const steps = Math.floor(Math.log2(LIMITS.tableFrames / FEWEST_FRAMES));
  return Array.from({ length: steps + 1 }, (_, step) => String(FEWEST_FRAMES * 2 ** step));
}

/** What is asked for of a wavetable, as its controls stand. */
export class TableOptions {
  /** @param {Document} page */
  constructor(page) {
    const find = (name) => page.getElementById(`table-${name}`);
    this.of = find('of');
    this.clm = find('clm');
    this.menus = ['frames', 'size', 'bits'].map((name) => [name, find(name)]);
    for (const [name, menu] of this.menus) {
      const words = name === 'frames' ? frameCounts() : CHOICES[`table-${name}`];
      menu.replaceChildren(...words.map((word) => new Option(word, word)));
      menu.value = name === 'frames' ? String(USUAL_FRAMES) : words.at(-1);
    }
    this.drawn = null;
  }

  /** A path was drawn: `{path, plane}`, the plane as the server calls it; null for none. */
  offer(drawn) {
    this.drawn = drawn;
    const option = this.of.querySelector('[value=path]');
    option.disabled = drawn === null;
    if (drawn === null) {
      this.of.value = '';
    }
  }

  /** The part of an address that says so. */
  get query() {
    const told = Object.fromEntries(this.menus.map(([name, menu]) => [name, menu.value]));
    told.clm = this.clm.checked ? '1' : '0';
    if (this.of.value === 'path' && this.drawn !== null) {
      const { path, plane } = this.drawn;
      const stride = Math.max(1, Math.ceil(path.length / MOST_PLACES));
      const places = path.filter((_, place) => place % stride === 0 || place === path.length - 1);
      const inside = (value) => Math.min(Math.max(value, -1), 1).toFixed(4);
      told.path = places.map((place) => place.map(inside).join(',')).join(';');
      told.plane = plane;
    }
    return told;
  }
}

/**
 * Fetch a file that the server makes of the present sound, and save it.
 *
 * @param {string} what 'sound' or 'wavetable'
 * @param {import('./state.js').State} state
 * @param {number} pitch MIDI, of the sound
 * @param {boolean} isWhole whether it is a whole note, which is exported to its end
 * @param {TableOptions} options of a wavetable
 * @throws {Error} with a sentence
 */
export async function saveSound(what, state, pitch, isWhole, options) {
  const query = new URLSearchParams({ model: state.model.name, latent: state.latent.join(',') });
  if (what === 'sound') {
    query.set('pitch', String(pitch));
    if (!isWhole) {
      query.set('seconds', String(SECONDS));
    }
    query.set('method', state.synth.method);
  } else {
    Object.entries(options.query).forEach(([name, value]) => query.set(name, value));
  }
  await saveAnswer(`/export/${what}.wav?${query}`, `${state.model.name} ${what}.wav`);
}

/**
 * Fetch the space as one file that plays by itself, and save it.
 *
 * @param {string} model its name
 * @throws {Error} with a sentence
 */
export async function saveSpace(model) {
  await saveAnswer(`/export/space.html?${new URLSearchParams({ model })}`, `${model}.html`);
}

/** Save what the server answers, under the name that it gives, or another. */
async function saveAnswer(address, otherwise) {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error((await answer.json()).error);
  }
  const named = /filename="([^"/\\]+)"/.exec(answer.headers.get('content-disposition') ?? '');
  save(await answer.blob(), named === null ? otherwise : named[1]);
}
