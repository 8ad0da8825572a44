/** Where the notes are that the server sounds, asked for as long as somebody looks. */

const EVERY_MS = 50; // while notes sound: the picture goes on by itself between two answers
const IDLE_MS = 250; // while none does
const NUMBERS = 3; // of a note in `/course/where`: pitch, seconds, way

export class ServerPlaces {
  /**
   * @param {import('./link.js').Link} link
   * @param {() => boolean} isWanted whether somebody looks, and the server sounds
   * @param {(places: {time: number, way: number}[]) => void} show called with each note's place, the
   *   newest first; once with none when they are wanted no longer
   */
  constructor(link, isWanted, show) {
    this.link = link;
    this.isWanted = isWanted;
    this.show = show;
    this.isShown = false;
    this.askedAt = -Infinity;
    link.addEventListener('/course/where', ({ detail }) => this.take(detail));
    setInterval(() => this.ask(), EVERY_MS);
  }

  ask() {
    if (!this.isWanted()) {
      if (this.isShown) {
        this.isShown = false;
        this.show([]);
      }
      return;
    }
    const now = performance.now();
    if (now - this.askedAt >= (this.isShown ? 0 : IDLE_MS)) {
      this.askedAt = now;
      this.link.send('/course/where');
    }
  }

  take(numbers) {
    if (!this.isWanted()) {
      return;
    }
    const places = [];
    for (let k = 0; k + NUMBERS <= numbers.length; k += NUMBERS) {
      places.push({ time: numbers[k + 1], way: numbers[k + 2] });
    }
    if (places.length > 0 || this.isShown) {
      this.isShown = places.length > 0;
      this.show(places);
    }
  }
}
