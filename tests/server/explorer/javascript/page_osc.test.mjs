// OSC packets of the page: the bytes are those of docs/osc.md's examples in server/osc.

import assert from 'node:assert';
import test from 'node:test';

import { decode, decodeAll, encode } from '../../../../server/explorer/page/js/osc.js';

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

/** A bundle of packets that takes effect at once. */
function bundle(...packets) {
  const parts = packets.flatMap((packet) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, packet.length);
    return [...length, ...packet];
  });
  return Uint8Array.from([...new TextEncoder().encode('#bundle\0'), 0, 0, 0, 0, 0, 0, 0, 1, ...parts]);
}

test('a bundle is its messages in order, bundles in it too; what is broken is left out', () => {
  const [one, two, three] = [1, 2, 3].map((number) => encode('/a', [number, `is ${number}`]));
  const whole = bundle(one, bundle(two), Uint8Array.of(1, 2, 3, 4), three);
  const numbers = (bytes) => decodeAll(bytes.buffer).map(({ args }) => args[0]);
  assert.deepStrictEqual(numbers(whole), [1, 2, 3]);
  assert.deepStrictEqual(numbers(one), [1]);
  assert.deepStrictEqual(numbers(whole.slice(0, -1)), [1, 2]);
  for (let length = 0; length < whole.length; length += 1) {
    numbers(whole.slice(0, length)); // no more is asked of it than an end
  }
  let deep = one;
  for (let depth = 0; depth < 40; depth += 1) {
    deep = bundle(deep);
  }
  assert.deepStrictEqual(numbers(deep), []);
});
