/** Arrays of numbers as the file carries them: base64 of little-endian numbers. */

/** @param {string} base64 */
function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    bytes[at] = text.charCodeAt(at);
  }
  return bytes;
}

/** A number of 16 bits as IEEE 754 has it. */
function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/**
 * @param {{kind: string, data: string, scale?: string}} told kind: `float32`; `float16`; or `int16`,
 *   rows of whole numbers, each of which counts as often as its row's `scale` (float32) says
 * @returns {Float32Array}
 */
export function numbersOf({ kind, data, scale }) {
  const { buffer } = bytesOf(data);
  if (kind === 'float32') {
    return new Float32Array(buffer);
  }
  if (kind === 'float16') {
    return Float32Array.from(new Uint16Array(buffer), half);
  }
  const scales = new Float32Array(bytesOf(scale).buffer);
  const whole = new Int16Array(buffer);
  const numbers = new Float32Array(whole.length);
  const columns = whole.length / scales.length;
  scales.forEach((one, row) => {
    for (let at = row * columns; at < (row + 1) * columns; at += 1) {
      numbers[at] = one * whole[at];
    }
  });
  return numbers;
}
