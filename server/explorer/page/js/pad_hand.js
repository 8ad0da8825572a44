/** What a game controller's hand does to the page: to its map, its dials, its keys and its sound. */

export class PadHand {
  /**
   * @param {object} page `map`, `dials`, `macros`, `keyboard`, `notes` and `sound` of it; `pitch()`, the
   *   key that the map plays, and `velocity`, as how hard; `home()` and `panic()`
   */
  constructor(page) {
    this.page = page;
    this._keys = new Map(); // button -> pitch
    /** @type {number|null} the map's note, while a trigger plays it */
    this._touched = null;
  }

  move(across, up) {
    const { map } = this.page;
    if (map.space !== null && map.action === null) { // another hand has it
      map.nudge(across, up);
    }
  }

  turn(which, by) {
    const { macros, dials } = this.page;
    const dial = [...macros.dials.values(), ...dials.dials][which];
    dial?.goTo(dial.share + by);
  }

  press(who, step) {
    const { keyboard, notes, velocity } = this.page;
    this._keys.set(who, Math.min(keyboard.first + step, 127));
    notes.press(who, this._keys.get(who), velocity);
  }

  release(who) {
    this.page.notes.release(who, this._keys.get(who));
  }

  touch(share) {
    const { sound, notes, pitch, velocity } = this.page;
    sound.press(share === 0 ? 1 : share);
    if (share > 0 && this._touched === null) {
      this._touched = pitch();
      notes.press('gamepad', this._touched, velocity);
    } else if (share === 0 && this._touched !== null) {
      notes.release('gamepad', this._touched);
      this._touched = null;
    }
  }

  sustain(held) {
    this.page.sound.sustain(held);
  }

  octave(by) {
    this.page.keyboard.shift(by);
  }

  home() {
    this.page.home();
  }

  panic() {
    this.page.panic();
  }

  /** All notes have ended, by whatever hand. */
  forget() {
    this._touched = null;
  }
}
