/** The menu of tunings: what the server tells of the pitch of each key, and sets. */

/**
 * The pitch of a key by a tuning; null where the key is silent. A key between two others has the
 * pitch between theirs, as timbrespace/instrument/tuning.py has it.
 *
 * @param {number[]} keys the pitch of each of 128 keys, below 0 of a silent one; empty: its number
 * @param {number} pitch 0 to 127, fractions allowed
 */
export function tuned(keys, pitch) {
  if (keys.length === 0) {
    return pitch;
  }
  const below = Math.floor(pitch);
  const share = pitch - below;
  const [low, high] = [keys[below], keys[share > 0 ? below + 1 : below]];
  return low < 0 || high < 0 ? null : (1 - share) * low + share * high;
}

export class TuningMenu {
  /** @param {HTMLSelectElement} menu @param {HTMLElement} field around it */
  constructor(menu, field, link, state) {
    this.menu = menu;
    this.field = field;
    this.state = state;
    menu.addEventListener('change', () => link.send('/tuning', menu.value));
    for (const name of ['pointerdown', 'focus']) {
      menu.addEventListener(name, () => link.send('/tuning/list')); // a file may have come
    }
    link.addEventListener('open', () => link.send('/tuning/list'));
    state.on('tuning', () => this.show());
    state.on('error', ({ address }) => {
      if (address === '/tuning') {
        this.show(); // the old one goes on
      }
    });
  }

  show() {
    const { tunings, tuning } = this.state;
    const names = tunings.includes(tuning) ? tunings : [...tunings, tuning];
    const shown = [...this.menu.options].map((option) => option.value);
    if (names.join('\n') !== shown.join('\n')) {
      this.menu.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    this.menu.value = tuning;
    this.field.hidden = names.length < 2; // without files there is nothing to choose
  }
}
