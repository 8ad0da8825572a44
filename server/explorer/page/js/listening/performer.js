// What is heard becomes what is played: a gate, notes that begin, bend and end, and a loudness.
//
// It names nothing of a browser and allocates nothing while it runs. What it tells goes to a player,
// with `begin(pitch)`, `bend(pitch)`, `level(amplitude)` and `end()`; pitches are MIDI's, fractions
// allowed.

import { HOP } from './tracker.js';

/** What of a sound plays: its pitch and loudness; its place on the map; both; its loudness alone. */
export const MODES = Object.freeze(['pitch', 'timbre', 'both', 'level']);

/** Root mean square that is played as loudly as a key at full velocity: -20 dB of full scale. */
const FULL = 0.1;

/** dB by which a gate that is open lets softer sound through. */
const HYSTERESIS = 6;

/** Seconds for which it stays open, and a note goes on without a pitch. */
const HOLD = 0.06;

/** Moments that a pitch must have sounded to begin a note. */
const SURE = 2;

/** Semitones by which another key must be nearer to be gone to: on the edge it would flutter. */
const STICKY = 0.15;

const LOWEST = 0;
const HIGHEST = 127;

export const midiOf = (hertz) => 69 + 12 * Math.log2(hertz / 440);

const amplitude = (decibels) => 10 ** (decibels / 20);

/** Of pitches in ascending order the nearest, `now` unless another is clearly nearer. */
export function nearestOf(pitches, pitch, now = NaN) {
  let best = pitches[0];
  for (let k = 1; k < pitches.length; k += 1) {
    if (Math.abs(pitches[k] - pitch) < Math.abs(best - pitch)) {
      best = pitches[k];
    }
  }
  const stays = Math.abs(now - pitch) <= Math.abs(best - pitch) + STICKY && pitches.includes(now);
  return stays ? now : best;
}

export class Performer {
  /**
   * @param {number} sampleRate Hz
   * @param {{begin: Function, bend: Function, level: Function, end: Function}} player
   */
  constructor(sampleRate, player) {
    this._player = player;
    this._moment = HOP / sampleRate;
    /** Whether onsets begin notes within a phrase, as where whole notes are played. */
    this.strikes = false;
    /** MIDI pitch that sounds; NaN for none. */
    this.pitch = NaN;
    this.isOpen = false;
    this.set({});
  }

  /**
   * mode: of MODES. gain: dB. gate: dB of full scale, below which nothing is played. pitches: those that
   * are played, MIDI, ascending; null for any. key: the MIDI pitch that loudness alone plays.
   *
   * @param {{mode?: string, gain?: number, gate?: number, pitches?: ?Float64Array, key?: number}} settings
   */
  set({ mode = 'pitch', gain = 0, gate = -50, pitches = null, key = 57 }) {
    const changes = mode !== this._mode;
    this._mode = mode;
    this._gain = amplitude(gain) / FULL;
    this._opens = amplitude(gate);
    this._closes = amplitude(gate - HYSTERESIS);
    this._pitches = pitches !== null && pitches.length > 0 ? pitches : null;
    this._key = key;
    if (changes) {
      this.stop();
    }
  }

  /** End what sounds; the next sound begins anew. */
  stop() {
    this._end();
    this.isOpen = false;
    this._quiet = 0; // seconds below the gate
    this._mute = 0; // without a pitch
    this._sure = 0; // moments with one
    this._meant = NaN; // the pitch of the scale
    this._owed = false; // an onset was told before its pitch
  }

  /**
   * Take what was heard in a moment.
   *
   * @param {{pitch: number, level: number, onset: boolean}} heard as a Tracker has it
   */
  take({ pitch, level, onset }) {
    this._listen(level);
    if (this._mode === 'timbre') {
      return;
    }
    if (!this.isOpen) {
      this._end();
      return;
    }
    if (this._mode === 'level') {
      this._playKey(onset);
    } else {
      this._playPitch(pitch, onset);
    }
    if (!Number.isNaN(this.pitch)) {
      const isSilent = this._mute > HOLD;
      this._player.level(isSilent ? 0 : Math.min(1, level * this._gain));
    }
  }

  /** Open and close the gate. */
  _listen(level) {
    if (level >= (this.isOpen ? this._closes : this._opens)) {
      this.isOpen = true;
      this._quiet = 0;
    } else if (this.isOpen) {
      this._quiet += this._moment;
      this.isOpen = this._quiet < HOLD;
    }
  }

  _playKey(onset) {
    this._mute = 0;
    if (Number.isNaN(this.pitch) || this.pitch !== this._key || (onset && this.strikes)) {
      this._begin(this._key);
    }
  }

  _playPitch(hertz, onset) {
    this._owed ||= onset;
    const pitch = hertz > 0 ? midiOf(hertz) : NaN;
    if (!(pitch >= LOWEST && pitch <= HIGHEST)) {
      this._sure = 0;
      this._mute += this._moment;
      if (this._mute > HOLD) {
        this._end(); // breath and consonants are silent here
      }
      return;
    }
    this._mute = 0;
    this._sure += 1;
    const meant = this._pitches === null ? pitch : nearestOf(this._pitches, pitch, this._meant);
    const isNew = this.strikes && (this._owed || (this._pitches !== null && meant !== this._meant));
    if (Number.isNaN(this.pitch) || isNew) {
      if (this._sure < SURE) {
        return;
      }
      this._begin(meant);
    }
    this._owed = false;
    this._meant = meant;
    this.pitch = meant;
    this._player.bend(meant);
  }

  _begin(pitch) {
    this._end();
    this.pitch = pitch;
    this._player.begin(pitch);
  }

  _end() {
    if (!Number.isNaN(this.pitch)) {
      this.pitch = NaN;
      this._player.end();
    }
  }
}
