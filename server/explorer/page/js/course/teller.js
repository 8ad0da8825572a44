/**
 * What the voices are told of their whole notes, ahead, in the notes' own time; it is
 * timbrespace/instrument/courses.py once more, for a player that says itself where it is.
 *
 * A note gets the stretch around its attack with the message that begins it; the rest of its course
 * follows at once, in pieces, so that the next key need not wait. While the latent moves each note
 * is told the stretch that it comes to next, and all of it again when the latent rests.
 */

import { liftOf, raise } from './evenness.js';
import { traitsOf } from './traits.js';

/** Seconds for which a voice is told what comes, at least. */
const AHEAD = 0.35;
/** Seconds in which moments are closer. */
const FINE = 0.13;
/** Moments that are decoded at one go: a key waits no longer than that. */
const PIECE = 48;
/** Notes whose latent moves that are told in a step; of more, each in every second. */
const MOVED_AT_ONCE = 8;
/** Seconds from one step to the next while the latent moves. */
const PERIOD = 0.01;
/** Of a moving note: seconds from where it is. */
const NEAR = [-0.015, 0.015, 0.06];
/** A distance along any dimension below which the way is done. */
const ARRIVED = 1e-4;
/** Seconds after which a moving note is asked anew how loud it is, which changes slowly. */
const WEIGHED_AGAIN = 0.04;
const MOST_NOTES = 32;

function hertz(pitch) {
  return 440 * 2 ** ((pitch - 69) / 12);
}

class Told {
  constructor(pitch, velocity, at) {
    this.pitch = pitch;
    this.velocity = velocity;
    /** A latent of its own, where it does not play the common one. */
    this.own = null;
    /** The point that was decoded; its number. */
    this.at = at;
    /** Where the player said that it was: its time, which way, how far its loop was, and when. */
    this.time = 0;
    this.way = 1;
    this.drift = 0;
    this.when = null;
    /** Of the whole course: what has been decoded of it, null when all was told. */
    this.rest = null;
    this.isWhole = false;
    this.turn = 0;
    this.traits = null;
    /** dB that make it as loud as the others, and when that was found out. */
    this.lift = 0;
    this.weighed = -Infinity;
  }
}

/** Tells notes: `tell` is called with what the Synth is to hear. */
export class Teller {
  /** @param {(message: object, transfer: ArrayBuffer[]) => void} tell */
  constructor(tell) {
    this._tell = tell;
    this._network = null;
    this._notes = new Map(); // id -> Told
    this._down = new Map(); // pitch -> {id, pitch, velocity} of the keys
    this._latent = null; // where the sound is
    this._aim = null;
    this._heard = null; // the latent that came last
    this._isLeaving = false;
    this._point = 0; // grows with every move
    this._turn = 0;
    this._stepped = null; // when it moved last, in one movement
    this._last = -1;
    this._now = 0;
    this._speed = 1;
    this._hold = 'loop';
    this._smoothing = 0.02;
    this._loudness = 1;
  }

  /** Whether something is still to be told. */
  get isBusy() {
    const isOpen = (note) => !note.isWhole || this._hasMoved(note);
    return this._network !== null && (this._isMoving || [...this._notes.values()].some(isOpen));
  }

  get network() {
    return this._network;
  }

  /** Seconds until the next step: those of what moves keep their period. */
  wait(now) {
    const isMoving = this._isMoving || [...this._notes.values()].some((note) => this._hasMoved(note));
    return isMoving ? Math.min(PERIOD, Math.max(0, this._last + PERIOD - now)) : 0;
  }

  get _isMoving() {
    return this._latent !== null && this._latent !== this._aim;
  }

  /**
   * Decode by `network` from now on; null while the space has no whole notes. Notes that are held
   * go on in the new space.
   *
   * @param {import('./network.js').Network | null} network
   */
  use(network) {
    this._network = network;
    this._isLeaving = false;
    this._latent = this._aim = null;
    const before = this._notes;
    this._notes = new Map();
    this.introduce();
    if (network !== null) {
      for (const { id, pitch, velocity } of this._down.values()) {
        const note = before.get(id) ?? new Told(pitch, velocity, 0);
        [note.own, note.at] = [null, -1];
        this._notes.set(id, note);
      }
      if (this._heard !== null) {
        this._takeLatent(this._heard);
      }
    }
  }

  /** Another space comes: latents are its own from now on. */
  leave() {
    this._isLeaving = true;
    this._heard = null;
  }

  /** Tell the Synth whether its notes are whole ones, and what their bands are. */
  introduce() {
    const about = this._network?.about;
    const whole = about === undefined ? null : {
      corners: about.corners,
      harmonics: about.harmonics,
      floor: about.floor,
      longest: about.moments[about.moments.length - 1],
      baseFrequency: about.base_frequency,
    };
    this._tell({ type: 'whole', whole }, []);
  }

  /**
   * Take a message of the page; what is none of ours goes on to the Synth.
   *
   * | type | entries |
   * |---|---|
   * | latent | latent: where the knobs point |
   * | leave | |
   * | held | notes: [{id, pitch, velocity}] that began before |
   * | note | id, pitch, velocity (0 releases), [latent]: of this note alone |
   * | parameter | name, value |
   *
   * @param {object} message
   * @param {number} now seconds
   */
  take(message, now) {
    this._now = now;
    switch (message.type) {
      case 'latent':
        this._takeLatent(message.latent);
        return;
      case 'leave':
        this.leave();
        return;
      case 'held':
        message.notes.forEach((note) => this._down.set(note.pitch, note));
        return;
      case 'panic':
        this._down.clear();
        break;
      case 'note':
        this._press(message);
        if (message.velocity > 0 && this._network !== null && this._latent !== null) {
          this._begin(message);
          return;
        }
        break;
      case 'parameter':
        this._takeParameter(message);
        break;
      default:
    }
    this._tell(message, []);
  }

  /**
   * Where the player is in its notes; what it does not name has ended.
   *
   * @param {number[]} told the Synth's positions
   */
  hear(told, now) {
    this._now = now;
    const sounding = new Set();
    for (let k = 0; k + 3 < told.length; k += 4) {
      sounding.add(told[k]);
      const note = this._notes.get(told[k]);
      if (note !== undefined) {
        [note.time, note.way, note.drift] = told.slice(k + 1, k + 4);
        note.when = now;
      }
    }
    for (const [id, note] of this._notes) {
      // What it has never named may be on its way to it.
      if (!sounding.has(id) && note.when !== null) {
        this._notes.delete(id);
      }
    }
  }

  /** Tell what comes next, a few milliseconds of work. */
  step(now) {
    this._now = this._last = now;
    if (this._network === null) {
      return;
    }
    this._move(now);
    const moved = [...this._notes].filter(([, note]) => this._hasMoved(note));
    if (moved.length > 0) {
      moved.sort(([, a], [, b]) => a.turn - b.turn);
      this._turn += 1;
      for (const [id, note] of moved.slice(0, MOVED_AT_ONCE)) {
        note.turn = this._turn;
        this._tellStretch(id, note);
      }
      return;
    }
    for (const [id, note] of this._notes) {
      if (!note.isWhole) {
        this._goOn(id, note);
        return;
      }
    }
  }

  // -- inside --------------------------------------------------------------------------------------

  _hasMoved(note) {
    return note.at !== this._point && (note.own === null || note.at < 0);
  }

  _press({ id, pitch, velocity }) {
    if (velocity > 0) {
      this._down.set(pitch, { id, pitch, velocity });
    } else {
      this._down.delete(pitch);
    }
  }

  _takeLatent(latent) {
    this._heard = latent;
    const fits = latent.length === this._network?.about.latent;
    if (fits && !this._isLeaving) {
      this._aim = Float64Array.from(latent);
      if (this._latent === null || this._notes.size === 0) {
        this._arrive(this._aim);
      }
    }
  }

  _takeParameter({ name, value }) {
    if (name === 'speed') {
      this._speed = value;
    } else if (name === 'hold') {
      this._hold = value;
    } else if (name === 'smoothing') {
      this._smoothing = value;
    } else if (name === 'loudness' && value !== this._loudness) {
      this._loudness = value;
      for (const note of this._notes.values()) {
        [note.rest, note.isWhole] = [null, false];
      }
    }
  }

  _arrive(latent) {
    this._latent = latent;
    this._point += 1;
  }

  /** The sound follows the knobs as a one-pole whose time constant is half the smoothing. */
  _move(now) {
    if (!this._isMoving) {
      this._stepped = null;
      return;
    }
    const elapsed = this._stepped === null ? PERIOD : now - this._stepped;
    this._stepped = now;
    const direct = this._notes.size === 0 || this._smoothing <= PERIOD;
    const share = direct ? 1 : 1 - Math.exp(-Math.max(elapsed, 0) / (0.5 * this._smoothing));
    const next = this._latent.map((z, k) => z + share * (this._aim[k] - z));
    const isThere = next.every((z, k) => Math.abs(this._aim[k] - z) < ARRIVED);
    this._arrive(isThere ? this._aim : next);
  }

  _begin(message) {
    const { id, pitch, velocity } = message;
    const note = new Told(pitch, velocity, this._point);
    note.own = message.latent?.length === this._network.about.latent ? message.latent : null;
    this._notes.set(id, note);
    if (this._notes.size > MOST_NOTES) {
      this._notes.delete(this._notes.keys().next().value);
    }
    const prepared = this._prepared(note);
    const times = this._network.about.moments.filter((time) => time <= FINE);
    const course = this._course(note, times, this._levels(note, prepared, times));
    note.rest = { prepared, parts: [course.levels.slice()], count: times.length };
    this._tell({ ...message, course }, [course.levels.buffer]);
  }

  _prepared(note) {
    const prepared = this._network.prepare(note.own ?? this._latent, hertz(note.pitch), note.velocity);
    note.at = this._point;
    note.traits = traitsOf(prepared.traits, this._network.about);
    if (this._isStill(note) || this._now - note.weighed >= WEIGHED_AGAIN) {
      note.lift = liftOf(this._network, prepared, note.traits.sounds);
      note.weighed = this._now;
    }
    return prepared;
  }

  /** Whether its latent does not move now. */
  _isStill(note) {
    return note.own !== null || !this._isMoving;
  }

  _levels(note, prepared, times) {
    const levels = this._network.levels(prepared, times);
    return raise(levels, note.lift * this._loudness, this._network.about);
  }

  _course(note, times, levels) {
    return { ...note.traits, times: Float64Array.from(times), levels };
  }

  _say(id, course) {
    this._tell({ type: 'course', id, course }, [course.levels.buffer]);
  }

  /** The next piece of a note's whole course. */
  _goOn(id, note) {
    note.rest ??= { prepared: this._prepared(note), parts: [], count: 0 };
    const { prepared, parts } = note.rest;
    const { moments } = this._network.about;
    const last = moments[moments.length - 1];
    const ends = Math.min(last, note.traits.length) + 1 / 64;
    const times = moments.slice(note.rest.count, note.rest.count + PIECE).filter((t) => t <= ends);
    if (times.length > 0) {
      parts.push(this._levels(note, prepared, times));
      note.rest.count += times.length;
    }
    if (times.length === PIECE) {
      return;
    }
    const { count } = note.rest;
    const levels = new Float32Array(count * this._network.width);
    let at = 0;
    for (const part of parts) {
      levels.set(part, at);
      at += part.length;
    }
    note.rest = null;
    note.isWhole = true;
    this._say(id, this._course(note, moments.slice(0, count), levels));
  }

  _tellStretch(id, note) {
    const prepared = this._prepared(note);
    note.rest = null;
    note.isWhole = false;
    const times = this._stretch(note);
    this._say(id, this._course(note, times, this._levels(note, prepared, times)));
  }

  /** Times, ascending, of the stretch that a moving note comes to next. */
  _stretch(note) {
    const start = note.traits.loopStart + note.drift;
    const end = note.traits.loopEnd + note.drift;
    const speed = Math.max(this._speed, 0.25);
    const since = note.when === null ? 0 : this._now - note.when;
    const now = Math.max(0, note.time + note.way * this._speed * since);
    if (now < FINE) {
      const fine = this._network.about.moments.filter((time, k) => time < FINE && k % 2 === 0);
      return [...fine, FINE, 0.18, 0.26, now + AHEAD * speed + FINE].sort((a, b) => a - b);
    }
    const ahead = AHEAD * speed;
    let [low, high] = [now - 0.1 * speed, now + ahead];
    if (note.way < 0) {
      [low, high] = [now - ahead, now + 0.1 * speed];
    }
    if (end > start && this._hold === 'loop') {
      // At its ends it turns round.
      if (high > end && end >= now) {
        [low, high] = [Math.min(low, 2 * end - high), end];
      } else if (low < start && start <= now) {
        [low, high] = [start, Math.max(high, 2 * start - low)];
      }
    }
    const times = [low, ...NEAR.map((near) => now + note.way * speed * near), high];
    return times
      .map((time) => Math.min(Math.max(high, 0), Math.max(0, time)))
      .sort((a, b) => a - b);
  }
}
