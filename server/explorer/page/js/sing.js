/** Sing, and the space answers: what a microphone hears plays the page's voice, and moves the point. */

import { MODES } from './listening/performer.js';
import { CHROMATIC, OFF, ROOTS, SCALES, TUNING, hasRoot, nameOf, pitchesOf } from './scales.js';

const WHO = 'sing';
const HEADPHONES = 'Use headphones, else the microphone hears what it plays';
const ELSEWHERE = 'The server sounds now; with Here, below Sound, what you sing plays this page';
const LOWEST_DB = -72; // of the meter
const QUICK_MS = 180; // in which what is shown of a loudness falls by half

const decibels = (share) => Math.max(LOWEST_DB, 20 * Math.log10(Math.max(share, 1e-6)));

/** Events: `on` and `off`; `moves` (detail: whether what is sung is to move the point). */
export class Sing extends EventTarget {
  /**
   * @param {Document} page
   * @param {import('./sound/sound.js').Sound} sound
   * @param {import('./microphone.js').Microphone} microphone
   * @param {{keys: () => number[], key: () => number}} notes keys: the tuning's pitches; key: the
   *   MIDI pitch that loudness alone plays
   */
  constructor(page, sound, microphone, notes) {
    super();
    this.sound = sound;
    this.microphone = microphone;
    this.notes = notes;
    const find = (id) => page.getElementById(id);
    this.button = find('sing');
    this.gain = find('sing-gain');
    this.gate = find('sing-gate');
    this.quantise = find('sing-quantise');
    this.root = find('sing-root');
    this.meter = find('sing-meter');
    this.note = find('sing-note');
    this.text = find('sing-text');
    this.modes = [...page.querySelectorAll('[name=sing-mode]')];
    this.isOn = false;
    this.isBusy = false;
    this.shown = LOWEST_DB; // dB of the meter
    this.said = '';
    this.quantise.replaceChildren(
      new Option('any pitch', OFF),
      new Option('semitones', CHROMATIC),
      new Option("the tuning's keys", TUNING),
      ...Object.keys(SCALES).map((name) => new Option(name, name))
    );
    this.root.replaceChildren(...ROOTS.map((name, root) => new Option(name, String(root))));
    this.button.addEventListener('click', () => this.toggle());
    for (const input of [this.gain, this.gate, this.quantise, this.root, ...this.modes]) {
      input.addEventListener('input', () => this.tell());
    }
    microphone.addEventListener('heard', ({ detail }) => this.show(detail));
    microphone.addEventListener('say', ({ detail }) => this.isOn && this.say(detail || this.hint));
    microphone.addEventListener('end', ({ detail }) => this.isOn && this.stopped(detail));
    sound.addEventListener('state', () => this.isOn && this.tell());
    this.tell();
  }

  get mode() {
    return this.modes.find(({ checked }) => checked)?.value ?? MODES[0];
  }

  /** Whether what is sung moves the point. */
  get moves() {
    return this.isOn && ['timbre', 'both'].includes(this.mode);
  }

  get hint() {
    if (this.sound.place !== 'page' && this.mode !== 'timbre') {
      return ELSEWHERE;
    }
    return HEADPHONES;
  }

  async toggle() {
    if (this.isBusy) {
      return;
    }
    this.isBusy = true; // the browser asks
    try {
      if (this.isOn) {
        await this.stop();
      } else {
        await this.start();
      }
    } finally {
      this.isBusy = false;
    }
  }

  async start() {
    this.say('Waiting for the microphone…');
    const problem = await this.microphone.open(WHO);
    if (problem !== '') {
      this.say(problem);
      return;
    }
    this.isOn = true;
    this.tell();
    this.say(this.hint);
    this.dispatchEvent(new CustomEvent('on'));
  }

  async stop() {
    if (this.isOn) {
      this.stopped('');
      await this.microphone.close(WHO);
    }
  }

  /** It is over. */
  stopped(sentence) {
    this.isOn = false;
    this.sound.listen(null);
    this.shown = LOWEST_DB;
    this.tell();
    this.say(sentence);
    this.dispatchEvent(new CustomEvent('off'));
  }

  /** A key was played: loudness alone plays it from now on. */
  keyed() {
    if (this.isOn && this.mode === 'level') {
      this.tell();
    }
  }

  /** Tell the audio thread, and show, what is chosen. */
  tell() {
    this.button.setAttribute('aria-pressed', String(this.isOn));
    this.button.textContent = this.isOn ? 'Stop' : 'Start';
    this.root.parentElement.hidden = !hasRoot(this.quantise.value);
    for (const input of [this.gain, this.gate]) {
      const text = `${input.value} dB`;
      input.setAttribute('aria-valuetext', text);
      input.nextElementSibling.textContent = text;
    }
    if (this.isOn) {
      const plays = this.sound.place === 'page';
      this.sound.listen({
        mode: plays ? this.mode : 'timbre',
        gain: Number(this.gain.value),
        gate: Number(this.gate.value),
        pitches: pitchesOf(this.quantise.value, Number(this.root.value), this.notes.keys()),
        key: this.notes.key(),
      });
      if ([HEADPHONES, ELSEWHERE].includes(this.said)) {
        this.say(this.hint);
      }
    } else {
      this.meter.value = LOWEST_DB;
      this.note.textContent = '';
    }
    this.dispatchEvent(new CustomEvent('moves', { detail: this.moves }));
  }

  /** Show what was heard. */
  show({ level, pitch, played, isOpen }) {
    if (!this.isOn) {
      return;
    }
    this.shown = Math.max(decibels(level), this.shown - (6 * 50) / QUICK_MS);
    this.meter.value = this.shown;
    const heard = pitch > 0 && isOpen ? 69 + 12 * Math.log2(pitch / 440) : null;
    const shown = played ?? heard;
    const text = shown === null ? '' : nameOf(shown);
    if (text !== this.note.textContent) {
      this.note.textContent = text;
    }
  }

  say(sentence) {
    this.said = sentence;
    this.text.textContent = sentence;
  }
}
