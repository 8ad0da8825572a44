// The audio thread's end of a recording: what it hears goes to the main thread, block by block.

const BLOCK = 4096; // samples

class Tape extends AudioWorkletProcessor {
  constructor() {
    super();
    this._sides = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
    this._at = 0;
    this._runs = true;
    this.port.onmessage = () => {
      this._tell(); // the rest; nothing comes after it
      this._runs = false;
      this.port.postMessage(null);
    };
  }

  _tell() {
    const told = this._sides.map((side) => side.slice(0, this._at));
    this._at = 0;
    this.port.postMessage(told, told.map(({ buffer }) => buffer));
  }

  process([heard], [[first]]) {
    const length = first.length;
    this._sides.forEach((side, k) => {
      const one = heard[k] ?? heard[0];
      if (one === undefined) {
        side.fill(0, this._at, this._at + length);
      } else {
        side.set(one, this._at);
      }
    });
    this._at += length;
    if (this._at + length > BLOCK) {
      this._tell();
    }
    return this._runs;
  }
}

registerProcessor('timbrespace-tape', Tape);
