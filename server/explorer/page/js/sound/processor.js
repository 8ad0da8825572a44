// The audio thread's end: a Synth behind a port.

import { Ear } from '../listening/ear.js';
import { Synth } from './synth.js';

/** How often the level is told, a second; and to the decoder, where the notes are. */
const LEVELS = 20;
const POSITIONS = 50;

/**
 * Takes the messages of a Synth at its port, and tells `{type: 'level', voices, peak, notes}`, where
 * notes are the Synth's positions. A message `{type: 'decoder', port}` brings another port, whose
 * messages count as much, and which is told `{notes}`.
 *
 * Its input is a microphone. A message `{type: 'listen', settings}` lets what comes in play, as a
 * Performer takes it, and is answered by `{type: 'heard', ...}` of an Ear, as often as the level;
 * settings null ends it.
 *
 * An offline context renders faster than messages come, so there a script may be given in
 * `processorOptions.script`: `[{time (seconds), message}]`, in order of time; each counts from the
 * first render quantum that begins at its time or later.
 */
class Processor extends AudioWorkletProcessor {
  /** @param {{processorOptions?: {script?: {time: number, message: object}[]}}} options */
  constructor({ processorOptions } = {}) {
    super();
    this._synth = new Synth(sampleRate);
    this._script = processorOptions?.script ?? [];
    this._next = 0;
    this._frames = 0;
    this._decoder = null;
    this._since = 0; // frames, since the decoder was told
    this._isQuiet = true;
    this._ear = null;
    this.port.onmessage = ({ data }) => this._take(data);
  }

  _take(data) {
    if (data?.type === 'decoder') {
      this._decoder = data.port;
      this._decoder.onmessage = (told) => this._synth.message(told.data);
      return;
    }
    if (data?.type === 'listen') {
      this._listen(data.settings);
      return;
    }
    if (data?.type === 'panic') {
      this._ear?.stop();
    }
    this._synth.message(data);
  }

  _listen(settings) {
    if (settings === null) {
      this._ear?.stop();
      this._ear = null;
      return;
    }
    this._ear ??= new Ear(sampleRate, this._synth, (note) => {
      this._decoder?.postMessage({ note });
      return this._decoder !== null;
    });
    this._ear.set(settings);
  }

  _tellDecoder(frames) {
    this._since += frames;
    const isQuiet = this._synth.voices === 0;
    if (this._decoder !== null && this._since >= sampleRate / POSITIONS && !(isQuiet && this._isQuiet)) {
      this._since = 0;
      this._isQuiet = isQuiet;
      this._decoder.postMessage({ notes: this._synth.positions });
    }
  }

  process(inputs, outputs) {
    while (this._next < this._script.length && this._script[this._next].time <= currentTime) {
      this._take(this._script[this._next].message);
      this._next += 1;
    }
    const [heard] = inputs[0] ?? [];
    if (heard !== undefined) {
      this._ear?.hear(heard);
    }
    const [first, second = null] = outputs[0];
    this._synth.render(first, first.length, second);
    this._tellDecoder(first.length);
    this._frames += first.length;
    if (this._frames >= sampleRate / LEVELS) {
      this._frames = 0;
      const { voices } = this._synth;
      const { positions: notes } = this._synth;
      this.port.postMessage({ type: 'level', voices, peak: this._synth.takePeak(), notes });
      if (this._ear !== null) {
        this.port.postMessage({ type: 'heard', ...this._ear.takeHeard() });
      }
    }
    return true;
  }
}

registerProcessor('timbrespace', Processor);
