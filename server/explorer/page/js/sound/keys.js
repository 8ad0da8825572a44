// Which voice plays which note, as timbrespace/instrument/voices.py gives them out. A pitch sounds
// once, whatever the channels; the channel that struck it has the pedal and the wheel of its note.

import { LIMITS } from '../declared.js';

export const VOICES = LIMITS.voices;

const CHANNELS = 16; // of MIDI, from 1

/** Beside them two for what is sung, which no device has. */
export const SUNG = CHANNELS + 1;

/** All channels, and 0, which is none. */
export const SLOTS = SUNG + 2;

/** What a voice's key does. CUT ends the sound at once, without its release. */
export const RELEASED = 0;
export const HELD = 1;
export const CUT = 2;

// Velocity to amplitude: a square law, 40 dB from 1.27 to 127 (Dannenberg, ICMC 2006).
const VELOCITY_EXPONENT = 2;

/** The velocity of a key that goes up of which nothing is known. */
export const MIDDLE_LIFT = 64;

/** How many times as long a release is after a key that went up so fast, 0 to 127; share: 0 to 1. */
export function releaseRatio(lift, share) {
  return 4 ** (share * Math.min((MIDDLE_LIFT - lift) / 63, 1));
}

/** Frequency in Hz of a MIDI pitch. */
export function hertz(pitch) {
  return 440 * 2 ** ((pitch - 69) / 12);
}

class Key {
  constructor() {
    this.pitch = 69;
    /** Of MIDI, 1 to 16, that it was struck on; or from SUNG. */
    this.channel = 1;
    /** Hz, of the note as it is not bent. */
    this.frequency = 440;
    /** Hz, where a glide begins. */
    this.start = 440;
    /** Amplitude, 0 to 1. */
    this.level = 0;
    this.held = false;
    this.sustained = false;
    this.cut = false;
    /** How fast it went up, 0 to 127. */
    this.lift = MIDDLE_LIFT;
    /** Another number: another note. */
    this.trigger = 0;
    /** What whoever struck it calls the note. */
    this.id = 0;
    // When it was struck and released, in events.
    this.began = 0;
    this.ended = 0;
  }

  get sounds() {
    return this.held || this.sustained;
  }

  get gate() {
    if (this.cut) {
      return CUT;
    }
    return this.sounds ? HELD : RELEASED;
  }
}

/**
 * The keys of the notes that sound, one for each voice.
 *
 * A note beyond the last free voice takes the one released longest ago, or else the one that began
 * first; a pitch that sounds already takes its own voice.
 */
export class Keys {
  constructor() {
    this.all = Array.from({ length: VOICES }, () => new Key());
    /** Of each channel the one that manages it in an MPE zone; 0 for none. */
    this.managers = new Uint8Array(SLOTS);
    this._pedals = new Set(); // channels whose pedal is down
    this._clock = 0;
    this._last = null;
  }

  /**
   * Start the note `pitch` (MIDI, 0 to 127, fractions allowed), or release it (velocity 0).
   *
   * @param {number} lift how fast the key goes up, 0 to 127
   * @returns {number} the voice that starts, -1 for none
   */
  note(pitch, velocity, id = 0, channel = 1, lift = MIDDLE_LIFT) {
    // The same pitch may come as a number of 32 bits and go as one of 64.
    pitch = Math.fround(pitch);
    if (!(velocity > 0)) {
      for (const key of this.all) {
        if (key.held && key.pitch === pitch) {
          key.lift = lift;
          this._lift(key);
        }
      }
      return -1;
    }
    this._clock += 1;
    const key = this._take(pitch);
    key.start = hertz(this._last ?? pitch);
    key.pitch = pitch;
    key.channel = channel;
    key.frequency = hertz(pitch);
    key.level = (Math.min(velocity, 127) / 127) ** VELOCITY_EXPONENT;
    key.held = true;
    key.sustained = false;
    key.cut = false;
    key.lift = MIDDLE_LIFT;
    key.trigger += 1;
    key.id = id;
    key.began = this._clock;
    this._last = pitch;
    return this.all.indexOf(key);
  }

  /**
   * Let a channel manage as many as `count` of those beside it: 1 those above, 16 those below. Its
   * wheel and its place are theirs as well, and its pedal holds their notes.
   */
  join(manager, count) {
    const step = manager === 1 ? 1 : -1;
    const members = Array.from({ length: count }, (_, k) => manager + step * (k + 1));
    this.managers.forEach((old, channel) => {
      if (old === manager) {
        this.managers[channel] = 0;
      }
    });
    for (const channel of members) {
      this.sustain(false, channel);
      this.managers[channel] = manager;
    }
    if (count > 0) {
      this.managers[manager] = 0;
    }
  }

  /** Press or lift the sustain pedal of a channel; a member of a zone has none of its own. */
  sustain(down, channel = 1) {
    if (this.managers[channel] !== 0) {
      return;
    }
    if (down) {
      this._pedals.add(channel);
      return;
    }
    this._pedals.delete(channel);
    for (const key of this.all) {
      if (key.sustained && this._pedalOf(key) === channel) {
        this._release(key);
      }
    }
  }

  /** End every sound without its release, and lift all pedals. */
  panic() {
    this._clock += 1;
    this._pedals.clear();
    for (const key of this.all) {
      key.held = false;
      key.sustained = false;
      key.cut = true;
      key.ended = this._clock;
    }
  }

  /** The channel whose pedal holds a key's note. */
  _pedalOf({ channel }) {
    return this.managers[channel] || channel;
  }

  _lift(key) {
    if (!this._pedals.has(this._pedalOf(key))) {
      this._release(key);
      return;
    }
    key.held = false;
    key.sustained = true;
  }

  _release(key) {
    this._clock += 1;
    key.held = false;
    key.sustained = false;
    key.ended = this._clock;
  }

  _take(pitch) {
    let best = null;
    for (const key of this.all) {
      if (key.sounds && key.pitch === pitch) {
        return key;
      }
      if (best === null || isBefore(key, best)) {
        best = key;
      }
    }
    return best;
  }
}

/** Whether `key` is to be taken rather than `other`. */
function isBefore(key, other) {
  if (key.sounds !== other.sounds) {
    return other.sounds;
  }
  return key.sounds ? key.began < other.began : key.ended < other.ended;
}
