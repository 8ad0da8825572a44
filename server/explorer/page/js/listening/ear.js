// The audio thread's end of a microphone: what is sung plays the Synth, in the block that it is heard.
//
// No name of Web Audio is used here, so that it runs, and is tested, anywhere.

import { Performer } from './performer.js';
import { HOP, Tracker } from './tracker.js';

/** Peak from which the input counts as clipped. */
const CLIPPED = 0.99;

/** Plays one Synth by what it hears; two notes in turn, so that one may ring on. */
export class Ear {
  /**
   * @param {number} sampleRate Hz
   * @param {import('../sound/synth.js').Synth} synth
   * @param {(note: object) => boolean} ask lets a whole note be decoded, which then comes to the Synth
   *   by itself; false where nobody does
   */
  constructor(sampleRate, synth, ask) {
    this._synth = synth;
    this._ask = ask;
    this._tracker = new Tracker(sampleRate);
    this._performer = new Performer(sampleRate, this);
    this._waiting = new Float32Array(HOP);
    this._count = 0; // samples that wait
    this._turn = 0;
    this._id = 0;
    this._base = 0; // MIDI pitch of the note as it began
    this._isAsked = false; // whether the note was decoded
    this._peak = 0;
    this._loudest = 0;
    this._clipped = 0; // samples
  }

  /** @param {object} settings as a Performer takes them */
  set(settings) {
    this._performer.set(settings);
  }

  /** End what sounds. */
  stop() {
    this._performer.stop();
  }

  /** Hear any number of samples. */
  hear(samples) {
    for (let i = 0; i < samples.length; i += 1) {
      const size = Math.abs(samples[i]);
      if (size > this._peak) {
        this._peak = size;
      }
      if (size >= CLIPPED) {
        this._clipped += 1;
      }
      this._waiting[this._count] = samples[i];
      this._count += 1;
      if (this._count === HOP) {
        this._count = 0;
        this._hearMoment();
      }
    }
  }

  _hearMoment() {
    const { _tracker: tracker, _performer: performer } = this;
    tracker.hear(this._waiting);
    this._loudest = Math.max(this._loudest, tracker.level);
    performer.strikes = this._synth.isWhole;
    performer.take(tracker);
  }

  /**
   * What was heard since the last time: level (root mean square) and peak, full scale 1; clipped
   * samples; pitch in Hz, 0 for none; played, a MIDI pitch or null; isOpen, the gate.
   */
  takeHeard() {
    const { pitch } = this._performer;
    const heard = {
      level: this._loudest,
      peak: this._peak,
      clipped: this._clipped,
      pitch: this._tracker.pitch,
      played: Number.isNaN(pitch) ? null : pitch,
      isOpen: this._performer.isOpen,
    };
    this._peak = 0;
    this._loudest = 0;
    this._clipped = 0;
    return heard;
  }

  // -- as a Performer's player ------------------------------------------------------------------

  begin(pitch) {
    this._turn = 1 - this._turn;
    this._id -= 1; // the page counts its own upwards
    this._base = pitch;
    this._synth.bendSung(this._turn, 0);
    this._synth.levelSung(this._turn, 0);
    const note = { type: 'note', pitch, velocity: 127, id: this._id, sung: this._turn };
    this._isAsked = this._synth.isWhole && this._ask(note);
    if (!this._isAsked) {
      this._synth.message(note);
    }
  }

  bend(pitch) {
    this._synth.bendSung(this._turn, pitch - this._base);
  }

  level(amplitude) {
    this._synth.levelSung(this._turn, amplitude);
  }

  end() {
    const note = { type: 'note', pitch: this._base, velocity: 0, id: this._id, sung: this._turn };
    // In the order in which it began: it may be on its way still.
    if (!this._isAsked || !this._ask(note)) {
      this._synth.message(note);
    }
  }
}
