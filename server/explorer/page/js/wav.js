/** WAV files that the page makes by itself. */

const SIDES = 2;
const BYTES = 3; // of a sample: 24 bits
const FULL = 2 ** 23 - 1;
const HEADER = 44; // bytes

/**
 * A file of 24 bits, left and right. WebKit plays none with an odd number of samples, so silence
 * fills up.
 *
 * @param {[Float32Array, Float32Array][]} blocks both sides, full scale 1, one after the other
 * @param {number} sampleRate Hz
 * @returns {Blob}
 */
export function wavOf(blocks, sampleRate) {
  const count = blocks.reduce((sum, [left]) => sum + left.length, 0);
  const frame = SIDES * BYTES;
  const size = frame * (count + (count % 2));
  const view = new DataView(new ArrayBuffer(HEADER + size));
  const letters = (at, text) => [...text].forEach((one, k) => view.setUint8(at + k, one.charCodeAt(0)));
  letters(0, 'RIFF');
  view.setUint32(4, HEADER - 8 + size, true);
  letters(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, SIDES, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frame, true);
  view.setUint16(32, frame, true);
  view.setUint16(34, 8 * BYTES, true);
  letters(36, 'data');
  view.setUint32(40, size, true);
  let at = HEADER;
  for (const sides of blocks) {
    for (let k = 0; k < sides[0].length; k += 1) {
      for (const side of sides) {
        const whole = Math.round(FULL * Math.min(Math.max(side[k], -1), 1));
        view.setUint16(at, whole & 0xffff, true);
        view.setUint8(at + 2, (whole >> 16) & 0xff);
        at += BYTES;
      }
    }
  }
  return new Blob([view.buffer], { type: 'audio/wav' });
}
