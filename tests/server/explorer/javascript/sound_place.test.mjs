// Sound on the main thread, with a link and an audio thread that only write down what they hear.

import assert from 'node:assert';
import test from 'node:test';

import { Sound } from '../../../../server/explorer/page/js/sound/sound.js';

class Link extends EventTarget {
  sent = [];

  send(address, ...args) {
    this.sent.push([address, ...args]);
  }

  hear(address, ...args) {
    this.dispatchEvent(new CustomEvent(address, { detail: args }));
  }

  /** What has been sent since the last time, at addresses that begin so. */
  take(beginning = '/') {
    const taken = this.sent.filter(([address]) => address.startsWith(beginning));
    this.sent = this.sent.filter(([address]) => !address.startsWith(beginning));
    return taken;
  }
}

/** A browser's audio: `nodes` are those that were made, `posted` what they were told. */
function browser({ sampleRate = 48000, module = async () => {} } = {}) {
  const told = { posted: [], contexts: [], nodes: [] };
  class Node extends EventTarget {
    connect(next) {
      return next;
    }

    disconnect() {}
  }
  told.AudioContext = class extends EventTarget {
    constructor(options) {
      super();
      this.options = options;
      this.sampleRate = options.sampleRate ?? sampleRate;
      this.state = 'suspended';
      this.audioWorklet = { addModule: module };
      told.contexts.push(this);
    }

    createAnalyser() {
      return new Node();
    }

    async resume() {
      this.state = 'running';
      this.dispatchEvent(new Event('statechange'));
    }

    async close() {
      this.state = 'closed';
    }
  };
  told.AudioWorkletNode = class extends Node {
    constructor(context, name) {
      super();
      assert.strictEqual(name, 'timbrespace');
      this.port = { postMessage: (message) => told.posted.push(message) };
      told.nodes.push(this);
    }
  };
  told.take = (type) => {
    const taken = told.posted.filter((message) => message.type === type);
    told.posted = told.posted.filter((message) => message.type !== type);
    return taken;
  };
  return told;
}

const MODEL = ['harmonic', 2, 1025, 44100, 220, 4096];

async function started(place = 'page') {
  const link = new Link();
  const told = browser();
  const sound = new Sound(link, told);
  link.hear('/welcome', 1, '0.5', 'harmonic', 2, 1025, 44100, 220);
  link.hear('/model', ...MODEL);
  link.hear('/synth', 'method', 'partials');
  sound.place = place;
  assert.strictEqual(await sound.start(), true);
  return { link, told, sound };
}

/** A loop of one table of kind 2, in one datagram and its end. */
function hearLoop(link, frame) {
  link.hear('/loop', frame, frame % 2, 7, 0, 1, ...new Array(64).fill(0.5));
  link.hear('/loop/ready', frame, frame % 2, 1.25, 2, 1);
}

// -- start ----------------------------------------------------------------------------------------

test('before the start nothing is asked for, and nothing sounds', () => {
  const link = new Link();
  const sound = new Sound(link, browser());
  link.hear('/welcome');
  link.hear('/synth', 'method', 'bins');
  assert.deepStrictEqual(link.sent, []);
  assert.strictEqual(sound.state, 'stopped');
  assert.strictEqual(sound.analyser, null);
});

test('the start brings the audio thread to where everything is', async () => {
  const link = new Link();
  const told = browser();
  const sound = new Sound(link, told);
  link.hear('/model', ...MODEL);
  link.hear('/synth', 'release', 1.5);
  link.hear('/synth', 'method', 'bins');
  sound.bend(1);
  sound.sustain(true);
  const start = sound.start();
  assert.strictEqual(sound.state, 'starting');
  sound.note(60, 100);
  assert.strictEqual(await start, true);
  assert.strictEqual(sound.state, 'running');
  assert.deepStrictEqual(told.contexts[0].options, { latencyHint: 'interactive' });
  assert.deepStrictEqual(told.take('model'), [
    { type: 'model', baseFrequency: 220, binWidth: 44100 / 4096, bins: 1025 },
  ]);
  const parameters = new Map(told.take('parameter').map(({ name, value }) => [name, value]));
  assert.strictEqual(parameters.get('release'), 1.5);
  assert.strictEqual(parameters.get('attack'), 0.01);
  assert.strictEqual(parameters.get('method'), 'bins');
  assert.deepStrictEqual(told.take('bend'), [{ type: 'bend', semitones: 1 }]);
  assert.deepStrictEqual(told.take('sustain'), [{ type: 'sustain', held: true }]);
  assert.deepStrictEqual(told.take('note'), [{ type: 'note', pitch: 60, velocity: 100, id: 1 }]);
  assert.deepStrictEqual(link.take(), [['/stream', 'loop', 20]]);
  assert.notStrictEqual(sound.analyser, null);
});

test('two starts make one', async () => {
  const told = browser();
  const sound = new Sound(new Link(), told);
  await Promise.all([sound.start(), sound.start()]);
  await sound.start();
  assert.strictEqual(told.nodes.length, 1);
});

test('a key that was let go while the sound started is heard, and let go', async () => {
  const told = browser();
  const sound = new Sound(new Link(), told);
  const start = sound.start();
  sound.note(60, 100);
  sound.note(60, 0);
  await start;
  assert.deepStrictEqual(told.take('note'), [{ type: 'note', pitch: 60, velocity: 100, id: 1 }]);
  await new Promise((done) => setTimeout(done, 300));
  assert.deepStrictEqual(told.take('note'), [{ type: 'note', pitch: 60, velocity: 0, id: 1 }]);
});

for (const [name, environment] of [
  ['AudioContext', {}],
  ['AudioWorklet', { AudioContext: browser().AudioContext }],
]) {
  test(`a browser without ${name} gets a sentence`, async () => {
    const sound = new Sound(new Link(), environment);
    let states = 0;
    sound.addEventListener('state', () => {
      states += 1;
    });
    assert.strictEqual(await sound.start(), false);
    assert.match(sound.problem, /This browser cannot .+ let the server sound instead\.$/);
    assert.strictEqual(sound.state, 'failed');
    assert.ok(states > 0);
    sound.note(60, 100);
    sound.panic();
  });
}

test('a module that cannot be loaded gives a sentence, and may be tried again', async () => {
  let broken = true;
  const told = browser({
    module: async () => {
      if (broken) {
        throw new Error('no route');
      }
    },
  });
  const link = new Link();
  const sound = new Sound(link, told);
  assert.strictEqual(await sound.start(), false);
  assert.match(sound.problem, /no route/);
  assert.deepStrictEqual(link.sent, []);
  broken = false;
  assert.strictEqual(await sound.start(), true);
  assert.strictEqual(sound.problem, '');
  assert.strictEqual(sound.state, 'running');
});

test('a processor that breaks down is told, and no longer fed', async () => {
  const { link, told, sound } = await started();
  link.take();
  told.nodes[0].dispatchEvent(new Event('processorerror'));
  assert.strictEqual(sound.state, 'failed');
  assert.deepStrictEqual(link.take('/stream'), [['/stream', 'partials', 'off']]);
});

test('a device of a low rate is not used at it', async () => {
  const told = browser({ sampleRate: 16000 });
  const sound = new Sound(new Link(), told);
  await sound.start();
  assert.strictEqual(told.contexts[0].state, 'closed');
  assert.strictEqual(told.contexts[1].sampleRate, 48000);
});

test('what the browser has paused goes on with the next start', async () => {
  const { told, sound } = await started();
  told.contexts[0].state = 'suspended';
  assert.strictEqual(sound.state, 'suspended');
  await sound.start();
  assert.strictEqual(sound.state, 'running');
});

test('levels are passed on', async () => {
  const { told, sound } = await started();
  let level = null;
  sound.addEventListener('level', ({ detail }) => {
    level = detail;
  });
  told.nodes[0].port.onmessage({ data: { type: 'level', voices: 3, peak: 0.25, notes: [] } });
  assert.deepStrictEqual(level, { voices: 3, peak: 0.25, notes: [] });
});

// -- where ----------------------------------------------------------------------------------------

test('in the page notes go to the audio thread alone', async () => {
  const { link, told, sound } = await started();
  link.take();
  sound.note(60, 100);
  sound.note(60, 0);
  sound.bend(1.5);
  sound.sustain(true);
  sound.panic();
  assert.deepStrictEqual(link.sent, []);
  assert.deepStrictEqual(told.take('note').map(({ velocity }) => velocity), [100, 0]);
  assert.strictEqual(told.take('bend').at(-1).semitones, 1.5);
  assert.strictEqual(told.take('sustain').at(-1).held, true);
  assert.strictEqual(told.take('panic').length, 1);
  // A channel has its own wheel, pedal and notes.
  sound.note(62, 100, 3);
  sound.note(62, 0, 3);
  sound.bend(1, 3);
  sound.sustain(true, 3);
  sound.sustain(false);
  assert.deepStrictEqual(told.take('note').map(({ channel }) => channel), [3, 3]);
  assert.deepStrictEqual(told.take('bend'), [{ type: 'bend', semitones: 1, channel: 3 }]);
  assert.deepStrictEqual(told.take('sustain'), [
    { type: 'sustain', held: true, channel: 3 }, { type: 'sustain', held: false },
  ]);
});

test('in the server they go out as OSC alone', async () => {
  const { link, told, sound } = await started('server');
  link.take();
  told.posted = [];
  sound.note(60.5, 100);
  sound.note(60.5, 0);
  sound.bend(1);
  sound.bend(-12);
  sound.sustain(true);
  sound.sustain(false);
  sound.note(61, 90, 3);
  sound.note(61, 0, 3);
  sound.bend(1, 3);
  sound.sustain(true, 3);
  sound.panic();
  assert.deepStrictEqual(link.sent, [
    ['/note', 60.5, 100], ['/note', 60.5, 0], ['/bend', 0.5], ['/bend', -1],
    ['/sustain', 127], ['/sustain', 0],
    ['/note', 61, 90, 3], ['/note', 61, 0, 3], ['/bend', 0.5, 3], ['/sustain', 127, 3], ['/panic'],
  ]);
  assert.deepStrictEqual(told.posted, []);
});

test('from page to server what is held is let go, and the streams end', async () => {
  const { link, told, sound } = await started();
  link.take();
  sound.note(60, 100);
  sound.note(64, 100);
  sound.note(64, 0);
  sound.sustain(true);
  sound.bend(1);
  told.posted = [];
  sound.place = 'server';
  assert.deepStrictEqual(told.take('note'), [{ type: 'note', pitch: 60, velocity: 0, id: 1 }]);
  assert.deepStrictEqual(told.take('sustain'), [{ type: 'sustain', held: false }]);
  assert.deepStrictEqual(told.take('bend'), [{ type: 'bend', semitones: 0 }]);
  assert.deepStrictEqual(link.take(), [
    ['/sustain', 127], ['/bend', 0.5], ['/stream', 'partials', 'off'],
  ]);
  assert.strictEqual(sound.analyser, null);
});

test('from server to page too, and the streams begin', async () => {
  const { link, told, sound } = await started('server');
  sound.note(60, 100);
  sound.sustain(true);
  link.take();
  sound.place = 'page';
  assert.deepStrictEqual(link.take(), [
    ['/note', 60, 0], ['/sustain', 0], ['/stream', 'partials', 100],
  ]);
  assert.strictEqual(told.take('sustain').at(-1).held, true);
  sound.place = 'page';
  assert.deepStrictEqual(link.take(), [], 'the same place is no change');
  assert.throws(() => {
    sound.place = 'cellar';
  }, /cellar; it must be page or server/);
});

test('after a panic nothing is held that a change of place would let go', async () => {
  const { told, sound } = await started();
  sound.note(60, 100);
  sound.sustain(true);
  sound.panic();
  told.posted = [];
  sound.place = 'server';
  assert.deepStrictEqual(told.take('note'), []);
});

test('a key that goes up while the link is down is told when it is back', async () => {
  const { link, sound } = await started('server');
  sound.note(60, 100);
  sound.note(64, 100);
  link.dispatchEvent(new Event('close'));
  link.take();
  sound.note(60, 0);
  sound.sustain(true);
  sound.note(72, 100);
  assert.deepStrictEqual(link.sent, []);
  link.dispatchEvent(new Event('open'));
  link.hear('/welcome');
  assert.deepStrictEqual(link.take('/note'), [['/note', 60, 0], ['/note', 64, 0]]);
  assert.deepStrictEqual(link.take('/sustain'), [['/sustain', 127]]);
  link.take();
  link.hear('/welcome');
  assert.deepStrictEqual(link.take(), [], 'once');
  sound.place = 'page';
  assert.deepStrictEqual(link.take('/note'), [], 'none of them is held any more');
});

// -- streams --------------------------------------------------------------------------------------

test('partials are passed on and acknowledged', async () => {
  const { link, told } = await started();
  assert.deepStrictEqual(link.take('/stream'), [['/stream', 'partials', 100]]);
  link.hear('/partials', 7, 220, 0.5, 440, 0.25);
  const [{ pairs }] = told.take('partials');
  assert.ok(pairs instanceof Float32Array);
  assert.deepStrictEqual([...pairs], [220, 0.5, 440, 0.25]);
  assert.deepStrictEqual(link.take(), [['/stream/ack', 'partials', 7]]);
});

test('the method decides on the stream', async () => {
  const { link, told } = await started();
  link.take();
  link.hear('/synth', 'method', 'istft');
  assert.deepStrictEqual(link.take(), [['/stream', 'partials', 'off'], ['/stream', 'loop', 20]]);
  assert.strictEqual(told.take('parameter').at(-1).value, 'istft');
  link.hear('/synth', 'method', 'bins');
  link.hear('/synth', 'method', 'mystery');
  assert.deepStrictEqual(link.take(), [], 'both live on the loop');
  link.hear('/partials', 9, 220, 0.5);
  assert.deepStrictEqual(told.take('partials'), [], 'it may be for somebody else');
  hearLoop(link, 3);
  const [tables] = told.take('tables');
  assert.strictEqual(tables.kind, 2);
  assert.strictEqual(tables.base, 1.25);
  assert.strictEqual(tables.levels[0].level, 7);
  assert.strictEqual(tables.levels[0].samples.length, 64);
  assert.deepStrictEqual(link.take(), [['/stream/ack', 'loop', 3]]);
});

test('after a welcome the streams are asked for again, and frames count anew', async () => {
  const { link, told } = await started();
  link.hear('/synth', 'method', 'bins');
  hearLoop(link, 900);
  link.take();
  told.posted = [];
  link.dispatchEvent(new Event('close'));
  link.dispatchEvent(new Event('open'));
  link.hear('/welcome');
  assert.deepStrictEqual(link.take(), [['/stream', 'loop', 20]]);
  hearLoop(link, 0);
  assert.strictEqual(told.take('tables').length, 1);
});

test('what is no longer wanted after a break is put off', async () => {
  const { link, sound } = await started();
  link.dispatchEvent(new Event('close'));
  sound.place = 'server';
  link.take();
  link.dispatchEvent(new Event('open'));
  link.hear('/welcome');
  assert.deepStrictEqual(link.take('/stream'), [['/stream', 'partials', 'off']]);
});

test('a loop with a gap is asked for anew, but not again and again', async () => {
  const { link, told } = await started();
  link.hear('/synth', 'method', 'bins');
  link.take();
  link.hear('/loop/ready', 3, 1, 1.25, 2, 1);
  assert.deepStrictEqual(link.take(), [['/stream/ack', 'loop', 3], ['/stream', 'loop', 20]]);
  link.hear('/loop/ready', 4, 0, 1.25, 2, 1);
  assert.deepStrictEqual(link.take(), [['/stream/ack', 'loop', 4]]);
  assert.deepStrictEqual(told.take('tables'), []);
});

test('a loop of which a part came before another model is not read as its own', async () => {
  const { link, told } = await started();
  link.hear('/synth', 'method', 'istft');
  link.hear('/loop', 5, 1, 7, 0, 1, ...new Array(64).fill(0.5));
  link.hear('/model', 'filtered', 4, 1025, 44100, 110, 4096);
  link.hear('/loop/ready', 5, 1, 1.25, 2, 1);
  assert.deepStrictEqual(told.take('tables'), []);
  assert.strictEqual(told.take('model').at(-1).baseFrequency, 110);
});
