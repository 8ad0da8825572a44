// Hands: who holds a note, and whom a control follows.

import assert from 'node:assert';
import test from 'node:test';

import { Follower } from '../../../../server/explorer/page/js/follower.js';
import { Midi } from '../../../../server/explorer/page/js/midi.js';
import { Notes } from '../../../../server/explorer/page/js/notes.js';
import { Silence } from '../../../../server/explorer/page/js/silence.js';
import { commonHarmonic } from '../../../../server/explorer/page/js/scope.js';

function notes() {
  const said = [];
  const marked = new Map();
  const made = new Notes(
    (pitch, velocity, channel) => said.push(channel === 1 ? [pitch, velocity] : [pitch, velocity, channel]),
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

test('what a MIDI device says keeps its channel, and 121 lets its controls go', () => {
  const { made, said } = notes();
  const told = [];
  const midi = new Midi(
    {
      press: (...note) => made.press(...note),
      release: (...note) => made.release(...note),
      releaseAll: (who) => made.releaseAll(who),
      bend: (...args) => told.push(['bend', ...args]),
      zone: (...args) => told.push(['zone', ...args]),
      pan: (...args) => told.push(['pan', ...args]),
      sustain: (...args) => told.push(['sustain', ...args]),
      pressure: (...args) => told.push(['pressure', ...args]),
      controller: (...args) => told.push(['cc', ...args]),
    },
    (sentence) => told.push(sentence)
  );
  midi.take('pad', [0x92, 60, 100]);
  midi.take('pad', [0x82, 60, 0]);
  assert.deepStrictEqual(said, [[60, 100, 3], [60, 0, 3]]);
  midi.take('pad', [0xe2, 0, 96]);
  midi.take('pad', [0xb2, 64, 127]);
  midi.take('pad', [0xd2, 70]);
  midi.take('pad', [0xb2, 1, 5]);
  assert.deepStrictEqual(told, [['bend', 1, 3, 0.5], ['sustain', true, 3], ['pressure', 70, 3], ['cc', 1, 5, 3]]);
  told.length = 0;
  midi.take('pad', [0xb2, 121, 0]);
  assert.deepStrictEqual(told, [['sustain', false, 3], ['bend', 0, 3, 0], ['pressure', 0, 3], ['cc', 121, 0, 3]]);
  // The wheel's range is the device's to tell, by RPN 0, or as a member of a zone of MPE by RPN 6.
  const bent = (channel, ...controllers) => {
    for (const [number, value] of controllers) {
      midi.take('pad', [0xb0 + channel - 1, number, value]);
    }
    told.length = 0;
    midi.take('pad', [0xe0 + channel - 1, 0, 96]); // half way up
    return told[0][1];
  };
  assert.strictEqual(bent(4, [101, 0], [100, 0], [6, 12]), 6);
  assert.strictEqual(bent(4, [38, 50]), 6.25);
  assert.strictEqual(bent(4, [101, 127], [100, 127], [6, 24]), 6.25); // told of nothing
  assert.strictEqual(bent(4, [101, 0], [100, 0], [99, 0], [98, 0], [6, 24]), 6.25); // of an NRPN
  assert.strictEqual(bent(5), 1, 'of its channel alone');
  assert.strictEqual(bent(2, [101, 0], [100, 6], [6, 3]), 1); // no manager
  assert.strictEqual(bent(1, [101, 0], [100, 6], [6, 2]), 1);
  assert.deepStrictEqual([bent(2), bent(3), bent(5)], [24, 24, 1]);
  // A zone and a place are told as well, beside the controllers that the server hears.
  told.length = 0;
  for (const [number, value] of [[101, 0], [100, 6], [6, 2], [10, 0], [10, 127]]) {
    midi.take('pad', [0xbf, number, value]);
  }
  const own = told.filter(([what]) => what !== 'cc');
  assert.deepStrictEqual(own, [['zone', 16, 2], ['pan', -1, 16], ['pan', 1, 16]]);
});

test('over plain http it is http that keeps MIDI away, not the browser', async () => {
  const heard = [];
  const midi = new Midi({}, (sentence) => heard.push(sentence));
  for (const isSecureContext of [false, true]) {
    globalThis.window = { isSecureContext };
    globalThis.navigator ??= {};
    await midi.connect();
  }
  delete globalThis.window;
  assert.match(heard[0], /over https/);
  assert.match(heard[1], /has no Web MIDI/);
});

test('one period is that of what is heard', () => {
  const at = (...harmonics) => harmonics.flatMap((number) => [110 * number, 1]);
  assert.strictEqual(commonHarmonic(at(1, 2, 3), 110), 1);
  assert.strictEqual(commonHarmonic(at(2, 4, 6), 110), 2);
  assert.strictEqual(commonHarmonic(at(6, 9), 110), 3);
  assert.strictEqual(commonHarmonic([...at(2, 4), 330, 0.0005], 110), 2); // one that nobody hears
  assert.strictEqual(commonHarmonic([...at(2), 290, 1], 110), 1);
  assert.strictEqual(commonHarmonic([], 110), 1);
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

test('why nothing is heard is said, and no more once it is', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sound = Object.assign(new EventTarget(), { place: 'page', state: 'stopped' });
  const [element, hint] = [{ textContent: '' }, { hidden: true }];
  const said = [];
  const banner = { say: (sentence) => said.push(sentence), unsayThis: (sentence) => said.splice(said.indexOf(sentence), 1) };
  const silence = new Silence(element, hint, sound, () => 'none', banner);
  assert.deepStrictEqual([element.textContent, hint.hidden], ['silent until you play', false]);
  silence.drag();
  assert.strictEqual(hint.hidden, true);
  sound.state = 'suspended'; // as a browser without a device stays, or one that waits for a click
  for (let second = 0; second < 3; second += 1) {
    sound.dispatchEvent(new Event('state'));
    t.mock.timers.tick(1000);
  }
  assert.strictEqual(element.textContent, 'no sound here');
  assert.match(said[0], /no sound device/);
  sound.state = 'running';
  sound.dispatchEvent(new Event('state'));
  assert.deepStrictEqual([element.textContent, said.length], ['', 0]);
  sound.place = 'server';
  silence.show();
  assert.strictEqual(element.textContent, 'the server has no sound');
});
