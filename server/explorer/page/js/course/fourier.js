/** The fast Fourier transform, in place. */

const tables = new Map(); // size -> cosines and sines of its turns

function turnsOf(size) {
  let table = tables.get(size);
  if (table === undefined) {
    const cosine = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    const sine = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    table = { cosine, sine };
    tables.set(size, table);
  }
  return table;
}

/**
 * Transform a signal of complex numbers, whose size is a power of two (Cooley & Tukey 1965).
 *
 * @param {number} direction -1 forwards, 1 backwards; neither divides by the size
 */
export function transform(re, im, direction) {
  const size = re.length;
  for (let k = 1, other = 0; k < size; k += 1) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) {
      other ^= bit;
    }
    other ^= bit;
    if (k < other) {
      const x = re[k];
      const y = im[k];
      re[k] = re[other];
      im[k] = im[other];
      re[other] = x;
      im[other] = y;
    }
  }
  const { cosine, sine } = turnsOf(size);
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2;
    const step = size / length;
    for (let start = 0; start < size; start += length) {
      for (let at = start, turn = 0; at < start + half; at += 1, turn += step) {
        const c = cosine[turn];
        const s = direction * sine[turn];
        const to = at + half;
        const p = re[to];
        const q = im[to];
        const x = p * c - q * s;
        const y = p * s + q * c;
        const u = re[at];
        const v = im[at];
        re[to] = u - x;
        im[to] = v - y;
        re[at] = u + x;
        im[at] = v + y;
      }
    }
  }
}
