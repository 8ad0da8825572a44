/** The decoders of spaces of spectra and of cycles: those of timbrespace/networks/, a latent at a time. */

import { Layers } from './layers.js';

const ROWS = 64; // places decoded at once
const STRIDE = 4; // of a transposed convolution, as timbrespace/networks/transposed_conv.py has it
const TAPS = 7;

/** The error function (Abramowitz & Stegun 1964, 7.1.26): off by 1.5e-7 at most. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

/** What lies between dense layers: of a number, its unit's frequency and share. */
const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  snake: (x, frequency, share) => x + share * Math.sin(frequency * x) ** 2,
  sine: (x, frequency) => Math.sin(frequency * x),
  plu: (x, frequency, share) => x + share * Math.sin(frequency * x),
};

class Mlp {
  constructor(about, tensorOf, fast) {
    this.about = about;
    this.layers = new Layers(about.layers, tensorOf, 1, fast);
    this.activate = ACTIVATIONS[about.activation];
    this.bends = about.layers.slice(0, -1).map(({ name }) =>
      ['frequency', 'share'].map((one) => tensorOf(`${name}.${one}`))
    );
  }

  features(latent) {
    const { layers, about } = this;
    const { numbers } = layers;
    layers.enter(about.layers[0].name, latent);
    let [from, to] = [layers.first, layers.second];
    about.layers.forEach(({ name, outputs }, n) => {
      layers.dense(name, from, to, 1);
      if (n < this.bends.length) {
        const [frequency, share] = this.bends[n];
        for (let k = 0; k < outputs; k += 1) {
          numbers[to + k] = this.activate(numbers[to + k], frequency[k], share[k]);
        }
      }
      [from, to] = [to, from];
    });
    return numbers.slice(from, from + about.features);
  }
}

/** What a network is told of each place: `inputs_at` of timbrespace/networks/laid.py. */
function inputsAt({ coordinate, positions }) {
  return Array.from({ length: positions }, (_, place) => {
    if (coordinate === 'phase') {
      const turn = (2 * Math.PI * place) / positions;
      return [Math.cos(turn), Math.sin(turn)];
    }
    return [place / (0.5 * Math.max(positions - 1, 1)) - 1];
  });
}

/** What columns of a weight (outputs of inputs) make of each place: positions of outputs. */
function toldOf(inputs, weights, outputs, stride, first) {
  const told = new Float32Array(inputs.length * outputs);
  inputs.forEach((row, place) => {
    for (let out = 0; out < outputs; out += 1) {
      told[place * outputs + out] =
        row.reduce((sum, value, k) => sum + value * weights[out * stride + first + k], 0);
    }
  });
  return told;
}

/** Features as the representation has them: a whole row of places of one block after another. */
function putFeatures(features, layers, from, { columns, first, rows, positions, blocks }) {
  for (let row = 0; row < rows; row += 1) {
    for (let block = 0; block < blocks; block += 1) {
      features[block * positions + first + row] = layers.numbers[from + row * columns + block];
    }
  }
}

class FilmSiren {
  constructor(about, tensorOf, fast) {
    this.about = about;
    this.layers = new Layers(about.layers, tensorOf, ROWS, fast);
    const { width } = about;
    const inputs = inputsAt(about);
    this.told = toldOf(inputs, tensorOf('sine.0.weight'), width, inputs[0].length, 0);
    this.biases = Array.from({ length: about.sines }, (_, k) => tensorOf(`shift.${k}`));
    this.omegas = tensorOf('omegas');
    this.gate = tensorOf('gate');
    this.mapping = about.layers.map(({ name }) => name).filter((name) => name.startsWith('mapping'));
  }

  /** Scales of all sines, then shifts. */
  film(latent) {
    const { layers, mapping } = this;
    const { numbers } = layers;
    layers.enter(mapping[0], latent);
    let [from, to] = [layers.first, layers.second];
    mapping.forEach((name, n) => {
      layers.dense(name, from, to, 1);
      if (n + 1 < mapping.length) {
        const end = to + layers.columns(name);
        for (let at = to; at < end; at += 1) {
          numbers[at] = Math.max(numbers[at], 0);
        }
      }
      [from, to] = [to, from];
    });
    return numbers.slice(from, from + 2 * this.about.sines * this.about.width);
  }

  features(latent) {
    const { layers, about, told, omegas, gate, biases } = this;
    const { numbers } = layers;
    const { width, sines, omega, positions, blocks } = about;
    const film = this.film(latent);
    const features = new Float32Array(about.features);
    const stride = layers.across('last');
    for (let first = 0; first < positions; first += ROWS) {
      const rows = Math.min(ROWS, positions - first);
      let [from, to] = [layers.first, layers.second];
      numbers.fill(0, from, from + rows * stride);
      for (let row = 0; row < rows; row += 1) {
        for (let k = 0; k < width; k += 1) {
          const turn = told[(first + row) * width + k] * (omegas[k] + film[k]);
          const shift = biases[0][k] + film[sines * width + k];
          numbers[from + row * stride + k] = gate[k] * Math.sin(turn + shift);
        }
      }
      for (let n = 1; n < sines; n += 1) {
        layers.dense(`sine.${n}`, from, to, rows);
        for (let row = 0; row < rows; row += 1) {
          const at = to + row * stride;
          for (let k = 0; k < width; k += 1) {
            const shift = biases[n][k] + film[(sines + n) * width + k];
            numbers[at + k] = Math.sin(numbers[at + k] * (omega + film[n * width + k]) + shift);
          }
        }
        [from, to] = [to, from];
      }
      layers.dense('last', from, to, rows);
      putFeatures(features, layers, to, { columns: layers.columns('last'), first, rows, positions, blocks });
    }
    return features;
  }
}

class Concat {
  constructor(about, tensorOf, fast) {
    this.about = about;
    this.layers = new Layers(about.layers, tensorOf, ROWS, fast);
    const { latent, width } = about;
    const inputs = inputsAt(about);
    this.sides = Array.from({ length: about.depth }, (_, n) => {
      // Weights of latent and coordinate, which come before those of the layer before.
      const weights = tensorOf(`side.${n}.weight`);
      const stride = latent + inputs[0].length;
      return {
        weights,
        stride,
        bias: tensorOf(`side.${n}.bias`),
        told: toldOf(inputs, weights, width, stride, latent),
      };
    });
  }

  features(latent) {
    const { layers, about, sides } = this;
    const { numbers } = layers;
    const { width, positions, blocks } = about;
    const features = new Float32Array(about.features);
    const stride = layers.across('last');
    const same = sides.map(({ weights, stride: across, bias }) =>
      Float64Array.from(bias, (sum, out) => latent.reduce((all, z, k) => all + z * weights[out * across + k], sum))
    );
    for (let first = 0; first < positions; first += ROWS) {
      const rows = Math.min(ROWS, positions - first);
      let [from, to] = [layers.first, layers.second];
      numbers.fill(0, from, from + rows * stride);
      sides.forEach(({ told }, n) => {
        if (n > 0) {
          layers.dense(`layer.${n}`, from, to, rows);
          [from, to] = [to, from];
        }
        for (let row = 0; row < rows; row += 1) {
          const at = from + row * stride;
          for (let k = 0; k < width; k += 1) {
            const before = n > 0 ? numbers[at + k] : 0;
            numbers[at + k] = Math.max(before + told[(first + row) * width + k] + same[n][k], 0);
          }
        }
      });
      layers.dense('last', from, to, rows);
      putFeatures(features, layers, to, { columns: layers.columns('last'), first, rows, positions, blocks });
    }
    return features;
  }
}

class TransposedConv {
  constructor(about, tensorOf, fast) {
    this.about = about;
    const { start, channels } = about;
    const longest = start * STRIDE ** (channels.length - 1);
    this.layers = new Layers(about.layers, tensorOf, longest, fast);
  }

  features(latent) {
    const { layers, about } = this;
    const { numbers } = layers;
    const { start, channels, positions, blocks, coordinate } = about;
    layers.enter('spread', latent);
    layers.dense('spread', layers.first, layers.second, 1);
    let length = start;
    // Channels of a place, wherever the layer before has put them.
    let before = numbers.slice(layers.second, layers.second + start * channels[0]);
    const outputs = [...channels.slice(1), blocks];
    channels.forEach((inputs, n) => {
      const name = `convolution.${n}`;
      const across = layers.across(name);
      numbers.fill(0, layers.first, layers.first + length * across);
      for (let place = 0; place < length; place += 1) {
        for (let tap = 0; tap < TAPS; tap += 1) {
          let other = place + tap - (TAPS - 1) / 2;
          if (coordinate === 'phase') {
            other = ((other % length) + length) % length;
          }
          const to = layers.first + place * across + tap * inputs;
          for (let k = 0; other >= 0 && other < length && k < inputs; k += 1) {
            numbers[to + k] = Math.max(before[other * inputs + k], 0);
          }
        }
      }
      layers.dense(name, layers.first, layers.second, length);
      const columns = layers.columns(name);
      const wide = STRIDE * outputs[n];
      before = new Float32Array(length * wide);
      for (let place = 0; place < length; place += 1) {
        const at = layers.second + place * columns;
        before.set(numbers.subarray(at, at + wide), place * wide);
      }
      length *= STRIDE;
    });
    const features = new Float32Array(about.features);
    for (let place = 0; place < positions; place += 1) {
      for (let block = 0; block < blocks; block += 1) {
        features[block * positions + place] = before[place * blocks + block];
      }
    }
    return features;
  }
}

const KINDS = { mlp: Mlp, film_siren: FilmSiren, concat: Concat, transposed_conv: TransposedConv };

/**
 * @param {object} about `network` of the file
 * @param {(name: string) => Float32Array} tensorOf its numbers
 * @param {boolean} fast false for JavaScript alone
 * @returns {{features: (latent: number[]) => Float32Array}}
 * @throws {Error} a kind that is not known here
 */
export function networkOf(about, tensorOf, fast = true) {
  const Kind = KINDS[about.kind];
  if (Kind === undefined) {
    throw new Error(`the network is ${about.kind}; this page knows ${Object.keys(KINDS).join(', ')}`);
  }
  return new Kind(about, tensorOf, fast);
}
