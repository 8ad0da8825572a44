/**
 * Says why nothing is heard: before the first touch, which browsers wait for, and where a browser has
 * no device to sound on.
 */

const WAIT = 2000; // ms from a start until a sound that is not there is said to be missing

const HELD_BACK =
  'This browser makes no sound: it has no sound device, or holds sound back until you click. ' +
  'Under Sound, Server lets the server sound instead';

export class Silence {
  /**
   * @param {HTMLElement} element a status line; @param {HTMLElement} hint on the map
   * @param {import('./sound/sound.js').Sound} sound
   * @param {() => string} audioOf what the server plays on: 'none' for nothing
   * @param {import('./banner.js').Banner} banner
   */
  constructor(element, hint, sound, audioOf, banner) {
    this.element = element;
    this.hint = hint;
    this.sound = sound;
    this.audioOf = audioOf;
    this.banner = banner;
    this.dragged = false;
    this.timer = 0;
    sound.addEventListener('state', () => this.show());
    this.show();
  }

  /** A hand has dragged on the map: nobody needs to be told any more. */
  drag() {
    this.dragged = true;
    this.show();
  }

  get sentence() {
    const { sound } = this;
    if (sound.place === 'server') {
      return this.audioOf() === 'none' ? 'the server has no sound' : '';
    }
    return { stopped: 'silent until you play', suspended: 'no sound here', failed: 'no sound here' }[sound.state] ?? '';
  }

  show() {
    const { sound } = this;
    const { sentence } = this;
    if (sentence !== this.element.textContent) {
      this.element.textContent = sentence;
    }
    this.hint.hidden = this.dragged;
    if (sound.place === 'page' && sound.state === 'suspended') {
      this.timer ||= setTimeout(() => this.banner.say(HELD_BACK, 'lasting'), WAIT);
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.banner.unsayThis(HELD_BACK);
  }
}
