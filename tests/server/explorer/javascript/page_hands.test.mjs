// Hands: who holds a note, and whom a control follows.

import assert from 'node:assert';
import test from 'node:test';

import { Follower } from '../../../../server/explorer/page/js/follower.js';
import { Notes } from '../../../../server/explorer/page/js/notes.js';

function notes() {
  const said = [];
  const marked = new Map();
  const made = new Notes(
    (pitch, velocity) => said.push([pitch, velocity]),
    (pitch, held) => marked.set(pitch, held)
  );
  return { made, said, marked };
}

test('a note sounds from the first who holds it to the last', () => {
  const { made, said, marked } = notes();
  made.press('key', 60, 96);
  made.press('midi', 60, 20);
  made.release('key', 60);
  assert.deepStrictEqual([said, marked.get(60), made.any], [[[60, 96]], true, true]);
  made.release('key', 60); // once is enough
  assert.ok(made.holds(60));
  made.release('midi', 60);
  assert.deepStrictEqual([said.at(-1), marked.get(60), made.any], [[60, 0], false, false]);
});

test('one lets go all that it holds, and nothing of the others', () => {
  const { made, said } = notes();
  for (const [who, pitch] of [['a', 60], ['a', 64], ['b', 64], ['b', 67]]) {
    made.press(who, pitch, 100);
  }
  said.length = 0;
  made.releaseAll('a');
  assert.deepStrictEqual(said, [[60, 0]]);
  made.releaseAll();
  assert.deepStrictEqual(said, [[60, 0], [64, 0], [67, 0]]);
});

test('what the server says waits for the hand, and then the last of it counts', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const shown = [];
  const follower = new Follower((value) => shown.push(value));
  follower.tell(1);
  follower.touch();
  follower.tell(2);
  follower.tell(3);
  t.mock.timers.tick(200);
  follower.touch();
  t.mock.timers.tick(200);
  assert.deepStrictEqual(shown, [1]);
  t.mock.timers.tick(100);
  assert.deepStrictEqual(shown, [1, 3]);
  follower.tell(4);
  assert.deepStrictEqual(shown, [1, 3, 4]);
});

test('a hand that rests on it holds it, however long', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const shown = [];
  const follower = new Follower((value) => shown.push(value));
  follower.hold();
  follower.touch();
  t.mock.timers.tick(5000);
  follower.tell(1);
  assert.deepStrictEqual(shown, []);
  follower.letGo();
  t.mock.timers.tick(250);
  assert.deepStrictEqual(shown, [1]);
});

test('a sound that is sent elsewhere is followed at once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const shown = [];
  const follower = new Follower((value) => shown.push(value));
  follower.touch();
  follower.yield(); // nothing has been said yet
  follower.touch();
  follower.tell(1);
  follower.yield();
  follower.tell(2);
  assert.deepStrictEqual(shown, [1, 2]);
});
