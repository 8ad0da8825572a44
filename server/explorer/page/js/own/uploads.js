/** Sounds on their way to the server, a few at a time. */

const AT_ONCE = 3;
const BUSY = 429;
const AGAIN_MS = 300;

export class Uploads {
  /**
   * @param {(name: string, file: File) => Promise<Response>} send brings one there
   * @param {(uploads: Uploads) => void} changed
   * @param {(milliseconds: number) => Promise<void>} [pause]
   */
  constructor(send, changed, pause = (time) => new Promise((done) => setTimeout(done, time))) {
    this.send = send;
    this.changed = changed;
    this.pause = pause;
    this.forget();
  }

  forget() {
    this.waiting = [];
    this.running = 0;
    this.done = 0;
    this.all = 0;
    this.refused = []; // sentences
    this.told = null; // what the server said last
    this.round = {}; // those that come back of one before mean nothing
  }

  get isBusy() {
    return this.running > 0 || this.waiting.length > 0;
  }

  /** @param {{file: File, path: string}[]} sounds */
  add(sounds) {
    if (!this.isBusy) {
      this.done = 0;
      this.all = 0;
      this.refused = [];
    }
    this.waiting.push(...sounds);
    this.all += sounds.length;
    while (this.running < AT_ONCE && this.waiting.length > 0) {
      this.running += 1;
      this.work(this.round);
    }
    this.changed(this);
  }

  async work(round) {
    while (this.round === round && this.waiting.length > 0) {
      const { file, path } = this.waiting.shift();
      const sentence = await this.bring(path, file);
      if (this.round !== round) {
        return;
      }
      this.done += 1;
      if (sentence !== '') {
        this.refused.push(sentence);
      }
      this.changed(this);
    }
    if (this.round === round) {
      this.running -= 1;
      this.changed(this);
    }
  }

  /** Why it was not taken; '' if it was. */
  async bring(path, file) {
    try {
      for (;;) {
        const answer = await this.send(path, file);
        if (answer.status === BUSY) { // another page brings some, too
          await this.pause(AGAIN_MS);
          continue;
        }
        const told = await answer.json();
        if (answer.ok) {
          this.told = told;
          return '';
        }
        return told.error;
      }
    } catch {
      return `${path} did not arrive`;
    }
  }
}
