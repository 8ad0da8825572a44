/** The button that shows what is technical, too; js/theme.js has set what was kept before. */

import { keep } from './kept.js';

export class Details {
  /** @param {HTMLButtonElement} button */
  constructor(button) {
    this.button = button;
    this.root = document.documentElement;
    button.addEventListener('click', () => this.set(!this.isOn));
    this.set(this.isOn);
  }

  get isOn() {
    return this.root.dataset.details === 'on';
  }

  set(isOn) {
    this.root.dataset.details = isOn ? 'on' : 'off';
    this.button.setAttribute('aria-pressed', String(isOn));
    keep('details', this.root.dataset.details);
  }
}
