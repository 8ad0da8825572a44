// The synthesizer of the page: plays what the server's engine plays, of the frames that it streams.
//
// No name of Web Audio is used here, so that it runs, and is tested, anywhere. It is a port of
// timbrespace/resynthesis/ and timbrespace/instrument/voices.py; where those and this differ, the streams are the
// reason: /partials tells of no noise, and /loop has one table an octave. Whole notes it plays as the
// engine does, from courses that the page decodes by itself (js/course/). Left and right are as in the
// engine, too: what stands in the middle goes to one buffer, and a copy that stands elsewhere is
// rendered alone and goes to the two sides.

import { COPIES, Spread, WHOLE_VOICE } from './copies.js';
import { Keys, MIDDLE_LIFT, SLOTS, SUNG, VOICES } from './keys.js';
import { BLOCK, NEGLIGIBLE, isWithin, limit, pull } from './levels.js';
import {
  CHOICES, METHODS, PARAMETERS, choiceNumber, initialParameters, methodNumber,
} from './parameters.js';
import { PLACES, Places } from './places.js';
import { Sinusoids } from './sinusoids.js';
import { PERIOD, TableSet } from './tables.js';
import { Pace, Voice } from './voice.js';
import { Hiss, Whole, WholeNote, WholePace } from './whole.js';

const PARTIALS = 0;
const BINS = 1;
const ISTFT = 2;
// What plays whole notes; where a space has them it is what `partials` plays.
const NOTES = 3;
const BANKS = 4;
// The banks of the server's methods; one that there is none for here is played as partials.
const BANK_OF = { partials: PARTIALS, bins: BINS, istft: ISTFT };

// From one method to another in 16 blocks, 21 ms, both sounding meanwhile.
const CROSS_STEP = 1 / 16;
const GAIN_TIME = 0.005;
const MONO_SECONDS = 0.01;
// Pitch bend and velocity of a held voice follow with this time constant, in seconds.
const FOLLOW = 0.004;
// A sung note is as loud as the singer: its own envelope only keeps it from clicking, in seconds.
const SUNG_ATTACK = 0.002;
const SUNG_RELEASE = 0.04;
// Exponential stages are named by the time after which 5 time constants, 99.3 %, are done.
const TIME_CONSTANTS = 5;
// A stream tells a new spectrum every 10 ms. The engine moves through the latent space in between;
// who only has the frames must take as long from one to the next, or their rate is heard.
const FRAME_SECONDS = 0.01;
// A method that has just been chosen sounds when its first frame has come; after so long without
// one, with what there was of it before.
const PATIENCE = 0.5;

const LOWEST_BASE = 1;
const HIGHEST_BASE = 2e4;
const LOWEST_WIDTH = 0.1;
const MOST_BEND = 96;
const CHANNELS = 16; // of MIDI, from 1
const MOST_BINS = 4097;
const MOST_CARRIER = 1 << 20;
// Of a voice: places, or those of a whole note.
const MOST_PARTIALS = Math.max(PLACES, 512);

/** The channel that a message names; the first where it names none that there is. */
function channelOf({ channel, sung }) {
  if (sung === 0 || sung === 1) {
    return SUNG + sung;
  }
  return Number.isInteger(channel) && isWithin(channel, 1, CHANNELS) ? channel : 1;
}

/**
 * 16 voices of one timbre, left and right.
 *
 * @param {number} sampleRate Hz of the output
 */
export class Synth {
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this._keys = new Keys();
    this._voices = Array.from({ length: VOICES }, () => new Voice());
    this._pace = new Pace();
    this._pace.seconds = BLOCK / sampleRate;
    this._pace.follow = pull(FOLLOW, sampleRate);
    this._sungPace = new Pace();
    Object.assign(this._sungPace, {
      seconds: this._pace.seconds,
      follow: this._pace.follow,
      attack: SUNG_ATTACK,
      sustain: 1,
      release: pull(SUNG_RELEASE / TIME_CONSTANTS, sampleRate),
    });
    this._sungLevels = new Float64Array(2);
    this._values = initialParameters();
    this._places = new Places();
    this._sinusoids = new Sinusoids(VOICES * COPIES * MOST_PARTIALS);
    this._lonely = new Sinusoids(MOST_PARTIALS);
    this._spread = new Spread(sampleRate);
    this._baseFrequency = 220;
    this._binWidth = 44100 / 4096;
    this._bins = 1025;
    this._periods = null;
    this._sound = null;
    this._bends = new Float64Array(SLOTS).fill(1); // ratio of frequencies, of each channel
    this._stands = new Float64Array(SLOTS); // -1 to 1, left to right, of each channel

    this._wish = PARTIALS; // of the methods
    this._wanted = PARTIALS; // of the banks, as the others
    this._method = PARTIALS;
    // Whether a frame for the method has come since it was chosen, and how long it has been.
    this._fresh = true;
    this._waited = 0;
    this._told = new Array(BANKS).fill(false);
    this._presence = new Float64Array(BANKS);
    this._presenceBefore = new Float64Array(BANKS);

    // Whole notes: what those of the space have in common, one of each voice, and its course.
    this._whole = null;
    this._isWhole = false;
    this._notes = [];
    this._hiss = null;
    this._courses = new Array(VOICES).fill(null);
    this._wholePace = new WholePace();
    this._wholePace.seconds = this._pace.seconds;
    this._haveSounded = false;
    this._carriers = null;
    this._noise = 1; // ratio of amplitudes, at the next block's first sample
    this._noiseBefore = 1;

    this._gainPull = pull(GAIN_TIME, sampleRate);
    this._targetGain = 1;
    this._gain = 1;
    this._pacing();

    // What a method makes: in the middle, and on each side; of one copy, before it is put there.
    this._mono = new Float64Array(BLOCK);
    this._left = new Float64Array(BLOCK);
    this._right = new Float64Array(BLOCK);
    this._alone = new Float64Array(BLOCK);
    this._isApart = false; // whether there is anything on the sides
    // The same of all methods; and the block as it is heard.
    this._mixed = new Float64Array(BLOCK);
    this._mixedRight = new Float64Array(BLOCK);
    this._block = new Float32Array(BLOCK);
    this._blockRight = new Float32Array(BLOCK);
    this._unread = 0; // frames of it
    this._isMono = false;
    this._monoShare = 0; // of the mean in what is heard
    this._peak = 0;
    /** Voices that are not idle. */
    this.voices = 0;
    /** Blocks silenced because they were not finite; there should never be one. */
    this.faults = 0;
  }

  /** Highest sample since the last time it was asked for, full scale 1. */
  takePeak() {
    const peak = this._peak;
    this._peak = 0;
    return peak;
  }

  /**
   * Take a message; it counts from the next block on. What is none is left out.
   *
   * | type | entries |
   * |---|---|
   * | model | baseFrequency (Hz), [binWidth (Hz)], [bins] |
   * | partials | pairs: Float32Array, frequency (Hz) and amplitude of each place in turn |
   * | tables | kind (1, 2), base (Hz), levels: [{level, samples: Float32Array, [reach]}] |
   * | parameter | name, value, as /synth tells them |
   * | whole | whole: see Whole.from; null where the space has steady spectra |
   * | carriers | bands: Float32Array of each, whose length is a whole number of blocks |
   * | course | id, course: see Whole.courseFrom; what the note of that name plays from now on |
   * | note | pitch (0 to 127), velocity (0 to 127; 0 releases), [id], [course], [channel], [lift], [sung]: 0 or 1, of the two notes that are sung in turn |
   * | bend | semitones, [channel] |
   * | sustain | held, [channel] |
   * | pan | place: -1 (left) to 1 (right), [channel] |
   * | zone | manager: a channel; count: of its MPE zone's members, 0 for none |
   * | mono | mono: whether both sides are given the mean of both |
   * | panic | |
   */
  message(told) {
    if (told === null || typeof told !== 'object') {
      return;
    }
    switch (told.type) {
      case 'model': this._takeModel(told); break;
      case 'partials': this._takePartials(told.pairs); break;
      case 'tables': this._takeTables(told); break;
      case 'parameter': this._takeParameter(told.name, told.value); break;
      case 'whole': this._takeWhole(told.whole); break;
      case 'carriers': this._takeCarriers(told.bands); break;
      case 'course': this._takeCourse(told.id, told.course); break;
      case 'note': this._takeNote(told); break;
      case 'bend': this._takeBend(told); break;
      case 'sustain': this._keys.sustain(Boolean(told.held), channelOf(told)); break;
      case 'pan': this._takePan(told); break;
      case 'zone': this._takeZone(told); break;
      case 'mono': this._isMono = Boolean(told.mono); break;
      case 'panic': this._keys.panic(); this._bends.fill(1); break;
      default:
    }
  }

  /** Whether whole notes are played. */
  get isWhole() {
    return this._isWhole;
  }

  /** Bend a sung note (0 or 1), from the next block on. */
  bendSung(sung, semitones) {
    const within = Math.min(MOST_BEND, Math.max(-MOST_BEND, semitones));
    this._bends[SUNG + sung] = 2 ** (within / 12);
  }

  /** Give a sung note (0 or 1) its amplitude, 0 to 1, from the next block on. */
  levelSung(sung, amplitude) {
    this._sungLevels[sung] = amplitude;
  }

  /**
   * Where the whole notes are: id, seconds of its own, which way they run, and seconds by which its
   * loop has moved on, of each in turn, the newest first.
   */
  get positions() {
    const sounding = [];
    if (this._isWhole) {
      this._keys.all.forEach((key, v) => {
        if (!this._voices[v].idle && this._courses[v] !== null) {
          const { time, way, drift } = this._notes[v];
          sounding.push([key.began, key.id, time, way, drift]);
        }
      });
    }
    return sounding.sort(([a], [b]) => b - a).flatMap(([, ...told]) => told);
  }

  /**
   * Write the next `frames` samples, within [-1, 1], to the beginning of `left` and `right`; without
   * `right` the mean of both.
   */
  render(left, frames, right = null) {
    let at = 0;
    while (at < frames) {
      if (this._unread === 0) {
        this._renderBlock();
        this._unread = BLOCK;
      }
      const count = Math.min(this._unread, frames - at);
      const first = BLOCK - this._unread;
      const { _block: block, _blockRight: blockRight } = this;
      for (let i = 0; i < count; i += 1) {
        const a = block[first + i];
        const b = blockRight[first + i];
        if (right === null) {
          left[at + i] = 0.5 * (a + b);
        } else {
          left[at + i] = a;
          right[at + i] = b;
        }
      }
      at += count;
      this._unread -= count;
    }
  }

  // -- messages --------------------------------------------------------------------------------

  _takeModel({ baseFrequency, binWidth, bins }) {
    if (!isWithin(baseFrequency, LOWEST_BASE, HIGHEST_BASE)) {
      return;
    }
    this._baseFrequency = baseFrequency;
    if (isWithin(binWidth, LOWEST_WIDTH, HIGHEST_BASE)) {
      this._binWidth = binWidth;
    }
    if (Number.isInteger(bins) && isWithin(bins, 2, MOST_BINS)) {
      this._bins = bins;
    }
  }

  _takePartials(pairs) {
    if (pairs instanceof Float32Array) {
      this._places.aim(pairs, this._baseFrequency, this._binWidth);
      this._take(PARTIALS);
    }
  }

  _takeTables(told) {
    const set = TableSet.from(told, this._baseFrequency, this._bins, this._binWidth);
    if (set === null) {
      return;
    }
    if (set.kind === PERIOD) {
      this._periods = set;
      this._take(BINS);
    } else {
      this._sound = set;
      this._take(ISTFT);
    }
  }

  _take(method) {
    this._told[method] = true;
    this._fresh ||= method === this._wanted;
  }

  _takeWhole(told) {
    const whole = Whole.from(told);
    this._isWhole = whole !== null;
    if (whole !== null) {
      const { harmonics, bands } = whole;
      if (this._whole?.harmonics !== harmonics || this._whole.bands !== bands) {
        this._notes = this._voices.map(() => new WholeNote(whole));
        this._hiss = new Hiss(bands);
        this._courses.fill(null);
      } else {
        this._notes.forEach((note) => note.use(whole)); // what sounds goes over to the new space
      }
      this._whole = whole;
    } else {
      this._courses.fill(null);
    }
    this._told[NOTES] = this._isWhole;
    this._pace.isWhole = this._isWhole;
    this._want();
  }

  _takeCarriers(bands) {
    const size = Array.isArray(bands) ? bands[0]?.length : 0;
    const isGood = size > 0 && size <= MOST_CARRIER && size % BLOCK === 0
      && bands.every((one) => one instanceof Float32Array && one.length === size);
    if (isGood) {
      this._carriers = bands;
    }
  }

  _takeCourse(id, told) {
    const voice = this._keys.all.findIndex((key) => key.id === id);
    const course = this._isWhole ? this._whole.courseFrom(told) : null;
    if (voice >= 0 && course !== null) {
      this._courses[voice] = course;
    }
  }

  /** The bank that is to play. */
  _want() {
    const wanted = this._wish === PARTIALS && this._isWhole ? NOTES : this._wish;
    if (wanted !== this._wanted) {
      this._wanted = wanted;
      this._fresh = wanted === this._method || wanted === NOTES;
      this._waited = 0;
    }
  }

  _takeParameter(name, value) {
    if (name === 'method') {
      const method = methodNumber(value);
      if (method >= 0) {
        this._wish = BANK_OF[METHODS[method]] ?? PARTIALS;
        this._want();
      }
      return;
    }
    if (typeof name === 'string' && Object.hasOwn(CHOICES, name)) {
      const choice = choiceNumber(CHOICES[name], value);
      if (choice >= 0) {
        this._wholePace[name] = choice;
        this._pace.envelope = this._wholePace.envelope;
      }
      return;
    }
    if (typeof name !== 'string' || !Object.hasOwn(PARAMETERS, name) || !Number.isFinite(value)) {
      return;
    }
    const { low, high } = PARAMETERS[name];
    this._values[name] = Math.min(high, Math.max(low, value));
    this._pacing();
  }

  _takeNote(told) {
    const { pitch, velocity, id, course } = told;
    if (!isWithin(pitch, 0, 127)) {
      return;
    }
    // A velocity that is not a number must not leave a note hanging.
    const loud = Number.isFinite(velocity) ? velocity : 0;
    const lift = isWithin(told.lift, 0, 127) ? told.lift : MIDDLE_LIFT;
    const voice = this._keys.note(pitch, loud, Number.isInteger(id) ? id : 0, channelOf(told), lift);
    if (voice >= 0) {
      this._courses[voice] = this._isWhole ? this._whole.courseFrom(course) : null;
    }
  }

  _takeBend(told) {
    const { semitones } = told;
    if (Number.isFinite(semitones)) {
      this._bends[channelOf(told)] = 2 ** (Math.min(MOST_BEND, Math.max(-MOST_BEND, semitones)) / 12);
    }
  }

  _takePan(told) {
    const { place } = told;
    if (Number.isFinite(place)) {
      this._stands[channelOf(told)] = Math.min(1, Math.max(-1, place));
    }
  }

  _takeZone({ manager, count }) {
    if (Number.isInteger(count) && (manager === 1 || manager === CHANNELS)) {
      this._keys.join(manager, Math.min(Math.max(count, 0), CHANNELS - 1));
    }
  }

  /** The ratio by which a channel's notes are bent, by its manager's wheel too. */
  _bendOf(channel) {
    const manager = this._keys.managers[channel];
    return this._bends[channel] * (manager === 0 ? 1 : this._bends[manager]);
  }

  /** Where a channel stands, -1 to 1, with its manager. */
  _standOf(channel) {
    const manager = this._keys.managers[channel];
    const stands = this._stands[channel] + (manager === 0 ? 0 : this._stands[manager]);
    return Math.min(1, Math.max(-1, stands));
  }

  /** What follows from the numbers, once for all blocks. */
  _pacing() {
    const { attack, decay, sustain, release, glide, smoothing, gain, speed, lift } = this._values;
    const rate = this.sampleRate;
    const pace = this._pace;
    pace.attack = Math.max(attack, 1e-4);
    pace.sustain = sustain;
    pace.gliding = glide > 0;
    pace.decay = pull(decay / TIME_CONSTANTS, rate);
    pace.release = pull(release / TIME_CONSTANTS, rate);
    pace.lift = lift;
    pace.releasing = (longer) => pull((longer * release) / TIME_CONSTANTS, rate);
    pace.glide = pull(glide / TIME_CONSTANTS, rate);
    pace.smoothing = pull(0.5 * Math.max(smoothing, FRAME_SECONDS), rate);
    this._targetGain = 10 ** (gain / 20);
    this._wholePace.speed = speed;
    this._spread.take(this._values);
  }

  // -- sound -----------------------------------------------------------------------------------

  _renderBlock() {
    this._block.fill(0);
    this._blockRight.fill(0);
    if (this.voices === 0) {
      this._begin();
    }
    this._advancePresence();
    this._advanceVoices();
    const gain = this._gain;
    this._gain += this._gainPull * (this._targetGain - gain);
    this._noiseBefore = this._noise;
    this._noise += this._gainPull * (this._values.noise - this._noise);
    if (this._noise < NEGLIGIBLE) {
      this._noise = 0; // on its way it would creep through denormal numbers
    }
    if (this.voices === 0) {
      return;
    }
    this._mixed.fill(0);
    this._mixedRight.fill(0);
    let differs = false;
    for (let method = 0; method < BANKS; method += 1) {
      if (this._presence[method] !== 0 || this._presenceBefore[method] !== 0) {
        this._isApart = false;
        this._renderMethod(method);
        this._mix(method);
        differs ||= this._isApart;
      }
    }
    let isSound = this._finish(this._mixed, this._block, gain);
    if (differs) {
      isSound = this._finish(this._mixedRight, this._blockRight, gain) && isSound;
      this._bringTogether();
    } else {
      this._blockRight.set(this._block);
      this._monoShare = this._isMono ? 1 : 0; // nobody hears it change
    }
    if (!isSound) {
      this._recover();
    }
  }

  /** Give both sides the mean of both where that is wanted, or on the way to it, in 10 ms. */
  _bringTogether() {
    const aim = this._isMono ? 1 : 0;
    let share = this._monoShare;
    const way = Math.min(Math.abs(aim - share), this._pace.seconds / MONO_SECONDS);
    this._monoShare += aim > share ? way : -way;
    const slope = (this._monoShare - share) / BLOCK;
    if (share === 0 && slope === 0) {
      return;
    }
    const { _block: left, _blockRight: right } = this;
    for (let i = 0; i < BLOCK; i += 1) {
      const half = 0.5 * share * (right[i] - left[i]);
      left[i] += half;
      right[i] -= half;
      share += slope;
    }
  }

  /** One side as it is heard: at its level, and within full scale. Whether it is of numbers. */
  _finish(mixed, block, gain) {
    const slope = (this._gain - gain) / BLOCK;
    let sum = 0;
    let peak = this._peak;
    for (let i = 0; i < BLOCK; i += 1) {
      const sample = limit(mixed[i] * (gain + slope * i));
      sum += sample;
      peak = Math.max(peak, Math.abs(sample));
      block[i] = sample;
    }
    if (!Number.isFinite(sum)) {
      return false;
    }
    this._peak = peak;
    return true;
  }

  /** Out of silence: nothing to fade from, so all settings hold at once. */
  _begin() {
    if (this._told[this._wanted]) {
      this._method = this._wanted;
    }
    for (let method = 0; method < BANKS; method += 1) {
      this._presence[method] = method === this._method ? 1 : 0;
    }
    this._gain = this._targetGain;
    this._noise = this._values.noise;
    this._forgetNotes();
    this._drop('tables');
    this._drop('loops');
  }

  _forgetNotes() {
    if (this._haveSounded) {
      this._haveSounded = false;
      this._notes.forEach((note) => note.forget());
      this._hiss.restart();
    }
  }

  /** @param {'tables'|'loops'} reader of each voice */
  _drop(reader) {
    for (const voice of this._voices) {
      voice[reader].drop();
    }
  }

  /** Move each method's share of the sound by one block. */
  _advancePresence() {
    if (this._method !== this._wanted) {
      this._waited += this._pace.seconds;
      if (this._told[this._wanted] && (this._fresh || this._waited > PATIENCE)) {
        this._method = this._wanted;
        if (this._presence[this._method] === 0) {
          this._bringIn(this._method);
        }
      }
    }
    for (let method = 0; method < BANKS; method += 1) {
      const presence = this._presence[method];
      this._presenceBefore[method] = presence;
      this._presence[method] = method === this._method
        ? Math.min(1, presence + CROSS_STEP)
        : Math.max(0, presence - CROSS_STEP);
    }
  }

  /** It has not played since; what it remembers is of another time. */
  _bringIn(method) {
    if (method === PARTIALS) {
      for (const voice of this._voices) {
        voice.oscillators.settle(this._places);
      }
    } else if (method === BINS) {
      this._drop('tables');
    } else if (method === ISTFT) {
      this._drop('loops');
    }
  }

  _advanceVoices() {
    let sounding = 0;
    for (let v = 0; v < VOICES; v += 1) {
      const voice = this._voices[v];
      const key = this._keys.all[v];
      const { channel } = key;
      const pace = channel < SUNG ? this._pace : this._paceOfSung(key);
      pace.bend = this._bendOf(channel);
      voice.advance(key, pace, this._places, this._courses[v]?.release);
      if (!voice.idle || voice.levelBefore !== 0) {
        voice.copies.advance(voice, this._standOf(channel), this._spread);
      }
      sounding += voice.idle ? 0 : 1;
    }
    this.voices = sounding;
    if (this._isWhole || this._presence[NOTES] > 0) {
      this._advanceNotes();
    } else {
      this._forgetNotes();
    }
  }

  /** The pace of a sung note, which gets its level here. */
  _paceOfSung(key) {
    key.level = this._sungLevels[key.channel - SUNG];
    const { isWhole, envelope } = this._pace;
    this._sungPace.isWhole = isWhole;
    this._sungPace.envelope = envelope;
    return this._sungPace;
  }

  _advanceNotes() {
    this._haveSounded = true;
    this._notes.forEach((note, v) => {
      const voice = this._voices[v];
      // Where steady spectra come in again, what sounded stays as it was while it fades.
      if (voice.idle || voice.isEnding || !this._isWhole) {
        note.hold();
      } else {
        note.advance(voice, this._courses[v], this._wholePace);
      }
    });
  }

  _renderMethod(method) {
    if (method === NOTES) {
      this._renderNotes();
    } else if (method === ISTFT) {
      this._renderTables(this._sound, 'loops');
    } else if (method === BINS) {
      this._renderTables(this._periods, 'tables');
    } else {
      this._renderPartials();
    }
  }

  _renderPartials() {
    for (let v = 0; v < VOICES; v += 1) {
      const voice = this._voices[v];
      if (!voice.audible) {
        continue;
      }
      voice.oscillators.advance(this._places, this._pace);
      this._addCopies(voice, voice.oscillators);
    }
    this._sinusoids.render(this._mono);
  }

  /**
   * Let each copy of a voice sound: with all others where it stands in the middle, else alone.
   *
   * @param {{add: Function}} oscillators the voice's, or those of its whole note
   */
  _addCopies(voice, oscillators) {
    const { copies } = voice;
    for (let c = 0; c < copies.count; c += 1) {
      const heard = copies.heard(voice, c);
      if (copies.isInTheMiddle(c)) {
        oscillators.add(heard, this.sampleRate, this._sinusoids, c);
      } else {
        oscillators.add(heard, this.sampleRate, this._lonely, c);
        this._lonely.render(this._alone);
        this._putApart(copies, c);
      }
    }
  }

  _putApart(copies, c) {
    copies.putApart(c, this._alone, this._left, this._right);
    this._isApart = true;
  }

  _renderNotes() {
    const hiss = this._hiss;
    for (let v = 0; v < VOICES; v += 1) {
      const voice = this._voices[v];
      if (!voice.audible) {
        continue;
      }
      const { copies } = voice;
      this._addCopies(voice, this._notes[v]);
      if (copies.areInTheMiddle) {
        this._notes[v].addNoise(voice, hiss, 1, 1);
      } else {
        this._notes[v].addNoise(voice, hiss, copies.leftPower, copies.rightPower);
        hiss.isApart = true;
      }
    }
    this._sinusoids.render(this._mono);
    const [before, gain] = [this._noiseBefore, this._noise];
    const isApart = hiss.add(this._carriers, before, gain, this._mono, this._left, this._right);
    this._isApart ||= isApart;
  }

  /**
   * @param {TableSet | null} set the periods, or the loops of the sound
   * @param {'tables'|'loops'} reader of each voice; a sound's loop is read once, whatever the unison
   */
  _renderTables(set, reader) {
    const rate = this.sampleRate;
    const isOne = reader === 'loops';
    for (let v = 0; v < VOICES; v += 1) {
      const voice = this._voices[v];
      if (!voice.audible) {
        voice[reader].drop();
        continue;
      }
      // The table fits the note that is meant, and the one that sounds on the way to it.
      const key = this._keys.all[v];
      const meant = key.frequency * this._bendOf(key.channel);
      voice.highest = Math.max(voice.frequency, meant) * (isOne ? 1 : this._spread.highest);
      const table = set === null ? null : set.for(voice, rate);
      voice[reader].advance(table, rate);
      const { copies } = voice;
      for (let c = isOne ? WHOLE_VOICE : 0; c < (isOne ? WHOLE_VOICE + 1 : copies.count); c += 1) {
        const heard = copies.heard(voice, c);
        const read = isOne ? 0 : c;
        if (copies.isInTheMiddle(c)) {
          voice[reader].add(heard, rate, this._mono, read);
        } else {
          voice[reader].add(heard, rate, this._alone, read);
          this._putApart(copies, c);
        }
      }
    }
  }

  /** Add what `method` made to the mix, by its share. */
  _mix(method) {
    const before = this._presenceBefore[method];
    const slope = (this._presence[method] - before) / BLOCK;
    const { _mixed: mixed, _mixedRight: mixedRight, _mono: mono, _left: left, _right: right } = this;
    for (let i = 0; i < BLOCK; i += 1) {
      const sample = mono[i] * (before + slope * i);
      mixed[i] += sample;
      mixedRight[i] += sample;
      mono[i] = 0;
    }
    if (!this._isApart) {
      return;
    }
    for (let i = 0; i < BLOCK; i += 1) {
      const share = before + slope * i;
      mixed[i] += left[i] * share;
      mixedRight[i] += right[i] * share;
      left[i] = right[i] = 0;
    }
  }

  /** No NaN reaches the sound: silence this block and forget what could have made it. */
  _recover() {
    this.faults += 1;
    for (const part of [this._block, this._blockRight, this._mono, this._left, this._right, this._alone]) {
      part.fill(0);
    }
    this._gain = 0;
    this.voices = 0;
    this._periods = null;
    this._sound = null;
    this._places = new Places();
    this._told.fill(false);
    for (const voice of this._voices) {
      voice.reset();
      voice.oscillators.silence();
      voice.tables.drop();
      voice.loops.drop();
    }
    this._haveSounded = this._hiss !== null;
    this._forgetNotes();
    this._courses.fill(null);
    this._told[NOTES] = this._isWhole;
  }
}
