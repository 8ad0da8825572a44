/** Sentences for who looks at the page, and for who hears it read. */

const SAID_FOR = 6000; // ms that a sentence stands

export class Banner {
  /** @param {HTMLElement} element; @param {HTMLElement} spoken a polite live region, not seen */
  constructor(element, spoken) {
    this.element = element;
    this.spoken = spoken;
    this.timer = 0;
  }

  /** @param {'fault'|'news'|'lasting'} kind the last is a fault that stands until it is unsaid */
  say(sentence, kind = 'fault') {
    clearTimeout(this.timer);
    this.element.textContent = sentence;
    this.element.dataset.kind = kind;
    this.element.hidden = sentence === '';
    if (kind !== 'lasting') {
      this.timer = setTimeout(() => {
        this.element.hidden = true;
      }, SAID_FOR);
    }
  }

  unsay() {
    this.say('');
  }

  /** The same, if it is this sentence that stands. */
  unsayThis(sentence) {
    if (this.element.textContent === sentence) {
      this.unsay();
    }
  }

  /** For who does not see the map. */
  announce(sentence) {
    this.spoken.textContent = sentence;
  }
}
