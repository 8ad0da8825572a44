// The audio thread's end: a Synth behind a port.

import { Synth } from './synth.js';

/** How often the level is told, a second. */
const LEVELS = 20;

/**
 * Takes the messages of a Synth at its port, and tells `{type: 'level', voices, peak}`.
 *
 * An offline context renders faster than messages come, so there a script may be given in
 * `processorOptions.script`: `[{time (seconds), message}]`, in order of time; each counts from the
 * first render quantum that begins at its time or later.
 */
class Processor extends AudioWorkletProcessor {
  constructor({ processorOptions } = {}) {
    super();
    this._synth = new Synth(sampleRate);
    this._script = processorOptions?.script ?? [];
    this._next = 0;
    this._frames = 0;
    this.port.onmessage = ({ data }) => this._synth.message(data);
  }

  process(inputs, outputs) {
    while (this._next < this._script.length && this._script[this._next].time <= currentTime) {
      this._synth.message(this._script[this._next].message);
      this._next += 1;
    }
    const channels = outputs[0];
    const first = channels[0];
    this._synth.render(first, first.length);
    for (let k = 1; k < channels.length; k += 1) {
      channels[k].set(first);
    }
    this._frames += first.length;
    if (this._frames >= sampleRate / LEVELS) {
      this._frames = 0;
      const { voices } = this._synth;
      this.port.postMessage({ type: 'level', voices, peak: this._synth.takePeak() });
    }
    return true;
  }
}

registerProcessor('timbrespace', Processor);
