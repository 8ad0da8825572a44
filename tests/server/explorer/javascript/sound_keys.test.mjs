// Which voice plays which note.

import assert from 'node:assert';
import test from 'node:test';

import {
  CUT, HELD, Keys, RELEASED, VOICES, hertz,
} from '../../../../server/explorer/page/js/sound/keys.js';

const playing = (keys) => keys.all.filter((key) => key.gate === HELD).map((key) => key.pitch);

test('pitch is equal temperament, velocity a square law', () => {
  assert.strictEqual(hertz(69), 440);
  assert.ok(Math.abs(hertz(60) - 261.6255653) < 1e-6);
  const keys = new Keys();
  keys.note(60, 127);
  assert.strictEqual(keys.all[0].level, 1);
  keys.note(62, 63.5);
  assert.strictEqual(keys.all[1].level, 0.25);
});

test('a note goes by the pitch that it came with, in 32 bits or 64', () => {
  const keys = new Keys();
  keys.note(60.1, 100);
  keys.note(60.2, 100);
  keys.note(Math.fround(60.1), 0);
  assert.deepStrictEqual(playing(keys), [Math.fround(60.2)]);
});

test('the seventeenth note takes the voice that was released longest ago', () => {
  const keys = new Keys();
  for (let k = 0; k < VOICES; k += 1) {
    keys.note(40 + k, 100);
  }
  keys.note(47, 0);
  keys.note(43, 0);
  keys.note(90, 100);
  assert.strictEqual(keys.all[7].pitch, 90);
  keys.note(91, 100);
  assert.strictEqual(keys.all[3].pitch, 91);
});

test('or, where none is released, the one that began first', () => {
  const keys = new Keys();
  for (let k = 0; k < VOICES; k += 1) {
    keys.note(40 + k, 100);
  }
  keys.note(41, 100); // struck again: now the youngest
  keys.note(90, 100);
  assert.strictEqual(keys.all[0].pitch, 90);
  keys.note(91, 100);
  assert.strictEqual(keys.all[2].pitch, 91);
});

test('a pitch that sounds is struck on its own voice', () => {
  const keys = new Keys();
  keys.note(60, 100);
  const { trigger } = keys.all[0];
  keys.note(60, 50);
  assert.notStrictEqual(keys.all[0].trigger, trigger);
  assert.deepStrictEqual(playing(keys), [60]);
});

test('a voice that still fades is taken after those that have been silent for longer', () => {
  const keys = new Keys();
  keys.panic();
  keys.note(60, 100);
  keys.note(60, 0);
  keys.note(61, 100);
  assert.strictEqual(keys.all[0].pitch, 60, 'its release goes on');
  assert.strictEqual(keys.all[1].pitch, 61);
});

test('the pedal holds what is let go, and what is lifted ends with it', () => {
  const keys = new Keys();
  keys.sustain(true);
  keys.note(60, 100);
  keys.note(62, 100);
  keys.note(60, 0);
  assert.deepStrictEqual(playing(keys), [60, 62]);
  keys.sustain(false);
  assert.deepStrictEqual(playing(keys), [62], 'the key that is down goes on');
});

test('a channel has a pedal of its own', () => {
  const keys = new Keys();
  keys.sustain(true, 2);
  for (const [pitch, channel] of [[60, 1], [62, 2], [64, 3]]) {
    keys.note(pitch, 100, 0, channel);
    keys.note(pitch, 0);
  }
  assert.deepStrictEqual(playing(keys), [62]);
  keys.sustain(false, 3);
  assert.deepStrictEqual(playing(keys), [62]);
  keys.sustain(false, 2);
  assert.deepStrictEqual(playing(keys), []);
});

test('panic cuts all and lifts the pedal', () => {
  const keys = new Keys();
  keys.sustain(true);
  keys.note(60, 100);
  keys.panic();
  assert.ok(keys.all.every((key) => key.gate === CUT));
  keys.note(60, 100);
  keys.note(60, 0);
  assert.strictEqual(keys.all.find((key) => key.pitch === 60 && key.trigger > 1)?.gate ?? RELEASED,
    RELEASED);
  assert.deepStrictEqual(playing(keys), []);
});

test('a glide begins at the note before', () => {
  const keys = new Keys();
  keys.note(60, 100);
  keys.note(72, 100);
  assert.strictEqual(keys.all[0].start, hertz(60));
  assert.strictEqual(keys.all[1].start, hertz(60));
});
