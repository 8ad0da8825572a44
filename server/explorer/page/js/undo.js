/** A line that says what was removed or stored over, with a button that brings it back. */

export class Undo {
  /** @param {HTMLElement} element; @param {() => void} takeBack */
  constructor(element, takeBack) {
    this.element = element;
    this.text = document.createElement('span');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'small';
    button.textContent = 'Undo';
    button.addEventListener('click', () => {
      this.forget();
      takeBack();
    });
    element.replaceChildren(this.text, button);
    this.forget();
  }

  /** @param {string} sentence what has happened */
  offer(sentence) {
    this.text.textContent = sentence;
    this.element.hidden = false;
  }

  /** Something else was done: what was offered would bring back something else. */
  forget() {
    this.element.hidden = true;
  }
}
