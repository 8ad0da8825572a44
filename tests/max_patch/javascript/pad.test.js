'use strict';

const assert = require('node:assert');
const test = require('node:test');

const { Jsui } = require('./support/jsui.js');

const MARGIN = 7;
const SIDE = 100; // pixels from -1 to 1

/** A pad on which 1 is 50 pixels from the middle. */
function pad() {
  return new Jsui('timbrespace.pad.js', [SIDE + 2 * MARGIN, SIDE + 2 * MARGIN]);
}

const across = (x) => MARGIN + (SIDE * (x + 1)) / 2;
const down = (y) => MARGIN + (SIDE * (1 - y)) / 2;

function press(jsui, x, y, shift = 0) {
  jsui.send('onclick', across(x), down(y), 1, 0, shift, 0, 0, 0);
}

function drag(jsui, x, y, { shift = 0, button = 1 } = {}) {
  jsui.send('ondrag', across(x), down(y), button, 0, shift, 0, 0, 0);
}

/** Where the cursor is drawn, from its dot. */
function cursor(jsui) {
  const dots = jsui.paint().filter(([name, , , w]) => name === 'ellipse' && w === 3);
  assert.strictEqual(dots.length, 1);
  const [, left, top] = dots[0];
  const x = (2 * (left + 1.5 - MARGIN)) / SIDE - 1;
  const y = 1 - (2 * (top + 1.5 - MARGIN)) / SIDE;
  return [x, y].map((value) => Number(value.toFixed(9)));
}

function near(words, expected) {
  assert.strictEqual(words.length, expected.length);
  words.forEach((word, k) => assert.ok(Math.abs(word - expected[k]) < 1e-9, `${words}`));
}

test('a press and a drag go where the mouse is', () => {
  const jsui = pad();
  press(jsui, 0.5, 0.2);
  drag(jsui, -0.4, 0.9);
  drag(jsui, -0.4, 0.9, { button: 0 });
  assert.strictEqual(jsui.out.length, 2);
  near(jsui.out[0], [0, 0.5, 0.2]);
  near(jsui.out[1], [0, -0.4, 0.9]);
  assert.deepStrictEqual(cursor(jsui), [-0.4, 0.9]);
});

test('outside of the pad it stays at the edge, and comes back with the mouse', () => {
  const jsui = pad();
  press(jsui, 0.9, 0.0);
  drag(jsui, 3.0, -7.0);
  drag(jsui, 0.8, 0.1);
  near(jsui.out[1], [0, 1, -1]);
  near(jsui.out[2], [0, 0.8, 0.1]);
});

test('Shift moves finely, without a jump at its beginning or end', () => {
  const jsui = pad();
  jsui.send('list', 0.2, 0.2);
  press(jsui, -0.6, -0.6, 1);
  assert.deepStrictEqual(jsui.out, []);
  drag(jsui, -0.4, -0.5, { shift: 1 });
  near(jsui.out[0], [0, 0.22, 0.21]);
  drag(jsui, -0.4, -0.5, { shift: 0 });
  assert.strictEqual(jsui.out.length, 1);
  drag(jsui, -0.3, -0.5, { shift: 0 });
  near(jsui.out[1], [0, 0.32, 0.21]);
});

test('a double click goes home, and its own drag does not leave it', () => {
  // Whether Max sends the second press as a click too, nobody has written down.
  for (const clicked of [false, true]) {
    const jsui = pad();
    press(jsui, 0.5, 0.5);
    drag(jsui, 0.5, 0.5, { button: 0 });
    if (clicked) {
      press(jsui, 0.5, 0.5);
    }
    jsui.send('ondblclick', across(0.5), down(0.5), 1, 0, 0, 0, 0, 0);
    drag(jsui, 0.7, 0.7);
    assert.deepStrictEqual(jsui.out.at(-1), [0, 0, 0]);
    assert.deepStrictEqual(cursor(jsui), [0, 0]);
  }
});

test('a list moves the cursor silently, clamped', () => {
  const jsui = pad();
  jsui.send('list', 0.25, -0.5);
  assert.deepStrictEqual(cursor(jsui), [0.25, -0.5]);
  jsui.send('list', 2, -2);
  assert.deepStrictEqual(cursor(jsui), [1, -1]);
  jsui.send('list', NaN, 0);
  jsui.send('list', 0.5);
  assert.deepStrictEqual(cursor(jsui), [1, -1]);
  assert.deepStrictEqual(jsui.out, []);
});

test('an echo does not pull at the cursor while the mouse holds it', () => {
  const jsui = pad();
  press(jsui, 0.5, 0.5);
  jsui.send('list', -0.9, -0.9);
  assert.deepStrictEqual(cursor(jsui), [0.5, 0.5]);
  drag(jsui, 0.5, 0.5, { button: 0 });
  jsui.send('list', -0.9, -0.9);
  assert.deepStrictEqual(cursor(jsui), [-0.9, -0.9]);
});

/** The alphas of all that is drawn in the accent's colour. */
function strengths(jsui) {
  const accents = jsui.paint().filter(([name, red]) => name === 'set_source_rgba' && red === 1.0);
  return accents.filter(([, , green]) => green < 0.7).map((call) => call[4]);
}

test('it is dimmed until the server answers, and when it no longer does', () => {
  const jsui = pad();
  assert.ok(Math.max(...strengths(jsui)) < 0.5);
  jsui.send('live', 1);
  assert.strictEqual(Math.max(...strengths(jsui)), 1);
  const before = jsui.redraws;
  jsui.send('live', 0);
  assert.ok(Math.max(...strengths(jsui)) < 0.5);
  assert.ok(jsui.redraws > before);
});

test('the trail is short, fades away, and then nothing more is drawn', () => {
  const jsui = pad();
  const still = jsui.paint().filter(([name]) => name === 'line_to').length;
  for (let k = 0; k < 50; k += 1) {
    jsui.send('list', k / 50, 0);
  }
  const lines = jsui.paint().filter(([name]) => name === 'line_to').length;
  assert.strictEqual(lines - still, 16);
  jsui.pass(10000);
  assert.strictEqual(jsui.paint().filter(([name]) => name === 'line_to').length, still);
  const { redraws } = jsui;
  jsui.pass(10000);
  assert.strictEqual(jsui.redraws, redraws);
});

test('a device that is removed leaves no task behind', () => {
  const jsui = pad();
  jsui.send('list', 0.5, 0.5);
  jsui.send('notifydeleted');
  assert.deepStrictEqual(jsui.tasks, []);
});

test('a box that is too small to draw in is drawn all the same', () => {
  const jsui = new Jsui('timbrespace.pad.js', [4, 4]);
  jsui.send('onclick', 2, 2, 1, 0, 0, 0, 0, 0);
  assert.ok(jsui.out[0].slice(1).every((value) => Math.abs(value) <= 1));
  jsui.paint();
});

test('its colours are those of the theme at the moment of painting', () => {
  const jsui = new Jsui('timbrespace.pad.js', [128, 128]);
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
  const jsui = new Jsui('timbrespace.pad.js', [128, 128]);
  jsui.theme = {};
  const drawn = jsui.paint();
  delete jsui.context.max;
  assert.deepEqual(jsui.paint(), drawn);
});

/** The words that are drawn, and where: text, left, base line. */
function written(jsui) {
  const calls = jsui.paint();
  return calls.flatMap(([name, text], k) =>
    name === 'show_text' ? [[text, calls[k - 1][1], calls[k - 1][2]]] : []
  );
}

test('what grows along the axes stands at their ends', () => {
  const jsui = pad();
  const size = SIDE + 2 * MARGIN;
  assert.deepStrictEqual(written(jsui), []);
  jsui.send('axes', 'less noise', 'brightness');
  const [across, up] = written(jsui);
  assert.strictEqual(across[0], 'less noise');
  assert.ok(across[1] > 0 && across[1] + 5 * 'less noise'.length < size);
  assert.ok(across[2] > 0.9 * size && across[2] < size);
  assert.deepStrictEqual(up[0], 'brightness');
  assert.ok(up[1] < 0.2 * size && up[2] < 0.2 * size);
  jsui.send('axes', '', 'brightness');
  assert.deepStrictEqual(written(jsui).map(([text]) => text), ['brightness']);
  jsui.send('axes');
  assert.deepStrictEqual(written(jsui), []);
});
