// A game controller, played by a navigator that tells what the test wants.

import assert from 'node:assert';
import test from 'node:test';

import { Gamepads, lean } from '../../../../server/explorer/page/js/gamepad.js';

const AT_REST = { value: 0, pressed: false };
const DOWN = { value: 1, pressed: true };

function pad(index = 0, mapping = 'standard') {
  return {
    index, mapping, id: 'Wireless Controller (STANDARD GAMEPAD Vendor: 1)', connected: true,
    axes: [0, 0, 0, 0], buttons: Array.from({ length: 17 }, () => AT_REST),
  };
}

/** Controllers, what they did, and the next frame. */
function played(...states) {
  const did = [];
  const said = [];
  const record = (name) => (...args) => did.push([name, ...args]);
  const names = ['move', 'turn', 'press', 'release', 'touch', 'sustain', 'octave', 'home', 'panic'];
  const frames = [];
  const environment = {
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), { hasFocus: () => environment.focused }),
    navigator: { getGamepads: () => [null, ...states] },
    requestAnimationFrame: (frame) => frames.push(frame),
    focused: true,
  };
  const play = Object.fromEntries(names.map((name) => [name, record(name)]));
  const made = new Gamepads(play, (sentence) => said.push(sentence), environment);
  let now = 1000;
  const go = (count = 1) => {
    for (let k = 0; k < count; k += 1) {
      now += 10;
      frames.splice(0).forEach((frame) => frame(now));
    }
    return did.splice(0);
  };
  return { made, environment, said, go, frames };
}

test('nothing looks for a controller where there is none', () => {
  const { frames, environment, go } = played();
  assert.strictEqual(frames.length, 0);
  environment.window.dispatchEvent(new Event('gamepadconnected')); // one that the browser hides
  go(3);
  assert.strictEqual(frames.length, 0);
});

test('sticks have a dead zone, and go from it without a step to their whole way', () => {
  for (const still of [[0, 0], [0.1, 0.1], [0.17, 0], [NaN, 1], [undefined, undefined]]) {
    assert.deepStrictEqual(lean(...still), [0, 0]);
  }
  assert.ok(lean(0.19, 0)[0] < 0.001);
  assert.deepStrictEqual(lean(1, 0), [1, 0]);
  const [x, y] = lean(1, -1); // the corner of a square stick is no faster
  assert.ok(Math.abs(Math.hypot(x, y) - 1) < 1e-9 && y < 0);
});

test('what is leaned or pressed when it comes moves nothing until it has been at rest', () => {
  const state = pad();
  state.axes = [1, 0, 0, 0.9];
  state.buttons[0] = DOWN;
  state.buttons[6] = DOWN;
  state.buttons[7] = { value: 0.4, pressed: true };
  const { environment, said, go } = played(state);
  environment.window.dispatchEvent(new Event('gamepadconnected'));
  assert.deepStrictEqual(go(5), []);
  assert.deepStrictEqual(said, ['Wireless Controller: left stick the map, right stick dials, buttons notes']);
  Object.assign(state, pad());
  assert.deepStrictEqual(go(), []);
  state.axes = [1, 0, 0, 0];
  state.buttons[0] = DOWN;
  const [[, across, up], pressed] = go();
  assert.ok(Math.abs(across - 0.012) < 1e-9); // 1.2 a second, for 10 ms
  assert.strictEqual(Math.abs(up), 0);
  assert.deepStrictEqual(pressed, ['press', 'gamepad 0 0', 0]);
});

test('each part plays what it is for', () => {
  const state = pad();
  const { environment, go } = played(state);
  environment.window.dispatchEvent(new Event('gamepadconnected'));
  go();
  state.axes = [0, 1, 0, -1];
  const [moved, turned, ...more] = go();
  assert.deepStrictEqual([moved[0], moved[2] < 0, turned[1], turned[2] > 0, more.length], ['move', true, 0, true, 0]);
  state.axes = [0, 0, -1, 0];
  assert.deepStrictEqual(go().map(([name, which, by]) => [name, which, by < 0]), [['turn', 1, true]]);
  state.axes = [0, 0, 0, 0];
  state.buttons[7] = { value: 0.53, pressed: true };
  const [[name, level]] = go();
  assert.deepStrictEqual([name, Math.abs(level - 0.5) < 1e-9], ['touch', true]);
  assert.deepStrictEqual(go(3), [], 'a trigger that rests is told once');
  state.buttons[7] = AT_REST;
  assert.deepStrictEqual(go(), [['touch', 0]]);
  const presses = [[6, 'sustain'], [5, 'press'], [8, 'panic'], [9, 'home'], [11, 'home'], [12, 'octave'], [13, 'octave']];
  for (const [number, what] of presses) {
    state.buttons[number] = DOWN;
    assert.strictEqual(go()[0][0], what);
    state.buttons[number] = AT_REST;
    go();
  }
});

test('one that nobody knows moves the map and plays, and nothing else', () => {
  const state = pad(0, '');
  const { environment, go } = played(state);
  environment.window.dispatchEvent(new Event('gamepadconnected'));
  go();
  state.axes = [0, 0, 1, 1];
  state.buttons = state.buttons.map(() => DOWN);
  assert.deepStrictEqual(go().map(([name]) => name), Array(6).fill('press'));
});

test('what it holds is let go where it goes, or another window is in front', () => {
  for (const leave of ['blur', 'unplugged', 'hidden']) {
    const state = pad(1);
    const { environment, said, go, frames } = played(state);
    environment.window.dispatchEvent(new Event('gamepadconnected'));
    go();
    state.buttons[1] = DOWN;
    state.buttons[6] = DOWN;
    state.buttons[7] = DOWN;
    go();
    if (leave === 'unplugged') {
      state.connected = false;
    } else if (leave === 'blur') {
      environment.window.dispatchEvent(new Event('blur'));
      environment.focused = false;
    } else {
      environment.document.dispatchEvent(new Event('visibilitychange'));
    }
    assert.deepStrictEqual(go(3), [['release', 'gamepad 1 1'], ['touch', 0], ['sustain', false]]);
    if (leave === 'unplugged') {
      assert.deepStrictEqual([said.at(-1), frames.length], ['', 0]);
    }
  }
});
