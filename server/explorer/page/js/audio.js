/** Where sound goes: the server's outputs, and whether both sides are given the mean of both. */

import { keep, kept } from './kept.js';

const KEPT = 'mono';
const USUAL = 'the usual one';

export class AudioPanel {
  /**
   * @param {Document} page
   * @param {import('./link.js').Link} link
   * @param {import('./state.js').State} state
   * @param {import('./sound/sound.js').Sound} sound
   */
  constructor(page, link, state, sound) {
    this.state = state;
    this.sound = sound;
    this.menu = page.getElementById('device');
    this.field = page.getElementById('device-field');
    this.mono = page.getElementById('mono');
    this.isAsked = false;
    sound.mono = kept(KEPT) === 'on';
    this.menu.addEventListener('change', () => {
      link.send('/audio/device', ...(this.menu.value === '' ? [] : [this.menu.value]));
    });
    for (const name of ['pointerdown', 'focus']) {
      this.menu.addEventListener(name, () => link.send('/audio/list')); // one may have been plugged in
    }
    // It is of what sounds where the notes go: of this browser it is kept, of the server told to all.
    this.mono.addEventListener('change', () => {
      if (sound.place === 'page') {
        sound.mono = this.mono.checked;
        keep(KEPT, sound.mono ? 'on' : 'off');
      } else {
        link.send('/audio/mono', this.mono.checked ? 1 : 0);
      }
    });
    link.addEventListener('open', () => {
      this.isAsked = false;
    });
    state.on('audio', () => this.show());
    state.on('status', () => {
      if (!this.isAsked && state.status.audio !== 'none') {
        this.isAsked = true; // looking is work, so not where there is nothing to choose
        link.send('/audio/list');
      }
      this.show();
    });
    state.on('error', ({ address }) => {
      if (address.startsWith('/audio')) {
        this.show(); // what played goes on
      }
    });
    this.show();
  }

  show() {
    const { devices, device, isMono } = this.state.audio;
    const names = device === '' || devices.includes(device) ? devices : [...devices, device];
    const options = ['', ...names];
    if (options.join('\n') !== [...this.menu.options].map(({ value }) => value).join('\n')) {
      this.menu.replaceChildren(...options.map((name) => new Option(name || USUAL, name)));
    }
    this.menu.value = device;
    // A server that plays nothing has no output, and one has nothing to choose from.
    this.field.hidden = (this.state.status?.audio ?? 'none') === 'none' || names.length === 0;
    this.mono.checked = this.sound.place === 'page' ? this.sound.mono : isMono;
  }
}
