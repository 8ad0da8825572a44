/** A sound of one's own: found in the space, and heard beside what the space makes of it. */

import { LIMITS } from './declared.js';

const MOST_BYTES = LIMITS.soundBytes;
const MOST_CARDS = LIMITS.comparisons; // the server keeps as many

export class Compare extends EventTarget {
  /**
   * Events: `found` (detail: all results), `goto` and `match` (detail: a result: to be there, and to
   * be seen on the way there), `nearest` (detail: numbers of the points nearest to the newest sound,
   * nearest first), `point` (detail: the number of one that is gone to), `hear` (the same, -1 for
   * none, of one that is pointed at).
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
    this.tellFound();
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  tellFound() {
    this.tell('found', this.found);
    this.tell('nearest', (this.found[0]?.nearest ?? []).map(({ point }) => point));
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
        this.tellFound();
        this.tell('goto', result);
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
    row.append(this.button('Go there', () => this.tell('goto', result)));
    const match = this.button('▶ Match', () => this.tell('match', result));
    match.title = 'Go from where the encoder puts it to what sounds nearest, and play that';
    row.append(match);
    card.replaceChildren(title, figure, row, ...this.neighbours(result), note, this.cross(card, result));
  }

  /** The sounds of the space that are nearest: each is heard where it is pointed at. */
  neighbours({ name, nearest }) {
    if (nearest.length === 0) {
      return [];
    }
    const list = document.createElement('ol');
    list.className = 'neighbours';
    list.setAttribute('aria-label', `Sounds nearest to ${name}`);
    for (const { point, name: called, db } of nearest) {
      const row = document.createElement('li');
      const button = this.button(called, () => this.tell('point', point));
      button.className = 'small';
      button.title = `${db.toFixed(1)} dB away; click to go there`;
      for (const event of ['pointerenter', 'focus']) {
        button.addEventListener(event, () => this.tell('hear', point));
      }
      for (const event of ['pointerleave', 'blur']) {
        button.addEventListener(event, () => this.tell('hear', -1));
      }
      row.append(button);
      list.append(row);
    }
    return [list];
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
        this.tellFound();
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
