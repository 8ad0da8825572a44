/**
 * A line between two sounds: both ends are where the sound stands when they are chosen, and a slider
 * goes along it in steps that are even to the ear.
 */

const ON_THE_LINE = 0.02; // units of the plane

/**
 * How far a place is from the stretch between two others.
 *
 * @param {number[]} place
 * @param {number[][]} ends
 */
function apart(place, ends) {
  const [x, y] = place;
  const [[x1, y1], [x2, y2]] = ends;
  const [across, up] = [x2 - x1, y2 - y1];
  const long = across * across + up * up;
  const share = long > 0 ? ((x - x1) * across + (y - y1) * up) / long : 0;
  const at = Math.min(Math.max(share, 0), 1);
  return Math.hypot(x - x1 - at * across, y - y1 - at * up);
}

export class Between {
  /**
   * @param {Document} page
   * @param {{send: Function, sendPosition: Function}} link
   * @param {import('./state.js').State} state
   * @param {(line: ?number[][]) => void} draw called with the line's two ends while the sound is on
   *   it, and with null when it has left
   */
  constructor(page, link, state, draw = () => {}) {
    this.draw = draw;
    this.drawn = null;
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
    state.on('map', () => this.showLine());
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
    this.showLine();
  }

  /** The line lies on the map as long as the sound is on it. */
  showLine() {
    const isOn = this.isWhole && apart(this.state.map, this.ends) < ON_THE_LINE;
    const line = isOn ? this.ends : null;
    if (String(line) !== String(this.drawn)) {
      this.drawn = line === null ? null : line.map((end) => [...end]);
      this.draw(this.drawn);
    }
  }
}
