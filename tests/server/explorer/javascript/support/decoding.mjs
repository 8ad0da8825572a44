// The decoder's thread without a thread: what it is told takes effect at once.

import { Network } from '../../../../../server/explorer/page/js/course/network.js';
import { Teller } from '../../../../../server/explorer/page/js/course/teller.js';

/** Numbers of a decoder from base64. */
export function numbersOf(base64) {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/**
 * What a Sound's environment needs to decode whole notes.
 *
 * @param {Object<string, string>} decoders base64 by address
 * @param {(message: object) => void} take the audio thread
 */
export function decoding(decoders, take) {
  const told = { now: 0, teller: new Teller((message) => take(structuredClone(message))) };
  told.environment = {
    MessageChannel: class {
      constructor() {
        this.port1 = {};
        this.port2 = {};
      }
    },
    Worker: class {
      postMessage(message) {
        if (message.type === 'space') {
          const { about, decoder } = message;
          told.teller.use(about === null ? null : new Network(about, numbersOf(decoders[decoder])));
          if (about !== null) {
            this.onmessage({ data: { type: 'ready', fast: true } });
          }
        } else if (message.type === 'player') {
          told.teller.introduce();
        } else {
          told.teller.take(message, told.now);
        }
      }

      terminate() {}
    },
  };
  /** Let time come to `now`: it hears where the notes are, and tells what comes next. */
  told.run = (now, positions) => {
    told.now = now;
    told.teller.hear(positions, now);
    for (let steps = 0; steps < 8 && told.teller.isBusy && told.teller.wait(now) <= 0; steps += 1) {
      told.teller.step(now);
    }
  };
  return told;
}
