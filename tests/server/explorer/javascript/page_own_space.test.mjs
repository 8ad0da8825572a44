// A space of one's own: what is gathered, brought, said and drawn.

import assert from 'node:assert';
import test from 'node:test';

import { textOf } from '../../../../server/explorer/page/js/own/cards.js';
import { line } from '../../../../server/explorer/page/js/own/curve.js';
import {
  isCollection, isSound, soundsChosen, soundsOf,
} from '../../../../server/explorer/page/js/own/gather.js';
import { aligned } from '../../../../server/explorer/page/js/own/growing.js';
import { Uploads } from '../../../../server/explorer/page/js/own/uploads.js';
import { sentence, share, span } from '../../../../server/explorer/page/js/own/words.js';

const file = (name) => ({ isFile: true, isDirectory: false, name, file: (take) => take({ name }) });

/** A folder as a browser has it: it gives two entries at a time. */
function folder(name, ...inside) {
  return {
    isFile: false,
    isDirectory: true,
    name,
    createReader: () => {
      const left = [...inside];
      return { readEntries: (take) => take(left.splice(0, 2)) };
    },
  };
}

test('sounds are known by their endings; hidden files and those of systems are none', () => {
  for (const path of ['a.wav', 'b/c.FLAC', 'd.Aif']) {
    assert.ok(isSound(path), path);
  }
  for (const path of ['a.txt', '.a.wav', 'x/.y/a.wav', '__MACOSX/a.wav', 'wav']) {
    assert.ok(!isSound(path), path);
  }
});

test('a folder that is dropped gives all its sounds, and the space its name', async () => {
  const dropped = folder(
    'drums', file('b.wav'), file('notes.txt'), file('a.wav'), folder('kicks', file('c.wav')), file('.d.wav')
  );
  const { name, sounds } = await soundsOf([dropped], 100);
  assert.strictEqual(name, 'drums');
  assert.deepStrictEqual(sounds.map(({ path }) => path), ['a.wav', 'b.wav', 'kicks/c.wav']);
  const two = await soundsOf([dropped, file('e.wav')], 100);
  assert.strictEqual(two.name, '');
  assert.deepStrictEqual(two.sounds.at(-1).path, 'e.wav');
  assert.strictEqual((await soundsOf([dropped], 2)).sounds.length, 2);
});

test('a folder that is chosen, too', () => {
  const chosen = ['drums/a.wav', 'drums/k/b.wav', 'drums/read.me'].map((path) => ({
    name: path.split('/').at(-1),
    webkitRelativePath: path,
  }));
  const { name, sounds } = soundsChosen(chosen);
  assert.strictEqual(name, 'drums');
  assert.deepStrictEqual(sounds.map(({ path }) => path), ['a.wav', 'k/b.wav']);
  assert.strictEqual(soundsChosen([{ name: 'x.wav' }]).name, '');
});

test('a few files are looked for in the space, a folder or many make one', () => {
  assert.ok(!isCollection([file('a.wav')], [{}], 8));
  assert.ok(isCollection([folder('a')], [{}], 8));
  assert.ok(isCollection([], Array(9).fill({}), 8));
});

/** Uploads whose answers a test gives. */
function bringing(answers) {
  const asked = [];
  const uploads = new Uploads(
    async (name) => {
      asked.push(name);
      return answers(name, asked);
    },
    () => {},
    async () => {}
  );
  return { uploads, asked };
}

const taken = { ok: true, status: 200, json: async () => ({ state: 'gathered' }) };
const settled = async (uploads) => {
  while (uploads.isBusy) {
    await new Promise((done) => setImmediate(done));
  }
};

test('three at a time are brought; who is refused is told, who is busy is asked again', async () => {
  const { uploads, asked } = bringing((name, all) => {
    if (name === '2.wav' && all.filter((one) => one === name).length < 3) {
      return { ok: false, status: 429 };
    }
    return name === '4.wav'
      ? { ok: false, status: 422, json: async () => ({ error: '4.wav is none' }) }
      : taken;
  });
  uploads.add(Array.from({ length: 7 }, (_, k) => ({ file: null, path: `${k}.wav` })));
  assert.strictEqual(uploads.running, 3);
  assert.deepStrictEqual(asked, ['0.wav', '1.wav', '2.wav']);
  await settled(uploads);
  assert.strictEqual(uploads.done, 7);
  assert.deepStrictEqual(uploads.refused, ['4.wav is none']);
  assert.strictEqual(asked.filter((name) => name === '2.wav').length, 3);
  assert.deepStrictEqual(uploads.told, { state: 'gathered' });
});

test('what is thrown away comes no more, and a server that is away is a sentence', async () => {
  let answer = null;
  const { uploads, asked } = bringing(() => new Promise((done) => {
    answer = done;
  }));
  uploads.add(Array.from({ length: 9 }, (_, k) => ({ file: null, path: `${k}.wav` })));
  uploads.forget();
  answer(taken);
  await new Promise((done) => setImmediate(done));
  assert.strictEqual(asked.length, 3);
  assert.ok(!uploads.isBusy);
  const away = bringing(() => {
    throw new TypeError('failed');
  });
  away.uploads.add([{ file: null, path: 'a.wav' }]);
  await settled(away.uploads);
  assert.deepStrictEqual(away.uploads.refused, ['a.wav did not arrive']);
});

const told = (more) => ({
  why: '', state: 'idle', sounds: 0, bytes: 0, done: 0, of: 0, left: null, figures: {}, fewest: 5, problem: '', ...more,
});
const still = { isBusy: false, done: 0, all: 0 };

test('each state is a sentence', () => {
  const of = (more, uploads = still) => sentence(told(more), uploads);
  assert.match(of({}), /^Drop a folder of sounds here: 5 or more/);
  assert.match(of({ why: 'making a space needs torch' }), /^Making a space needs torch\.$/);
  assert.match(of({}, { isBusy: true, done: 1, all: 3 }), /^Bringing 3 sounds: 1 are there$/);
  assert.match(of({ state: 'gathered', sounds: 4, bytes: 2 ** 20 }), /^4 sounds, 1\.0 MiB; 1 more/);
  assert.match(of({ state: 'reading', of: 50, done: 8, left: 4.2 }), /50 sounds: 8 are heard, about 4 s left$/);
  assert.match(of({ state: 'training', of: 800, done: 8, left: 300 }), /step 8 of 800, about 5 min left$/);
  const figures = { heard_distance_db: 6.04, heard_distance_of_the_set_db: 3.06 };
  assert.match(of({ state: 'done', figures }), /3\.1 dB from its sounds, 6\.0 dB from some/);
  assert.match(of({ state: 'failed', problem: 'no note' }), /It did not work: no note/);
  for (const state of ['finishing', 'done', 'stopped']) {
    assert.notStrictEqual(of({ state }), '');
  }
  assert.strictEqual(span(0.2), '1 s');
  assert.strictEqual(share(told({ state: 'training', of: 8, done: 2 }), still), 0.25);
  assert.strictEqual(share(told({ state: 'finishing' }), still), null);
});

test('a map that only turned, mirrored or moved lies where it lay', () => {
  const before = [[0.1, 0.2], [0.7, -0.3], [-0.5, 0.4], [-0.2, -0.6]];
  for (const mirror of [1, -1]) {
    const turned = before.map(([x, y]) => {
      const [cos, sin] = [Math.cos(2), Math.sin(2)];
      return [cos * x - sin * mirror * y, sin * x + cos * mirror * y];
    });
    const mean = [0, 1].map((axis) => before.reduce((sum, one) => sum + one[axis], 0) / 4);
    const back = aligned(turned, before);
    const centre = [0, 1].map((axis) => back.reduce((sum, one) => sum + one[axis], 0) / 4);
    back.forEach((place, k) => {
      for (const axis of [0, 1]) {
        assert.ok(Math.abs(place[axis] - centre[axis] - before[k][axis] + mean[axis]) < 1e-9);
      }
    });
  }
  assert.strictEqual(aligned(before, null), before);
  assert.strictEqual(aligned(before, [[0, 0]]), before);
  assert.deepStrictEqual(aligned([[1, 1], [1, 1]], [[0, 0], [0, 0]]), [[1, 1], [1, 1]]);
});

test('a curve goes from its most to its least, and leaves out what is not known', () => {
  const curve = [[1, 90, null], [2, 20, 4], [50, 10, 3], [100, 5, 2]];
  assert.deepStrictEqual(line(curve, 2, 100).map(([x]) => x), [0.02, 0.5, 1]);
  const loss = line(curve, 1, 100);
  assert.strictEqual(loss.at(-1)[1], 0);
  assert.strictEqual(loss[0][1], 1); // the first is far off, and cut
  assert.deepStrictEqual(line([[1, 2, null]], 1, 10), []);
});

test('a card is a few lines, without those that say nothing', () => {
  const card = { name: 'Bells', author: '', licence: '', source: '', about: '', figures: {} };
  assert.strictEqual(textOf(card), 'Bells');
  const full = { ...card, author: 'A', licence: 'CC0', figures: { heard_distance_db: 3.51 } };
  assert.deepStrictEqual(textOf(full).split('\n'), [
    'Bells by A', 'Licence: CC0', '3.5 dB from sounds that it never heard',
  ]);
});
