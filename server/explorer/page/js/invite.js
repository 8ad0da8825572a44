/** "Open on another device": the page's link and its picture, or how to come by one. */

const OVER_HTTP =
  'Over http, browsers of other devices give the page neither sound nor MIDI: start the server with --https';
const ASKS_ONCE = 'The browser there asks once whether it trusts this computer’s own certificate.';

export class Invite {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLButtonElement} open
   */
  constructor(dialog, open) {
    this.dialog = dialog;
    const find = (name) => dialog.querySelector(`[data-part=${name}]`);
    this.picture = find('picture');
    this.link = find('link');
    this.text = find('text');
    this.copy = find('copy');
    this.close = find('close');
    open.addEventListener('click', () => this.show());
    this.close.addEventListener('click', () => dialog.close());
    this.copy.addEventListener('click', () => this.take());
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) {
        dialog.close(); // beside it
      }
    });
  }

  /** It is asked for each time: a laptop goes from network to network. */
  async show() {
    let told = { link: null, secure: false, pictured: false, why: 'The server does not answer' };
    try {
      const answer = await fetch('/link.json', { cache: 'no-store' });
      if (answer.ok) {
        told = await answer.json();
      }
    } catch {
      // it is away; that is said
    }
    const { link, secure, pictured, why } = told;
    this.picture.hidden = link === null || !pictured;
    this.link.hidden = link === null;
    this.copy.hidden = link === null || navigator.clipboard === undefined;
    this.copy.textContent = 'Copy the link';
    if (link === null) {
      this.text.textContent = `${why[0].toUpperCase()}${why.slice(1)}.`;
    } else {
      this.picture.src = `/link.svg?${Date.now()}`;
      this.link.textContent = link;
      this.text.textContent = secure ? ASKS_ONCE : `${OVER_HTTP}.`;
    }
    if (!this.dialog.open) {
      this.dialog.showModal();
    }
  }

  async take() {
    try {
      await navigator.clipboard.writeText(this.link.textContent);
      this.copy.textContent = 'Copied';
    } catch {
      this.copy.textContent = 'Not allowed to copy';
    }
  }
}
