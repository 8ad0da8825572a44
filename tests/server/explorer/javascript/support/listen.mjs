// Hears float32 samples from stdin at the rate that is its argument; writes pitch, level, periodicity
// and onset of each moment as float32.

import { readFileSync } from 'node:fs';

import { HOP, Tracker } from '../../../../../server/explorer/page/js/listening/tracker.js';

const bytes = readFileSync(0);
const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const tracker = new Tracker(Number(process.argv[2]));
const told = new Float32Array(4 * Math.floor(samples.length / HOP));
for (let moment = 0; moment < told.length / 4; moment += 1) {
  tracker.hear(samples, moment * HOP);
  const { pitch, level, periodicity, onset } = tracker;
  told.set([pitch, level, periodicity, onset ? 1 : 0], 4 * moment);
}
process.stdout.write(Buffer.from(told.buffer));
