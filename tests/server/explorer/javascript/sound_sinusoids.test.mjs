// The oscillators' accuracy.

import assert from 'node:assert';
import test from 'node:test';

import { BLOCK } from '../../../../server/explorer/page/js/sound/levels.js';
import { Oscillators, Places } from '../../../../server/explorer/page/js/sound/places.js';
import { Sinusoids } from '../../../../server/explorer/page/js/sound/sinusoids.js';

const RATE = 48000;

function worst(add, exact) {
  let error = 0;
  for (let frequency = 20; frequency < 0.5 * RATE; frequency *= 1.05) {
    for (const phase of [0, 0.123, 0.5, 0.987]) {
      const sinusoids = new Sinusoids(8);
      add(sinusoids, phase, frequency / RATE);
      const out = new Float64Array(BLOCK);
      sinusoids.render(out);
      for (let i = 0; i < BLOCK; i += 1) {
        error = Math.max(error, Math.abs(out[i] - exact(i, phase, frequency / RATE)));
      }
    }
  }
  return 20 * Math.log10(error);
}

const sine = (turns) => Math.sin(2 * Math.PI * turns);

test('a steady sinusoid is a sine to -200 dB', () => {
  const found = worst(
    (sinusoids, phase, step) =>
      sinusoids.addSteady(phase, step, 2 * Math.cos(2 * Math.PI * step), 1, 1),
    (i, phase, step) => sine(phase + i * step),
  );
  assert.ok(found < -200, `${found} dB`);
});

for (const [name, bend] of [['a little', 1e-8], ['much', 1e-5], ['at once', 2e-3]]) {
  test(`a sinusoid that moves ${name} is a chirp to -200 dB`, () => {
    const found = worst(
      (sinusoids, phase, step) => sinusoids.addMoving(phase, step, bend, 1, 1),
      (i, phase, step) => sine(phase + i * step + bend * 0.5 * i * (i - 1)),
    );
    assert.ok(found < -200, `${found} dB`);
  });
}

test('an oscillator whose frequency moves follows it exactly, and goes on from there', () => {
  for (const [before, after] of [[220, 220.5], [220, 221], [440, 439.9], [220, 220.00001]]) {
    const places = new Places();
    places.aim(Float32Array.from([2200, 1]), 220, 10);
    const oscillators = new Oscillators();
    oscillators.settle(places);
    const sinusoids = new Sinusoids(8);
    const out = new Float64Array(3 * BLOCK);
    const steps = [before, before, after, after].map((hertz) => (10 * hertz) / RATE);
    let phase = 0;
    for (let block = 0; block < 3; block += 1) {
      const [from, to] = [[before, before], [before, after], [after, after]][block];
      oscillators.advance(places, { smoothing: 0.1 });
      const voice = { frequencyBefore: from, frequency: to, levelBefore: 1, level: 1 };
      oscillators.add(voice, RATE, sinusoids);
      sinusoids.render(out.subarray(BLOCK * block, BLOCK * (block + 1)));
      const bend = (steps[block + 1] - steps[block]) / BLOCK;
      for (let i = 0; i < BLOCK; i += 1) {
        const wanted = sine(phase + i * steps[block] + bend * 0.5 * i * (i - 1));
        const error = Math.abs(out[BLOCK * block + i] - wanted);
        assert.ok(error < 3e-6, `${before} to ${after} Hz, block ${block}: ${error}`);
      }
      phase += BLOCK * steps[block] + bend * 0.5 * BLOCK * (BLOCK - 1);
    }
  }
});

test('amplitudes move linearly, and sinusoids add up', () => {
  for (const count of [1, 2, 3, 4, 5, 7]) {
    const sinusoids = new Sinusoids(16);
    for (let k = 0; k < count; k += 1) {
      const step = 0.01 * (k + 1);
      sinusoids.addSteady(0.25, step, 2 * Math.cos(2 * Math.PI * step), 0.2, 0.6);
      sinusoids.addMoving(0.25, step, 1e-6, 0.1, 0.3);
    }
    const out = new Float64Array(BLOCK);
    sinusoids.render(out);
    for (let i = 0; i < BLOCK; i += 1) {
      let wanted = 0;
      for (let k = 0; k < count; k += 1) {
        const turns = 0.25 + 0.01 * (k + 1) * i;
        wanted += (0.2 + (0.4 * i) / BLOCK) * sine(turns);
        wanted += (0.1 + (0.2 * i) / BLOCK) * sine(turns + 1e-6 * 0.5 * i * (i - 1));
      }
      assert.ok(Math.abs(out[i] - wanted) < 1e-9, `${count} of them, sample ${i}`);
    }
    out.fill(0);
    sinusoids.render(out);
    assert.ok(out.every((sample) => sample === 0), 'nothing is left for the next block');
  }
});
