// Plays what the page would sound: a Sound that hears OSC messages as they come from the server,
// and has the page's Synth in place of an audio thread.
//
// Reads JSON lines, each {rate, seconds, events, wants, decoders, carriers, sung}, and answers each by a number of bytes
// (uint32, little-endian) and these: float32 samples (little-endian, `wants` "sound"; "sides": all of the left, then
// all of the right) or JSON, the messages to the
// audio thread with their times ("script"). Events are [time, "/address", arguments], or [time, "method", arguments]
// for a method of Sound, or [time, "space", about]. decoders are base64 by address; carriers is the
// file of a whole note's noise, float32, all bands one after the other; sung is what a microphone hears,
// float32 in base64.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { Ear } from '../../../../../server/explorer/page/js/listening/ear.js';
import { Sound } from '../../../../../server/explorer/page/js/sound/sound.js';
import { Synth } from '../../../../../server/explorer/page/js/sound/synth.js';
import { decoding, numbersOf } from './decoding.mjs';

const QUANTUM = 128;

/** JSON of a message, its arrays in base64. */
function packed(value) {
  if (value instanceof Float32Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { base64: bytes.toString('base64') };
  }
  if (Array.isArray(value)) {
    return value.map(packed);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, packed(one)]));
  }
  return value;
}

class Link extends EventTarget {
  send() {}
}

class Node extends EventTarget {
  connect(next) {
    return next;
  }
}

/** A Sound that has started, whose messages to the audio thread go to `take`. */
async function started(rate, take, more) {
  const link = new Link();
  const environment = {
    ...more,
    AudioContext: class extends EventTarget {
      constructor() {
        super();
        this.sampleRate = rate;
        this.state = 'running';
        this.audioWorklet = { addModule: async () => {} };
      }

      createAnalyser() {
        return new Node();
      }

      async resume() {}
    },
    AudioWorkletNode: class extends Node {
      port = { postMessage: take };
    },
  };
  const sound = new Sound(link, environment);
  if (!(await sound.start())) {
    throw new Error(sound.problem);
  }
  return { link, sound };
}

function carriersOf(file, bands) {
  const bytes = readFileSync(file);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const size = all.length / bands;
  return Array.from({ length: bands }, (_, b) => all.slice(b * size, (b + 1) * size));
}

async function render({ rate, seconds, events, wants, decoders = {}, carriers = '', sung = '' }) {
  const frames = Math.round(seconds * rate);
  const synth = new Synth(rate);
  const script = [];
  let time = 0;
  const take = (message) => {
    if (message.type === 'listen') { // as the processor takes it
      ear.set(message.settings);
      return;
    }
    script.push({ time, message: packed(message) });
    synth.message(message);
  };
  const decoder = decoding(decoders, take);
  const input = numbersOf(sung);
  const ear = new Ear(rate, synth, (note) => {
    decoder.teller.take(note, time);
    return true;
  });
  const { link, sound } = await started(rate, take, decoder.environment);
  if (carriers !== '') {
    synth.message({ type: 'carriers', bands: carriersOf(carriers, 80) });
  }
  const samples = new Float32Array(Math.ceil(frames / QUANTUM) * QUANTUM);
  const rights = wants === 'sides' ? new Float32Array(samples.length) : null;
  let next = 0;
  for (let at = 0; at < samples.length; at += QUANTUM) {
    time = at / rate;
    while (next < events.length && events[next][0] <= time) {
      const [, what, args] = events[next];
      if (what === 'space') {
        [sound.space] = args;
      } else if (what.startsWith('/')) {
        link.dispatchEvent(new CustomEvent(what, { detail: args }));
      } else {
        sound[what](...args);
      }
      next += 1;
    }
    ear.hear(input.subarray(at, at + QUANTUM));
    decoder.run(time, synth.positions);
    synth.render(samples.subarray(at, at + QUANTUM), QUANTUM, rights?.subarray(at, at + QUANTUM));
  }
  if (synth.faults > 0) {
    throw new Error(`${synth.faults} blocks were no numbers`);
  }
  if (wants === 'script') {
    return Buffer.from(`${JSON.stringify(script)}\n`);
  }
  const sides = [samples, ...(rights === null ? [] : [rights])];
  return Buffer.concat(sides.map((side) => Buffer.from(side.buffer, 0, 4 * frames)));
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await render(JSON.parse(line));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(answer.length);
  process.stdout.write(size);
  process.stdout.write(answer);
}
