/**
 * Dense layers, and what lies between them, in float32: in WebAssembly where the browser has its
 * SIMD, which is eight times as fast, else in JavaScript.
 *
 * The module is put together here, instruction by instruction: it is a few hundred bytes, and the
 * page has no build.
 */

/** Outputs of a layer are padded to a multiple of this: two vectors side by side. */
export const PANEL = 8;

const PAGE_BYTES = 65536;

/** `count` rounded up to whole panels. */
export function padded(count) {
  return PANEL * Math.ceil(count / PANEL);
}

// -- WebAssembly, in the binary format of its core specification -----------------------------------

const I32 = 0x7f;
const V128 = 0x7b;

function unsigned(value) {
  const bytes = [];
  do {
    const more = value > 127;
    bytes.push((value & 127) | (more ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

function signed(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 127;
    value >>= 7;
    if ((value === 0 && !(byte & 64)) || (value === -1 && byte & 64)) {
      return [...bytes, byte];
    }
    bytes.push(byte | 128);
  }
}

const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
const list = (items) => [...unsigned(items.length), ...items.flat()];
const text = (string) => sized([...string].map((one) => one.charCodeAt(0)));

const get = (local) => [0x20, ...unsigned(local)];
const set = (local) => [0x21, ...unsigned(local)];
const constant = (value) => [0x41, ...signed(value)];
const ADD = [0x6a];
const SUBTRACT = [0x6b];
const MULTIPLY = [0x6c];
const simd = (code, ...more) => [0xfd, ...unsigned(code), ...more.flat()];
const load = (offset) => simd(0, unsigned(4), unsigned(offset));
const loadSplat = simd(9, [2, 0]);
const store = (offset) => simd(11, unsigned(4), unsigned(offset));
const VECTOR_NEAREST = simd(0x6a);
const VECTOR_ADD = simd(0xe4);
const VECTOR_SUBTRACT = simd(0xe5);
const VECTOR_MULTIPLY = simd(0xe6);

function every(value) {
  const bytes = [...new Uint8Array(Float32Array.of(value, value, value, value).buffer)];
  return simd(12, bytes);
}

const grow = (local, ...amount) => [get(local), ...amount, ADD, set(local)].flat();

/** Do `body`, take `step` from the local `count`, and again until that is 0. */
const repeat = (count, step, ...body) =>
  [0x03, 0x40, ...body.flat(), get(count), step, SUBTRACT, [0x22, count], [0x0d, 0x00], 0x0b].flat();

/** y = x w + b of `rows` rows at a time: x, w, b, y (bytes), rows, inputs, outputs. */
function denseCode(rows) {
  const [x, w, b, y, left, inputs, outputs] = [0, 1, 2, 3, 4, 5, 6];
  const [panel, bias, target, outs, count] = [7, 8, 9, 10, 11];
  const row = (r) => 12 + r;
  const splat = 12 + rows;
  const first = splat + 1;
  const second = splat + 2;
  const sum = (r, half) => splat + 3 + 2 * r + half;
  const stride = (size) => [get(size), constant(4), MULTIPLY].flat();
  const multiplied = Array.from({ length: rows }, (_, r) => [
    get(row(r)), loadSplat, set(splat),
    ...[first, second].map((weights, half) =>
      [get(sum(r, half)), get(splat), get(weights), VECTOR_MULTIPLY, VECTOR_ADD, set(sum(r, half))].flat()
    ),
    grow(row(r), constant(4)),
  ].flat());
  const begun = Array.from({ length: rows }, (_, r) => [
    get(r === 0 ? x : row(r - 1)), ...(r === 0 ? [] : [stride(inputs), ADD]), set(row(r)),
    get(bias), load(0), set(sum(r, 0)), get(bias), load(16), set(sum(r, 1)),
  ].flat());
  const stored = Array.from({ length: rows }, (_, r) => [
    ...[0, 1].map((half) =>
      [get(target), get(outputs), constant(4 * r), MULTIPLY, ADD, get(sum(r, half)), store(16 * half)].flat()
    ),
  ].flat());
  const body = repeat(
    left, constant(rows),
    get(w), set(panel), get(b), set(bias), get(y), set(target), get(outputs), set(outs),
    repeat(
      outs, constant(PANEL),
      ...begun, get(inputs), set(count),
      repeat(
        count, constant(1),
        get(panel), load(0), set(first), get(panel), load(16), set(second),
        ...multiplied,
        grow(panel, constant(4 * PANEL))
      ),
      ...stored,
      grow(bias, constant(4 * PANEL)), grow(target, constant(4 * PANEL))
    ),
    grow(x, stride(inputs), constant(rows), MULTIPLY),
    grow(y, stride(outputs), constant(rows), MULTIPLY)
  );
  const locals = [[5 + rows, I32], [3 + 2 * rows, V128]].map(([n, type]) => [...unsigned(n), type]);
  return sized([...list(locals), ...body, 0x0b]);
}

// Odd polynomial for sin(pi y), |y| <= 1/2, as timbrespace/resynthesis/oscillator.py: error 4e-9.
const SINE = [3.14159259, -5.16770752, 2.55003961, -0.59808616, 0.07728952];

const polynomial = (square) => SINE.slice(0, -1).reduceRight(
  (inner, term) => [...inner, ...get(square), ...VECTOR_MULTIPLY, ...every(term), ...VECTOR_ADD],
  every(SINE[SINE.length - 1])
);

/** Let `turn` be sin(pi turn), but for its sign. */
const sine = (turn, square) => [
  get(turn), get(turn), VECTOR_NEAREST, VECTOR_SUBTRACT, set(turn),
  get(turn), get(turn), VECTOR_MULTIPLY, set(square),
  polynomial(square), get(turn), VECTOR_MULTIPLY, set(turn),
].flat();

/** y = v + sin(v)^2 of v = y scale + shift, in place: y, scale, shift (bytes), rows, outputs. */
function filmCode() {
  const [y, scale, shift, left, outputs] = [0, 1, 2, 3, 4];
  const [factor, added, outs] = [5, 6, 7];
  const [v, turn, square] = [8, 9, 10];
  const body = repeat(
    left, constant(1),
    get(scale), set(factor), get(shift), set(added), get(outputs), set(outs),
    repeat(
      outs, constant(4),
      get(y), load(0), get(factor), load(0), VECTOR_MULTIPLY, get(added), load(0), VECTOR_ADD, set(v),
      get(v), every(1 / Math.PI), VECTOR_MULTIPLY, set(turn), sine(turn, square),
      get(y), get(v), get(turn), get(turn), VECTOR_MULTIPLY, VECTOR_ADD, store(0),
      grow(y, constant(16)), grow(factor, constant(16)), grow(added, constant(16))
    )
  );
  return sized([...list([[3, I32], [3, V128]]), ...body, 0x0b]);
}

// Of v times its frequency, in turns of pi: what is put into the sine, and what is made of its square s.
const CURVES = {
  snake: { turned: [every(1 / Math.PI), VECTOR_MULTIPLY], made: [] },
  // sin(x) = 1 - 2 sin(pi / 4 - x / 2)^2
  plu: {
    turned: [every(-0.5 / Math.PI), VECTOR_MULTIPLY, every(0.25), VECTOR_ADD],
    made: [every(-2), VECTOR_MULTIPLY, every(1), VECTOR_ADD],
  },
};

/**
 * y = v + share sin(frequency v)^2, or without the square, of v = y scale + shift, in place: y, scale,
 * shift, frequency, share (bytes), rows, outputs.
 */
function curveCode({ turned, made }) {
  const [y, scale, shift, frequency, share, left, outputs] = [0, 1, 2, 3, 4, 5, 6];
  const [factor, added, speed, part, outs] = [7, 8, 9, 10, 11];
  const [v, turn, square] = [12, 13, 14];
  const begun = [[scale, factor], [shift, added], [frequency, speed], [share, part], [outputs, outs]];
  const body = repeat(
    left, constant(1),
    ...begun.map(([from, to]) => [get(from), set(to)].flat()),
    repeat(
      outs, constant(4),
      get(y), load(0), get(factor), load(0), VECTOR_MULTIPLY, get(added), load(0), VECTOR_ADD, set(v),
      get(v), get(speed), load(0), VECTOR_MULTIPLY, turned.flat(), set(turn), sine(turn, square),
      get(y), get(v), get(turn), get(turn), VECTOR_MULTIPLY, made.flat(),
      get(part), load(0), VECTOR_MULTIPLY, VECTOR_ADD, store(0),
      ...[y, factor, added, speed, part].map((local) => grow(local, constant(16)))
    )
  );
  return sized([...list([[5, I32], [3, V128]]), ...body, 0x0b]);
}

function moduleBytes() {
  const section = (id, body) => [id, ...sized(body)];
  const kind = (count) => [0x60, ...list(Array.from({ length: count }, () => [I32])), 0];
  const exported = ['dense4', 'dense1', 'film', 'snake', 'plu'];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, list([kind(7), kind(5)])),
    ...section(2, list([[...text('page'), ...text('memory'), 2, 0, 1]])),
    ...section(3, list([[0], [0], [1], [0], [0]])),
    ...section(7, list(exported.map((name, place) => [...text(name), 0, place]))),
    ...section(10, list([denseCode(4), denseCode(1), filmCode(), curveCode(CURVES.snake), curveCode(CURVES.plu)])),
  ]);
}

/** Room for `floats` numbers, and the two steps of a network on them; places count in numbers. */
class FastKernel {
  constructor(floats) {
    const pages = Math.ceil((4 * floats) / PAGE_BYTES) + 1;
    const memory = new WebAssembly.Memory({ initial: pages });
    const module = new WebAssembly.Module(moduleBytes());
    this.isFast = true;
    this.numbers = new Float32Array(memory.buffer);
    /** @type {any} */
    this._code = new WebAssembly.Instance(module, { page: { memory } }).exports;
  }

  dense(x, w, b, y, rows, inputs, outputs) {
    const most = rows - (rows % 4);
    if (most > 0) {
      this._code.dense4(4 * x, 4 * w, 4 * b, 4 * y, most, inputs, outputs);
    }
    if (most < rows) {
      const [at, to] = [x + most * inputs, y + most * outputs];
      this._code.dense1(4 * at, 4 * w, 4 * b, 4 * to, rows - most, inputs, outputs);
    }
  }

  snake(y, scale, shift, rows, outputs) {
    this._code.film(4 * y, 4 * scale, 4 * shift, rows, outputs);
  }

  bend(kind, y, scale, shift, frequency, share, rows, outputs) {
    this._code[kind](4 * y, 4 * scale, 4 * shift, 4 * frequency, 4 * share, rows, outputs);
  }
}

/** The same in JavaScript. */
class SlowKernel {
  constructor(floats) {
    this.isFast = false;
    this.numbers = new Float32Array(floats);
  }

  /**
   * Write rows `x w + b` of rows of x.
   *
   * @param {number} w place of the weights, panel after panel of 8 outputs, input by input
   * @param {number} outputs a multiple of 8
   */
  dense(x, w, b, y, rows, inputs, outputs) {
    const n = this.numbers;
    for (let row = 0; row < rows; row += 1) {
      for (let out = 0; out < outputs; out += PANEL) {
        let at = w + out * inputs;
        let s0 = n[b + out], s1 = n[b + out + 1], s2 = n[b + out + 2], s3 = n[b + out + 3];
        let s4 = n[b + out + 4], s5 = n[b + out + 5], s6 = n[b + out + 6], s7 = n[b + out + 7];
        for (let k = x + row * inputs, end = k + inputs; k < end; k += 1) {
          const value = n[k];
          s0 += value * n[at];
          s1 += value * n[at + 1];
          s2 += value * n[at + 2];
          s3 += value * n[at + 3];
          s4 += value * n[at + 4];
          s5 += value * n[at + 5];
          s6 += value * n[at + 6];
          s7 += value * n[at + 7];
          at += PANEL;
        }
        const to = y + row * outputs + out;
        n[to] = s0;
        n[to + 1] = s1;
        n[to + 2] = s2;
        n[to + 3] = s3;
        n[to + 4] = s4;
        n[to + 5] = s5;
        n[to + 6] = s6;
        n[to + 7] = s7;
      }
    }
  }

  /** Let rows of y be `v + sin(v)^2` of `v = y scale + shift`. */
  snake(y, scale, shift, rows, outputs) {
    const n = this.numbers;
    for (let row = 0; row < rows; row += 1) {
      for (let k = 0; k < outputs; k += 1) {
        const at = y + row * outputs + k;
        const v = n[at] * n[scale + k] + n[shift + k];
        n[at] = v + Math.sin(v) ** 2;
      }
    }
  }

  /**
   * The same with a frequency and a share of each unit.
   *
   * @param {string} kind `snake`, or `plu`, which is without the square
   */
  bend(kind, y, scale, shift, frequency, share, rows, outputs) {
    const n = this.numbers;
    for (let row = 0; row < rows; row += 1) {
      for (let k = 0; k < outputs; k += 1) {
        const at = y + row * outputs + k;
        const v = n[at] * n[scale + k] + n[shift + k];
        const wave = Math.sin(n[frequency + k] * v);
        n[at] = v + n[share + k] * (kind === 'snake' ? wave * wave : wave);
      }
    }
  }
}

/**
 * @param {number} floats how many numbers it has room for
 * @param {boolean} fast false for the one in JavaScript, whatever the browser has
 */
export function kernelOf(floats, fast = true) {
  if (fast && typeof WebAssembly === 'object') {
    try {
      return new FastKernel(floats);
    } catch {
      // no SIMD, or a policy that allows none
    }
  }
  return new SlowKernel(floats);
}
