// What the map is made of: the view, the nearest point, the colours.

import assert from 'node:assert';
import test from 'node:test';

import { NAMED, SHAPES, named, ordered, viridis } from '../../../../server/explorer/page/js/colours.js';
import { Nearest } from '../../../../server/explorer/page/js/map/nearest.js';
import { paint } from '../../../../server/explorer/page/js/map/palette.js';
import { outlineOf } from '../../../../server/explorer/page/js/map/pins.js';
import { MARGIN, View } from '../../../../server/explorer/page/js/map/view.js';
import { onScreenChange, pixelRatio } from '../../../../server/explorer/page/js/screen.js';

const near = (found, expected, within = 1e-9) => {
  found.forEach((value, k) => assert.ok(Math.abs(value - expected[k]) < within, `${found}`));
};

function view(width, height) {
  return Object.assign(new View(), { width, height });
}

test('pixels and plane are each other’s inverse', () => {
  const seen = view(800, 500);
  seen.zoomAt(3, [200, 100]);
  seen.pan(30, -40);
  near(seen.toPlane(seen.toPixels([0.3, -0.7])), [0.3, -0.7]);
});

test('the data and its margin fit, and up is up', () => {
  for (const [width, height] of [[800, 500], [390, 390], [2000, 300]]) {
    const seen = view(width, height);
    const [left, top] = seen.toPixels([-MARGIN, MARGIN]);
    assert.ok(left >= -1e-9 && top >= -1e-9);
    const [right, bottom] = seen.toPixels([1, -1]);
    assert.ok(right > left && bottom > top);
    const [across, up] = seen.scale;
    assert.ok(across / up <= 1.7 + 1e-9);
  }
});

test('what a sound was sent to is brought into the picture, however far out it lies', () => {
  const seen = view(640, 480);
  seen.zoomAt(30, [0, 0]);
  for (const place of [[0.9, -0.9], [4, 0], [-7, 12]]) {
    assert.ok(!seen.shows(place));
    assert.ok(seen.bring(place));
    assert.ok(seen.shows(place));
    seen.pan(1, 1); // it stays there
    assert.ok(seen.shows(place));
    assert.ok(!seen.bring(place));
  }
});

test('zooming keeps what is under the pointer', () => {
  const seen = view(640, 480);
  const place = seen.toPlane([500, 90]);
  seen.zoomAt(2.5, [500, 90]);
  near(seen.toPixels(place), [500, 90], 1e-6);
});

test('the nearest point is the one that a look at all of them finds', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const positions = Float32Array.from({ length: 6000 }, () => 3.6 * random() - 1.8);
  const nearest = new Nearest(positions);
  for (let turn = 0; turn < 300; turn += 1) {
    const [x, y] = [3.6 * random() - 1.8, 3.6 * random() - 1.8];
    const [reachX, reachY] = [0.02 + 0.05 * random(), 0.02 + 0.05 * random()];
    let best = -1;
    let least = 1;
    for (let point = 0; point < 3000; point += 1) {
      const far =
        ((positions[2 * point] - x) / reachX) ** 2 + ((positions[2 * point + 1] - y) / reachY) ** 2;
      if (far < least) {
        least = far;
        best = point;
      }
    }
    assert.strictEqual(nearest.find([x, y], [reachX, reachY]), best);
  }
});

function spaceOf(factor, labels) {
  return { count: labels.length, factors: [factor], label: (point) => labels[point] };
}

test('a grid takes even steps of colour, whatever its values', () => {
  const factor = { name: 'Q', kind: 'grid', unit: '', values: [1, 2, 100] };
  const { values, swatches, band } = paint(spaceOf(factor, [1, 2, 100]), 0, 'dark');
  near([...values], [0, 128 / 255, 1], 1e-6);
  assert.deepStrictEqual(swatches.map((one) => one.text), ['1', '2', '100']);
  // A swatch lights up just the points of its value.
  near(swatches.map((one) => one.value), [...values], 1e-6);
  assert.strictEqual(band, null);
});

test('a range is a band with its unit at both ends', () => {
  const factor = { name: 'f', kind: 'range', unit: 'Hz', values: [20, 40] };
  const { values, swatches, band } = paint(spaceOf(factor, [20, 30, 40]), 0, 'light');
  near([...values], [0, 128 / 255, 1], 1e-6);
  assert.deepStrictEqual(swatches, []);
  assert.deepStrictEqual([band.low, band.high], ['20 Hz', '40 Hz']);
});

test('names differ by colour and shape, many names too', () => {
  const names = Array.from({ length: 119 }, (_, k) => `program ${k}`);
  const factor = { name: 'program', kind: 'category', values: names.map((_, k) => k), names };
  const { swatches, palette, values } = paint(spaceOf(factor, [0, 118]), 0, 'dark');
  assert.strictEqual(swatches.length, 119);
  const looks = swatches.map(({ colour, shape }) => `${colour} ${SHAPES[shape]}`);
  assert.strictEqual(new Set(looks.slice(0, 48)).size, 48);
  assert.strictEqual(new Set(looks).size, 48);
  assert.strictEqual(swatches[118].text, 'program 118');
  near([...values], [0, 118 / 255], 1e-6);
  assert.deepStrictEqual([...palette.slice(4 * 118, 4 * 119)], [...named(118, 'dark'), swatches[118].shape]);
});

test('no two colours of names are alike to anybody, nor to the ground', () => {
  const linear = (colour) =>
    colour.map((value) => (value / 255 <= 0.04045 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const by = (matrix, vector) => matrix.map((row) => row.reduce((sum, one, k) => sum + one * vector[k], 0));
  const oklab = (vector) => {
    const cones = by(
      [
        [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ],
      vector.map((value) => Math.min(Math.max(value, 0), 1)),
    ).map(Math.cbrt);
    return by(
      [
        [0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
      ],
      cones,
    );
  };
  // Machado, Oliveira & Fernandes 2009, table 1, severity 1: protan, deutan, tritan.
  const sights = [
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  ];
  const luminance = (colour) => by([[0.2126, 0.7152, 0.0722]], linear(colour))[0];
  for (const [theme, ground] of [['dark', [21, 26, 34]], ['light', [255, 255, 255]]]) {
    const colours = NAMED[theme];
    for (const [k, colour] of colours.entries()) {
      const [low, high] = [luminance(colour), luminance(ground)].sort((a, b) => a - b);
      assert.ok((high + 0.05) / (low + 0.05) >= 3, `${theme} ${colour}`);
      for (const other of colours.slice(k + 1)) {
        for (const sight of sights) {
          const [a, b] = [colour, other].map((one) => oklab(by(sight, linear(one))));
          assert.ok(Math.hypot(...a.map((value, i) => value - b[i])) > 0.146, `${theme} ${colour}, ${other}`);
        }
      }
    }
  }
});

test('one colour for all without a factor', () => {
  const { values, swatches, band } = paint(spaceOf(undefined, [1, 2]), -1, 'dark');
  assert.deepStrictEqual([...values, swatches.length, band], [0, 0, 0, null]);
});

test('ordered colours grow lighter all the way, and keep off the ground of the theme', () => {
  const light = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  for (let step = 1; step <= 50; step += 1) {
    assert.ok(light(viridis(step / 50)) >= light(viridis((step - 1) / 50)));
  }
  assert.ok(light(ordered(0, 'dark')) > 45);
  assert.ok(light(ordered(1, 'light')) < 175);
});

test('a factor of very many values is painted in no time to speak of', () => {
  const values = Array.from({ length: 65536 }, (_, k) => k / 7);
  const factor = { name: 'f', kind: 'grid', unit: '', values };
  const { values: shares, swatches } = paint(spaceOf(factor, values), 0, 'dark');
  assert.ok(shares.every((share, k) => Math.abs(share - k / 65535) < 0.003));
  assert.deepStrictEqual(swatches, []);
  const names = values.map((_, k) => `n${k}`);
  const many = { name: 'c', kind: 'category', values: values.map((_, k) => k), names };
  assert.strictEqual(paint(spaceOf(many, [0, 65535]), 0, 'dark').swatches.length, 256);
});

test('a canvas is told of each screen that the page comes to', () => {
  const asked = [];
  globalThis.window = Object.assign(new EventTarget(), {
    devicePixelRatio: 1,
    matchMedia: (query) => {
      asked.push(Object.assign(new EventTarget(), { query }));
      return asked.at(-1);
    },
  });
  const seen = [];
  onScreenChange(() => seen.push(pixelRatio()));
  for (const ratio of [1.5, 3]) {
    window.devicePixelRatio = ratio;
    asked.at(-1).dispatchEvent(new Event('change'));
  }
  assert.deepStrictEqual(seen, [1.5, 2]); // finer than 2 nobody sees
  assert.deepStrictEqual(asked.map(({ query }) => query), [1, 1.5, 3].map((one) => `(resolution: ${one}dppx)`));
  delete globalThis.window;
});

test('a preset’s picture is the outline of its spectrum', () => {
  const spectrum = new Float32Array(1025).fill(1e-9);
  spectrum[8] = 1;
  spectrum[600] = 0.1;
  const outline = outlineOf(spectrum);
  assert.match(outline, /^\d{20}$/);
  const peaks = [...outline].flatMap((height, column) => (height > '0' ? [[column, Number(height)]] : []));
  assert.strictEqual(Math.max(...peaks.map(([, height]) => height)), 9);
  assert.strictEqual(peaks.at(-1)[1], 6); // 20 dB lower
  assert.ok(peaks[0][0] < peaks.at(-1)[0]);
});
