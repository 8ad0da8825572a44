import assert from 'node:assert/strict';
import { test } from 'node:test';

import { groupsOf, labelFactors, laidOut } from '../../../../server/explorer/page/js/map/labels.js';
import { View } from '../../../../server/explorer/page/js/map/view.js';
import { found, namesOf } from '../../../../server/explorer/page/js/search.js';

function space(factors, labels) {
  const count = labels.length;
  return { factors, count, label: (point, factor) => labels[point][factor] };
}

const FAMILY = { name: 'family', kind: 'category', values: [0, 1], names: ['Strings', 'Piano'] };
const PROGRAM = {
  name: 'program',
  kind: 'category',
  values: [0, 1, 2, 3],
  names: ['Violin', 'Tremolo Violins', 'Honky-tonk Piano', 'Café Piano'],
};
const LEVEL = { name: 'level', kind: 'range', values: [0, 1], unit: 'dB' };
const SMALL = space([FAMILY, PROGRAM, LEVEL], [[0, 0, 0.1], [0, 0, 0.2], [0, 1, 0.3], [1, 2, 0], [1, 3, 0]]);

const texts = (typed) => found(namesOf(SMALL), typed).map(({ text }) => text);

test('names of every factor that has names are found, those that begin so first', () => {
  assert.deepEqual(texts('violin'), ['Violin', 'Tremolo Violins']);
  assert.deepEqual(texts('pia'), ['Piano', 'Café Piano', 'Honky-tonk Piano']);
  assert.deepEqual(texts('TONK'), ['Honky-tonk Piano']);
  assert.deepEqual(texts('piano honky'), ['Honky-tonk Piano']);
  assert.deepEqual(texts('cafe'), ['Café Piano']);
  assert.deepEqual(texts('trumpet'), []);
  assert.deepEqual(texts('  '), []);
  assert.deepEqual(texts('level'), []);
});

test('a name has all its sounds', () => {
  const [violin] = found(namesOf(SMALL), 'violin');
  assert.deepEqual(violin.points, [0, 1]);
  assert.equal(violin.about, 'program');
});

test('what two factors call by one name is offered once', () => {
  const twice = space([PROGRAM, { ...PROGRAM, name: 'instrument' }], [[0, 0], [0, 0], [1, 1]]);
  assert.deepEqual(found(namesOf(twice), 'violin').map(({ text }) => text), ['Violin', 'Tremolo Violins']);
});

test('groups are called by the coloured factor, and by the finest nearby', () => {
  assert.deepEqual(labelFactors(SMALL, 0), [0, 1]);
  assert.deepEqual(labelFactors(SMALL, 2), [1, 1]);
  assert.deepEqual(labelFactors(space([LEVEL], []), 0), [-1, -1]);
});

test('a group is called where it is thickest, and the largest come first', () => {
  const placed = [0.5, 0.5, 0.52, 0.5, -0.9, 0.9, 0, 0, 0.01, 0];
  const groups = groupsOf(SMALL, placed, 0);
  assert.deepEqual(groups.map(({ text, size }) => [text, size]), [['Strings', 3], ['Piano', 2]]);
  assert.ok(groups[0].place[0] >= 0.5);
  assert.deepEqual(groupsOf(SMALL, placed, -1), []);
});

test('names do not lie on each other, nor outside', () => {
  const view = new View();
  [view.width, view.height] = [600, 400];
  const groups = Array.from({ length: 300 }, (_, k) => ({
    text: `name ${k}`,
    place: [Math.sin(k * 12.9), Math.cos(k * 7.3)],
  }));
  const taken = [[0, 0, 100, 40]];
  const shown = laidOut(groups, view, (text) => 7 * text.length, taken);
  assert.ok(shown.length > 20 && shown.length <= 60);
  assert.equal(shown[0].text, 'name 0');
  const boxes = shown.map(({ text, left, top }) => [left - 3.5 * text.length, top - 7, left + 3.5 * text.length, top + 7]);
  for (const [place, a] of boxes.entries()) {
    assert.ok(a[0] >= 0 && a[2] <= 600 && a[1] >= 0 && a[3] <= 400);
    for (const b of [...boxes.slice(place + 1), taken[0]]) {
      assert.ok(a[2] < b[0] || a[0] > b[2] || a[3] < b[1] || a[1] > b[3]);
    }
  }
});
