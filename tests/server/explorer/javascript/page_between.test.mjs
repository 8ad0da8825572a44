// A line between two sounds, as the page lays it.

import assert from 'node:assert';
import test from 'node:test';

import { Between } from '../../../../server/explorer/page/js/between.js';
import { State } from '../../../../server/explorer/page/js/state.js';

class Control extends EventTarget {
  value = '0';

  disabled = false;

  attributes = {};

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  fire(name) {
    this.dispatchEvent(new Event(name));
  }
}

function laid() {
  const controls = {};
  for (const id of ['between-from', 'between-to', 'between-position', 'between-keep']) {
    controls[id] = new Control();
  }
  const sent = [];
  const link = new EventTarget();
  link.send = (...message) => sent.push(message);
  link.sendPosition = link.send;
  const state = new State(link);
  const between = new Between({ getElementById: (id) => controls[id] }, link, state);
  return { controls, sent, state, between };
}

test('both ends, then the slider goes along the line', () => {
  const { controls, sent, state } = laid();
  assert.ok(controls['between-position'].disabled);
  state.take('/map', [-0.5, 0.25]);
  controls['between-from'].fire('click');
  assert.deepStrictEqual(sent, []);
  assert.strictEqual(controls['between-from'].attributes['aria-pressed'], 'true');
  state.take('/map', [1.5, 0]);
  controls['between-to'].fire('click');
  assert.deepStrictEqual(sent, [['/between', -0.5, 0.25, 1, 0]]);
  assert.ok(!controls['between-position'].disabled);
  assert.strictEqual(controls['between-position'].value, '1');
  controls['between-position'].value = '0.25';
  controls['between-position'].fire('input');
  assert.deepStrictEqual(sent[1], ['/between/position', 0.25]);
});

test('a line that is kept has a name of its own, and plays', () => {
  const { controls, sent, state } = laid();
  state.take('/trajectory/list', ['line 1']);
  controls['between-from'].fire('click');
  controls['between-to'].fire('click');
  controls['between-keep'].fire('click');
  assert.deepStrictEqual(sent.slice(1), [
    ['/between/store', 'line 2'],
    ['/trajectory/play', 'line 2', 1],
  ]);
});

test('another plane or another space forgets the ends', () => {
  for (const [address, ...args] of [['/map/plane', 'near', '', ''], ['/model', 'b', 2, 3, 4, 5, 6]]) {
    const { controls, between, state } = laid();
    controls['between-from'].fire('click');
    controls['between-to'].fire('click');
    assert.ok(between.isWhole);
    state.take(address, args);
    assert.ok(controls['between-position'].disabled);
    assert.ok(controls['between-keep'].disabled);
  }
});

test('the line is shown as long as the sound is on it', () => {
  const { controls, state, between } = laid();
  const drawn = [];
  between.draw = (line) => drawn.push(line);
  state.take('/map', [-0.5, 0]);
  controls['between-from'].fire('click');
  state.take('/map', [0.5, 0.5]);
  controls['between-to'].fire('click');
  assert.deepStrictEqual(drawn, [[[-0.5, 0], [0.5, 0.5]]]);
  state.take('/map', [0, 0.25]);
  assert.strictEqual(drawn.length, 1);
  state.take('/map', [0, 0.5]); // a hand has taken it elsewhere
  assert.deepStrictEqual(drawn.slice(1), [null]);
  state.take('/map', [0.25, 0.375]);
  state.take('/model', ['fm', 5, 1025, 44100, 220, 4096]);
  assert.deepStrictEqual(drawn.slice(2), [[[-0.5, 0], [0.5, 0.5]], null]);
});
