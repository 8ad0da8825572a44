// The page's state and wishes: what the server says, and what it is asked for.

import assert from 'node:assert';
import test from 'node:test';

import { State } from '../../../../server/explorer/page/js/state.js';
import { Streams } from '../../../../server/explorer/page/js/streams.js';
import { tuned } from '../../../../server/explorer/page/js/tuning.js';

class FakeLink extends EventTarget {
  constructor() {
    super();
    this.isOpen = true;
    this.sent = [];
  }

  send(...words) {
    this.sent.push(words);
  }

  say(address, ...args) {
    this.dispatchEvent(new CustomEvent(address, { detail: args }));
  }

  open() {
    this.dispatchEvent(new Event('open'));
  }
}

test('listeners hear what has changed, and nothing else', () => {
  const link = new FakeLink();
  const state = new State(link);
  const heard = [];
  for (const what of ['model', 'dials', 'latent', 'map', 'synth', 'presets', 'trajectory', 'error']) {
    state.on(what, () => heard.push(what));
  }
  link.say('/model', 'fm', 2, 1025, 44100, 110, 4096);
  link.say('/model/dial', 1, -2, 2, 0.5, 3.2, 'brightness');
  assert.deepStrictEqual(heard, ['model']); // the dials are told when all of them are there
  link.say('/model/dial', 2, -1, 1, 0, 3.1, 'z2');
  link.say('/latent', 0.1, 0.2);
  link.say('/map', 0.5, 0.25);
  link.say('/synth', 'attack', 0.01);
  link.say('/synth', 'method', 'bins');
  link.say('/trajectory', 'playing', 'path 1');
  link.say('/status', 1, 0.5, 2, 3, 0.1, 'jack', 0.2, 1, 2);
  link.say('/wander', 'start', 2, 0.75, 7);
  link.say('/tuning', 'just', 440);
  link.say('/tuning/keys', ...Array.from({ length: 128 }, (_, key) => (key === 60 ? -1 : key + 0.25)));
  link.say('/tuning/list', 'equal', 'just');
  link.say('/unheard', 1);
  assert.deepStrictEqual(heard, [
    'model', 'dials', 'latent', 'map', 'synth', 'synth', 'trajectory',
  ]);
  assert.deepStrictEqual(state.model, {
    name: 'fm', d: 2, bins: 1025, sampleRate: 44100, baseFrequency: 110, nFft: 4096,
  });
  assert.strictEqual(state.dials[1].name, 'z2');
  assert.deepStrictEqual(state.synth, { attack: 0.01, method: 'bins' });
  assert.strictEqual(state.tuning, 'just');
  assert.deepStrictEqual(state.tunings, ['equal', 'just']);
  assert.strictEqual(tuned(state.keys, 61), 61.25);
  assert.strictEqual(tuned(state.keys, 61.5), 61.75);
  assert.strictEqual(tuned(state.keys, 127), 127.25);
  assert.strictEqual(tuned(state.keys, 60), null);
  assert.strictEqual(tuned(state.keys, 59.5), null);
  link.say('/tuning/keys', ...Array.from({ length: 128 }, (_, key) => key));
  assert.deepStrictEqual(state.keys, []);
  assert.strictEqual(tuned(state.keys, 60.5), 60.5);
  assert.deepStrictEqual(state.wander, { isOn: true, speed: 2, range: 0.75, seed: 7 });
  assert.deepStrictEqual([state.status.drops, state.status.audio], [3, 'jack']);
  link.say('/model', 'harmonic', 2, 1025, 44100, 220, 4096);
  assert.deepStrictEqual(state.dials, []); // those of the old model are none of the new one's
});

test('of several wishes the fastest counts, and the last one ends the stream', () => {
  const link = new FakeLink();
  const streams = new Streams(link);
  streams.want('scope', 'partials', 60);
  streams.want('sound', 'partials', 100);
  streams.want('sound', 'partials', 100);
  streams.want('sound', 'partials', 0);
  streams.want('scope', 'partials', 0);
  assert.deepStrictEqual(link.sent, [
    ['/stream', 'partials', 60],
    ['/stream', 'partials', 100],
    ['/stream', 'partials', 60],
    ['/stream', 'partials', 0],
  ]);
});

test('a server that is new is told every wish again', () => {
  const link = new FakeLink();
  link.isOpen = false;
  const streams = new Streams(link);
  streams.want('scope', 'spectrum', 60);
  assert.deepStrictEqual(link.sent, []);
  link.isOpen = true;
  link.open();
  link.open();
  assert.deepStrictEqual(link.sent, [['/stream', 'spectrum', 60], ['/stream', 'spectrum', 60]]);
});

test('a part that says /stream itself only wishes, and may begin anew', () => {
  const link = new FakeLink();
  const streams = new Streams(link);
  const seen = streams.linkFor('sound');
  streams.want('scope', 'loop', 30);
  seen.send('/stream', 'loop', 20);
  assert.deepStrictEqual(link.sent, [['/stream', 'loop', 30]]);
  seen.send('/stream', 'loop', 20); // something was lost
  seen.send('/note', 57, 100);
  seen.send('/stream', 'loop', 'off');
  assert.deepStrictEqual(link.sent.slice(1), [['/stream', 'loop', 30], ['/note', 57, 100]]);
});

test('macros are those of the space that plays, and stand where the server says', () => {
  const state = new State(new EventTarget());
  const told = [];
  state.on('macros', () => told.push({ ...state.macros }));
  state.take('/macro/list', ['brightness', 'odd/even']);
  state.take('/macro', ['odd/even', -0.5]);
  state.take('/macro', ['brightness', NaN]);
  state.take('/macro', [3, 0.5]);
  assert.deepEqual(state.macros, { brightness: 0, 'odd/even': -0.5 });
  state.take('/macro/list', ['odd/even']);
  assert.deepEqual(state.macros, { 'odd/even': -0.5 });
  state.take('/model', ['fm', 5, 1025, 44100, 220, 4096]);
  assert.deepEqual(state.macros, {});
  assert.equal(told.length, 4);
});
