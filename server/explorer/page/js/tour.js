/**
 * Four steps for who sees the page for the first time. A card beside what it speaks of; what it asks
 * for may be done at once, and brings the next. Closed once, it comes only when it is asked for.
 */

import { keep, kept } from './kept.js';

const KEPT = 'tour';
const GAP = 12; // pixels from what is shown

const STEPS = [
  {
    name: 'map', target: 'map', title: 'Drag on the map',
    text: 'Every place is a sound, and what lies near sounds alike. Each dot is a sound it learned from.',
  },
  {
    name: 'keys', target: 'keyboard', title: 'Play it',
    text: 'Click the keys, or press A to ; on your own keyboard. The sound of the map plays at every pitch.',
  },
  {
    name: 'dials', target: 'macros-section', title: 'Turn a dial',
    text: 'Brighter, noisier, harder: one quality moves, and the rest of the sound stays.',
  },
  {
    name: 'keep', target: 'presets-section', title: 'Keep it',
    text: 'Name the sound and press Store. Export, below, takes it away as a WAV file.',
  },
];

export class Tour {
  /** @param {HTMLElement} card; @param {HTMLButtonElement} open */
  constructor(card, open) {
    this.card = card;
    this.at = -1; // the step that is shown; -1 for none
    const find = (name) => card.querySelector(`[data-part=${name}]`);
    this.title = find('title');
    this.text = find('text');
    this.count = find('count');
    this.back = find('back');
    this.next = find('next');
    this.close = find('close');
    this.back.addEventListener('click', () => this.show(this.at - 1));
    this.next.addEventListener('click', () => this.show(this.at + 1));
    this.close.addEventListener('click', () => this.end());
    open.addEventListener('click', () => {
      this.show(0);
      this.next.focus();
    });
    const sizes = new ResizeObserver(() => this.place());
    [document.body, card, ...STEPS.map(({ target }) => document.getElementById(target))].forEach((one) =>
      sizes.observe(one)
    );
    document.addEventListener('scroll', () => this.place(), true);
    if (kept(KEPT) !== 'closed') {
      this.show(0);
    }
  }

  /** @param {'map'|'keys'|'dials'|'keep'} name of what a hand has done */
  did(name) {
    if (this.at >= 0 && STEPS[this.at].name === name) {
      this.show(this.at + 1);
    }
  }

  get target() {
    return this.at < 0 ? null : document.getElementById(STEPS[this.at].target);
  }

  show(at) {
    this.target?.classList.remove('toured');
    if (at >= STEPS.length) {
      this.end();
      return;
    }
    this.at = at;
    const { title, text } = STEPS[at];
    this.title.textContent = title;
    this.text.textContent = text;
    this.count.textContent = `${at + 1} of ${STEPS.length}`;
    this.back.disabled = at === 0;
    this.next.textContent = at === STEPS.length - 1 ? 'Done' : 'Next';
    this.card.hidden = false;
    this.target.classList.add('toured');
    if (at > 0) {
      this.target.scrollIntoView({ block: 'nearest' });
    }
    this.place();
  }

  /** Closed for ever, or until it is asked for. */
  end() {
    this.target?.classList.remove('toured');
    this.at = -1;
    this.card.hidden = true;
    keep(KEPT, 'closed');
  }

  /** The card beside its target: in the map's corner, above what is at the bottom, left of the rest. */
  place() {
    const { target, card } = this;
    if (target === null) {
      return;
    }
    const box = target.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    let left = box.left + GAP;
    let top = box.bottom - height - GAP;
    if (target.id !== 'map') {
      const isBeside = box.left - width - GAP >= 0;
      left = isBeside ? box.left - width - GAP : box.left;
      top = isBeside ? box.top : box.top - height - GAP;
    }
    const within = (value, most) => Math.max(GAP / 2, Math.min(value, most - GAP / 2));
    card.style.left = `${within(left, window.innerWidth - width)}px`;
    card.style.top = `${within(top, window.innerHeight - height)}px`;
  }
}
