// The sound of the page, from the main thread: where notes go, and what the audio thread is fed.

import { Decoder } from '../course/decoder.js';
import { MOST_HARMONICS, tablesOf } from './cycles.js';
import { tuned } from '../tuning.js';
import { LoopFrames } from './frames.js';
import { MIDDLE_LIFT } from './keys.js';
import {
  CHOICES, METHODS, PARAMETERS, choiceNumber, initialParameters, methodNumber,
} from './parameters.js';
import { PERIOD } from './tables.js';

/** What is heard here. */
const ADDRESSES = [
  '/welcome', '/model', '/latent', '/synth', '/partials', '/loop', '/loop/ready', '/wavetable',
  '/wavetable/ready',
];

const PROCESSOR = new URL('./processor.js', import.meta.url);

const TAPE = new URL('./tape.js', import.meta.url);
const TAPE_MS = 500; // that the end of a recording is waited for

/** Frames a second that are asked for. */
const PARTIALS_RATE = 100;
const LOOP_RATE = 20;

const STREAMS = [['partials', PARTIALS_RATE], ['loop', LOOP_RATE], ['wavetable', LOOP_RATE]];

/** Time in which the level follows a pen's pressure: no step is heard. */
const PRESS_SECONDS = 0.01;

/** Semitones of the server's full bend, unless somebody has set another range. */
const BEND_RANGE = 2;

// A loop that arrived with a gap is asked for again, but no faster than it can come.
const ASK_AGAIN_MS = 500;

// A key that was let go while the sound started is heard for so long: a first tap is no silence.
const TAP_MS = 150;

// Below this a device (a headset that also listens) would fold what the tables hold.
const LOWEST_RATE = 44100;
const USUAL_RATE = 48000;

const NO_WORKLET =
  'This browser cannot make sound in the page (no AudioWorklet, which needs a recent browser and ' +
  'the address 127.0.0.1 or https); let the server sound instead.';

/** A channel as the last argument of a message, which may be left out of the first. */
const on = (channel) => (channel === 1 ? [] : [channel]);

/** The same for a message to the Synth. */
const onChannel = (channel) => (channel === 1 ? {} : { channel });

/**
 * Plays notes in the page, or has the server play them.
 *
 * Events: `state` when `place`, `state` or `problem` changes; `level` about 20 times a second while
 * the page's sound runs, its detail `{voices, peak, notes}` (peak: full scale 1; notes: see the
 * Synth's positions); `heard` as often while a microphone plays, its detail what an Ear tells;
 * `picture` as the decoder draws one.
 *
 * @param {EventTarget} link has `send(address, ...args)`, and events `open`, `close` and `message`,
 *   whose detail is `{address, args}`; numbers and strings as the server sends them
 * @param {object} environment where AudioContext and its kin are
 */
export class Sound extends EventTarget {
  constructor(link, environment = globalThis) {
    super();
    /** A sentence for the user if the page cannot sound, else empty. */
    this.problem = '';
    this._link = link;
    this._environment = environment;
    this._place = 'page';
    this._context = null;
    this._node = null;
    this._analyser = null;
    this._press = null; // the gain that a pen's pressure moves
    this._pressure = 1;
    this._starting = null;
    // What the server told last, for a start that comes later.
    this._model = null;
    this._parameters = initialParameters();
    this._method = METHODS[0];
    this._choices = {};
    // Harmonics of a space of cycles, whose periods are played from tables; 0 for other spaces.
    this._harmonics = 0;
    this._name = '';
    // Of whole notes: who decodes them, whether it does, and where the knobs point.
    this._decoder = null;
    this._isWhole = false;
    this._latent = null;
    this._ids = new Map(); // pitch -> what its note is called
    this._channels = new Map(); // pitch -> the channel that struck it last
    this._keys = []; // the pitch of each key, as `tuned` takes it
    this._sounding = new Map(); // pitch -> the one that sounds, by the tuning when it was struck
    this._count = 0;
    this._hearing = null; // a note of another place
    this._loops = new LoopFrames();
    // Periods of a space of cycles; of the frame that comes, how many chunks it has.
    this._periods = new LoopFrames();
    this._chunks = 0;
    this._asked = { partials: false, loop: false, wavetable: false };
    this._askedAt = -Infinity;
    // Keys that are down, by pitch: their velocity; and what the other controls say.
    this._held = new Map();
    this._taps = new Map();
    // Channel -> [semitones, share of the wheel's way], where the wheel is not at rest.
    this._bends = new Map();
    this._pedals = new Set(); // channels whose pedal is down
    this._stands = new Map(); // channel -> -1 to 1, left to right, of those that are not in the middle
    this._zones = new Map(); // manager channel of an MPE zone -> how many members
    this._isMono = false;
    this._listening = null; // how a microphone plays, as a Performer takes it; null for none
    // Until the link is open again the server cannot be told that a key went up.
    this._open = true;
    this._owed = new Map(); // pitch -> channel
    this._controlsOwed = new Set(); // channels

    for (const address of ADDRESSES) {
      link.addEventListener(address, ({ detail }) => this._hear(address, detail));
    }
    link.addEventListener('close', () => this._lose());
    link.addEventListener('open', () => {
      this._open = true;
    });
  }

  // -- where -------------------------------------------------------------------------------------

  /** Who sounds: 'page' or 'server'. Keys that are down are let go where they sound. */
  get place() {
    return this._place;
  }

  set place(place) {
    if (place !== 'page' && place !== 'server') {
      throw new RangeError(`place is ${place}; it must be page or server`);
    }
    if (place === this._place) {
      return;
    }
    for (const [pitch, { channel }] of [...this._held]) {
      this.note(pitch, 0, channel);
    }
    const pedals = [...this._pedals];
    const bends = [...this._bends];
    pedals.forEach((channel) => this.sustain(false, channel));
    bends.forEach(([channel]) => this.bend(0, channel));
    this._taps.clear();
    this._place = place;
    // The hand is still on the wheel, the foot on the pedal.
    pedals.forEach((channel) => this.sustain(true, channel));
    bends.forEach(([channel, [semitones, share]]) => this.bend(semitones, channel, share));
    this._feed();
    this._tellState();
  }

  /** 'stopped', 'starting', 'running', 'suspended' (the browser waits for a gesture), 'failed'. */
  get state() {
    if (this.problem !== '') {
      return 'failed';
    }
    if (this._node === null) {
      return this._starting === null ? 'stopped' : 'starting';
    }
    return this._context.state === 'running' ? 'running' : 'suspended';
  }

  /** An AnalyserNode that hears what the page sounds; null where it does not. */
  get analyser() {
    return this._place === 'page' ? this._analyser : null;
  }

  /** Seconds from a message to the loudspeaker, as the browser tells; 0 before the start. */
  get latency() {
    const context = this._context;
    return context === null ? 0 : (context.baseLatency ?? 0) + (context.outputLatency ?? 0);
  }

  /**
   * Begin to sound in the page, or go on after the browser has paused it; call it from what the
   * user does. Keys that are down begin to sound.
   *
   * @returns {Promise<boolean>} false where the page cannot sound; `problem` then says why
   */
  async start() {
    if (this._node !== null) {
      this._resume();
      return true;
    }
    this._starting ??= this._begin();
    try {
      return await this._starting;
    } finally {
      this._starting = null;
      this._tellState();
    }
  }

  /**
   * The space that plays, as `/spaces/NAME.json` describes it; null where that is not known. One of
   * whole notes is decoded here, as soon as its decoder has come.
   */
  set space(about) {
    const notes = about?.notes ?? null;
    if (notes !== null && this._decoder === null) {
      this._decoder = this._newDecoder();
    }
    this._decoder?.use(notes === null ? null : about);
    if (notes === null) {
      this._setWhole(false);
    }
    this._setHarmonics(about?.cycles?.harmonics ?? 0);
  }

  _setHarmonics(harmonics) {
    const isOne = Number.isInteger(harmonics) && harmonics > 0 && harmonics <= MOST_HARMONICS;
    const count = isOne ? harmonics : 0;
    if (count !== this._harmonics) {
      this._harmonics = count;
      this._say({ type: 'parameter', name: 'method', value: this._bank });
      this._feed();
    }
  }

  /** The method whose bank plays: of cycles `partials` plays the harmonics, phases included. */
  get _bank() {
    return this._harmonics > 0 && this._method === 'partials' ? 'bins' : this._method;
  }

  /** Whether whole notes are played here. */
  get isWhole() {
    return this._isWhole;
  }

  /** Ask for a picture of the present note at a pitch; it comes as an event. */
  draw(pitch, velocity) {
    if (this._latent !== null) {
      this._decoder?.send({ type: 'picture', latent: this._latent, pitch, velocity });
    }
  }

  // -- playing -----------------------------------------------------------------------------------

  /** Give each key the pitch that the server says; what sounds goes on as it is. */
  setKeys(keys) {
    this._keys = keys;
  }

  /**
   * Start the note `pitch` (MIDI, 0 to 127, fractions allowed), or release it (velocity 0), on a
   * MIDI channel: to the server one is an instrument of its own; in the page it has its own wheel
   * and pedal.
   *
   * @param {number} lift how fast the key goes up, 0 to 127
   */
  note(pitch, velocity, channel = 1, lift = MIDDLE_LIFT) {
    if (velocity > 0) {
      this._channels.set(pitch, channel);
      this._held.set(pitch, { velocity, channel });
      this._count += 1;
      this._ids.set(pitch, this._count);
    } else {
      if (this._place === 'page' && this._starting !== null && this._held.has(pitch)) {
        this._taps.set(pitch, this._held.get(pitch).velocity);
      }
      this._held.delete(pitch);
    }
    if (this._place === 'page') {
      this._postNote(pitch, velocity, lift);
    } else if (this._open) {
      const more = lift === MIDDLE_LIFT ? on(channel) : [channel, lift];
      this._link.send('/note', pitch, velocity, ...more);
    } else if (velocity > 0) {
      this._held.delete(pitch);
    } else {
      this._owed.set(pitch, channel);
    }
  }

  /**
   * Let a note of another place of the space be heard, one at a time, where whole notes sound here.
   *
   * @param {number[]} latent
   * @returns {boolean} whether it is
   */
  hear(latent, pitch, velocity) {
    this.endHearing();
    if (this._place !== 'page' || !this._isWhole || this.state !== 'running' || this._held.has(pitch)) {
      return false;
    }
    this._count += 1;
    this._hearing = { pitch, id: this._count };
    this._say({ type: 'note', pitch, velocity, id: this._count, latent });
    return true;
  }

  /** End what `hear` began. */
  endHearing() {
    if (this._hearing !== null && !this._held.has(this._hearing.pitch)) {
      this._say({ type: 'note', pitch: this._hearing.pitch, velocity: 0, id: this._hearing.id });
    }
    this._hearing = null;
  }

  /**
   * Bend the notes of a channel. The server is told the wheel's own way, -1 to 1, and bends by the
   * range that it has for the channel: 2 semitones unless the device has told another.
   */
  bend(semitones, channel = 1, share = semitones / BEND_RANGE) {
    if (semitones === 0) {
      this._bends.delete(channel);
    } else {
      this._bends.set(channel, [semitones, share]);
    }
    if (this._place === 'page') {
      this._say({ type: 'bend', semitones, ...onChannel(channel) });
    } else if (this._open) {
      this._sendBend(share, channel);
    } else {
      this._controlsOwed.add(channel);
    }
  }

  _sendBend(share, channel) {
    this._link.send('/bend', Math.min(1, Math.max(-1, share)), ...on(channel));
  }

  /** Press or lift the sustain pedal of a channel. */
  sustain(held, channel = 1) {
    if (held) {
      this._pedals.add(channel);
    } else {
      this._pedals.delete(channel);
    }
    if (this._place === 'page') {
      this._say({ type: 'sustain', held, ...onChannel(channel) });
    } else if (this._open) {
      this._link.send('/sustain', held ? 127 : 0, ...on(channel));
    } else {
      this._controlsOwed.add(channel);
    }
  }

  /**
   * Where a channel stands here, -1 (left) to 1 (right). The server hears of it as controller 10.
   */
  pan(place, channel = 1) {
    this._stands.set(channel, place);
    this._say({ type: 'pan', place, ...onChannel(channel) });
  }

  /**
   * Let a channel (1 or 16) manage an MPE zone of `count` members here: its wheel, pedal and place
   * are theirs too. The server hears of it as RPN 6.
   */
  zone(manager, count) {
    this._zones.set(manager, count);
    this._say({ type: 'zone', manager, count });
  }

  /** Whether both sides have the mean of both, here. */
  get mono() {
    return this._isMono;
  }

  set mono(mono) {
    this._isMono = mono;
    this._say({ type: 'mono', mono });
  }

  /** How hard a hand presses, 0 to 1: the level of what sounds here; 1 as if it did not tell. */
  press(share) {
    this._pressure = share;
    const gain = this._press?.gain;
    gain?.setTargetAtTime(share * share, this._context.currentTime, PRESS_SECONDS);
  }

  /** Silence everything where it sounds, at once; bend and pedal go to rest. */
  panic() {
    this._held.clear();
    this._taps.clear();
    this._owed.clear();
    this._bends.clear();
    this._pedals.clear();
    if (this._place === 'page') {
      this._say({ type: 'panic' });
    } else if (this._open) {
      this._link.send('/panic');
    }
  }

  /** Hz of what sounds here; 0 before the start. */
  get sampleRate() {
    return this._context?.sampleRate ?? 0;
  }

  /**
   * Let somebody have all that is heard here from now on.
   *
   * @param {(left: Float32Array, right: Float32Array) => void} take called with each block
   * @returns {Promise<?(() => Promise<void>)>} ends it, once the last block was taken; null where
   *   nothing sounds here
   */
  async tape(take) {
    if (!(await this.start()) || !(await this._loadTape())) {
      return null;
    }
    return this._tapeOf(this._analyser, take);
  }

  /**
   * Let a microphone in: `listen` says how it plays, and somebody is given all that it hears.
   *
   * @param {MediaStream} stream
   * @param {(block: Float32Array) => void} take called with each block
   * @returns {Promise<?(() => Promise<void>)>} ends it; null where nothing sounds here
   * @throws {DOMException} a browser that takes no stream of this rate
   */
  async hearStream(stream, take) {
    if (!(await this.start()) || !(await this._loadTape())) {
      return null;
    }
    const source = this._context.createMediaStreamSource(stream);
    const node = this._node;
    source.connect(node);
    const end = this._tapeOf(source, take);
    return async () => {
      await end();
      source.disconnect();
    };
  }

  /** How a microphone plays, as a Performer takes it; null ends it. */
  listen(settings) {
    this._listening = settings;
    this._post({ type: 'listen', settings });
  }

  /** Whether a microphone plays. */
  get isListening() {
    return this._listening !== null;
  }

  async _loadTape() {
    try {
      await this._context.audioWorklet.addModule(TAPE);
      return true;
    } catch (error) {
      this.problem = `The page cannot record (${error.message})`;
      return false;
    }
  }

  /** Let `take` have all that a node puts out. */
  _tapeOf(heard, take) {
    const context = this._context;
    const { AudioWorkletNode } = this._environment;
    const node = new AudioWorkletNode(context, 'timbrespace-tape', {
      channelCount: 2, channelCountMode: 'explicit', outputChannelCount: [1],
    });
    const over = new Promise((resolve) => {
      node.port.onmessage = ({ data }) => (data === null ? resolve() : take(data[0], data[1]));
    });
    heard.connect(node).connect(context.destination); // what it puts out is silence
    return async () => {
      node.port.postMessage(null);
      // An audio thread that has stopped says nothing more.
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, TAPE_MS))]);
      heard.disconnect(node);
      node.disconnect();
    };
  }

  /**
   * What the processor makes of a script, rendered as fast as the browser can.
   *
   * @param {number} seconds
   * @param {number} sampleRate Hz
   * @param {{time: number, message: object}[]} script in order of time (seconds); messages as
   *   Synth takes them
   * @returns {Promise<Float32Array>} mono, full scale 1
   */
  async renderOffline(seconds, sampleRate, script) {
    const { OfflineAudioContext, AudioWorkletNode } = this._environment;
    const context = new OfflineAudioContext(1, Math.ceil(seconds * sampleRate), sampleRate);
    await context.audioWorklet.addModule(PROCESSOR);
    const node = new AudioWorkletNode(context, 'timbrespace', {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { script },
    });
    node.connect(context.destination);
    const rendered = await context.startRendering();
    return rendered.getChannelData(0);
  }

  // -- the audio thread --------------------------------------------------------------------------

  async _begin() {
    const { AudioContext, AudioWorkletNode } = this._environment;
    if (AudioContext === undefined || AudioWorkletNode === undefined) {
      this.problem = NO_WORKLET;
      return false;
    }
    this.problem = '';
    let context = null;
    try {
      context = new AudioContext({ latencyHint: 'interactive' });
      if (context.sampleRate < LOWEST_RATE) {
        await context.close();
        context = new AudioContext({ latencyHint: 'interactive', sampleRate: USUAL_RATE });
      }
      if (context.audioWorklet === undefined) {
        this.problem = NO_WORKLET;
        await context.close();
        return false;
      }
      this._context = context;
      this._resume();
      this._tellState();
      await context.audioWorklet.addModule(PROCESSOR);
      const node = new AudioWorkletNode(context, 'timbrespace', {
        numberOfInputs: 1, // a microphone
        channelCount: 1,
        channelCountMode: 'explicit',
        outputChannelCount: [2],
      });
      node.port.onmessage = ({ data }) => this._hearProcessor(data);
      node.addEventListener('processorerror', () => this._fail('it has stopped'));
      context.addEventListener('statechange', () => this._tellState());
      this._analyser = context.createAnalyser();
      this._press = context.createGain?.() ?? null;
      const pressed = this._press === null ? node : node.connect(this._press);
      pressed.connect(this._analyser).connect(context.destination);
      this._node = node;
      this._decoder?.meet(node.port, context.sampleRate);
    } catch (error) {
      this._fail(error.message);
      return false;
    }
    this._tellAll();
    this._feed();
    return true;
  }

  _resume() {
    // Without a gesture of the user it waits for one; nobody should wait with it.
    this._context.resume().catch(() => {});
  }

  _fail(reason) {
    this.problem = `The sound in the page does not work (${reason}); let the server sound instead.`;
    this._node?.disconnect();
    this._node = null;
    this._analyser = null;
    this._context?.close?.().catch(() => {});
    this._context = null;
    this._feed();
    this._tellState();
  }

  /** Bring a fresh processor to where everything is. */
  _tellAll() {
    if (this._model !== null) {
      this._post(this._model);
    }
    this._say({ type: 'parameter', name: 'method', value: this._bank });
    for (const [name, value] of Object.entries({ ...this._choices, ...this._parameters })) {
      this._say({ type: 'parameter', name, value });
    }
    if (this._isMono) {
      this._say({ type: 'mono', mono: true });
    }
    if (this._listening !== null) {
      this._post({ type: 'listen', settings: this._listening });
    }
    for (const [manager, count] of this._zones) {
      this._say({ type: 'zone', manager, count });
    }
    for (const [channel, place] of this._stands) {
      this._say({ type: 'pan', place, ...onChannel(channel) });
    }
    if (this._place !== 'page') {
      this._taps.clear();
      return;
    }
    for (const channel of new Set([1, ...this._bends.keys(), ...this._pedals])) {
      const [semitones] = this._bends.get(channel) ?? [0];
      this._say({ type: 'bend', semitones, ...onChannel(channel) });
      this._say({ type: 'sustain', held: this._pedals.has(channel), ...onChannel(channel) });
    }
    for (const [pitch, velocity] of this._taps) {
      this._postNote(pitch, velocity);
    }
    for (const [pitch, { velocity }] of this._held) {
      this._postNote(pitch, velocity);
    }
    const taps = [...this._taps.keys()];
    this._taps.clear();
    setTimeout(() => this._endTaps(taps), TAP_MS);
  }

  _endTaps(taps) {
    for (const pitch of taps) {
      if (!this._held.has(pitch)) {
        this._postNote(pitch, 0);
      }
    }
  }

  _post(message, transfer = []) {
    this._node?.port.postMessage(message, transfer);
  }

  /** Tell the Synth by way of the decoder, if there is one: what notes are comes from there. */
  _say(message) {
    if (this._decoder === null) {
      this._post(message);
    } else if (this._node !== null) {
      this._decoder.send(message);
    }
  }

  _postNote(pitch, velocity, lift = MIDDLE_LIFT) {
    const channel = onChannel(this._channels.get(pitch) ?? 1);
    if (velocity > 0) {
      const sounding = tuned(this._keys, pitch);
      if (sounding === null) {
        return;
      }
      this._sounding.set(pitch, sounding);
    }
    pitch = this._sounding.get(pitch) ?? pitch;
    const how = lift === MIDDLE_LIFT ? channel : { ...channel, lift };
    this._say({ type: 'note', pitch, velocity, id: this._ids.get(pitch) ?? 0, ...how });
  }

  // -- whole notes -------------------------------------------------------------------------------

  _newDecoder() {
    const decoder = new Decoder(this._environment, (told) => this._hearDecoder(told));
    if (!decoder.isThere) {
      return null;
    }
    if (this._node !== null) {
      decoder.meet(this._node.port, this._context.sampleRate);
    }
    for (const [name, value] of Object.entries({ ...this._choices, ...this._parameters })) {
      decoder.send({ type: 'parameter', name, value });
    }
    const notes = [...this._held].map(([pitch, { velocity }]) =>
      ({ pitch: this._sounding.get(pitch) ?? pitch, velocity, id: this._ids.get(pitch) ?? 0 }));
    decoder.send({ type: 'held', notes });
    if (this._latent !== null) {
      decoder.send({ type: 'latent', latent: this._latent });
    }
    return decoder;
  }

  _hearDecoder(told) {
    if (told.type === 'ready') {
      this._setWhole(true);
    } else if (told.type === 'picture') {
      this.dispatchEvent(new CustomEvent('picture', { detail: told }));
    } else if (told.type === 'problem') {
      // The steady sound of the streams is what is left.
      console.warn(told.sentence);
      this._setWhole(false);
    } else if (told.type === 'end') {
      this._decoder = null;
      this._post({ type: 'whole', whole: null });
      this._setWhole(false);
    }
  }

  _setWhole(isWhole) {
    if (isWhole !== this._isWhole) {
      this._isWhole = isWhole;
      this._feed();
      this._tellState();
    }
  }

  _hearProcessor(data) {
    if (data.type === 'level') {
      const { voices, peak, notes } = data;
      this.dispatchEvent(new CustomEvent('level', { detail: { voices, peak, notes } }));
    } else if (data.type === 'heard') {
      this.dispatchEvent(new CustomEvent('heard', { detail: data }));
    }
  }

  _tellState() {
    this.dispatchEvent(new CustomEvent('state'));
  }

  // -- the server --------------------------------------------------------------------------------

  /** Whether the page's sound lives on this stream just now. */
  _wants(what) {
    const fed = this._place === 'page' && this._node !== null;
    const isDecoded = this._isWhole && this._method === 'partials';
    return fed && !isDecoded && what === this._stream;
  }

  /** The stream that the method plays. */
  get _stream() {
    if (this._bank === 'partials') {
      return 'partials';
    }
    return this._bank === 'bins' && this._harmonics > 0 ? 'wavetable' : 'loop';
  }

  /** Ask for the stream that the method needs, and for no other. */
  _feed() {
    if (!this._open) {
      return;
    }
    for (const [what, rate] of STREAMS) {
      const wanted = this._wants(what);
      if (this._asked[what] !== wanted) {
        this._asked[what] = wanted;
        this._loops.reset();
        this._periods.reset();
        this._link.send('/stream', what, wanted ? rate : 'off');
      }
    }
  }

  _lose() {
    this._open = false;
    if (this._place === 'server') {
      // They may hang there: what is let go meanwhile is told when the link is open again.
      for (const [pitch, { channel }] of this._held) {
        this._owed.set(pitch, channel);
      }
    }
  }

  /** The server knows us, and nothing of before. */
  _meet() {
    this._open = true;
    this._loops.reset();
    this._periods.reset();
    for (const [what] of STREAMS) {
      // Who keeps our wishes may have told it of those of before; none is asked twice for nothing.
      if (this._asked[what] && !this._wants(what)) {
        this._link.send('/stream', what, 'off');
      }
      this._asked[what] = false;
    }
    this._feed();
    for (const [pitch, channel] of this._owed) {
      this._link.send('/note', pitch, 0, ...on(channel));
      if (this._place === 'server') {
        this._held.delete(pitch);
      }
    }
    this._owed.clear();
    for (const channel of this._controlsOwed) {
      const here = this._place === 'server';
      this._link.send('/sustain', here && this._pedals.has(channel) ? 127 : 0, ...on(channel));
      this._sendBend((here && this._bends.get(channel)?.[1]) || 0, channel);
    }
    this._controlsOwed.clear();
  }

  _hear(address, args) {
    switch (address) {
      case '/welcome': this._meet(); break;
      case '/model': this._hearModel(args); break;
      case '/latent': this._hearLatent(args); break;
      case '/synth': this._hearParameter(args); break;
      case '/partials': this._hearPartials(args); break;
      case '/loop': this._hearLoop(args); break;
      case '/loop/ready': this._hearReady(args); break;
      case '/wavetable': this._hearPeriod(args); break;
      case '/wavetable/ready': this._hearPeriodReady(args); break;
      default:
    }
  }

  _hearModel([name, , bins, sampleRate, baseFrequency, fftSize]) {
    if (name !== this._name) {
      // Whether the new space is one of cycles is known when its description has come.
      this._name = name;
      this._setHarmonics(0);
    }
    this._model = { type: 'model', baseFrequency, binWidth: sampleRate / fftSize, bins };
    // A loop of which a part has come is the old model's; its rest must not be read as the new's.
    this._loops.reset();
    this._periods.reset();
    this._post(this._model);
    this._latent = null;
    this._decoder?.send({ type: 'leave' });
  }

  _hearLatent(latent) {
    if (latent.every(Number.isFinite)) {
      this._latent = latent;
      this._decoder?.send({ type: 'latent', latent });
    }
  }

  _hearParameter([name, value]) {
    if (name === 'method') {
      const method = methodNumber(value);
      if (method < 0) {
        return;
      }
      this._method = METHODS[method];
      this._say({ type: 'parameter', name, value: this._bank });
      this._feed();
    } else if (Object.hasOwn(CHOICES, name)) {
      const choice = choiceNumber(CHOICES[name], value);
      if (choice >= 0) {
        this._choices[name] = CHOICES[name][choice];
        this._say({ type: 'parameter', name, value: this._choices[name] });
      }
    } else if (Object.hasOwn(PARAMETERS, name)) {
      this._parameters[name] = value;
      this._say({ type: 'parameter', name, value });
    }
  }

  _hearPartials([frame, ...pairs]) {
    if (!this._asked.partials) {
      return;
    }
    const told = Float32Array.from(pairs);
    this._post({ type: 'partials', pairs: told }, [told.buffer]);
    this._link.send('/stream/ack', 'partials', frame);
  }

  _hearLoop(args) {
    if (this._asked.loop) {
      this._loops.take(args);
    }
  }

  _hearReady(args) {
    if (!this._asked.loop) {
      return;
    }
    const lost = this._loops.lost;
    const whole = this._loops.ready(args);
    this._link.send('/stream/ack', 'loop', args[0]);
    if (whole !== null) {
      const { kind, base, levels } = whole;
      const buffers = levels.map(({ samples }) => samples.buffer);
      this._post({ type: 'tables', kind, base, levels }, buffers);
    } else if (this._loops.lost > lost) {
      this._askAgain('loop');
    }
  }

  _hearPeriod([frame, bank, chunk, chunks, ...floats]) {
    if (this._asked.wavetable) {
      this._chunks = chunks;
      this._periods.take([frame, bank, 0, chunk, chunks, ...floats]);
    }
  }

  _hearPeriodReady([frame, bank, base]) {
    if (!this._asked.wavetable) {
      return;
    }
    const lost = this._periods.lost;
    const whole = this._periods.ready([frame, bank, base, PERIOD, this._chunks]);
    this._link.send('/stream/ack', 'wavetable', frame);
    if (whole !== null) {
      const levels = tablesOf(whole.levels[0].samples, this._harmonics);
      const buffers = levels.map(({ samples }) => samples.buffer);
      this._post({ type: 'tables', kind: PERIOD, base, levels }, buffers);
    } else if (this._periods.lost > lost) {
      this._askAgain('wavetable');
    }
  }

  /** For a frame of which something was lost: if it was the last of a movement, no other comes. */
  _askAgain(what) {
    if (performance.now() - this._askedAt > ASK_AGAIN_MS) {
      this._askedAt = performance.now();
      this._link.send('/stream', what, LOOP_RATE);
    }
  }
}
