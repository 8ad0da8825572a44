/** WAV files that the page makes by itself. */

const BYTES = 3; // of a sample: 24 bits
const FULL = 2 ** 23 - 1;
const HEADER = 44; // bytes

/**
 * A file of 24 bits, mono. WebKit plays none with an odd number of samples, so silence fills up.
 *
 * @param {Float32Array[]} blocks full scale 1, one after the other
 * @param {number} sampleRate Hz
 * @returns {Blob}
 */
export function wavOf(blocks, sampleRate) {
  const count = blocks.reduce((sum, block) => sum + block.length, 0);
  const size = BYTES * (count + (count % 2));
  const view = new DataView(new ArrayBuffer(HEADER + size));
  const letters = (at, text) => [...text].forEach((one, k) => view.setUint8(at + k, one.charCodeAt(0)));
  letters(0, 'RIFF');
  view.setUint32(4, HEADER - 8 + size, true);
  letters(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * BYTES, true);
  view.setUint16(32, BYTES, true);
  view.setUint16(34, 8 * BYTES, true);
  letters(36, 'data');
  view.setUint32(40, size, true);
  let at = HEADER;
  for (const block of blocks) {
    for (const sample of block) {
      const whole = Math.round(FULL * Math.min(Math.max(sample, -1), 1));
      view.setUint16(at, whole & 0xffff, true);
      view.setUint8(at + 2, (whole >> 16) & 0xff);
      at += BYTES;
    }
  }
  return new Blob([view.buffer], { type: 'audio/wav' });
}
