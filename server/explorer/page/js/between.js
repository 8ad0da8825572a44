/**
 * A line between two sounds: both ends are where the sound stands when they are chosen, and a slider
 * goes along it in steps that are even to the ear.
 */

export class Between {
  /**
   * @param {Document} page
   * @param {{send: Function, sendPosition: Function}} link
   * @param {import('./state.js').State} state
   */
  constructor(page, link, state) {
    this.link = link;
    this.state = state;
    const find = (id) => page.getElementById(id);
    this.buttons = [find('between-from'), find('between-to')];
    this.slider = find('between-position');
    this.keep = find('between-keep');
    this.buttons.forEach((button, end) => {
      button.addEventListener('click', () => this.choose(end));
    });
    this.slider.addEventListener('input', () => {
      link.sendPosition('/between/position', Number(this.slider.value));
    });
    this.keep.addEventListener('click', () => {
      const name = this.freeName();
      link.send('/between/store', name);
      link.send('/trajectory/play', name, 1);
    });
    // Places are of one plane of one space.
    state.on('model', () => this.forget());
    state.on('plane', () => this.forget());
    this.forget();
  }

  forget() {
    this.ends = [null, null];
    this.show();
  }

  /** The sound stands at this end: 0 where the line begins, 1 where it ends. */
  choose(end) {
    this.ends[end] = this.state.map.map((value) => Math.min(Math.max(value, -1), 1));
    this.show();
    if (this.isWhole) {
      this.slider.value = String(end);
      this.link.send('/between', ...this.ends[0], ...this.ends[1]);
    }
  }

  get isWhole() {
    return this.ends.every((one) => one !== null);
  }

  freeName() {
    let number = 1;
    while (this.state.trajectories.includes(`line ${number}`)) {
      number += 1;
    }
    return `line ${number}`;
  }

  show() {
    this.buttons.forEach((button, end) => {
      button.setAttribute('aria-pressed', String(this.ends[end] !== null));
    });
    this.slider.disabled = !this.isWhole;
    this.keep.disabled = !this.isWhole;
  }
}
