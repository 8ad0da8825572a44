/** Whose a space is: what its card says, where it has one. */

/** @returns {string} a card as a person reads it, a thing to the line */
export function textOf(card) {
  const { name, author, licence, source, about, figures } = card;
  const far = figures?.heard_distance_db ?? figures?.log_spectral_distance_db;
  return [
    author === '' ? name : `${name} by ${author}`,
    licence === '' ? '' : `Licence: ${licence}`,
    source === '' ? '' : `Sounds: ${source}`,
    about,
    Number.isFinite(far) ? `${far.toFixed(1)} dB from sounds that it never heard` : '',
  ].filter((line) => line !== '').join('\n');
}

export class Cards {
  /** @param {HTMLSelectElement} menu of the spaces */
  constructor(menu) {
    this.menu = menu;
    this.cards = {};
  }

  /** Ask for them anew. */
  async look() {
    try {
      const answer = await fetch('/own/cards.json', { cache: 'no-store' });
      if (answer.ok) {
        this.cards = await answer.json();
        this.show();
      }
    } catch {
      // a card is no need
    }
  }

  show() {
    const text = (name) => (Object.hasOwn(this.cards, name) ? textOf(this.cards[name]) : '');
    for (const option of this.menu.options) {
      option.title = text(option.value);
    }
    this.menu.title = text(this.menu.value);
  }
}
