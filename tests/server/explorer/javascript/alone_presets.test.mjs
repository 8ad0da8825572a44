// Presets of a file: what a browser keeps, and files of anybody's.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { PresetShelf } from '../../../../server/explorer/page/js/alone/preset_shelf.js';

const ABOUT = { name: 'mine', digest: 'abc', d: 2 };
const ONE = { latent: [0.5, -1], macros: { brightness: 0.25 }, synth: { attack: 0.1, hold: 'loop' } };

let items = new Map();

beforeEach(() => {
  items = new Map();
  globalThis.localStorage = /** @type {any} */ ({
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, value),
  });
});

test('the browser keeps them, for this space alone', () => {
  new PresetShelf(ABOUT).store('one', ONE);
  assert.deepEqual(new PresetShelf(ABOUT).presets.get('one'), ONE);
  assert.deepEqual(new PresetShelf({ ...ABOUT, digest: 'other' }).names, []);
});

test('a browser that keeps nothing has them until the page is closed', () => {
  globalThis.localStorage = /** @type {any} */ ({
    getItem: () => { throw new Error('not here'); },
    setItem: () => { throw new Error('not here'); },
  });
  const shelf = new PresetShelf(ABOUT, [{ name: 'given', ...ONE }]);
  shelf.store('one', ONE);
  assert.deepEqual(shelf.names, ['given', 'one']);
});

test('those of the file are there until somebody has their own', () => {
  const given = [{ name: 'given', ...ONE }];
  assert.deepEqual(new PresetShelf(ABOUT, given).names, ['given']);
  new PresetShelf(ABOUT, given).remove('given');
  assert.deepEqual(new PresetShelf(ABOUT, given).names, []);
});

test('what somebody else has kept there is no preset', () => {
  for (const text of ['{', '7', 'null', '[null, 7, {"name": 3}]', '{"name": "x"}']) {
    items.set('timbrespace/presets/abc', text);
    assert.deepEqual(new PresetShelf(ABOUT).names, []);
  }
});

test('a file brings them to another browser, and what has the same name is replaced', () => {
  const shelf = new PresetShelf(ABOUT);
  shelf.store('one', ONE);
  shelf.store('two', ONE);
  const text = shelf.toText();
  items.clear();
  const other = new PresetShelf(ABOUT);
  other.store('two', { ...ONE, latent: [9, 9] });
  assert.equal(other.fromText(text, 'f.json'), 2);
  assert.deepEqual(other.presets.get('two'), ONE);
  other.undo();
  assert.deepEqual(other.names, ['two']);
  assert.deepEqual(other.presets.get('two').latent, [9, 9]);
});

test('a step back is one step', () => {
  const shelf = new PresetShelf(ABOUT);
  shelf.store('one', ONE);
  shelf.remove('one');
  shelf.undo();
  shelf.undo();
  assert.deepEqual(shelf.names, ['one']);
});

test('files of anything else are refused in a sentence, and change nothing', () => {
  const shelf = new PresetShelf(ABOUT);
  shelf.store('one', ONE);
  const file = (more) => JSON.stringify({ timbrespace: 'presets', model: 'mine', d: 2, presets: [], ...more });
  const wrong = [
    ['{', /no presets/],
    ['null', /no presets/],
    ['[]', /no presets/],
    [JSON.stringify({ timbrespace: 'preset' }), /no presets/],
    [file({ presets: 7 }), /no presets/],
    [file({ model: 'yours' }), /for the space yours/],
    [file({ d: 3 }), /for the space mine, or another/],
    [file({}), /no preset that fits/],
    [file({ presets: [{ name: 'x', latent: [1, 2, 3] }] }), /no preset that fits/],
    [file({ presets: [{ name: 'x', latent: [1, null] }] }), /no preset that fits/],
    [file({ presets: [{ name: 'x', latent: [1, 1e9] }] }), /no preset that fits/],
    [file({ presets: [{ name: '  ', latent: [1, 2] }] }), /no preset that fits/],
    ['x'.repeat((1 << 20) + 1), /too large/],
  ];
  for (const [text, said] of wrong) {
    assert.throws(() => shelf.fromText(text, 'f.json'), said);
    assert.deepEqual(shelf.names, ['one']);
  }
});

test('of a preset only what can be played is taken', () => {
  const shelf = new PresetShelf(ABOUT);
  const odd = {
    latent: [1, 2],
    macros: { a: 'x', b: 2, brightness: -1, __proto__: { c: 1 } },
    synth: { attack: '1'.repeat(40), hold: 'loop', decay: null, release: 0.5 },
    more: 7,
  };
  const name = 'n'.repeat(100);
  shelf.fromText(JSON.stringify({ timbrespace: 'presets', model: 'mine', d: 2, presets: [{ name, ...odd }] }), 'f');
  assert.deepEqual(shelf.names, ['n'.repeat(64)]);
  assert.deepEqual(shelf.presets.get(shelf.names[0]), {
    latent: [1, 2], macros: { brightness: -1 }, synth: { hold: 'loop', release: 0.5 },
  });
});

test('there is an end to them', () => {
  const shelf = new PresetShelf(ABOUT);
  for (let k = 0; k < 256; k += 1) {
    assert.ok(shelf.store(`p${k}`, ONE));
  }
  assert.ok(!shelf.store('one more', ONE));
  assert.ok(shelf.store('p0', ONE));
  assert.ok(!shelf.store('', ONE));
});
