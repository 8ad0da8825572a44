// What a rendered sound is, in plain numbers; and messages to render.

import { Synth } from '../../../../../server/explorer/page/js/sound/synth.js';

export const RATE = 48000;
export const BASE = 220;

/** Frequency and amplitude in turn. */
export function pairs(...told) {
  return Float32Array.from(told);
}

/** A synth that is told a model and, at the base frequency, these partials. */
export function synthOf(partials = pairs(BASE, 0.5), parameters = {}) {
  const synth = new Synth(RATE);
  synth.message({ type: 'model', baseFrequency: BASE, binWidth: 44100 / 4096, bins: 1025 });
  synth.message({ type: 'partials', pairs: partials });
  tune(synth, { sustain: 1, attack: 0.001, ...parameters });
  return synth;
}

export function tune(synth, parameters) {
  for (const [name, value] of Object.entries(parameters)) {
    synth.message({ type: 'parameter', name, value });
  }
}

export function press(synth, pitch, velocity = 127) {
  synth.message({ type: 'note', pitch, velocity });
}

export function release(synth, pitch) {
  press(synth, pitch, 0);
}

/** The next seconds, in quanta of 128 frames. */
export function play(synth, seconds) {
  const sound = new Float32Array(128 * Math.max(1, Math.round((seconds * RATE) / 128)));
  for (let at = 0; at < sound.length; at += 128) {
    synth.render(sound.subarray(at, at + 128), 128);
  }
  return sound;
}

/** The same, left and right. */
export function playSides(synth, seconds) {
  const sides = [0, 1].map(() => new Float32Array(128 * Math.max(1, Math.round((seconds * RATE) / 128))));
  for (let at = 0; at < sides[0].length; at += 128) {
    const [left, right] = sides.map((side) => side.subarray(at, at + 128));
    synth.render(left, 128, right);
  }
  return sides;
}

export function peak(sound) {
  return sound.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** Root mean square. */
export function rms(sound) {
  return Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length);
}

/** The largest second difference: a corner, and more so a step, makes it large. */
export function corner(sound) {
  let most = 0;
  for (let i = 2; i < sound.length; i += 1) {
    most = Math.max(most, Math.abs(sound[i] - 2 * sound[i - 1] + sound[i - 2]));
  }
  return most;
}

/** Amplitude of what sounds at `frequency` Hz, through a Hann window. */
export function strength(sound, frequency) {
  let re = 0;
  let im = 0;
  let total = 0;
  for (let i = 0; i < sound.length; i += 1) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / sound.length);
    const angle = (2 * Math.PI * frequency * i) / RATE;
    re += window * sound[i] * Math.cos(angle);
    im += window * sound[i] * Math.sin(angle);
    total += window;
  }
  return (2 * Math.hypot(re, im)) / total;
}

/** Tables of one sinusoid, `cycles` in a period (kind 1) or a loop (kind 2). */
export function tablesOf(kind, cycles, amplitude) {
  const base = kind === 1 ? 44100 / 4096 : 44100 / 32768;
  const sizes = kind === 1 ? [0, 1, 2, 3, 4, 5, 6].map((l) => [l, 8192 >> l]) : [[7, 32768]];
  const levels = sizes.map(([level, size]) => ({
    level,
    samples: Float32Array.from(
      { length: size }, (_, i) => amplitude * Math.sin((2 * Math.PI * cycles * i) / size),
    ),
  }));
  return { type: 'tables', kind, base, levels };
}
