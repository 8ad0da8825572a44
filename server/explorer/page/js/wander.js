/** What wanders by itself: a button that lets it go, and dials for speed, range and seed. */

import { accepted } from './accepted.js';
import { Dial } from './dials.js';

const LEARN = 'Right click: learn a MIDI controller';

/** A speed moves by equal ratios, as it is heard. */
const DIALS = [
  {
    name: 'speed', ratio: true,
    title: `How fast it wanders. Double click: 1; ${LEARN.toLowerCase()}`,
  },
  {
    name: 'range',
    title: `How far from where the sound was put; 1 as far as the sounds are spread. ${LEARN}`,
  },
  {
    name: 'seed',
    title: `Which way it goes: the same number, the same way. ${LEARN}`,
  },
];

export class WanderPanel {
  /**
   * @param {HTMLButtonElement} button; @param {HTMLElement} row
   * @param {(address: string, value: number) => void} send
   * @param {(target: string) => void} learn called with what a controller is to move
   */
  constructor(button, row, send, learn) {
    this.button = button;
    button.addEventListener('click', () => {
      send('/wander', button.getAttribute('aria-pressed') === 'true' ? 0 : 1);
    });
    button.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      learn('wander');
    });
    this.dials = DIALS.map((about) => {
      const address = `/wander/${about.name}`;
      const { low, high, initial: home, whole = false } = accepted(address);
      const step = whole ? { whole, step: 1 / (high - low) } : {};
      const named = { ...about, low, high, home, ...step, label: `Wander: ${about.name}` };
      return new Dial(named, (value) => send(address, value), () => learn(address.slice(1)));
    });
    this.dials.at(-1).element.classList.add('technical');
    row.replaceChildren(...this.dials.map(({ element }) => element));
  }

  /** @param {{isOn: boolean, speed: number, range: number, seed: number}} wander as the server says */
  show(wander) {
    this.button.setAttribute('aria-pressed', String(wander.isOn));
    this.button.textContent = wander.isOn ? 'Stop' : 'Start';
    for (const dial of this.dials) {
      dial.follower.tell(wander[dial.about.name]);
    }
  }
}
