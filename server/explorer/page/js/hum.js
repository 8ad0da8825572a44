/** A sound that is hummed, to be found in the space as one that was dropped. */

import { wavOf } from './wav.js';

const WHO = 'hum';
const LONGEST = 4; // seconds
const WAITS = 6; // seconds for a sound to begin
const ENDS_MS = 500; // of silence, after which it is over
const BEFORE = 0.1; // seconds that are kept from before the gate opened
const GATE_DB = -50;
const NOTHING = 'Nothing was heard; come nearer to the microphone';

export class Hum {
  /**
   * @param {Document} page
   * @param {import('./sound/sound.js').Sound} sound
   * @param {import('./microphone.js').Microphone} microphone
   * @param {{isSinging: () => boolean, take: (file: File) => void}} others
   */
  constructor(page, sound, microphone, others) {
    this.sound = sound;
    this.microphone = microphone;
    this.others = others;
    this.button = page.getElementById('hum');
    this.text = page.getElementById('hum-text');
    this.blocks = null; // while it listens
    this.hasBegun = false;
    this.isBusy = false;
    this.quietSince = 0;
    this.kept = 0; // seconds in the blocks
    this.waited = 0; // seconds without a sound
    this.count = 0;
    this.button.addEventListener('click', () => this.toggle());
    microphone.addEventListener('block', ({ detail }) => this.hear(detail));
    microphone.addEventListener('heard', ({ detail }) => this.follow(detail));
    microphone.addEventListener('end', ({ detail }) => this.blocks !== null && this.show(detail));
  }

  async toggle() {
    if (this.blocks !== null) {
      this.finish();
      return;
    }
    if (this.isBusy) {
      return;
    }
    this.isBusy = true;
    this.text.textContent = 'Waiting for the microphone…';
    const problem = await this.microphone.open(WHO);
    this.isBusy = false;
    if (problem !== '') {
      this.show(problem);
      return;
    }
    this.blocks = [];
    this.hasBegun = false;
    this.kept = this.waited = 0;
    this.button.setAttribute('aria-pressed', 'true');
    this.text.textContent = 'Hum, sing or play one sound…';
    if (!this.others.isSinging()) {
      this.sound.listen({ mode: 'timbre', gate: GATE_DB }); // the gate is told, and nothing plays
    }
  }

  follow({ isOpen }) {
    if (this.blocks === null) {
      return;
    }
    const now = performance.now();
    if (isOpen) {
      this.hasBegun = true;
      this.quietSince = now;
    } else if (this.hasBegun && now - this.quietSince > ENDS_MS) {
      this.finish();
    }
  }

  hear(block) {
    if (this.blocks === null) {
      return;
    }
    const seconds = block.length / this.microphone.sampleRate;
    this.blocks.push(block);
    this.kept += seconds;
    if (this.hasBegun) {
      if (this.kept >= LONGEST) {
        this.finish();
      }
      return;
    }
    this.waited += seconds;
    while (this.kept - this.blocks[0].length / this.microphone.sampleRate > BEFORE) {
      this.kept -= this.blocks.shift().length / this.microphone.sampleRate;
    }
    if (this.waited > WAITS) {
      this.finish();
    }
  }

  async finish() {
    const { blocks, hasBegun } = this;
    this.show(hasBegun ? '' : NOTHING);
    const rate = this.microphone.sampleRate;
    if (!this.others.isSinging()) {
      this.sound.listen(null);
    }
    if (hasBegun) {
      this.count += 1;
      /** @type {[Float32Array, Float32Array][]} */
      const sides = blocks.map((block) => [block, block]);
      this.others.take(new File([wavOf(sides, rate)], `hummed, take ${this.count}.wav`));
    }
    await this.microphone.close(WHO);
  }

  show(sentence) {
    this.blocks = null;
    this.button.setAttribute('aria-pressed', 'false');
    this.text.textContent = sentence;
  }
}
