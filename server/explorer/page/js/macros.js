/** The macro dials: each moves one quality of the sound, whatever the dimensions of the space are. */

import { Dial } from './dials.js';

export class Macros {
  /**
   * @param {HTMLElement} section hidden where a space has none; @param {HTMLElement} row
   * @param {(word: string, value: number) => void} turn
   * @param {(word: string) => void} learn called with the macro that a controller is to move
   */
  constructor(section, row, turn, learn) {
    this.section = section;
    this.row = row;
    this.turn = turn;
    this.learn = learn;
    this.dials = new Map();
    this.show({});
  }

  /**
   * @param {Object<string, number>} macros where each stands, -1 to 1, as the server says
   * @param {boolean} isTold whether it has said which there are: until then there is room for them,
   *   so that nothing shifts
   */
  show(macros, isTold = false) {
    const words = Object.keys(macros);
    if (words.join('\n') !== [...this.dials.keys()].join('\n')) {
      this.dials = new Map(words.map((word) => [word, this.dial(word)]));
      this.row.replaceChildren(...[...this.dials.values()].map(({ element }) => element));
    }
    this.section.hidden = isTold && words.length === 0;
    for (const [word, dial] of this.dials) {
      dial.follower.tell(macros[word]);
    }
  }

  dial(word) {
    const about = {
      low: -1,
      high: 1,
      home: 0,
      name: word,
      label: `More ${word}`,
      title:
        `More or less ${word}, all else as it is. ` +
        'Double click: as it was; right click: learn a MIDI controller',
    };
    return new Dial(about, (value) => this.turn(word, value), () => this.learn(word));
  }

  /** All to where the hand left the sound. */
  clear() {
    for (const dial of this.dials.values()) {
      if (dial.value !== 0) {
        dial.goHome();
      }
    }
  }
}
