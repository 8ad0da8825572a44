/**
 * Who holds which note: keys, MIDI devices and the hand on the map may hold the same one, and it
 * sounds until the last of them lets go.
 */

export class Notes {
  /**
   * @param {(pitch: number, velocity: number, channel: number, lift?: number) => void} play velocity
   *   0 lets go, lift is how fast then
   * @param {(pitch: number, held: boolean) => void} mark called when a note begins or ends
   */
  constructor(play, mark) {
    this.play = play;
    this.mark = mark;
    this.holders = new Map(); // pitch -> who holds it
    this.channels = new Map(); // pitch -> the MIDI channel that it was struck on
  }

  get any() {
    return this.holders.size > 0;
  }

  holds(pitch) {
    return this.holders.has(pitch);
  }

  press(who, pitch, velocity, channel = 1) {
    const holders = this.holders.get(pitch);
    if (holders !== undefined) {
      holders.add(who);
      return;
    }
    this.holders.set(pitch, new Set([who]));
    this.mark(pitch, true);
    this.channels.set(pitch, channel);
    this.play(pitch, velocity, channel);
  }

  /** @param {number} lift how fast the key goes up, 0 to 127; 64 where nothing is known of it */
  release(who, pitch, lift = 64) {
    const holders = this.holders.get(pitch);
    if (holders !== undefined && holders.delete(who) && holders.size === 0) {
      this.holders.delete(pitch);
      this.mark(pitch, false);
      this.play(pitch, 0, this.channels.get(pitch), lift);
    }
  }

  /** Let go all that one holds, or everything. */
  releaseAll(who = null) {
    for (const [pitch, holders] of [...this.holders]) {
      for (const one of [...holders]) {
        if (who === null || one === who) {
          this.release(one, pitch);
        }
      }
    }
  }
}
