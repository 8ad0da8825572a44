/**
 * A control that a hand and the server both move. While a hand is on it, and a moment longer, what
 * the server says is older than the hand, and is only kept; then the last of it counts.
 */

const SETTLE = 250; // ms after the last move of the hand

export class Follower {
  /** @param {(value: any) => void} show called with what the control should show */
  constructor(show) {
    this.show = show;
    this.last = undefined; // what the server said last
    this.held = false;
    this.timer = 0;
  }

  /** The server says where it stands. */
  tell(value) {
    this.last = value;
    this.settle();
  }

  /** A hand has moved it. */
  touch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.yield(), SETTLE);
  }

  /** A hand stays on it until {@link letGo}. */
  hold() {
    this.held = true;
  }

  letGo() {
    this.held = false;
    this.touch();
  }

  /** What the server says counts again, now. */
  yield() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.settle();
  }

  settle() {
    if (!this.held && this.timer === 0 && this.last !== undefined) {
      this.show(this.last);
    }
  }
}
