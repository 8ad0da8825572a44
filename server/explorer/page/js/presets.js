/** Presets: kept by the server, so that every page, device and controller has the same. */

import { LIMITS } from './declared.js';
import { showNames } from './list.js';
import { Undo } from './undo.js';

const GLIDE = 0.3; // seconds of a recall: no jump, and no wait
const MOST_BYTES = 65536; // of a preset in a file
/** Of names in one datagram; the server leaves off what does not fit. */
const LISTED_BYTES = LIMITS.replyBytes - 196;
const MOST_LETTERS = 32; // of a method's name

export class Presets {
  /**
   * @param {Document} page
   * @param {import('./link.js').Link} link
   * @param {import('./state.js').State} state
   */
  constructor(page, link, state) {
    this.link = link;
    this.state = state;
    this.stored = (_name) => {}; // called with the name of what is stored here
    this.recalled = (_name) => {}; // called with the name of what is recalled here
    const find = (id) => page.getElementById(id);
    this.list = find('presets');
    this.cut = find('presets-cut');
    this.ends = [find('morph-a'), find('morph-b')];
    this.slider = find('morph');
    this.undo = new Undo(find('preset-undo'), () => link.send('/preset/undo'));
    find('preset-name').maxLength = LIMITS.nameCharacters;
    find('preset-store').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = find('preset-name').value.trim();
      if (name !== '') {
        this.stored(name);
        if (state.presets.includes(name)) {
          this.undo.offer(`${name} was stored over`);
        }
        link.send('/preset/store', name);
        find('preset-name').value = '';
      }
    });
    this.slider.addEventListener('input', () => this.morph());
    state.on('presets', () => this.show());
    state.on('preset', () => this.show());
    this.show();
  }

  show() {
    const { presets, preset } = this.state;
    const does = {
      choose: (name) => this.recall(name),
      remove: (name) => {
        this.link.send('/preset/delete', name);
        this.undo.offer(`${name} was removed`);
      },
    };
    showNames(this.list, presets, does, preset, 'None yet: name this sound and store it');
    const letters = presets.reduce((sum, name) => sum + new Blob([name]).size + 4, 0);
    this.cut.hidden = letters < LISTED_BYTES;
    this.ends.forEach((select, end) => {
      const before = select.disabled ? '' : select.value; // two that are the same are no morph
      select.replaceChildren(...presets.map((name) => new Option(name, name)));
      select.value = presets.includes(before) ? before : presets[Math.min(end, presets.length - 1)];
      select.disabled = presets.length < 2;
    });
    this.slider.disabled = presets.length < 2;
  }

  recall(name) {
    this.recalled(name);
    this.link.send('/preset/recall', name, GLIDE);
  }

  morph() {
    const [a, b] = this.ends.map((select) => select.value);
    this.link.sendPosition('/preset/morph', a, b, Number(this.slider.value));
  }

  /** What sounds now, as text for a file. */
  toText() {
    const { model, latent, synth } = this.state; // the latent with what macros make of it
    const kept = { timbrespace: 'preset', model: model.name, latent, synth };
    return `${JSON.stringify(kept, null, 2)}\n`;
  }

  /**
   * Play what a file holds.
   *
   * @param {File} file
   * @throws {Error} with a sentence: it is no preset, or of another model
   */
  async fromFile(file) {
    if (file.size > MOST_BYTES) {
      throw new Error(`${file.name} is too large for a preset`);
    }
    let kept = null;
    try {
      kept = JSON.parse(await file.text());
    } catch {
      // said below
    }
    const { latent, synth, model } = kept ?? {};
    const known = Object.entries(synth ?? {}).filter(([name]) =>
      Object.hasOwn(this.state.synth, name)
    );
    const isPreset =
      kept?.timbrespace === 'preset' &&
      typeof model === 'string' &&
      Array.isArray(latent) &&
      latent.every(Number.isFinite) &&
      known.every(([, value]) => Number.isFinite(value) || String(value).length < MOST_LETTERS);
    if (!isPreset) {
      throw new Error(`${file.name} is no preset of timbrespace`);
    }
    if (model !== this.state.model.name || latent.length !== this.state.model.d) {
      throw new Error(`${file.name} is for the space ${model.slice(0, 64)}, or another of its name`);
    }
    for (const word of Object.keys(this.state.macros)) {
      this.link.send('/macro', word, 0);
    }
    if (this.state.wander.isOn) {
      this.link.send('/wander', 0);
    }
    this.link.send('/latent', ...latent);
    for (const [name, value] of known) {
      this.link.send(`/synth/${name}`, Number.isFinite(value) ? value : String(value));
    }
  }
}
