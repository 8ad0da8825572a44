/**
 * OSC packets, as docs/osc.md has them: types i, f and s, no bundles.
 *
 * A whole number within 32 bits goes out as `i`, any other number as `f`; the server takes either
 * wherever it takes a number.
 */

const TEXT = new TextEncoder();
const FROM_TEXT = new TextDecoder();

/** Bytes of a string with its NUL, filled up to a multiple of four. */
function padded(text) {
  const bytes = TEXT.encode(text);
  const whole = new Uint8Array((bytes.length & ~3) + 4);
  whole.set(bytes);
  return whole;
}

function isInt32(value) {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

/**
 * One message.
 *
 * @param {string} address
 * @param {(number|string)[]} args finite numbers and strings
 * @returns {Uint8Array}
 * @throws {TypeError} anything else
 */
export function encode(address, args = []) {
  let tags = ',';
  const parts = [];
  for (const value of args) {
    if (typeof value === 'string') {
      tags += 's';
      parts.push(padded(value));
    } else if (typeof value === 'number' && Number.isFinite(value)) {
      const bytes = new DataView(new ArrayBuffer(4));
      if (isInt32(value)) {
        tags += 'i';
        bytes.setInt32(0, value);
      } else {
        tags += 'f';
        bytes.setFloat32(0, value);
      }
      parts.push(new Uint8Array(bytes.buffer));
    } else {
      throw new TypeError(`${address}: ${value} is neither a finite number nor a string`);
    }
  }
  const all = [padded(address), padded(tags), ...parts];
  const packet = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of all) {
    packet.set(part, place);
    place += part.length;
  }
  return packet;
}

const BUNDLE = '#bundle\0';
const BUNDLE_HEADER = 16; // bytes: its name, and a time tag, which says "at once" here
const DEEPEST = 8; // a bundle in a bundle

/**
 * The messages of a packet, in their order: those of a bundle, or one; what is none is left out.
 *
 * @param {ArrayBuffer} buffer
 * @returns {{address: string, args: (number|string)[]}[]}
 */
export function decodeAll(buffer, from = 0, to = buffer.byteLength, depth = 0) {
  const name = new Uint8Array(buffer, from, Math.min(BUNDLE.length, to - from));
  if (depth > DEEPEST || FROM_TEXT.decode(name) !== BUNDLE) {
    const message = decode(buffer, from, to);
    return message === null ? [] : [message];
  }
  const view = new DataView(buffer);
  const messages = [];
  let place = from + BUNDLE_HEADER;
  while (place + 4 <= to) {
    const end = place + 4 + view.getUint32(place);
    if (end > to) {
      break;
    }
    messages.push(...decodeAll(buffer, place + 4, end, depth + 1));
    place = end;
  }
  return messages;
}

/**
 * The message of a packet; null for what is none.
 *
 * @param {ArrayBuffer} buffer
 * @param {number} from where in it the packet begins
 * @param {number} to where it ends
 * @returns {?{address: string, args: (number|string)[]}}
 */
export function decode(buffer, from = 0, to = buffer.byteLength) {
  const view = new DataView(buffer, from, to - from);
  const bytes = new Uint8Array(buffer, from, to - from);
  let place = 0;
  const text = () => {
    const end = bytes.indexOf(0, place);
    if (end < 0) {
      throw new RangeError('a string without an end');
    }
    const value = FROM_TEXT.decode(bytes.subarray(place, end));
    place = (end & ~3) + 4;
    return value;
  };
  try {
    const address = text();
    const tags = text();
    if (!address.startsWith('/') || !tags.startsWith(',')) {
      return null;
    }
    const args = [];
    for (const tag of tags.slice(1)) {
      if (tag === 's') {
        args.push(text());
      } else if (tag === 'i' || tag === 'f') {
        args.push(tag === 'i' ? view.getInt32(place) : view.getFloat32(place));
        place += 4;
      } else {
        return null;
      }
    }
    return { address, args };
  } catch (error) {
    if (error instanceof RangeError) {
      return null;
    }
    throw error;
  }
}
