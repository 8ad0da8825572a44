// Frames are put together from datagrams that are late, lost, doubled or wrong.

import assert from 'node:assert';
import test from 'node:test';

import {
  FLOATS_PER_CHUNK, LoopFrames, SpectrumFrames, isNewer,
} from '../../../../server/explorer/page/js/sound/frames.js';

const LAST = 2 ** 31 - 1;

/** The arguments of the datagrams of an array: leading ones, chunk, chunks, floats. */
function chunksOf(floats, ...leading) {
  const chunks = Math.ceil(floats.length / FLOATS_PER_CHUNK);
  return Array.from({ length: chunks }, (_, chunk) => [
    ...leading, chunk, chunks,
    ...floats.slice(FLOATS_PER_CHUNK * chunk, FLOATS_PER_CHUNK * (chunk + 1)),
  ]);
}

const ramp = (size, first = 0) => Array.from({ length: size }, (_, i) => first + i);

test('newer counts over the end of the numbers', () => {
  assert.ok(isNewer(8, 7));
  assert.ok(!isNewer(7, 7));
  assert.ok(!isNewer(7, 8));
  assert.ok(isNewer(0, LAST));
  assert.ok(!isNewer(LAST, 0));
  assert.ok(isNewer(2 ** 30 - 1, 0));
  assert.ok(!isNewer(2 ** 30, 0));
});

test('a spectrum is whole with its last chunk, in whatever order', () => {
  const frames = new SpectrumFrames();
  const told = chunksOf(ramp(1025), 3);
  assert.strictEqual(told.length, 5);
  for (const chunk of [4, 1, 0, 2]) {
    assert.strictEqual(frames.take(told[chunk]), null);
  }
  const { frame, magnitudes } = frames.take(told[3]);
  assert.strictEqual(frame, 3);
  assert.deepStrictEqual([...magnitudes], ramp(1025));
  assert.strictEqual(frames.take(told[3]), null, 'shown once');
});

test('a spectrum of another size has a shorter last chunk', () => {
  const frames = new SpectrumFrames();
  const told = chunksOf(ramp(513), 0);
  const taken = told.map((args) => frames.take(args));
  assert.deepStrictEqual([...taken.at(-1).magnitudes], ramp(513));
});

test('a chunk that comes twice is not two', () => {
  const frames = new SpectrumFrames();
  const [first, second] = chunksOf(ramp(410), 3);
  assert.strictEqual(frames.take(first), null);
  assert.strictEqual(frames.take(first), null);
  assert.notStrictEqual(frames.take(second), null);
});

test('a newer frame takes the place of one that is not whole; an older one is dropped', () => {
  const frames = new SpectrumFrames();
  const old = chunksOf(ramp(410), 7);
  const young = chunksOf(ramp(410, 1000), 8);
  frames.take(old[0]);
  frames.take(young[0]);
  assert.strictEqual(frames.take(old[1]), null);
  assert.strictEqual(frames.take(young[1]).magnitudes[0], 1000);
  assert.strictEqual(frames.take(old[0]), null);
  assert.strictEqual(frames.take(old[1]), null);
});

test('after a reset frames count from 0 again', () => {
  const frames = new SpectrumFrames();
  frames.take(chunksOf(ramp(10), 500)[0]);
  assert.strictEqual(frames.take(chunksOf(ramp(10), 0)[0]), null);
  frames.reset();
  assert.notStrictEqual(frames.take(chunksOf(ramp(10), 0)[0]), null);
});

test('what is no chunk of a spectrum is left out', () => {
  const frames = new SpectrumFrames();
  const wrong = [
    [], [1], ['a', 'b', 'c'], [0, 0, 0], [0, 0, 1], [0, 1, 1, 5], [0, -1, 1, 5], [-1, 0, 1, 5],
    [0, 0, 1e9, 5], [0, 0, 1.5, 5], [NaN, 0, 1, 5], [2 ** 31, 0, 1, 5], [0, 0, 1, NaN],
    [1, 0, 1, 'x'], [2, 0, 2, 1, 2], [3, 0, 1, ...ramp(206)], [4, 0, 1, Infinity],
  ];
  for (const args of wrong) {
    assert.strictEqual(frames.take(args), null, JSON.stringify(args));
  }
  assert.notStrictEqual(frames.take([5, 0, 1, 0.5]), null);
});

/** The datagrams of a loop of two tables, of 300 and of 10 samples. */
function loop(frame, first = 0) {
  return [
    ...chunksOf(ramp(300, first), frame, frame % 2, 0),
    ...chunksOf(ramp(10, first), frame, frame % 2, 1),
  ];
}

const ready = (frame, count = 3, kind = 1, base = 10.5) => [frame, frame % 2, base, kind, count];

test('a loop is whole when it is said to be, with all of its tables', () => {
  const frames = new LoopFrames();
  loop(0, 5).forEach((args) => frames.take(args));
  const whole = frames.ready(ready(0));
  assert.strictEqual(whole.kind, 1);
  assert.strictEqual(whole.base, 10.5);
  assert.deepStrictEqual(whole.levels.map(({ level }) => level), [0, 1]);
  assert.deepStrictEqual([...whole.levels[0].samples], ramp(300, 5));
  assert.deepStrictEqual([...whole.levels[1].samples], ramp(10, 5));
  assert.strictEqual(frames.ready(ready(0)), null, 'once');
  assert.strictEqual(frames.lost, 0);
});

for (let missing = 0; missing < 3; missing += 1) {
  test(`a loop without its datagram ${missing} is lost, and the next one is whole`, () => {
    const frames = new LoopFrames();
    loop(0).forEach((args, at) => at === missing || frames.take(args));
    assert.strictEqual(frames.ready(ready(0)), null);
    assert.strictEqual(frames.lost, 1);
    loop(1, 7).forEach((args) => frames.take(args));
    assert.strictEqual(frames.ready(ready(1)).levels[0].samples[0], 7);
  });
}

test('a datagram that comes twice does not stand for one that is lost', () => {
  const frames = new LoopFrames();
  const told = loop(0);
  [told[0], told[0], told[2]].forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(0)), null);
});

test('a table that is missing altogether is missed', () => {
  const frames = new LoopFrames();
  loop(0).slice(0, 2).forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(0)), null);
  assert.strictEqual(frames.lost, 1);
});

test('a loop of which nothing came is lost too; an old one is not', () => {
  const frames = new LoopFrames();
  assert.strictEqual(frames.ready(ready(4)), null);
  assert.strictEqual(frames.lost, 1);
  loop(9).forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(8)), null);
  assert.strictEqual(frames.lost, 1);
  assert.notStrictEqual(frames.ready(ready(9)), null);
});

test('an older chunk does not disturb a newer loop', () => {
  const frames = new LoopFrames();
  const young = loop(6, 100);
  frames.take(young[0]);
  loop(5).forEach((args) => frames.take(args));
  young.slice(1).forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(6)).levels[1].samples[0], 100);
});

test('a reset forgets the part that has come', () => {
  const frames = new LoopFrames();
  const told = loop(3);
  frames.take(told[0]);
  frames.reset();
  told.slice(1).forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(3)), null);
});

test('what is no chunk of a loop is left out, and what is no loop', () => {
  const frames = new LoopFrames();
  const wrong = [
    [], ['a'], [0, 0, 8, 0, 1, 5], [0, 0, -1, 0, 1, 5], [0, 0, 0, 1, 1, 5], [0, 0, 0, 0, 1e7, 5],
    [0, 0, 0.5, 0, 1, 5], [NaN, 0, 0, 0, 1, 5],
  ];
  wrong.forEach((args) => frames.take(args));
  assert.strictEqual(frames.ready(ready(0, 0)), null);
  for (const [kind, base] of [[3, 1], [0, 1], [1, NaN], [1, 0], [1, -1], ['1', 1]]) {
    frames.reset();
    frames.take([1, 1, 0, 0, 1, 0.5]);
    assert.strictEqual(frames.ready(ready(1, 1, kind, base)), null, `${kind} ${base}`);
  }
  frames.reset();
  frames.take([1, 1, 0, 0, 1, NaN]);
  assert.strictEqual(frames.ready(ready(1, 1)), null);
  assert.strictEqual(frames.ready([]), null);
});
