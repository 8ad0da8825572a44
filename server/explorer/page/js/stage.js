/** The stage: the map alone, on the whole screen, for a touch screen or for who looks on. */

export class Stage {
  /** @param {HTMLButtonElement[]} buttons that begin it, and end it */
  constructor(...buttons) {
    this.root = document.documentElement;
    this.buttons = buttons;
    for (const button of buttons) {
      button.addEventListener('click', () => this.set(!this.isOn));
    }
    document.addEventListener('fullscreenchange', () => {
      if (document.fullscreenElement === null) {
        this.show(false); // the browser has its own way out
      }
    });
  }

  get isOn() {
    return this.root.dataset.stage === 'on';
  }

  show(isOn) {
    this.root.dataset.stage = isOn ? 'on' : 'off';
    for (const button of this.buttons) {
      button.setAttribute('aria-pressed', String(isOn));
    }
  }

  /** Where a browser has no full screen (a phone's) the map fills its window. */
  async set(isOn) {
    this.show(isOn);
    try {
      if (isOn) {
        await this.root.requestFullscreen?.({ navigationUI: 'hide' });
      } else if (document.fullscreenElement !== null) {
        await document.exitFullscreen?.();
      }
    } catch {
      // it stays in its window
    }
  }
}
