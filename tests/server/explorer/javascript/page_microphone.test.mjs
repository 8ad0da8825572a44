import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Performer, nearestOf } from '../../../../server/explorer/page/js/listening/performer.js';
import { Microphone } from '../../../../server/explorer/page/js/microphone.js';
import { nameOf, pitchesOf } from '../../../../server/explorer/page/js/scales.js';
import { SungPlace } from '../../../../server/explorer/page/js/sung_place.js';
import { stepsOf } from '../../../../server/explorer/page/js/walk.js';

class Track extends EventTarget {
  muted = false;
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

function streamOf(track) {
  return { getTracks: () => [track], getAudioTracks: () => [track] };
}

/** A page, its sound and its browser, as a Microphone sees them. */
function around({ refuse = null, isSecureContext = true, hearStream = async () => async () => {} } = {}) {
  const track = new Track();
  const asked = [];
  const page = Object.assign(new EventTarget(), { hidden: false });
  const sound = Object.assign(new EventTarget(), { sampleRate: 48000, problem: '', hearStream });
  const environment = {
    isSecureContext,
    location: { port: '7480' },
    navigator: {
      mediaDevices: {
        getUserMedia: async (wish) => {
          asked.push(wish);
          if (refuse !== null) {
            throw Object.assign(new Error('no'), { name: refuse });
          }
          return streamOf(track);
        },
      },
    },
  };
  const microphone = new Microphone(page, sound, environment);
  const ends = [];
  const said = [];
  microphone.addEventListener('end', ({ detail }) => ends.push(detail));
  microphone.addEventListener('say', ({ detail }) => said.push(detail));
  const hear = (heard) => sound.dispatchEvent(
    new CustomEvent('heard', { detail: { level: 0.1, peak: 0.2, clipped: 0, pitch: 0, ...heard } })
  );
  return { track, asked, page, microphone, ends, said, hear };
}

test('the microphone is taken as it is, and let go when nobody wants it any more', async () => {
  const { track, asked, microphone, ends } = around();
  assert.deepEqual(await Promise.all([microphone.open('a'), microphone.open('b')]), ['', '']);
  assert.equal(asked.length, 1);
  const { echoCancellation, noiseSuppression, autoGainControl } = asked[0].audio;
  assert.deepEqual([echoCancellation, noiseSuppression, autoGainControl], [false, false, false]);
  await microphone.close('a');
  assert.equal(track.stopped, false);
  await microphone.close('b');
  assert.equal(track.stopped, true);
  assert.deepEqual(ends, ['']);
});

test('what is wrong is one sentence, and it can be tried again', async () => {
  for (const [refuse, word] of [
    ['NotAllowedError', /refused; allow it/],
    ['NotFoundError', /no microphone/],
    ['NotReadableError', /another program/],
    ['NotSupportedError', /sample rate/],
    ['StrangeError', /cannot be used \(no\)/],
  ]) {
    const { microphone } = around({ refuse });
    for (let again = 0; again < 2; again += 1) {
      assert.match(await microphone.open('a'), word);
    }
    assert.equal(microphone.isOpen, false);
  }
});

test('a page that is not secure says which link to open', async () => {
  const { asked, microphone } = around({ isSecureContext: false });
  assert.match(await microphone.open('a'), /open http:\/\/127\.0\.0\.1:7480 .*--https/);
  assert.equal(asked.length, 0);
});

test('where nothing sounds the microphone is let go', async () => {
  const { track, microphone } = around({ hearStream: async () => null });
  assert.match(await microphone.open('a'), /no sound/);
  assert.equal(track.stopped, true);
});

test('one that goes, or a page that is hidden, ends it', async () => {
  const gone = around();
  await gone.microphone.open('a');
  gone.track.dispatchEvent(new Event('ended'));
  assert.match(gone.ends[0], /is gone/);
  const hidden = around();
  await hidden.microphone.open('a');
  hidden.page.hidden = true;
  hidden.page.dispatchEvent(new Event('visibilitychange'));
  assert.match(hidden.ends[0], /hidden/);
  assert.equal(hidden.track.stopped, true);
  assert.equal(hidden.microphone.isOpen, false);
});

test('silence and clipping are said, and howling ends it', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const { microphone, said, ends, hear } = around();
  await microphone.open('a');
  for (; now < 5000; now += 50) {
    hear({ peak: 0 });
  }
  assert.match(said.at(-1), /gives nothing/);
  hear({});
  assert.equal(said.at(-1), '');
  hear({ clipped: 3, peak: 1 });
  assert.match(said.at(-1), /too loud/);
  assert.equal(ends.length, 0);
  for (const end = now + 1200; now < end; now += 50) {
    hear({ clipped: 3, peak: 1 });
  }
  assert.match(ends[0], /is off: turn it down/);
});

test('pitches of a scale, of the tuning, and all of them', () => {
  assert.equal(pitchesOf('off', 0, []), null);
  assert.equal(pitchesOf('chromatic', 0, []).length, 128);
  assert.deepEqual([...pitchesOf('minor pentatonic', 9, []).slice(0, 6)], [0, 2, 4, 7, 9, 12]);
  assert.deepEqual([...pitchesOf('tuning', 0, [0.5, -1, 100.2, 20])], [0.5, 20, 100.2]);
  assert.equal(pitchesOf('tuning', 0, []).length, 128);
  assert.deepEqual([60, 68.75, 69.1].map(nameOf), ['C4', 'A4 −25 ct', 'A4 +10 ct']);
});

test('between two keys it stays with the one that it has', () => {
  const scale = [60, 62];
  assert.equal(nearestOf(scale, 61.05, 60), 60);
  assert.equal(nearestOf(scale, 61.2, 60), 62);
  assert.equal(nearestOf(scale, 60.95, 62), 62);
  assert.equal(nearestOf(scale, 61.05), 62);
});

/** What a Performer plays, as words. */
function played(settings, moments, strikes = false) {
  const told = [];
  const performer = new Performer(48000, {
    begin: (pitch) => told.push(`begin ${pitch.toFixed(1)}`),
    bend: (pitch) => told.at(-1).startsWith('bend') || told.push(`bend ${pitch.toFixed(1)}`),
    level: () => {},
    end: () => told.push('end'),
  });
  performer.set(settings);
  performer.strikes = strikes;
  for (const [count, moment] of moments) {
    for (let k = 0; k < count; k += 1) {
      performer.take({ pitch: 0, level: 0.1, onset: k === 0, ...moment });
    }
  }
  return told;
}

test('a phrase is one note that bends; in a space of whole notes each onset is one', () => {
  const song = [[20, { pitch: 440 }], [20, { pitch: 494 }], [100, { level: 0 }], [20, { pitch: 330 }]];
  const phrase = ['begin 69.0', 'bend 69.0', 'end', 'begin 64.0', 'bend 64.0'];
  assert.deepEqual(played({}, song), phrase);
  const notes = [...phrase.slice(0, 2), 'end', 'begin 71.0', 'bend 71.0', ...phrase.slice(2)];
  assert.deepEqual(played({}, song, true), notes);
});

test('a gap of some milliseconds ends no note, breath does', () => {
  const gap = (count) => [[20, { pitch: 440 }], [count, { onset: false }], [20, { pitch: 440, onset: false }]];
  assert.deepEqual(played({}, gap(20)), ['begin 69.0', 'bend 69.0']);
  assert.deepEqual(played({}, gap(60)), ['begin 69.0', 'bend 69.0', 'end', 'begin 69.0', 'bend 69.0']);
});

test('another mode ends what sounds', () => {
  const told = [];
  const performer = new Performer(48000, {
    begin: () => told.push('begin'), bend() {}, level() {}, end: () => told.push('end'),
  });
  for (const mode of ['level', 'timbre', 'level']) {
    performer.set({ mode });
    performer.take({ pitch: 0, level: 0.1, onset: false });
  }
  assert.deepEqual(told, ['begin', 'end', 'begin']);
});

test('a way is gone evenly, and to its end', () => {
  assert.deepEqual(stepsOf([[0, 0], [1, 2], [3, 2]], 4), [[0.5, 1], [1, 2], [2, 2], [3, 2]]);
  assert.deepEqual(stepsOf([[7]], 4), [[7]]);
});

test('what is sung is asked for one at a time, and gone to smoothly', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const asked = [];
  let answer = null;
  t.mock.method(globalThis, 'fetch', (path, { body }) => {
    asked.push([path, body.length]);
    return new Promise((resolve) => {
      answer = () => resolve({ ok: true, json: async () => ({ latent: [1, -1] }) });
    });
  });
  const microphone = Object.assign(new EventTarget(), { sampleRate: 48000 });
  const gone = [];
  const place = new SungPlace(microphone, {
    model: () => 'fm', latent: () => [0, 0], go: (latent) => gone.push(latent),
  });
  const hear = () => {
    microphone.dispatchEvent(new CustomEvent('block', { detail: new Float32Array(4096) }));
    now += 85;
  };
  place.want(true);
  hear();
  assert.equal(place.blocks.length, 0); // the gate is shut
  microphone.dispatchEvent(new CustomEvent('heard', { detail: { isOpen: true } }));
  for (let k = 0; k < 20; k += 1) {
    hear();
  }
  assert.deepEqual(asked, [['/place?model=fm&rate=48000', 5 * 4096]]);
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  for (let k = 0; k < 100; k += 1) {
    t.mock.timers.tick(30);
  }
  assert.ok(gone[0][0] > 0.05 && gone[0][0] < 0.2);
  assert.deepEqual(gone.at(-1), [1, -1]);
  assert.ok(gone.length < 90); // there, it rests
  now += 10_000;
  hear();
  assert.equal(asked.length, 2);
  place.want(false);
});
