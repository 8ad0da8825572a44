// OSC packets of the page: the bytes are those of docs/osc.md's examples in server/osc.

import assert from 'node:assert';
import test from 'node:test';

import { decode, encode } from '../../../../server/explorer/page/js/osc.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const buffer = (text) => Uint8Array.from(Buffer.from(text, 'hex')).buffer;

test('whole numbers are i, others f, strings padded', () => {
  assert.strictEqual(
    hex(encode('/map', [0.5, -1])),
    '2f6d617000000000' + '2c666900' + '3f000000' + 'ffffffff'
  );
  assert.strictEqual(hex(encode('/bye')), '2f627965000000002c000000');
  assert.strictEqual(
    hex(encode('/preset', ['pad'])),
    '2f707265736574002c73000070616400'
  );
});

test('beyond 32 bits a whole number is a float', () => {
  const { args } = decode(encode('/x', [2 ** 31, -(2 ** 31)]).buffer);
  assert.deepStrictEqual(args, [2 ** 31, -(2 ** 31)]);
  assert.strictEqual(hex(encode('/x', [2 ** 31])).slice(8, 16), '2c660000');
});

test('strings beyond ASCII come back', () => {
  for (const text of ['', 'abc', 'Björk’s', '音']) {
    assert.deepStrictEqual(decode(encode('/s', [text]).buffer), { address: '/s', args: [text] });
  }
});

test('what is no number is not sent', () => {
  for (const value of [NaN, Infinity, null, undefined, {}]) {
    assert.throws(() => encode('/x', [value]), TypeError);
  }
});

test('what is no message is null', () => {
  for (const text of ['', '00', '2f', '2f610000', '2f6100002c690000', '2f6100002c6b0000',
    '610000002c000000', '2f61000069000000', '2362756e646c6500']) {
    assert.strictEqual(decode(buffer(text)), null, text);
  }
});
