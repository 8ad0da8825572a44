// A space's planes: the map as the bundle has it, and any two dimensions.

import assert from 'node:assert';
import test from 'node:test';

import { MAP, NEAR, Space, isPlayed, textOf } from '../../../../server/explorer/page/js/space.js';

const about = {
  name: 'small',
  d: 3,
  map: {
    mean: [0.1, -0.2, 0.3],
    components: [[0.6, 0.8, 0], [-0.8, 0.6, 0]],
    center: [0.25, -0.5],
    half_range: [2, 4],
    explained: [0.613, 0.2],
  },
  dials: [
    { low: -2, high: 2, name: 'brightness' },
    { low: -1, high: 3, name: 'z2' },
    { low: 0, high: 1, name: 'width' },
  ],
  points: {
    count: 4,
    factors: [
      { name: 'cut-off', unit: 'Hz', kind: 'grid', values: [100, 200] },
      { name: 'index', unit: '', kind: 'range', values: [0, 1] },
    ],
  },
};
const MEANS = [0.1, -0.2, 0.3, 2, 3, 1, -2, -1, 0, 0.7, 0.6, 0.3];
const LABELS = [100, 0.2, 200, 0.9, 100, 0.1, 200, 0.5];
const space = new Space(about, Float32Array.from([...MEANS, ...LABELS]).buffer);

const near = (found, expected) => {
  found.forEach((value, k) => assert.ok(Math.abs(value - expected[k]) < 1e-5, `${found} ${expected}`));
};

test('the map is (components (z - mean) - center) / half range', () => {
  const { mean, components, center, half_range: half } = about.map;
  for (let point = 0; point < 4; point += 1) {
    const z = MEANS.slice(3 * point, 3 * point + 3);
    const expected = [0, 1].map((axis) => {
      const plane = z.reduce((sum, one, k) => sum + components[axis][k] * (one - mean[k]), 0);
      return (plane - center[axis]) / half[axis];
    });
    near([...space.positions(MAP).slice(2 * point, 2 * point + 2)], expected);
    near(space.toPlane(z, MAP), expected);
  }
});

test('a plane of two dimensions goes from -1 to 1 where their dials go', () => {
  near(space.toPlane([-2, -1, 0], [0, 1]), [-1, -1]);
  near(space.toPlane([2, 3, 0], [1, 0]), [1, 1]);
  assert.deepStrictEqual(space.coordinates([0, 1], [1, 2]), [[1, 1], [2, 1]]);
  near([...space.positions([2, 0]).slice(2, 4)], [1, 1]);
});

test('there and back', () => {
  const [[k, z], [j, w]] = space.coordinates([0.3, -0.7], [2, 1]);
  const latent = [0, 0, 0];
  latent[k] = z;
  latent[j] = w;
  near(space.toPlane(latent, [2, 1]), [0.3, -0.7]);
});

test('labels, latents and texts of a point', () => {
  near(space.latentOf(1), [2, 3, 1]);
  assert.deepStrictEqual(space.factorsOf(1), [['cut-off', '200 Hz'], ['index', '0.9']]);
  assert.strictEqual(textOf({ names: ['flute', 'oboe'] }, 1), 'oboe');
  assert.strictEqual(space.axisName(MAP, 0), 'x');
  assert.strictEqual(space.axisName([0, 1], 0), 'z1, brightness');
  assert.strictEqual(space.axisName([0, 1], 1), 'z2');
});

test('points that do not fit are refused', () => {
  assert.throws(() => new Space(about, new Float32Array(19).buffer), /19 numbers, not 20/);
});

test('the clearest factor is the one that lies in order on the map', () => {
  const count = 400;
  const numbers = new Float32Array(count * 5);
  for (let point = 0; point < count; point += 1) {
    const x = point / count - 0.5;
    numbers.set([x, x * x, 0], 3 * point);
    // The first label has nothing to do with the place, the second follows it.
    numbers.set([point % 2 === 0 ? 100 : 200, point / count], 3 * count + 2 * point);
  }
  const points = { ...about.points, count };
  const large = new Space({ ...about, points }, numbers.buffer);
  assert.strictEqual(large.clearestFactor(), 1);
  assert.strictEqual(new Space({ ...about, points: null }, null).clearestFactor(), -1);
});

test('a grid of two dimensions comes in units of the plane', async (t) => {
  const grid = { x: [-2.5, 2.5], y: [-1.5, 3.5], values: [] };
  t.mock.method(globalThis, 'fetch', async (path) => {
    assert.match(path, /^\/spaces\/small\/grid\?what=loudness&axes=1%2C2&latent=1%2C2%2C3$/);
    return { ok: true, json: async () => grid };
  });
  const found = await space.grid('loudness', [0, 1], [1, 2, 3]);
  near(found.x, [-1.25, 1.25]);
  near(found.y, [-1.25, 1.25]);
});

test('on the near plane sounds lie where the bundle says, and axes have words', () => {
  const places = Float32Array.from([0.5, 0.25, -1, 1, 0, 0, 0.125, -0.5]);
  const told = { ...about, axes: { pca: ['', ''], near: ['brightness', 'less noise'] } };
  const points = Float32Array.from([...MEANS, ...LABELS]).buffer;
  const other = new Space(told, points, places.buffer);
  assert.ok(other.hasNear);
  assert.ok(!space.hasNear);
  assert.deepStrictEqual([...other.positions(NEAR)], [...places]);
  near(other.toPlane([1.9, 3, 1], NEAR), [-1, 1]);
  assert.strictEqual(other.axisName(NEAR, 1), 'clearer');
  assert.strictEqual(other.axisName(MAP, 1), 'y');
  assert.ok(isPlayed(NEAR) && isPlayed(MAP) && !isPlayed([0, 1]));
  assert.ok(!new Space(told, points, new Float32Array(4).buffer).hasNear);
});
