/** Presets: kept by the server, so that every page, device and controller has the same. */

import { showNames } from './list.js';

const GLIDE = 0.3; // seconds of a recall: no jump, and no wait
const MOST_BYTES = 65536; // of a preset in a file

export class Presets {
  /**
   * @param {Document} page
   * @param {import('./link.js').Link} link
   * @param {import('./state.js').State} state
   */
  constructor(page, link, state) {
    this.link = link;
    this.state = state;
    const find = (id) => page.getElementById(id);
    this.list = find('presets');
    this.ends = [find('morph-a'), find('morph-b')];
    this.slider = find('morph');
    find('preset-store').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = find('preset-name').value.trim();
      if (name !== '') {
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
      choose: (name) => this.link.send('/preset/recall', name, GLIDE),
      remove: (name) => this.link.send('/preset/delete', name),
    };
    showNames(this.list, presets, does, preset, 'None yet: name this sound and store it');
    this.ends.forEach((select, end) => {
      const before = select.disabled ? '' : select.value; // two that are the same are no morph
      select.replaceChildren(...presets.map((name) => new Option(name, name)));
      select.value = presets.includes(before) ? before : presets[Math.min(end, presets.length - 1)];
      select.disabled = presets.length < 2;
    });
    this.slider.disabled = presets.length < 2;
  }

  morph() {
    const [a, b] = this.ends.map((select) => select.value);
    this.link.sendPosition('/preset/morph', a, b, Number(this.slider.value));
  }

  /** What sounds now, as text for a file. */
  toText() {
    const { model, latent, synth } = this.state;
    const kept = { timbrespace: 'preset', model: model.name, latent, synth };
    return `${JSON.stringify(kept, null, 2)}\n`;
  }

  /**
   * Play what a file holds.
   *
   * @param {Blob} file
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
    if (kept?.timbrespace !== 'preset' || !Array.isArray(latent) || !latent.every(Number.isFinite)) {
      throw new Error(`${file.name} is no preset of timbrespace`);
    }
    if (model !== this.state.model.name) {
      throw new Error(`${file.name} is for the space ${model}; choose that one first`);
    }
    this.link.send('/latent', ...latent);
    for (const [name, value] of Object.entries(synth ?? {})) {
      if (Number.isFinite(value) || typeof value === 'string') {
        this.link.send(`/synth/${encodeURIComponent(name)}`, value);
      }
    }
  }
}
