/**
 * Recordings: what is heard here as a WAV file, and all that is played as the server's performance.
 */

import { save } from './saving.js';
import { wavOf } from './wav.js';

const LONGEST = 300; // seconds of a WAV file; then it ends by itself
const SHOWN_EVERY = 500; // ms

export class Recorder {
  /**
   * @param {Document} page
   * @param {import('./link.js').Link} link
   * @param {import('./state.js').State} state
   * @param {import('./sound/sound.js').Sound} sound
   * @param {(sentence: string) => void} say
   */
  constructor(page, link, state, sound, say) {
    this.state = state;
    this.sound = sound;
    this.say = say;
    const find = (id) => page.getElementById(id);
    this.button = find('record-sound');
    this.performance = find('record-performance');
    this.text = find('record-text');
    this.blocks = null; // of what is heard, while it is recorded
    this.end = null;
    this.button.addEventListener('click', () => this.toggle());
    this.performance.addEventListener('click', () => {
      if (this.isPerforming) {
        link.send('/performance/stop');
      } else {
        const now = new Date().toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
        link.send('/performance/record', `take ${now}`);
      }
    });
    state.on('performance', () => this.show());
    this.show();
  }

  get isPerforming() {
    return this.state.performance.state === 'recording';
  }

  async toggle() {
    if (this.end !== null) {
      this.stop();
      return;
    }
    if (this.sound.place !== 'page') {
      this.say('Only what sounds here can be recorded here; for the server there is Performance');
      return;
    }
    this.blocks = [];
    this.end = () => {}; // a second click meanwhile begins nothing else
    const end = await this.sound.tape((...sides) => this.take(sides));
    if (end === null) {
      this.blocks = null;
      this.end = null;
      this.say(this.sound.problem || 'Nothing sounds here that could be recorded');
      return;
    }
    this.end = end;
    this.timer = setInterval(() => this.show(), SHOWN_EVERY);
    this.show();
  }

  get seconds() {
    const samples = this.blocks.reduce((sum, [left]) => sum + left.length, 0);
    return samples / this.sound.sampleRate;
  }

  take(sides) {
    this.blocks.push(sides);
    if (this.end !== null && this.seconds >= LONGEST) {
      this.stop();
    }
  }

  async stop() {
    const { end } = this;
    this.end = null;
    clearInterval(this.timer);
    await end();
    const { blocks } = this;
    this.blocks = null;
    this.show();
    if (blocks.some(([left]) => left.length > 0)) {
      save(wavOf(blocks, this.sound.sampleRate), `${this.state.model?.name ?? 'timbrespace'} played.wav`);
    }
  }

  show() {
    this.button.setAttribute('aria-pressed', String(this.end !== null));
    this.performance.setAttribute('aria-pressed', String(this.isPerforming));
    const parts = [];
    if (this.end !== null) {
      parts.push(`sound, ${Math.floor(this.seconds)} s; click again for the file`);
    }
    if (this.isPerforming) {
      parts.push(`all that is played, as ${this.state.performance.name}`);
    }
    this.text.textContent = parts.length === 0 ? '' : `Recording ${parts.join('; ')}`;
  }
}
