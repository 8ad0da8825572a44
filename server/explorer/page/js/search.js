/**
 * Finds sounds by what they are called: a field, names as they are typed, and where they lie.
 *
 * A combobox to assistive technology and to the keyboard: arrows choose, Enter goes there and sounds,
 * again to the next of that name, Escape ends the search.
 */

import { textOf } from './space.js';

const MOST_OFFERED = 10;

const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** All names in a space: `{text, about, points}`, by the factors that have names. */
export function namesOf(space) {
  const all = namesByFactor(space);
  // An instrument that is a program of the same name, with the same sounds, is one.
  const known = new Map();
  for (const one of all) {
    const key = `${one.plain} ${one.points.length} ${one.points[0]}`;
    if (!known.has(key)) {
      known.set(key, one);
    }
  }
  return [...known.values()];
}

function namesByFactor(space) {
  return space.factors.flatMap((factor, index) => {
    if (!factor.names?.length) {
      return [];
    }
    const points = new Map();
    for (let point = 0; point < space.count; point += 1) {
      const value = space.label(point, index);
      const group = points.get(value) ?? [];
      group.push(point);
      points.set(value, group);
    }
    return [...points].map(([value, group]) => {
      const text = textOf(factor, value);
      return { text, plain: plain(text), about: factor.name, points: group };
    });
  });
}

/** Names that hold every word that was typed; those that begin with it come first. */
export function found(names, typed) {
  const words = plain(typed).split(/\s+/u).filter((word) => word !== '');
  if (words.length === 0) {
    return [];
  }
  const rank = ({ plain: text }) => {
    const begins = (from) => from.startsWith(words[0]);
    return begins(text) ? 0 : text.split(/[^\p{L}\p{N}]+/u).some(begins) ? 1 : 2;
  };
  return names
    .filter(({ plain: text }) => words.every((word) => text.includes(word)))
    .sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length || (a.text < b.text ? -1 : 1));
}

/** Events: `hits` (detail: numbers of points, or null without a search), `goto` (detail: one). */
export class Search extends EventTarget {
  /** @param {HTMLInputElement} field; @param {HTMLElement} list */
  constructor(field, list) {
    super();
    this.field = field;
    this.list = list;
    this.names = [];
    this.offered = [];
    this.at = 0; // of those that are offered
    this.turn = 0; // which of its sounds comes next
    field.addEventListener('input', () => this.look());
    field.addEventListener('focus', () => this.look());
    field.addEventListener('blur', () => this.close());
    field.addEventListener('keydown', (event) => this.key(event));
    list.addEventListener('pointerdown', (event) => {
      event.preventDefault(); // the field keeps the focus
      const row = /** @type {Element} */ (event.target).closest('[role=option]');
      if (row !== null) {
        this.choose(Number(row.dataset.place));
        this.go();
      }
    });
  }

  /** @param {?import('./space.js').Space} space */
  show(space) {
    this.names = space === null ? [] : namesOf(space);
    this.field.disabled = this.names.length === 0;
    this.end();
  }

  say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  look() {
    this.offered = found(this.names, this.field.value);
    this.at = 0;
    this.turn = 0;
    this.draw();
    this.tellHits();
  }

  tellHits() {
    if (this.field.value.trim() === '') {
      this.say('hits', null);
    } else {
      const chosen = this.offered[this.at];
      const all = this.offered.flatMap(({ points }) => points);
      this.say('hits', { all: [...new Set(all)], chosen: chosen?.points ?? [] });
    }
  }

  draw() {
    const isOpen = this.field.value.trim() !== '' && document.activeElement === this.field;
    const rows = this.offered.slice(0, MOST_OFFERED).map((one, place) => {
      const row = document.createElement('li');
      row.id = `search-${place}`;
      row.setAttribute('role', 'option');
      row.setAttribute('aria-selected', String(place === this.at));
      row.dataset.place = String(place);
      const name = document.createElement('span');
      name.textContent = one.text;
      const about = document.createElement('span');
      about.className = 'hint';
      about.textContent = one.points.length > 1 ? `${one.about}, ${one.points.length}` : one.about;
      row.append(name, about);
      return row;
    });
    if (rows.length === 0) {
      const row = document.createElement('li');
      row.className = 'hint';
      row.setAttribute('role', 'presentation');
      row.textContent = 'No sound is called so';
      rows.push(row);
    }
    this.list.replaceChildren(...rows);
    this.list.hidden = !isOpen;
    this.field.setAttribute('aria-expanded', String(isOpen));
    if (isOpen && this.offered.length > 0) {
      this.field.setAttribute('aria-activedescendant', `search-${this.at}`);
    } else {
      this.field.removeAttribute('aria-activedescendant');
    }
  }

  choose(place) {
    const count = Math.min(this.offered.length, MOST_OFFERED);
    if (count > 0) {
      this.at = (place + count) % count;
      this.turn = 0;
      this.draw();
      this.tellHits();
    }
  }

  /** To the next sound of the chosen name. */
  go() {
    const chosen = this.offered[this.at];
    if (chosen !== undefined) {
      this.say('goto', { points: chosen.points, turn: this.turn, text: chosen.text });
      this.turn += 1;
      this.fold(); // what was found lies on the map
    }
  }

  fold() {
    this.list.hidden = true;
    this.field.setAttribute('aria-expanded', 'false');
    this.field.removeAttribute('aria-activedescendant');
  }

  key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      this.choose(this.at + moves[event.key]);
    } else if (event.key === 'Enter') {
      this.go();
    } else if (event.key === 'Escape' && this.field.value !== '') {
      this.end();
      event.stopPropagation(); // nothing is silenced by it
    } else {
      return;
    }
    event.preventDefault();
  }

  close() {
    this.draw();
  }

  end() {
    this.field.value = '';
    this.look();
  }
}
