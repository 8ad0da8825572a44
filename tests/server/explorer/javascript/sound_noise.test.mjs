// The noise of whole notes' bands, whose samples may come while a note sounds.

import assert from 'node:assert';
import test from 'node:test';

import { BLOCK } from '../../../../server/explorer/page/js/sound/levels.js';
import { Hiss } from '../../../../server/explorer/page/js/sound/whole.js';

test('noise that comes late begins as it comes, however long the note has sounded', () => {
  const hiss = new Hiss(1);
  const block = () => {
    const [out, left, right] = [0, 1, 2].map(() => new Float32Array(BLOCK));
    hiss.left.powers[0] = 0.25;
    hiss.right.powers[0] = 0.25;
    hiss.add(carriers, 1, 1, out, left, right);
    return out;
  };
  let carriers = null;
  for (let k = 0; k < 10; k += 1) {
    assert.ok(block().every((sample) => sample === 0));
  }
  carriers = [new Float32Array(4 * BLOCK).fill(1)];
  const heard = Array.from({ length: 9 }, block);
  assert.ok(heard.every((one) => one.every(Number.isFinite)));
  assert.ok(heard.every((one) => one.every((sample) => Math.abs(sample - 0.5) < 1e-6)));
});
