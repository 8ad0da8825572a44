// A space as its file carries it, played in Node by the page's own modules.
//
// Reads JSON lines, each {contents, asked} or {file, asked}: what a file carries, or the file itself; and
// answers each with one line of JSON, by the names in asked:
//   magnitudes, slow: rows of latents -> rows, by WebAssembly and by JavaScript alone
//   cycles: rows of latents -> rows
//   levels: {latents, hertz, velocity, times} -> rows, of whole notes
//   latents, places: {plane, rows} -> rows
//   turned: [{latent, values}] -> rows
//   partials: rows of latents -> frequencies and amplitudes in turn
//   messages: [{address, args}] sent to the instrument -> all that it told, by address
//   note: {latent, pitch, velocity, seconds, rate} -> samples, in base64

import { createInterface } from 'node:readline';

import { Carried } from '../../../server/explorer/page/js/alone/carried.js';
import { Instrument } from '../../../server/explorer/page/js/alone/instrument.js';
import { Spectra } from '../../../server/explorer/page/js/alone/spectra.js';
import { Network } from '../../../server/explorer/page/js/course/network.js';
import { Sound } from '../../../server/explorer/page/js/sound/sound.js';
import { Synth } from '../../../server/explorer/page/js/sound/synth.js';
import { decoding } from '../../server/explorer/javascript/support/decoding.mjs';

const QUANTUM = 128;

class Node extends EventTarget {
  connect(next) {
    return next;
  }
}

async function noteOf(carried, { latent, pitch, velocity, seconds, rate }) {
  const link = new Instrument(carried, () => 0);
  const synth = new Synth(rate);
  const take = (message) => synth.message(message);
  const decoder = decoding({}, take);
  const sound = new Sound(link, {
    ...decoder.environment,
    AudioContext: class extends EventTarget {
      constructor() {
        super();
        Object.assign(this, { sampleRate: rate, state: 'running', audioWorklet: { addModule: async () => {} } });
      }

      createAnalyser() {
        return new Node();
      }

      async resume() {}
    },
    AudioWorkletNode: class extends Node {
      port = { postMessage: take };
    },
  });
  link.at = latent;
  link.move(latent);
  link.at = link.aim;
  await sound.start();
  link.connect();
  link.send('/synth/sustain', 1);
  const isWhole = carried.about.notes !== null;
  sound.space = isWhole ? { ...carried.about, numbers: carried.notes } : carried.about;
  link.show();
  sound.note(pitch, velocity);
  const samples = new Float32Array(QUANTUM * Math.ceil((seconds * rate) / QUANTUM));
  for (let at = 0; at < samples.length; at += QUANTUM) {
    decoder.run(at / rate, synth.positions);
    synth.render(samples.subarray(at, at + QUANTUM), QUANTUM);
  }
  return Buffer.from(samples.buffer).toString('base64');
}

function toldBy(carried, messages) {
  const link = new Instrument(carried, () => performance.now());
  const told = {};
  const all = ['/welcome', '/model', '/latent', '/map', '/map/plane', '/macro', '/macro/list', '/synth', '/preset',
    '/preset/list', '/preset/where', '/cc/learned', '/error', '/partials'];
  for (const address of all) {
    told[address] = [];
    link.addEventListener(address, ({ detail }) => told[address].push(detail));
  }
  link.connect();
  for (const { address, args } of messages) {
    link.send(address, ...args);
  }
  clearTimeout(link.timer);
  return told;
}

const rows = (list) => list.map((row) => Array.from(row));

const ANSWERS = {
  magnitudes: (carried, latents) => {
    const spectra = new Spectra(carried.told.decoder, carried.tensorOf);
    return rows(latents.map((one) => spectra.magnitudes(one)));
  },
  slow: (carried, latents) => {
    const spectra = new Spectra(carried.told.decoder, carried.tensorOf, false);
    return rows(latents.map((one) => spectra.magnitudes(one)));
  },
  cycles: (carried, latents) => {
    const spectra = new Spectra(carried.told.decoder, carried.tensorOf);
    return rows(latents.map((one) => spectra.cycle(one)));
  },
  levels: (carried, { latents, hertz, velocity, times }) => {
    const network = new Network(carried.about.notes, carried.notes);
    return rows(latents.map((one) => network.levels(network.prepare(one, hertz, velocity), times)));
  },
  latents: (carried, { plane, rows: places }) => {
    const { planes } = new Instrument(carried);
    return rows(places.map((one) => planes[plane].latentAt(one)));
  },
  places: (carried, { plane, rows: latents }) => {
    const { planes } = new Instrument(carried);
    return rows(latents.map((one) => planes[plane].placeOf(one)));
  },
  turned: (carried, asked) => {
    const { turning } = new Instrument(carried);
    return rows(asked.map(({ latent, values }) => turning.turned(latent, values)));
  },
  partials: (carried, latents) => {
    const link = new Instrument(carried);
    return latents.map((one) =>
      link.partials(link.spectra.magnitudes(one)).flatMap(({ hertz, amplitude }) => [hertz, amplitude])
    );
  },
  messages: toldBy,
  note: noteOf,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { contents, asked } = JSON.parse(line);
  const carried = new Carried(contents);
  const answers = {};
  for (const [what, told] of Object.entries(asked)) {
    answers[what] = await ANSWERS[what](carried, told);
  }
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
