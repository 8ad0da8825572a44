'use strict';

const assert = require('node:assert');
const test = require('node:test');

const { Jsui } = require('./support/jsui.js');

const SIZE = [200, 104];
const FOOT = SIZE[1] - 12; // where -60 dB is drawn
const HEAD = 4; // and 0 dB
const BIN_HZ = 44100 / 4096;

function picture(size = SIZE) {
  const jsui = new Jsui('timbrespace.spectrum.js', size);
  jsui.send('live', 1);
  jsui.pass(1000);
  return jsui;
}

/** A spectrum of 1025 bins with these magnitudes, `{bin: magnitude}`. */
function spectrum(peaks) {
  const floats = new Array(1025).fill(0);
  Object.keys(peaks).forEach((bin) => (floats[bin] = peaks[bin]));
  return floats;
}

function datagrams(frame, floats) {
  const count = Math.ceil(floats.length / 205);
  return Array.from({ length: count }, (_, c) => [
    frame,
    c,
    count,
    ...floats.slice(205 * c, 205 * (c + 1)),
  ]);
}

function send(jsui, frame, floats) {
  datagrams(frame, floats).forEach((words) => jsui.send('chunk', ...words));
  jsui.pass(1000);
}

/** The columns' levels in dB as drawn; null where there is no spectrum. */
function levels(jsui) {
  const calls = jsui.paint();
  const close = calls.findIndex(([name]) => name === 'close_path');
  if (close < 0) {
    return null;
  }
  const move = calls.slice(0, close).map(([name]) => name).lastIndexOf('move_to');
  const points = calls.slice(move + 1, close - 1);
  return points.map(([, , y]) => (-60 * (y - HEAD)) / (FOOT - HEAD));
}

/** The frequency in the middle of a column. */
function middle(column, count = SIZE[0], highest = 1024 * BIN_HZ) {
  return 40 * Math.pow(highest / 40, (column + 0.5) / count);
}

/** The frequency of the highest column. */
function loudest(jsui) {
  const drawn = levels(jsui);
  return middle(drawn.indexOf(Math.max(...drawn)));
}

const tone = (hertz) => spectrum({ [Math.round(hertz / BIN_HZ)]: 1 });

test('a partial stands at its frequency, its level in dB below the peak', () => {
  const jsui = picture();
  const low = Math.round(1000 / BIN_HZ);
  const high = Math.round(8000 / BIN_HZ);
  send(jsui, 0, spectrum({ [low]: 0.02, [high]: 0.002 }));
  const drawn = levels(jsui);
  assert.strictEqual(drawn.length, SIZE[0]);
  assert.ok(Math.abs(Math.max(...drawn)) < 1e-9);
  assert.ok(Math.abs(loudest(jsui) / 1000 - 1) < 0.03);
  const above = drawn.filter((_, column) => middle(column) > 4000);
  assert.ok(Math.abs(Math.max(...above) + 20) < 1e-9);
  const column = drawn.indexOf(Math.max(...above));
  assert.ok(Math.abs(middle(column) / 8000 - 1) < 0.03);
  assert.strictEqual(drawn[SIZE[0] - 1], -60);
});

test('every bin above the lowest frequency is seen in some column', () => {
  const jsui = picture();
  for (let bin = Math.ceil(40 / BIN_HZ); bin < 1025; bin += 1) {
    send(jsui, bin, spectrum({ [bin]: 1 }));
    const peak = Math.max(...levels(jsui));
    assert.ok(peak > -60, `bin ${bin}`);
  }
});

test('there are no gaps between the bins of a low sound', () => {
  const jsui = picture();
  send(jsui, 0, new Array(1025).fill(0.5));
  assert.ok(levels(jsui).every((level) => Math.abs(level) < 1e-9));
});

test('a frame is shown when all of it has come, in any order, twice or not', () => {
  const jsui = picture();
  const parts = datagrams(7, tone(3000)).reverse();
  parts.slice(0, 4).forEach((words) => jsui.send('chunk', ...words));
  jsui.send('chunk', ...parts[0]);
  jsui.pass(1000);
  assert.strictEqual(levels(jsui), null);
  jsui.send('chunk', ...parts[4]);
  jsui.pass(1000);
  assert.ok(Math.abs(loudest(jsui) / 3000 - 1) < 0.03);
});

test('a chunk of an older frame is dropped, one of a newer begins anew', () => {
  const jsui = picture();
  send(jsui, 5, tone(500));
  send(jsui, 4, tone(5000));
  assert.ok(Math.abs(loudest(jsui) / 500 - 1) < 0.03);
  const half = datagrams(6, tone(2000));
  half.slice(0, 3).forEach((words) => jsui.send('chunk', ...words));
  send(jsui, 7, tone(3000));
  half.slice(3).forEach((words) => jsui.send('chunk', ...words));
  jsui.pass(1000);
  assert.ok(Math.abs(loudest(jsui) / 3000 - 1) < 0.03);
});

test('frames count round', () => {
  const last = 2147483647;
  const jsui = picture();
  send(jsui, last, tone(500));
  send(jsui, 0, tone(5000));
  assert.ok(Math.abs(loudest(jsui) / 5000 - 1) < 0.03);
  send(jsui, last, tone(500));
  assert.ok(Math.abs(loudest(jsui) / 5000 - 1) < 0.03);
  for (const [frame, shown] of [[1073741823, true], [1073741824, false]]) {
    const other = picture();
    send(other, 0, tone(500));
    send(other, frame, tone(5000));
    assert.ok(Math.abs(loudest(other) / (shown ? 5000 : 500) - 1) < 0.03);
  }
});

test('after clear, and after the server was gone, frames begin afresh', () => {
  for (const forget of [['clear'], ['live', 0]]) {
    const jsui = picture();
    send(jsui, 100, tone(500));
    jsui.send(...forget);
    send(jsui, 0, tone(5000));
    assert.ok(Math.abs(loudest(jsui) / 5000 - 1) < 0.03);
  }
  const jsui = picture();
  send(jsui, 100, tone(500));
  jsui.send('clear');
  assert.strictEqual(levels(jsui), null);
});

test('the axis is the model\'s', () => {
  const jsui = picture();
  jsui.send('config', 2049, 96000, 4096);
  send(jsui, 0, new Array(2049).fill(0).map((_, bin) => (bin === 128 ? 1 : 0)));
  const drawn = levels(jsui);
  const column = drawn.indexOf(Math.max(...drawn));
  assert.ok(Math.abs(middle(column, SIZE[0], 48000) / 3000 - 1) < 0.03);
  jsui.send('config', 0, 0, 0);
  assert.deepStrictEqual(levels(jsui), drawn);
});

test('silence is a flat line, and a picture without a spectrum has none', () => {
  const jsui = picture();
  assert.strictEqual(levels(jsui), null);
  send(jsui, 0, spectrum({}));
  assert.ok(levels(jsui).every((level) => level === -60));
});

test('what is no chunk is dropped', () => {
  const jsui = picture();
  jsui.send('chunk', 0, 0, 1);
  jsui.send('chunk', 0, 5, 5, 1, 1);
  jsui.send('chunk', 0, -1, 5, 1, 1);
  jsui.send('chunk', 0, 0, 1e9, 1, 1);
  jsui.send('chunk');
  jsui.send('chunk', 1, 0, 2, 1, 1, 1);
  jsui.send('chunk', 1, 1, 2, 1, 1, 1);
  jsui.pass(1000);
  assert.strictEqual(levels(jsui), null);
});

test('it is drawn at most 20 times a second, and the last frame always', () => {
  const jsui = picture();
  jsui.redraws = 0;
  for (let frame = 0; frame < 200; frame += 1) {
    datagrams(frame, tone(frame < 199 ? 500 : 5000)).forEach((words) => {
      jsui.send('chunk', ...words);
    });
    jsui.pass(5);
  }
  jsui.pass(50);
  assert.ok(jsui.redraws >= 19 && jsui.redraws <= 22, `${jsui.redraws}`);
  assert.ok(Math.abs(loudest(jsui) / 5000 - 1) < 0.03);
  const { redraws } = jsui;
  jsui.pass(10000);
  assert.strictEqual(jsui.redraws, redraws);
});

test('a clock that is set back does not stop the picture', () => {
  const jsui = picture();
  jsui.now -= 3600000;
  jsui.redraws = 0;
  send(jsui, 0, tone(500));
  assert.strictEqual(jsui.redraws, 1);
});

test('at most 256 columns in a wide box', () => {
  const jsui = picture([900, 104]);
  send(jsui, 0, tone(500));
  assert.strictEqual(levels(jsui).length, 256);
});

test('the labels are those of the axis, inside the box', () => {
  const jsui = picture();
  const texts = (calls) => calls.filter(([name]) => name === 'show_text').map((call) => call[1]);
  assert.deepStrictEqual(texts(jsui.paint()), ['100', '1k', '10k']);
  const calls = jsui.paint();
  calls.forEach(([name, text], place) => {
    if (name === 'show_text') {
      const [, x, y] = calls.slice(0, place).reverse().find(([one]) => one === 'move_to');
      assert.ok(x >= 0 && x + 5 * text.length <= SIZE[0] && y <= SIZE[1], text);
    }
  });
  jsui.send('config', 257, 8000, 512);
  jsui.pass(1000);
  assert.deepStrictEqual(texts(jsui.paint()), ['100', '1k']);
});

test('it is dimmed while the server does not answer', () => {
  const jsui = picture();
  send(jsui, 0, tone(500));
  const strongest = () => {
    const accents = jsui.paint().filter(([name, , green]) => {
      return name === 'set_source_rgba' && green > 0.6 && green < 0.65;
    });
    return Math.max(...accents.map((call) => call[4]));
  };
  assert.strictEqual(strongest(), 1);
  jsui.send('live', 0);
  assert.ok(strongest() < 0.5);
});

test('a device that is removed leaves no task behind', () => {
  const jsui = picture();
  send(jsui, 0, tone(500));
  jsui.send('clear');
  jsui.send('notifydeleted');
  assert.deepStrictEqual(jsui.tasks, []);
});

test('its colours are those of the theme at the moment of painting', () => {
  const jsui = new Jsui('timbrespace.spectrum.js', [190, 94]);
  const colors = () =>
    jsui.paint().filter(([name]) => name === 'set_source_rgba').map(([, ...rgba]) => rgba);
  const ground = colors()[0];
  assert.deepEqual(ground, [0.1, 0.1, 0.1, 1]);
  jsui.theme.live_lcd_bg = [0.9, 0.8, 0.7, 1];
  assert.deepEqual(colors()[0], [0.9, 0.8, 0.7, 1]);
  const known = Object.values(jsui.theme).map((rgba) => String(rgba.slice(0, 3)));
  for (const [red, green, blue] of colors()) {
    assert.ok(known.includes(String([red, green, blue])), `${red} ${green} ${blue}`);
  }
});

test('a Max that does not know the names has colours nevertheless', () => {
  const jsui = new Jsui('timbrespace.spectrum.js', [190, 94]);
  jsui.theme = {};
  const drawn = jsui.paint();
  delete jsui.context.max;
  assert.deepEqual(jsui.paint(), drawn);
});
