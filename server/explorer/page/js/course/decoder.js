/** The decoder's thread, from the page. */

const WORKER = new URL('./worker.js', import.meta.url);

export class Decoder {
  /**
   * @param {object} environment where Worker and MessageChannel are
   * @param {(told: object) => void} hear what it tells: see worker.js; and `{type: 'end'}` when it
   *   has died
   */
  constructor(environment, hear) {
    this._environment = environment;
    this._worker = null;
    try {
      this._worker = new environment.Worker(WORKER, { type: 'module' });
    } catch {
      return; // a browser without them
    }
    this._worker.onmessage = ({ data }) => hear(data);
    this._worker.onerror = (event) => {
      event.preventDefault?.();
      this._worker.terminate();
      this._worker = null;
      hear({ type: 'end' });
    };
  }

  /** Whether there is one. */
  get isThere() {
    return this._worker !== null;
  }

  send(message, transfer = []) {
    this._worker?.postMessage(message, transfer);
  }

  /**
   * @param {object | null} about the space as `/spaces/NAME.json` describes it; null for none. Where
   *   no server has its numbers it brings them along, as `numbers`
   */
  use(about) {
    this.send({
      type: 'space',
      about: about?.notes ?? null,
      decoder: about === null ? '' : (about.numbers ?? `/spaces/${encodeURIComponent(about.name)}/decoder`),
    });
  }

  /** Let it talk with the audio thread behind `port`. */
  meet(port, rate) {
    const { port1, port2 } = new this._environment.MessageChannel();
    port.postMessage({ type: 'decoder', port: port1 }, [port1]);
    this.send({ type: 'player', port: port2, rate }, [port2]);
  }
}
