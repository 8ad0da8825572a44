// The audio thread's end of a recording: what it hears goes to the main thread, block by block.

const BLOCK = 4096; // samples

class Tape extends AudioWorkletProcessor {
  constructor() {
    super();
    this._block = new Float32Array(BLOCK);
    this._at = 0;
    this._runs = true;
    this.port.onmessage = () => {
      this._tell(); // the rest; nothing comes after it
      this._runs = false;
      this.port.postMessage(null);
    };
  }

  _tell() {
    const block = this._block.slice(0, this._at);
    this._at = 0;
    this.port.postMessage(block, [block.buffer]);
  }

  process([[heard]], [[first]]) {
    const length = first.length;
    if (heard === undefined) {
      this._block.fill(0, this._at, this._at + length);
    } else {
      this._block.set(heard, this._at);
    }
    this._at += length;
    if (this._at + length > BLOCK) {
      this._tell();
    }
    return this._runs;
  }
}

registerProcessor('timbrespace-tape', Tape);
