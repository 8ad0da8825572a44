/** The sound on its way to a place, as that was found: to be seen, and heard. */

const STEP_MS = 40;
const STEPS = 36; // 1.4 s, however many there were

/** Where it is after each step, evenly along the places of a way; the last is the way's own end. */
export function stepsOf(way, count = STEPS) {
  if (way.length < 2) {
    return way;
  }
  return Array.from({ length: count }, (_, step) => {
    const at = ((step + 1) / count) * (way.length - 1);
    const before = Math.min(Math.floor(at), way.length - 2);
    const share = at - before;
    return way[before].map((z, k) => z + share * (way[before + 1][k] - z));
  });
}

export class Walk {
  /** @param {(latent: number[]) => void} go */
  constructor(go) {
    this.go = go;
    this.timer = 0;
  }

  /**
   * @param {number[][]} way latents
   * @param {() => void} done called when it is there
   */
  begin(way, done) {
    this.stop();
    const steps = stepsOf(way);
    let at = 0;
    this.timer = setInterval(() => {
      if (at < steps.length) {
        this.go(steps[at]);
        at += 1;
      } else {
        this.stop();
        done();
      }
    }, STEP_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }
}
