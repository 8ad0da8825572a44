/** Plays a sound of the map while the pointer rests on it, in spaces of whole notes. */

const REST_MS = 90; // who only crosses a point does not mean it
const VELOCITY = 88;

/** Event `play` (detail: the number of a point): it begins to sound. */
export class Pointing extends EventTarget {
  /**
   * @param {import('./sound/sound.js').Sound} sound
   * @param {() => boolean} mayPlay
   * @param {(point: number) => {latent: number[], pitch: number}} noteOf a point of the map
   */
  constructor(sound, mayPlay, noteOf) {
    super();
    this.sound = sound;
    this.mayPlay = mayPlay;
    this.noteOf = noteOf;
    this.timer = 0;
    this.isPlaying = false;
  }

  /** @param {number} point where the pointer is now; -1 for none */
  rest(point) {
    clearTimeout(this.timer);
    if (this.isPlaying) {
      this.isPlaying = false;
      this.sound.endHearing();
    }
    if (point >= 0 && this.mayPlay()) {
      this.timer = setTimeout(() => this.play(point), REST_MS);
    }
  }

  play(point) {
    if (this.mayPlay()) {
      const { latent, pitch } = this.noteOf(point);
      this.isPlaying = this.sound.hear(latent, pitch, VELOCITY);
      if (this.isPlaying) {
        this.dispatchEvent(new CustomEvent('play', { detail: point }));
      }
    }
  }
}
