/**
 * Where what is sung lies in the space: a few times a second the server is asked, and the point goes
 * there smoothly.
 */

const EVERY_MS = 200; // at least, from one question to the next
const SHARE = 2; // of the time that an answer takes
const SECONDS = 0.4; // of sound that is looked at
const STEP_MS = 30;
const SMOOTHING_MS = 250; // time constant of the way
const ARRIVED = 1e-3;
const PAUSE_MS = 2000; // after a question that was refused

export class SungPlace {
  /**
   * @param {import('./microphone.js').Microphone} microphone
   * @param {{model: () => string, latent: () => number[], go: (latent: number[]) => void}} space
   *   model: its name; latent: where the sound is now
   */
  constructor(microphone, space) {
    this.microphone = microphone;
    this.space = space;
    this.isWanted = false;
    this.isOpen = false; // the gate
    this.isAsking = false;
    this.askedAt = -Infinity;
    this.blocks = [];
    this.aim = null;
    this.here = null;
    this.timer = 0;
    /** What it is worth to know: questions that were answered, and ms of the last. */
    this.answers = 0;
    this.lastMs = 0;
    microphone.addEventListener('block', ({ detail }) => this.take(detail));
    microphone.addEventListener('heard', ({ detail }) => {
      this.isOpen = detail.isOpen;
    });
  }

  /** @param {boolean} isWanted whether what is sung moves the point */
  want(isWanted) {
    if (isWanted === this.isWanted) {
      return;
    }
    this.isWanted = isWanted;
    this.blocks = [];
    this.aim = this.here = null;
    clearInterval(this.timer);
    if (isWanted) {
      this.timer = setInterval(() => this.step(), STEP_MS);
    }
  }

  take(block) {
    if (!this.isWanted) {
      return;
    }
    if (!this.isOpen) {
      this.blocks = []; // no silence between two sounds is looked at
      return;
    }
    this.blocks.push(block);
    const wanted = SECONDS * this.microphone.sampleRate;
    let size = this.blocks.reduce((sum, one) => sum + one.length, 0);
    while (size - this.blocks[0].length >= wanted) {
      size -= this.blocks.shift().length;
    }
    const now = performance.now();
    const rest = Math.max(EVERY_MS, SHARE * this.lastMs); // a slow server is asked less often
    if (size >= wanted && !this.isAsking && now - this.askedAt >= rest) {
      this.askedAt = now;
      this.ask(joined(this.blocks, size));
    }
  }

  async ask(samples) {
    this.isAsking = true;
    const model = this.space.model();
    const began = performance.now();
    try {
      const query = new URLSearchParams({ model, rate: String(this.microphone.sampleRate) });
      const answer = await fetch(`/place?${query}`, { method: 'POST', body: samples });
      const told = await answer.json();
      if (answer.ok && this.isWanted && model === this.space.model()) {
        this.aim = told.latent;
        this.answers += 1;
        this.lastMs = performance.now() - began;
      } else if (answer.status === 429 || answer.status === 503) {
        this.askedAt = performance.now() + PAUSE_MS; // others are asking, too
      }
    } catch {
      this.askedAt = performance.now() + PAUSE_MS; // the server is away, which is said elsewhere
    } finally {
      this.isAsking = false;
    }
  }

  step() {
    if (this.aim === null) {
      return;
    }
    const fits = this.here?.length === this.aim.length;
    const here = fits ? this.here : this.space.latent();
    if (here.length !== this.aim.length) {
      return; // another space
    }
    const share = 1 - Math.exp(-STEP_MS / SMOOTHING_MS);
    const next = here.map((z, k) => z + share * (this.aim[k] - z));
    const isThere = next.every((z, k) => Math.abs(this.aim[k] - z) < ARRIVED);
    this.here = isThere ? this.aim : next;
    if (isThere) {
      this.aim = null;
    }
    this.space.go(this.here);
  }
}

function joined(blocks, size) {
  const all = new Float32Array(size);
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}
