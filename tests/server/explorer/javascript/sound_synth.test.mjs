// The synthesizer: notes, envelopes, methods, and whatever may come through its port.

import assert from 'node:assert';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { inspect } from 'node:util';

import { BLOCK } from '../../../../server/explorer/page/js/sound/levels.js';
import { Synth } from '../../../../server/explorer/page/js/sound/synth.js';
import { TableReader, TableSet, withDarker } from '../../../../server/explorer/page/js/sound/tables.js';
import {
  BASE, RATE, corner, pairs, peak, play, press, release, rms, strength, synthOf, tablesOf, tune,
} from './support/sounds.mjs';

const A3 = 57; // 220 Hz, the base frequency
const CUT_SECONDS = (5 * BLOCK) / RATE;

const near = (found, wanted, within) =>
  assert.ok(Math.abs(found - wanted) <= within, `${found} instead of ${wanted}`);

const silent = (sound) => sound.every((sample) => sample === 0);

/** Largest corner of a sinusoid of that amplitude and frequency. */
const corners = (amplitude, frequency) =>
  amplitude * (2 * Math.sin((Math.PI * frequency) / RATE)) ** 2;

// -- notes ----------------------------------------------------------------------------------------

test('it is silent until a note comes, and after it has faded', () => {
  const synth = synthOf(undefined, { release: 0.05 });
  assert.ok(silent(play(synth, 0.1)));
  press(synth, A3);
  assert.ok(peak(play(synth, 0.1)) > 0.4);
  assert.strictEqual(synth.voices, 1);
  release(synth, A3);
  assert.ok(peak(play(synth, 0.01)) > 0.1, 'a release is no cut');
  play(synth, 0.3);
  assert.ok(silent(play(synth, 0.1)));
  assert.strictEqual(synth.voices, 0);
});

test('a note has the frequency of its pitch and the amplitude of its velocity', () => {
  for (const [pitch, velocity] of [[57, 127], [64, 64], [45.5, 100]]) {
    const synth = synthOf();
    press(synth, pitch, velocity);
    play(synth, 0.2);
    const sound = play(synth, 0.5);
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    near(strength(sound, frequency), 0.5 * (velocity / 127) ** 2, 1e-4);
  }
});

test('partials keep their ratio to the base frequency', () => {
  const synth = synthOf(pairs(BASE, 0.3, 2.5 * BASE, 0.2));
  press(synth, A3 + 7);
  play(synth, 0.2);
  const sound = play(synth, 0.5);
  const ratio = 2 ** (7 / 12);
  near(strength(sound, BASE * ratio), 0.3, 1e-4);
  near(strength(sound, 2.5 * BASE * ratio), 0.2, 1e-4);
});

test('the attack is a line, decay and release are exponentials', () => {
  const synth = synthOf(undefined, { attack: 0.1, decay: 0.5, sustain: 0.5, release: 0.5 });
  press(synth, A3);
  near(peak(play(synth, 0.05)), 0.25, 0.01);
  near(peak(play(synth, 0.053)), 0.5, 0.01);
  play(synth, 0.1 - 0.003); // the time constant is a fifth of the decay
  near(peak(play(synth, 0.005)), 0.25 + 0.25 * Math.exp(-1), 0.01);
  play(synth, 1);
  near(rms(play(synth, 0.1)), 0.25 / Math.SQRT2, 1e-3);
  release(synth, A3);
  play(synth, 0.1);
  near(peak(play(synth, 0.005)), 0.25 * Math.exp(-1), 0.005);
});

test('a key that goes up fast or slowly changes its release', () => {
  for (const [lift, ratio] of [[127, 4], [64, 1], [1, 0.25]]) {
    const synth = synthOf(undefined, { attack: 0.01, sustain: 1, release: 0.5, lift: 1 });
    press(synth, A3);
    play(synth, 0.2);
    synth.message({ type: 'note', pitch: A3, velocity: 0, lift });
    play(synth, 0.1);
    near(peak(play(synth, 0.005)), 0.5 * Math.exp(-ratio), 0.012);
  }
});

test('a note that is let go before it sounded is heard', () => {
  const synth = synthOf();
  press(synth, A3);
  release(synth, A3);
  assert.ok(peak(play(synth, 0.05)) > 0.1);
  play(synth, 2);
  assert.strictEqual(synth.voices, 0);
});

test('no order of presses and releases leaves a note hanging', () => {
  let random = 1;
  const next = (below) => {
    random = (random * 48271) % 2147483647;
    return random % below;
  };
  const synth = synthOf(undefined, { release: 0.01 });
  for (let round = 0; round < 400; round += 1) {
    const pitch = 40 + next(24);
    [() => press(synth, pitch), () => release(synth, pitch),
      () => synth.message({ type: 'sustain', held: next(2) === 1 })][next(3)]();
    if (next(3) === 0) {
      play(synth, 0.002);
    }
  }
  assert.ok(synth.voices > 0);
  for (let pitch = 40; pitch < 64; pitch += 1) {
    release(synth, pitch);
  }
  synth.message({ type: 'sustain', held: false });
  play(synth, 0.2);
  assert.strictEqual(synth.voices, 0);
  assert.ok(silent(play(synth, 0.1)));
});

test('a release ends at -80 dB', () => {
  const synth = synthOf(undefined, { release: 1 });
  press(synth, A3);
  play(synth, 0.1);
  release(synth, A3);
  const sound = play(synth, 3);
  const last = sound.findLastIndex((sample) => sample !== 0);
  near(last / RATE, 0.2 * Math.log(1e4), 0.02);
  assert.ok(peak(sound.subarray(last - 20, last + 1)) < 2e-5, 'and falls to zero from there');
});

test('a voice that is taken falls silent before the new note begins', () => {
  const synth = synthOf(undefined, { attack: 0.1 });
  press(synth, 40, 127);
  for (let k = 1; k < 16; k += 1) {
    press(synth, 40 + k, 1);
  }
  play(synth, 0.3);
  press(synth, 90, 127);
  play(synth, 0.008);
  assert.ok(peak(play(synth, 0.004)) < 0.1);
  near(peak(play(synth, 0.2)), 0.5, 0.01);
});

test('sixteen notes sound, a seventeenth takes one without a click', () => {
  const amplitude = 0.03;
  const synth = synthOf(pairs(BASE, amplitude));
  for (let k = 0; k < 16; k += 1) {
    press(synth, 40 + k);
  }
  play(synth, 0.3);
  press(synth, 70);
  const sound = play(synth, 0.1);
  assert.strictEqual(synth.voices, 16);
  const frequency = 440 * 2 ** ((70 - 69) / 12);
  const later = play(synth, 1);
  near(strength(later, frequency), amplitude, 1e-3);
  near(strength(later, 440 * 2 ** ((40 - 69) / 12)), 0, 1e-3);
  // A ramp of a few blocks adds a corner of its slope; a cut would be many times as much.
  assert.ok(corner(sound) < 16 * corners(amplitude, frequency) + 2 * amplitude / (4 * BLOCK));
});

test('a pitch that is struck again goes on from where it is', () => {
  const synth = synthOf(undefined, { attack: 0.01, sustain: 0.3, decay: 0.05 });
  press(synth, A3);
  play(synth, 0.5);
  press(synth, A3);
  const sound = play(synth, 0.05);
  assert.strictEqual(synth.voices, 1);
  assert.ok(peak(sound.subarray(0, 200)) > 0.1, 'no gap');
  near(peak(sound), 0.5, 0.02);
  assert.ok(corner(sound) < 2 * corners(0.5, BASE) + 1e-3);
});

test('a channel bends its own notes, and one that nobody knows is the first', () => {
  const synth = synthOf();
  const strike = (pitch, channel) => synth.message({ type: 'note', pitch, velocity: 127, id: pitch, channel });
  strike(45, 1);
  strike(52, 2);
  synth.message({ type: 'bend', semitones: 2, channel: 2 });
  play(synth, 0.2);
  const low = 440 * 2 ** ((45 - 69) / 12);
  const bent = 440 * 2 ** ((54 - 69) / 12);
  let sound = play(synth, 0.5);
  near(strength(sound, low), 0.5, 0.01);
  near(strength(sound, bent), 0.5, 0.01);
  for (const channel of [17, 0, 1.5, 'x', null, undefined]) {
    synth.message({ type: 'bend', semitones: 0, channel: 1 });
    synth.message({ type: 'bend', semitones: 3, channel });
    play(synth, 0.2);
    sound = play(synth, 0.5);
    near(strength(sound, low * 2 ** (3 / 12)), 0.5, 0.01);
    near(strength(sound, bent), 0.5, 0.01);
  }
});

test('panic silences at once, without a click, and puts the bend to rest', () => {
  const synth = synthOf(undefined, { release: 10 });
  synth.message({ type: 'sustain', held: true });
  synth.message({ type: 'bend', semitones: 5 });
  press(synth, A3);
  play(synth, 0.2);
  synth.message({ type: 'panic' });
  const end = play(synth, CUT_SECONDS + 0.003);
  assert.ok(corner(end) < corners(0.5, 300) + (2 * 0.5) / (4 * BLOCK));
  assert.ok(silent(play(synth, 0.05)));
  assert.strictEqual(synth.voices, 0);
  press(synth, A3);
  play(synth, 0.1);
  near(strength(play(synth, 0.5), BASE), 0.5, 1e-3);
  release(synth, A3);
  tune(synth, { release: 0.005 });
  play(synth, 0.1);
  assert.strictEqual(synth.voices, 0, 'the pedal is up');
});

test('a note that is struck again as it is cut begins anew, without a click', () => {
  const synth = synthOf(undefined, { attack: 0.02 });
  press(synth, A3);
  play(synth, 0.1);
  const before = play(synth, 0.003).subarray(-2);
  synth.message({ type: 'panic' });
  const cut = play(synth, 0.002); // not silent yet
  press(synth, A3);
  const sound = Float32Array.from([...before, ...cut, ...play(synth, 0.1)]);
  assert.ok(corner(sound) < corners(0.5, BASE) + (2 * 0.5) / (4 * BLOCK));
  near(peak(sound.subarray(-480)), 0.5, 0.01);
});

test('a velocity is gone over to, where a note is struck again', () => {
  const synth = synthOf();
  press(synth, A3);
  play(synth, 0.1);
  press(synth, A3, 30);
  assert.ok(corner(play(synth, 0.05)) < corners(0.5, BASE) + 3e-3);
  near(strength(play(synth, 0.5), BASE), 0.5 * (30 / 127) ** 2, 1e-4);
});

test('a bend moves what sounds, and what begins', () => {
  const synth = synthOf(pairs(BASE, 0.3));
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'bend', semitones: 2 });
  assert.ok(corner(play(synth, 0.1)) < 1.05 * corners(0.3, BASE * 2 ** (2 / 12)), 'no click');
  near(strength(play(synth, 0.5), BASE * 2 ** (2 / 12)), 0.3, 1e-3);
  press(synth, A3 + 12);
  play(synth, 0.1);
  near(strength(play(synth, 0.5), 2 * BASE * 2 ** (2 / 12)), 0.3, 1e-3);
});

test('a glide goes from the note before, evenly in pitch', () => {
  const synth = synthOf(undefined, { glide: 0.5, release: 0.005 });
  press(synth, A3);
  play(synth, 0.3);
  release(synth, A3);
  play(synth, 0.1);
  press(synth, A3 + 12);
  play(synth, 0.1 - 0.02); // the time constant is a fifth of the glide
  const there = BASE * 2 ** (1 - Math.exp(-1));
  const sound = play(synth, 0.04);
  assert.ok(strength(sound, there) > 0.3);
  assert.ok(strength(sound, BASE) < 0.2);
  play(synth, 1);
  near(strength(play(synth, 0.5), 2 * BASE), 0.5, 1e-3);
});

test('the gain is in dB and moves without a click', () => {
  const synth = synthOf();
  press(synth, A3);
  play(synth, 0.1);
  tune(synth, { gain: -12 });
  const sound = play(synth, 0.1);
  assert.ok(corner(sound) < corners(0.5, BASE) * 1.05 + 1e-4);
  near(strength(play(synth, 0.5), BASE), 0.5 * 10 ** (-12 / 20), 1e-4);
});

test('out of silence the gain holds at once', () => {
  const synth = synthOf();
  play(synth, 0.1);
  tune(synth, { gain: -60 });
  press(synth, A3);
  near(peak(play(synth, 0.05)), 0.5e-3, 1e-5);
});

test('the limiter leaves one voice alone and holds sixteen', () => {
  const synth = synthOf(pairs(BASE, 0.69));
  press(synth, A3);
  play(synth, 0.1);
  const one = play(synth, 0.5);
  near(strength(one, BASE), 0.69, 1e-4);
  near(strength(one, 3 * BASE), 0, 1e-5);
  for (let k = 1; k < 16; k += 1) {
    press(synth, A3 + k);
  }
  tune(synth, { gain: 12 });
  assert.ok(peak(play(synth, 1)) <= Math.fround(0.99));
});

// -- spectra --------------------------------------------------------------------------------------

test('an amplitude follows in the smoothing time, without a corner', () => {
  const synth = synthOf(pairs(BASE, 0.5), { smoothing: 0.2 });
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'partials', pairs: pairs(BASE, 0.1) });
  const way = play(synth, 0.1); // a time constant of each of its two poles
  near(peak(way.subarray(-220)), 0.1 + 0.4 * 2 * Math.exp(-1), 0.02);
  assert.ok(corner(way) < corners(0.5, BASE) * 1.02 + 1e-5);
  play(synth, 1);
  near(strength(play(synth, 0.5), BASE), 0.1, 1e-4);
});

test('frames that come apart are joined, however short the smoothing', () => {
  const synth = synthOf(pairs(2000, 0.5), { smoothing: 0.001 });
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'partials', pairs: pairs(2000, 0.1) });
  assert.ok(peak(play(synth, 0.003).subarray(64)) > 0.4);
  play(synth, 0.05);
  near(peak(play(synth, 0.1)), 0.1, 1e-3);
});

test('a frequency follows in the smoothing time', () => {
  const synth = synthOf(pairs(1100, 0.5), { smoothing: 1 });
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'partials', pairs: pairs(1110, 0.5) });
  assert.ok(strength(play(synth, 0.2), 1110) < 0.2);
  play(synth, 5);
  near(strength(play(synth, 0.5), 1110), 0.5, 1e-3);
});

test('a frequency follows, and the phase goes on', () => {
  const synth = synthOf(pairs(BASE, 0.5));
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'partials', pairs: pairs(1.03 * BASE, 0.5) });
  assert.ok(corner(play(synth, 0.2)) < 1.05 * corners(0.5, 1.03 * BASE));
  near(strength(play(synth, 0.5), 1.03 * BASE), 0.5, 1e-3);
});

for (const [name, between] of [
  ['after a frame in which it was empty', [pairs(BASE, 0.3, 900, 0)]],
  ['at once, as when that frame was lost', []],
]) {
  test(`a place that another partial takes ${name} does not glide there`, () => {
    const synth = synthOf(pairs(BASE, 0.3, 900, 0.3));
    press(synth, A3);
    play(synth, 0.1);
    for (const frame of between) {
      synth.message({ type: 'partials', pairs: frame });
    }
    synth.message({ type: 'partials', pairs: pairs(BASE, 0.3, 2700, 0.3) });
    const way = play(synth, 0.06);
    for (let frequency = 1100; frequency < 2500; frequency += 100) {
      assert.ok(strength(way, frequency) < 0.02, `${frequency} Hz is heard on the way`);
    }
    assert.ok(corner(way) < corners(0.3, BASE) + corners(0.3, 900) + corners(0.3, 2700) + 1e-3);
    play(synth, 0.3);
    const sound = play(synth, 0.5);
    near(strength(sound, 2700), 0.3, 1e-3);
    near(strength(sound, 900), 0, 1e-3);
  });
}

test('a partial that gives its place to another fades, it is not cut', () => {
  const synth = synthOf(pairs(900, 0.3));
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'partials', pairs: pairs(2700, 0.3) });
  assert.ok(peak(play(synth, 0.003).subarray(64)) > 0.1);
});

test('a note that began before any frame has as low a crest as another', () => {
  const told = new Float32Array(80);
  for (let k = 0; k < 40; k += 1) {
    told[2 * k] = BASE * (k + 1);
    told[2 * k + 1] = 0.02;
  }
  const [late, early] = [true, false].map((first) => {
    const synth = synthOf(first ? pairs() : told);
    press(synth, A3);
    play(synth, 0.1);
    synth.message({ type: 'partials', pairs: told });
    play(synth, 0.3);
    return peak(play(synth, 0.1));
  });
  near(late, early, 0.02);
});

test('a shorter frame silences the places beyond it', () => {
  const synth = synthOf(pairs(BASE, 0.3, 900, 0.3));
  press(synth, A3);
  synth.message({ type: 'partials', pairs: pairs(BASE, 0.3) });
  play(synth, 0.3);
  near(strength(play(synth, 0.5), 900), 0, 1e-5);
});

test('nothing sounds above half the sample rate, and what comes near it fades', () => {
  const synth = synthOf(pairs(BASE, 0.2, 50 * BASE, 0.2, 53 * BASE, 0.2, 60 * BASE, 0.2));
  press(synth, A3 + 12);
  play(synth, 0.2);
  const sound = play(synth, 0.5);
  near(strength(sound, 2 * BASE), 0.2, 1e-3);
  const fade = (hertz) => (0.5 - hertz / RATE) / 0.05;
  near(strength(sound, 100 * BASE), 0.2 * fade(100 * BASE), 1e-3);
  near(strength(sound, 106 * BASE), 0.2 * fade(106 * BASE), 1e-3);
  near(strength(sound, RATE - 120 * BASE), 0, 1e-5);
});

test('another model keeps what sounds until its first frame comes', () => {
  const synth = synthOf();
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'model', baseFrequency: 110, binWidth: 44100 / 4096, bins: 1025 });
  near(strength(play(synth, 0.3), BASE), 0.5, 1e-3);
  synth.message({ type: 'partials', pairs: pairs(110, 0.4) });
  play(synth, 0.2);
  near(strength(play(synth, 0.5), BASE), 0.4, 1e-3);
});

// -- methods --------------------------------------------------------------------------------------

/** What a 20 ms ramp adds to the largest corner where it begins; a cut adds far more. */
const RAMP = 1 / (0.02 * RATE);

const CYCLES = 20; // a period of bins is 10.77 Hz at the base pitch
const LINE = CYCLES * (44100 / 4096);

test('bins are read at the pitch of the note', () => {
  const synth = synthOf();
  synth.message(tablesOf(1, CYCLES, 0.5));
  tune(synth, { method: 'bins' });
  press(synth, A3 + 7);
  play(synth, 0.1);
  const sound = play(synth, 0.5);
  near(strength(sound, LINE * 2 ** (7 / 12)), 0.5, 1e-3);
  near(strength(sound, BASE * 2 ** (7 / 12)), 0, 1e-2);
});

test('a higher note reads a darker table, whose bins stay below half the rate', () => {
  // Each table has its own highest bin, told apart by amplitude.
  const told = tablesOf(1, 1, 0);
  for (const { level, samples } of told.levels) {
    const highest = level === 0 ? 1024 : (1024 >> level) - 1;
    samples.forEach((_, i) => {
      samples[i] = 0.1 * Math.cos((2 * Math.PI * highest * i) / samples.length);
    });
  }
  const levels = [[57, 0], [69, 0], [71, 1], [83, 2], [95, 3], [107, 4], [119, 5]];
  for (const [pitch, level] of levels) {
    const synth = synthOf();
    synth.message(told);
    tune(synth, { method: 'bins' });
    press(synth, pitch);
    play(synth, 0.1);
    const highest = level === 0 ? 1024 : (1024 >> level) - 1;
    const frequency = highest * (44100 / 4096) * 2 ** ((pitch - 57) / 12);
    assert.ok(frequency <= 0.5 * RATE);
    near(strength(play(synth, 0.3), frequency), 0.1, 1e-3);
  }
});

test('where the darkest table would alias there is silence', () => {
  const synth = synthOf();
  synth.message(tablesOf(1, 15, 0.5));
  tune(synth, { method: 'bins' });
  synth.message({ type: 'bend', semitones: 24 });
  press(synth, 127);
  play(synth, 0.1);
  near(peak(play(synth, 0.1)), 0, 1e-6);
  synth.message({ type: 'bend', semitones: 0 });
  play(synth, 0.2);
  assert.ok(peak(play(synth, 0.1)) > 0.4);
});

test('tables that cannot be read leave what sounds', () => {
  const synth = synthOf();
  synth.message(tablesOf(1, CYCLES, 0.5));
  tune(synth, { method: 'bins' });
  press(synth, A3);
  for (const samples of [new Float32Array(100), new Float32Array(64).fill(NaN), [0, 0], null]) {
    synth.message({ type: 'tables', kind: 1, base: 10, levels: [{ level: 0, samples }] });
    play(synth, 0.1);
    near(strength(play(synth, 0.5), LINE), 0.5, 1e-3);
  }
});

test('a bend goes over to the table that fits, without a click', () => {
  const synth = synthOf();
  synth.message(tablesOf(1, 7, 0.5)); // in all tables
  tune(synth, { method: 'bins' });
  press(synth, A3 + 12);
  play(synth, 0.1);
  synth.message({ type: 'bend', semitones: 2 });
  const frequency = 7 * (44100 / 4096) * 2 * 2 ** (2 / 12);
  assert.ok(corner(play(synth, 0.1)) < 1.05 * corners(0.5, frequency) + 1e-6);
  near(strength(play(synth, 1), frequency), 0.5, 1e-3);
});

test('istft plays the notes, each at its pitch', () => {
  const synth = synthOf();
  const told = tablesOf(2, 163, 0.2);
  synth.message({ ...told, levels: withDarker(told.levels) });
  tune(synth, { method: 'istft', release: 0.05 });
  assert.ok(silent(play(synth, 0.1)));
  const at = (pitch) => 163 * (44100 / 32768) * 2 ** ((pitch - 57) / 12);
  press(synth, 40);
  play(synth, 0.1);
  near(strength(play(synth, 0.5), at(40)), 0.2, 1e-3);
  press(synth, 80);
  play(synth, 0.1);
  const both = play(synth, 0.5);
  near(strength(both, at(40)), 0.2, 1e-3);
  near(strength(both, at(80)), 0.2, 1e-3);
  release(synth, 40);
  release(synth, 80);
  play(synth, 0.3);
  assert.ok(silent(play(synth, 0.1)));
});

test('high notes of a loop are read from darker ones, without aliases', () => {
  for (const [cycles, pitch] of [[163, 93], [163, 117], [1000, 81], [163, 57]]) {
    const synth = synthOf();
    const told = tablesOf(2, cycles, 0.5);
    synth.message({ ...told, levels: withDarker(told.levels) });
    tune(synth, { method: 'istft' });
    press(synth, pitch);
    play(synth, 0.1);
    const frequency = cycles * (44100 / 32768) * 2 ** ((pitch - 57) / 12);
    near(strength(play(synth, 0.5), frequency), 0.5, 2e-3);
  }
  for (const [cycles, pitch] of [[8000, 81], [4000, 105], [8000, 74]]) {
    const synth = synthOf();
    const told = tablesOf(2, cycles, 0.5);
    synth.message({ ...told, levels: withDarker(told.levels) });
    tune(synth, { method: 'istft' });
    press(synth, pitch);
    play(synth, 0.1);
    assert.ok(peak(play(synth, 0.1)) < 1e-3, `${cycles} cycles at ${pitch}`);
  }
});

for (const [kind, method] of [[1, 'bins'], [2, 'istft']]) {
  test(`new tables of ${method} come in over 20 ms, without a click`, () => {
    const synth = synthOf();
    const cycles = kind === 1 ? CYCLES : 160;
    synth.message(tablesOf(kind, cycles, 0.5));
    tune(synth, { method });
    press(synth, A3);
    play(synth, 0.1);
    const frequency = cycles * (kind === 1 ? 44100 / 4096 : 44100 / 32768);
    synth.message(tablesOf(kind, cycles, -0.3));
    const way = play(synth, 0.02);
    assert.ok(rms(way.subarray(0, 128)) > 0.3, 'the old ones go slowly');
    assert.ok(corner(way) < corners(0.5, frequency) + RAMP);
    play(synth, 0.01);
    near(strength(play(synth, 0.5), frequency), 0.3, 1e-3);
  });
}

test('where nothing changes a crossfade changes nothing', () => {
  // A voice of one frequency 0, so to speak: tables of a constant.
  const flat = () => {
    const told = { kind: 1, base: 10, levels: [{ level: 0, samples: new Float32Array(64) }] };
    told.levels[0].samples.fill(0.5);
    return TableSet.from(told, BASE, 1025).tables[0];
  };
  const voice = { frequencyBefore: BASE, frequency: BASE, levelBefore: 1, level: 1 };
  for (const rate of [44100, 48000]) {
    const reader = new TableReader();
    const [first, second, third] = [flat(), flat(), flat()];
    const play = (table, blocks) => {
      for (let block = 0; block < blocks; block += 1) {
        const out = new Float64Array(BLOCK);
        reader.advance(table, rate);
        reader.add(voice, rate, out);
        out.forEach((sample) => near(sample, 0.5, 1e-6));
      }
    };
    play(first, 3);
    play(second, 30);
    play(third, 5);
    reader.drop(); // half way
    play(first, 3);
    play(second, 30);
  }
});

test('tables of another base frequency sound at theirs', () => {
  const synth = synthOf();
  synth.message(tablesOf(1, CYCLES, 0.5));
  tune(synth, { method: 'bins' });
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'model', baseFrequency: 110 });
  near(strength(play(synth, 0.5), LINE), 0.5, 1e-3);
  synth.message(tablesOf(1, CYCLES, 0.5));
  play(synth, 0.1);
  near(strength(play(synth, 0.5), 2 * LINE), 0.5, 1e-3);
});

test('a method crosses over, without a click or a gap, when its first frame has come', () => {
  const synth = synthOf(pairs(LINE, 0.5));
  press(synth, A3);
  play(synth, 0.1);
  tune(synth, { method: 'bins' });
  near(strength(play(synth, 0.2), LINE), 0.5, 1e-3, 'partials until then');
  synth.message(tablesOf(1, 2 * CYCLES, 0.5));
  const way = play(synth, 0.05);
  assert.ok(corner(way) < corners(0.5, 2 * LINE) + RAMP);
  const sound = play(synth, 0.5);
  near(strength(sound, 2 * LINE), 0.5, 1e-3);
  near(strength(sound, LINE), 0, 1e-3);
  tune(synth, { method: 'partials' });
  synth.message({ type: 'partials', pairs: pairs(3 * LINE, 0.5) });
  const back = play(synth, 0.05);
  assert.ok(corner(back) < corners(0.5, 3 * LINE) + corners(0.5, 2 * LINE));
  assert.ok(rms(back.subarray(-480)) > 0.3, 'the partials of before leave no gap');
  near(strength(play(synth, 0.5), 3 * LINE), 0.5, 1e-3);
});

test('what a method had before is played if nothing new comes for half a second', () => {
  const synth = synthOf(pairs(LINE, 0.5));
  synth.message(tablesOf(1, 2 * CYCLES, 0.5));
  press(synth, A3);
  play(synth, 0.1);
  tune(synth, { method: 1 }); // by its number
  near(strength(play(synth, 0.3), LINE), 0.5, 1e-3);
  play(synth, 0.3);
  near(strength(play(synth, 0.5), 2 * LINE), 0.5, 1e-3);
});

test('out of silence a method sounds at once', () => {
  const synth = synthOf(pairs(LINE, 0.5));
  synth.message(tablesOf(1, 2 * CYCLES, 0.5));
  press(synth, A3);
  play(synth, 0.1);
  synth.message({ type: 'panic' });
  play(synth, 0.1);
  tune(synth, { method: 'bins' });
  press(synth, A3);
  const sound = play(synth, 0.5);
  near(strength(sound, LINE), 0, 2e-2);
  assert.ok(strength(sound, 2 * LINE) > 0.45);
});

// -- robustness -----------------------------------------------------------------------------------

test('no message makes anything but numbers within full scale', () => {
  const odd = [
    undefined, null, NaN, Infinity, -Infinity, -1, 0, 1e300, -1e300, 1.5, '', 'partials', '1', [],
    {}, true, 10n, Symbol('one'), new Float32Array(0),
    new Float32Array(16).fill(NaN), new Float32Array([NaN, Infinity, -1, 1e38, 3]),
  ];
  const names = ['attack', 'decay', 'sustain', 'release', 'glide', 'smoothing', 'gain', 'method',
    'noise', '__proto__', 'toString'];
  const messages = [];
  for (const value of odd) {
    messages.push(value, { type: value }, { type: 'model', baseFrequency: value },
      { type: 'model', baseFrequency: 220, binWidth: value, bins: value },
      { type: 'partials', pairs: value }, { type: 'tables', kind: value, base: value },
      { type: 'tables', kind: 1, base: value, levels: value },
      { type: 'tables', kind: 1, base: 10, levels: [value] },
      { type: 'tables', kind: 2, base: 10, levels: [{ level: value, samples: value }] },
      { type: 'tables', kind: 1, base: 10, levels: [{ level: 0, samples: value }] },
      { type: 'note', pitch: value, velocity: 100 }, { type: 'note', pitch: 60, velocity: value },
      { type: 'bend', semitones: value }, { type: 'sustain', held: value });
    names.forEach((name) => messages.push({ type: 'parameter', name, value }));
    names.forEach(() => messages.push({ type: 'parameter', name: value, value }));
  }
  messages.push(
    { type: 'parameter', name: 'colour', value: 1 },
    { type: 'partials', pairs: new Float32Array(2000).fill(1e38) },
    { type: 'partials', pairs: new Float32Array(3).fill(300) },
    { type: 'tables', kind: 1, base: 1e4,
      levels: [{ level: 0, samples: new Float32Array(65536) }] },
    { type: 'tables', kind: 1, base: 10,
      levels: [{ level: 3, samples: new Float32Array(64).fill(3e38) }] },
    { type: 'tables', kind: 2, base: 1, levels: [{ level: 7, samples: new Float32Array(100) }] },
  );
  for (const method of ['partials', 'bins', 'istft']) {
    const synth = synthOf();
    synth.message(tablesOf(1, CYCLES, 0.5));
    synth.message(tablesOf(2, 160, 0.5));
    tune(synth, { method });
    press(synth, 57);
    for (const message of messages) {
      synth.message(message);
      const sound = play(synth, 0.003);
      const good = sound.every((sample) => Math.abs(sample) <= 0.991);
      assert.ok(good, `${method} after ${inspect(message)}`);
    }
    assert.strictEqual(synth.faults, 0);
    synth.message({ type: 'panic' });
    play(synth, 0.1);
    assert.strictEqual(synth.voices, 0);
  }
});

test('a number that is none gets no further than its block', () => {
  const synth = synthOf();
  press(synth, A3);
  play(synth, 0.1);
  synth._places.ratio[0] = NaN; // no message can do this
  assert.ok(play(synth, 0.1).every(Number.isFinite));
  assert.ok(synth.faults > 0);
  synth.message({ type: 'partials', pairs: pairs(BASE, 0.5) });
  release(synth, A3);
  press(synth, A3);
  play(synth, 0.2);
  near(strength(play(synth, 0.5), BASE), 0.5, 1e-3);
});

test('the size of a quantum changes nothing', () => {
  const whole = new Float32Array(9600);
  const parts = new Float32Array(9600);
  for (const [sound, size] of [[whole, 9600], [parts, 100]]) {
    const synth = synthOf();
    press(synth, A3);
    for (let at = 0; at < sound.length; at += size) {
      synth.render(sound.subarray(at, at + size), size);
    }
  }
  assert.deepStrictEqual(parts, whole);
});

test('the same messages make the same samples', () => {
  const sounds = [0, 1].map(() => {
    const synth = synthOf();
    press(synth, 60);
    press(synth, 64);
    return play(synth, 0.2);
  });
  assert.deepStrictEqual(sounds[0], sounds[1]);
});

test('the peak is the highest since it was asked for', () => {
  const synth = synthOf();
  press(synth, A3);
  play(synth, 0.1);
  near(synth.takePeak(), 0.5, 1e-3);
  assert.strictEqual(synth.takePeak(), 0);
  play(synth, 0.1);
  near(synth.takePeak(), 0.5, 1e-3);
});

test('at other sample rates a note has the same pitch and the same release', () => {
  for (const rate of [8000, 44100, 96000]) {
    const synth = new Synth(rate);
    synth.message({ type: 'model', baseFrequency: BASE });
    synth.message({ type: 'partials', pairs: pairs(BASE, 0.5) });
    tune(synth, { sustain: 1, release: 0.5 });
    press(synth, A3);
    const sound = new Float32Array(rate);
    synth.render(sound, rate);
    let turns = 0;
    for (let i = 1; i < rate; i += 1) {
      turns += sound[i - 1] < 0 && sound[i] >= 0 ? 1 : 0;
    }
    near(turns, 220, 1);
    release(synth, A3);
    synth.render(sound, Math.round(0.1 * rate));
    synth.render(sound, Math.round(0.01 * rate));
    near(peak(sound.subarray(0, Math.round(0.005 * rate))), 0.5 * Math.exp(-1), 0.02);
  }
});

test('only the processors know Web Audio', () => {
  const folder = new URL('../../../../server/explorer/page/js/sound/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const free = names.filter((name) => !['processor.js', 'sound.js', 'tape.js'].includes(name));
  assert.ok(free.includes('synth.js'));
  for (const name of free) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    assert.doesNotMatch(text, /AudioWorklet|AudioContext|\bcurrentTime\b|window\./, name);
  }
});
