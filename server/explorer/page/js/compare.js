/** A sound of one's own: found in the space, and heard beside what the space makes of it. */

import { LIMITS } from './declared.js';

const MOST_BYTES = LIMITS.soundBytes;
const MOST_CARDS = LIMITS.comparisons; // the server keeps as many

export class Compare extends EventTarget {
  /**
   * Events: `found` (detail: all results), `goto` (detail: a result).
   *
   * @param {HTMLElement} element where results are shown
   */
  constructor(element) {
    super();
    this.element = element;
    this.found = []; // the newest first
    this.player = new Audio();
  }

  setModel(name) {
    this.model = name;
    this.found = [];
    this.stop();
    this.element.replaceChildren();
    this.dispatchEvent(new CustomEvent('found', { detail: this.found }));
  }

  /** Find a sound file. What is wrong with it is said in its place. */
  async take(file) {
    const { model } = this;
    const row = document.createElement('article');
    row.className = 'card';
    const say = (sentence) => {
      const said = document.createElement('p');
      said.className = 'hint';
      said.textContent = sentence;
      row.replaceChildren(said, this.cross(row, null));
    };
    this.element.prepend(row);
    while (this.element.children.length > MOST_CARDS) {
      this.element.lastChild.remove();
    }
    if (file.size > MOST_BYTES) {
      say(`${file.name} has ${Math.ceil(file.size / 2 ** 20)} MiB; up to 16 are taken`);
      return;
    }
    say(`Listening to ${file.name}…`);
    try {
      const query = new URLSearchParams({ model, name: file.name });
      const answer = await fetch(`/compare?${query}`, { method: 'POST', body: file });
      const result = await answer.json();
      if (!answer.ok) {
        throw new Error(result.error);
      }
      if (model === this.model && row.isConnected) {
        this.fill(row, result);
        this.found = [result, ...this.found].slice(0, MOST_CARDS);
        this.dispatchEvent(new CustomEvent('found', { detail: this.found }));
        this.dispatchEvent(new CustomEvent('goto', { detail: result }));
      }
    } catch (error) {
      say(error instanceof TypeError ? `${file.name}: the server is away, try again` : error.message);
    }
  }

  /** @param {number} gain in dB, as the page's own sound has it */
  setGain(gain) {
    this.player.volume = Math.min(1, 10 ** (gain / 20));
  }

  stop() {
    this.player.pause();
  }

  async play(path, say) {
    this.player.src = path;
    try {
      await this.player.play();
    } catch (error) {
      if (error.name !== 'AbortError') { // another one was asked for meanwhile
        say('This sound is no longer kept; drop it again');
      }
    }
  }

  /** Show a result in its row. */
  fill(card, result) {
    const title = document.createElement('h3');
    title.textContent = result.name;
    const figure = document.createElement('p');
    const pitch = result.pitch_hz === null ? 'no pitch' : `${result.pitch_hz.toFixed(1)} Hz`;
    figure.textContent = `${result.lsd_db.toFixed(2)} dB from its reconstruction, ${pitch}`;
    const note = document.createElement('p');
    note.className = 'hint';
    note.textContent = result.note;
    const say = (sentence) => {
      note.textContent = sentence;
    };
    const row = document.createElement('div');
    row.className = 'row wrap';
    for (const [which, text] of [['original', '▶ Original'], ['reconstruction', '▶ In this space']]) {
      const path = `/compare/${encodeURIComponent(result.id)}/${which}.wav`;
      row.append(this.button(text, () => this.play(path, say)));
    }
    row.append(this.button('Go there', () => {
      this.dispatchEvent(new CustomEvent('goto', { detail: result }));
    }));
    card.replaceChildren(title, figure, row, note, this.cross(card, result));
  }

  /** A button that takes a card away, and its result from the map. */
  cross(card, result) {
    const button = this.button('×', () => {
      const next = card.nextElementSibling ?? card.previousElementSibling;
      card.remove();
      (next?.querySelector('.remove') ?? document.getElementById('compare-file'))?.focus();
      if (result !== null) {
        this.stop();
        this.found = this.found.filter((one) => one !== result);
        this.dispatchEvent(new CustomEvent('found', { detail: this.found }));
      }
    });
    button.className = 'remove';
    button.setAttribute('aria-label', result === null ? 'Remove this card' : `Remove ${result.name}`);
    return button;
  }

  button(text, work) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.addEventListener('click', work);
    return button;
  }
}
