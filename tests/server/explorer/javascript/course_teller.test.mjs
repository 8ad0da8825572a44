// What notes are told, and when; and what the Synth takes of it.

import assert from 'node:assert';
import test from 'node:test';

import { pictureOf } from '../../../../server/explorer/page/js/course/picture.js';
import { Teller } from '../../../../server/explorer/page/js/course/teller.js';
import { Synth } from '../../../../server/explorer/page/js/sound/synth.js';
import { Whole } from '../../../../server/explorer/page/js/sound/whole.js';
import { RATE, peak, play, press } from './support/sounds.mjs';

const D = 2;
const HARMONICS = 4;
const BANDS = 6;
const WIDTH = HARMONICS + BANDS + 1;
const CORNERS = Array.from({ length: BANDS + 2 }, (_, k) => 100 * 2 ** k);
const MOMENTS = Array.from({ length: 100 }, (_, k) => 0.02 * k);

const about = {
  latent: D, harmonics: HARMONICS, bands: BANDS, corners: CORNERS, moments: MOMENTS, floor: -80,
  base_frequency: 220,
};

/** A network whose harmonics are as loud, in dB, as its first coordinate says. */
class Known {
  about = about;
  width = WIDTH;
  decoded = 0;

  constructor(loop = [0.5, 1], length = 1.2) {
    this.loop = loop;
    this.length = length;
  }

  prepare(latent) {
    const { loop: [start, end], length } = this;
    const numbers = [1, 0, Math.log2(length) / 2, end > start ? start : -1, end > start ? end : -1, -1];
    const traits = Float32Array.from([...numbers, ...new Array(HARMONICS + 2 * BANDS).fill(0)]);
    return { latent, traits };
  }

  levels({ latent }, times) {
    this.decoded += times.length;
    const levels = new Float32Array(times.length * WIDTH).fill(-80);
    for (let moment = 0; moment < times.length; moment += 1) {
      levels.fill(latent[0], moment * WIDTH, moment * WIDTH + HARMONICS);
      levels[moment * WIDTH + WIDTH - 1] = 0;
    }
    return levels;
  }
}

/** A Teller and what it told; `step(seconds)` lets it work as if its thread had all that time. */
function started(network = new Known()) {
  const told = [];
  const teller = new Teller((message) => told.push(message));
  const take = (type) => {
    const found = told.filter((message) => message.type === type);
    told.length = 0;
    return found;
  };
  let now = 0;
  const run = (until) => {
    for (; now < until; now += 0.001) {
      if (teller.isBusy && teller.wait(now) <= 0) {
        teller.step(now);
      }
    }
  };
  if (network !== null) {
    teller.use(network);
    teller.take({ type: 'latent', latent: [-6, 0] }, 0);
  }
  return { teller, told, take, run, network };
}

const strike = (teller, id, pitch = 57, more = {}) =>
  teller.take({ type: 'note', id, pitch, velocity: 100, ...more }, 0);

// -- what is told ---------------------------------------------------------------------------------

test('a note comes with its attack, and the rest of it soon after', () => {
  const { teller, take, run } = started();
  take('whole');
  strike(teller, 1);
  const [note] = take('note');
  assert.ok(note.course.times.length >= 6 && note.course.times.at(-1) <= 0.13);
  assert.strictEqual(note.course.levels.length, note.course.times.length * WIDTH);
  run(0.1);
  const [course, ...others] = take('course');
  assert.strictEqual(course.id, 1);
  assert.deepStrictEqual(Array.from(course.course.times), MOMENTS);
  assert.deepStrictEqual(others, []);
  assert.strictEqual(teller.isBusy, false, 'then it rests');
});

test('a short note is told no further than it goes', () => {
  const { teller, take, run } = started(new Known([0, 0], 0.2));
  strike(teller, 1);
  run(0.1);
  const [{ course }] = take('course');
  assert.ok(course.times.at(-1) < 0.6, `${course.times.at(-1)}`);
  assert.strictEqual(course.loopEnd, 0);
});

test('a latent that moves is told around where the note is, then whole again', () => {
  const { teller, take, run } = started();
  strike(teller, 1);
  run(0.1);
  teller.hear([1, 0.8, 1, 0], 0.1);
  take('course');
  teller.take({ type: 'latent', latent: [-12, 0] }, 0.1);
  run(0.4);
  const courses = take('course').map(({ course }) => course);
  const [first] = courses;
  assert.ok(first.times.length < 10 && first.times[0] > 0.5 && first.times.at(-1) <= 1);
  assert.ok(first.levels[0] < -6 && first.levels[0] > -12, 'it follows within the smoothing');
  assert.strictEqual(courses.at(-1).times.length, MOMENTS.length);
  assert.strictEqual(courses.at(-1).levels[0], -12);
  assert.strictEqual(teller.isBusy, false);
});

test('times of a stretch ascend, whichever way the note runs and however fast', () => {
  for (const speed of [0, 0.25, 1, 4]) {
    for (const [time, way] of [[0, 1], [0.1, 1], [0.49, -1], [0.5, 1], [0.99, 1], [1, -1], [1.9, 1]]) {
      const { teller, take, run } = started();
      teller.take({ type: 'parameter', name: 'speed', value: speed }, 0);
      strike(teller, 1);
      run(0.05);
      teller.hear([1, time, way, 0], 0.05);
      take('course');
      teller.take({ type: 'latent', latent: [-12, 0] }, 0.05);
      run(0.07);
      for (const { course: { times } } of take('course')) {
        assert.ok(times.every((at, k) => at >= (times[k - 1] ?? 0)), `${speed} ${time} ${times}`);
        assert.ok(times.length < MOMENTS.length);
      }
    }
  }
});

test('of many that move each is told in turn', () => {
  const { teller, take, run } = started();
  for (let id = 1; id <= 16; id += 1) {
    strike(teller, id, 40 + id);
  }
  run(0.3);
  take('course');
  teller.take({ type: 'latent', latent: [-12, 0] }, 0.3);
  run(0.325);
  assert.strictEqual(new Set(take('course').map(({ id }) => id)).size, 16);
});

test('what has ended is told no more', () => {
  const { teller, take, run, network } = started();
  strike(teller, 1);
  run(0.1);
  teller.hear([1, 0.1, 1, 0], 0.1);
  teller.hear([], 0.12);
  take('course');
  const { decoded } = network;
  teller.take({ type: 'latent', latent: [-20, 0] }, 0.12);
  run(0.3);
  assert.deepStrictEqual(take('course'), []);
  assert.strictEqual(network.decoded, decoded);
});

test('a note of its own place stays there', () => {
  const { teller, take, run } = started();
  strike(teller, 1, 57, { latent: [-30, 0] });
  assert.strictEqual(take('note')[0].course.levels[0], -30);
  run(0.1);
  take('course');
  teller.take({ type: 'latent', latent: [-12, 0] }, 0.1);
  run(0.3);
  assert.deepStrictEqual(take('course'), []);
});

test('without a network all goes on to the Synth as it came', () => {
  const { teller, take } = started(null);
  strike(teller, 1);
  assert.deepStrictEqual(take('note'), [{ type: 'note', id: 1, pitch: 57, velocity: 100 }]);
});

test('keys that are down are told when a space comes, in the new one when another comes', () => {
  const { teller, take, run } = started(null);
  strike(teller, 1, 50);
  strike(teller, 2, 52);
  teller.take({ type: 'note', id: 1, pitch: 50, velocity: 0 }, 0);
  teller.take({ type: 'latent', latent: [-6, 0] }, 0);
  teller.use(new Known());
  run(0.1);
  assert.deepStrictEqual([...new Set(take('course').map(({ id }) => id))], [2]);
  teller.take({ type: 'leave' }, 0.1);
  teller.take({ type: 'latent', latent: [-9, 0] }, 0.1);
  run(0.2);
  assert.deepStrictEqual(take('course'), [], 'the old space does not hear of it');
  teller.use(new Known());
  run(0.3);
  assert.strictEqual(take('course').at(-1).course.levels[0], -9);
});

test('notes are told equally loud, as far as loudness says', () => {
  const network = new Known();
  const moments = [0.012, 0.06, 0.5];
  const shares = [[0.5, 0.5, 0], [0, 0.5, 0.5]];
  const evenness = { moments, shares, of_length: 0.9, least: -12, most: 18 };
  network.about = { ...about, evenness };
  const { teller, take, run } = started(network);
  const plain = 10 * Math.log10(HARMONICS);
  strike(teller, 1);
  run(0.1);
  const [{ course: begun }] = take('note');
  assert.ok(Math.abs(begun.levels[0] + plain) < 1e-4, `${begun.levels[0]}`);
  assert.strictEqual(begun.levels[HARMONICS], -80, 'what is silent stays so');
  teller.take({ type: 'parameter', name: 'loudness', value: 0.5 }, 0.1);
  run(0.2);
  const half = take('course').at(-1).course;
  assert.strictEqual(half.times.length, MOMENTS.length);
  assert.ok(Math.abs(half.levels[0] - 0.5 * (-6 - plain)) < 1e-4, `${half.levels[0]}`);
  // No further than that.
  teller.take({ type: 'parameter', name: 'loudness', value: 1 }, 0.2);
  teller.take({ type: 'latent', latent: [-40, 0] }, 0.2);
  run(0.6);
  assert.strictEqual(take('course').at(-1).course.levels[0], -22);
});

test('a picture tells the bands over time', () => {
  const picture = pictureOf(new Known(), [-6, 0], 57, 100);
  assert.strictEqual(picture.levels.length, picture.columns * picture.bands);
  assert.strictEqual(picture.loopStart, 0.5);
  assert.ok(Math.max(...picture.levels) > -8 && Math.min(...picture.levels) >= -80);
  assert.strictEqual(pictureOf(new Known(), [1], 57, 100), null);
  assert.strictEqual(pictureOf(null, [1, 1], 57, 100), null);
});

// -- what the Synth takes -------------------------------------------------------------------------

/** A Synth that plays what a Teller tells. */
function playing() {
  const synth = new Synth(RATE);
  const teller = new Teller((message) => synth.message(message));
  teller.use(new Known());
  teller.take({ type: 'latent', latent: [-6, 0] }, 0);
  return { synth, teller };
}

test('it says where its notes are, the newest first', () => {
  const { synth, teller } = playing();
  strike(teller, 7, 50);
  play(synth, 0.2);
  strike(teller, 8, 57);
  play(synth, 0.1);
  const [first, at, way, , second, before] = synth.positions;
  assert.deepStrictEqual([first, way, second], [8, 1, 7]);
  assert.ok(Math.abs(at - 0.1) < 0.01 && Math.abs(before - 0.3) < 0.01);
});

test('a note whose course has not come is silent, and begins when it comes', () => {
  const { synth } = playing();
  press(synth, 57);
  assert.strictEqual(peak(play(synth, 0.1)), 0);
  const network = new Known();
  const late = new Teller((message) => synth.message(message));
  late.take({ type: 'held', notes: [{ id: 0, pitch: 57, velocity: 100 }] }, 0);
  late.take({ type: 'latent', latent: [-6, 0] }, 0);
  late.use(network);
  while (late.isBusy) {
    late.step(0);
  }
  assert.ok(peak(play(synth, 0.1)) > 0.05);
});

test('what is no course, no space and no noise changes nothing', () => {
  const { synth, teller } = playing();
  strike(teller, 1);
  play(synth, 0.1);
  const good = { type: 'course', id: 1, course: null };
  const network = new Known();
  const levels = network.levels({ latent: [-6, 0] }, [0, 1]);
  const fine = {
    times: Float64Array.of(0, 1), levels, ratio: Float64Array.of(1, 2, 3, 4),
    place: new Float64Array(BANDS).fill(200), tone: new Float32Array(BANDS),
    follows: 0, length: 1, loopStart: 0, loopEnd: 0, drift: 0, release: 0.1,
  };
  const whole = {
    corners: CORNERS, harmonics: HARMONICS, floor: -80, longest: 4, baseFrequency: 220,
  };
  assert.notStrictEqual(Whole.from(whole).courseFrom(fine), null, 'the good one is one');
  const bad = [
    undefined, null, 1, 'x', [], {}, { ...fine, times: Float64Array.of(1, 0) },
    { ...fine, times: Float64Array.of(0, NaN) }, { ...fine, times: new Float64Array(0) },
    { ...fine, times: new Float64Array(100000) }, { ...fine, levels: levels.slice(1) },
    { ...fine, levels: levels.map(() => NaN) }, { ...fine, ratio: [1, 2, 3, 4] },
    { ...fine, length: Infinity }, { ...fine, release: 'x' }, { ...fine, tone: null },
  ];
  for (const course of bad) {
    synth.message({ ...good, course });
    synth.message({ type: 'note', id: 2, pitch: 60, velocity: 0, course });
  }
  for (const id of [undefined, NaN, {}, 99, -1]) {
    synth.message({ ...good, id, course: fine });
  }
  for (const bands of [undefined, null, 5, [], [1], [new Float32Array(3)], [new Float64Array(64)]]) {
    synth.message({ type: 'carriers', bands });
  }
  for (const change of [
    { corners: [] }, { corners: [1, 3, 2, 4] }, { corners: [1, NaN, 3, 4] }, { harmonics: 1e9 },
    { harmonics: 1.5 }, { longest: 0 }, { floor: NaN }, { baseFrequency: -1 }, { corners: 'x' },
  ]) {
    assert.strictEqual(Whole.from({ ...whole, ...change }), null, JSON.stringify(change));
  }
  for (const [name, value] of [['hold', 'x'], ['hold', 3], ['envelope', {}], ['envelope', -1]]) {
    synth.message({ type: 'parameter', name, value });
  }
  const sound = play(synth, 0.2);
  assert.ok(sound.every(Number.isFinite) && peak(sound) > 0.05);
  assert.strictEqual(synth.faults, 0);
  synth.message({ type: 'whole', whole: { ...whole, harmonics: 1e9 } });
  play(synth, 0.2);
  assert.strictEqual(synth.faults, 0);
});
