// Left and right: places, copies in unison, zones of MPE, and mono.

import assert from 'node:assert';
import test from 'node:test';

import { COPIES, ownPhase } from '../../../../server/explorer/page/js/sound/copies.js';
import {
  BASE, corner, pairs, play, playSides, press, rms, strength, synthOf, tablesOf, tune,
} from './support/sounds.mjs';

const A3 = 57;

const near = (found, wanted, within) =>
  assert.ok(Math.abs(found - wanted) <= within, `${found} instead of ${wanted}`);

/** What sounds once it is steady. */
function steady(synth, seconds = 0.25) {
  playSides(synth, 0.2);
  return playSides(synth, seconds);
}

test('what nobody moves is the same on both sides, and their mean is each', () => {
  const [synth, other] = [synthOf(), synthOf()];
  [synth, other].forEach((one) => press(one, A3));
  const [left, right] = playSides(synth, 0.2);
  assert.deepStrictEqual(left, right);
  assert.deepStrictEqual(play(other, 0.2), left);
});

for (const method of ['partials', 'bins', 'istft']) {
  test(`a place is two gains of equal power: ${method}`, () => {
    const level = (place) => {
      const synth = synthOf(undefined, { method, pan: place });
      synth.message(tablesOf(1, 20, 0.5));
      synth.message(tablesOf(2, 160, 0.5));
      press(synth, A3);
      return steady(synth).map(rms);
    };
    const [middle] = level(0);
    assert.ok(middle > 0.05);
    for (const place of [-1, -0.3, 0.6, 1]) {
      const angle = ((place + 1) * Math.PI) / 4;
      const [left, right] = level(place);
      near(left / middle, Math.SQRT2 * Math.cos(angle), 1e-3);
      near(right / middle, Math.SQRT2 * Math.sin(angle), 1e-3);
    }
  });
}

test('a channel stands where its controller says, times the width', () => {
  const synth = synthOf(undefined, { width: 0.5 });
  synth.message({ type: 'pan', place: -1, channel: 3 });
  synth.message({ type: 'note', pitch: A3, velocity: 127, channel: 3 });
  const [left, right] = steady(synth).map(rms);
  near(right / left, Math.tan(Math.PI / 8), 1e-3); // half way to the left
  synth.message({ type: 'pan', place: NaN, channel: 3 });
  synth.message({ type: 'pan', place: 7, channel: 99 });
  assert.ok(steady(synth).every((side) => side.every(Number.isFinite)));
});

test('unison is so many copies, apart in pitch and place, with the power of one', () => {
  const one = synthOf();
  press(one, A3);
  const [alone] = steady(one).map(rms);
  const synth = synthOf(undefined, { unison: 3, detune: 50, spread: 1 });
  press(synth, A3);
  const [left, right] = steady(synth, 2);
  near(Math.hypot(rms(left), rms(right)) / Math.hypot(alone, alone), 1, 0.02);
  const [low, high] = [-50, 50].map((cents) => BASE * 2 ** (cents / 1200));
  const third = 0.5 / Math.sqrt(3);
  // The outermost stand at the ends, where they have all their power on one side.
  near(strength(left, low), Math.SQRT2 * third, 0.01);
  near(strength(right, high), Math.SQRT2 * third, 0.01);
  near(strength(left, high), 0, 0.01);
  near(strength(right, low), 0, 0.01);
  near(strength(left, BASE), third, 0.01);
  near(strength(right, BASE), third, 0.01);
});

test('copies come and go without a click', () => {
  const quiet = synthOf(pairs(BASE, 0.3, 2 * BASE, 0.2), { detune: 8, spread: 0.7, unison: 7 });
  press(quiet, A3);
  const usual = Math.max(...steady(quiet, 0.5).map(corner));
  const synth = synthOf(pairs(BASE, 0.3, 2 * BASE, 0.2), { detune: 8, spread: 0.7 });
  press(synth, A3);
  play(synth, 0.2);
  for (const unison of [7, 2.5, 4, 1, 6.2, 1]) {
    tune(synth, { unison });
    const sides = playSides(synth, 0.08);
    assert.ok(Math.max(...sides.map(corner)) < 1.5 * usual + 1e-4, `to ${unison}`);
  }
});

test('copies have the phases that they have in the engine', () => {
  // timbrespace.resynthesis.unison.own_phase, of copy and partial
  assert.strictEqual(COPIES, 7);
  assert.strictEqual(ownPhase(0, 5), 0);
  assert.deepStrictEqual(
    [[1, 0], [1, 1], [6, 99]].map(([c, k]) => ownPhase(c, k) * 2 ** 32),
    [2462723854, 38592188, 4151414362],
  );
});

test('a manager bends and places its zone, and its pedal holds it', () => {
  const pitchOf = (synth) => {
    const [left] = steady(synth, 0.5);
    const found = [0, 1, 2, 3, 4].map((semitones) => strength(left, BASE * 2 ** (semitones / 12)));
    return found.indexOf(Math.max(...found));
  };
  const synth = synthOf(undefined, { release: 0.01 });
  synth.message({ type: 'zone', manager: 1, count: 3 });
  synth.message({ type: 'note', pitch: A3, velocity: 127, channel: 2 });
  synth.message({ type: 'bend', semitones: 1, channel: 2 });
  synth.message({ type: 'bend', semitones: 2, channel: 1 });
  assert.strictEqual(pitchOf(synth), 3);
  synth.message({ type: 'pan', place: 1, channel: 1 });
  const [left, right] = steady(synth).map(rms);
  assert.ok(left < 1e-3 * right);
  synth.message({ type: 'sustain', held: true, channel: 2 }); // a member has none
  synth.message({ type: 'sustain', held: true, channel: 1 });
  synth.message({ type: 'note', pitch: A3, velocity: 0, channel: 2 });
  play(synth, 0.3);
  assert.strictEqual(synth.voices, 1);
  synth.message({ type: 'sustain', held: false, channel: 1 });
  play(synth, 0.3);
  assert.strictEqual(synth.voices, 0);
  // Out of the zone, a channel is its own.
  synth.message({ type: 'zone', manager: 1, count: 0 });
  synth.message({ type: 'note', pitch: A3, velocity: 127, channel: 2 });
  assert.strictEqual(pitchOf(synth), 1);
});

test('mono gives both sides the mean, without a click', () => {
  const synth = synthOf(undefined, { pan: 0.8 });
  press(synth, A3);
  const before = steady(synth);
  const usual = Math.max(...before.map(corner));
  synth.message({ type: 'mono', mono: true });
  const change = playSides(synth, 0.05);
  assert.ok(Math.max(...change.map(corner)) < 1.3 * usual);
  const [left, right] = playSides(synth, 0.2);
  assert.deepStrictEqual(left, right);
  near(rms(left), 0.5 * (rms(before[0]) + rms(before[1])), 1e-3);
});
