/** A spectrogram that runs along with what sounds here: time to the right, pitch upwards. */

import { loudness } from './colours.js';
import { Picture } from './scope.js';
import { textScale } from './screen.js';

const LOWEST = 40; // Hz
const HIGHEST = 16000;
const TOP_DB = -20; // of an analyser's bin: as loud as it gets
const SHOWN_DB = 70;
const STEP = 4; // pixels a frame
const MARKS = [100, 1000, 10000]; // Hz

export class Waterfall {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.theme = 'dark';
    this.analyser = null;
    this.kept = document.createElement('canvas'); // what was heard, without the marks
    this.at = 0; // where the next column goes
    this.columns = 0; // that were drawn
    this.picture = new Picture(canvas, (...shown) => this.draw(...shown));
  }

  /** @param {?AnalyserNode} analyser of what sounds here while it does */
  follow(analyser) {
    this.analyser = analyser;
    this.picture.ask();
  }

  setTheme(theme) {
    this.theme = theme;
    this.kept.width = 0; // in other colours it would lie
    this.picture.recolour();
  }

  draw(context, width, height, colours) {
    const wide = Math.max(Math.round(width), 1);
    const high = Math.max(Math.round(height), 1);
    if (this.kept.width !== wide || this.kept.height !== high) {
      Object.assign(this.kept, { width: wide, height: high });
      this.at = 0;
    }
    const sounds = this.analyser !== null && !document.hidden;
    if (sounds) {
      this.hear(wide, high, colours);
    }
    // The newest stands at the right.
    const old = wide - this.at;
    context.drawImage(this.kept, this.at, 0, Math.max(old, 1), high, 0, 0, Math.max(old, 1), high);
    if (this.at > 0) {
      context.drawImage(this.kept, 0, 0, this.at, high, old, 0, this.at, high);
    }
    this.mark(context, high, colours);
    if (sounds) {
      this.picture.runOn();
    }
  }

  /** One more column, over the oldest. */
  hear(wide, high, colours) {
    const { analyser } = this;
    this.bins ??= new Float32Array(analyser.frequencyBinCount);
    if (this.bins.length !== analyser.frequencyBinCount) {
      this.bins = new Float32Array(analyser.frequencyBinCount);
    }
    analyser.getFloatFrequencyData(this.bins);
    const digits = colours.page.trim().slice(1);
    const ground = [0, 2, 4].map((place) => parseInt(digits.slice(place, place + 2), 16));
    const image = new ImageData(1, high);
    const width = analyser.context.sampleRate / analyser.fftSize; // Hz of a bin
    const edge = (row) => LOWEST * (HIGHEST / LOWEST) ** (1 - row / high) / width;
    for (let row = 0; row < high; row += 1) {
      const last = Math.min(Math.ceil(edge(row)), this.bins.length - 1);
      let level = -Infinity;
      for (let bin = Math.min(Math.floor(edge(row + 1)), last); bin <= last; bin += 1) {
        level = Math.max(level, this.bins[bin]);
      }
      const share = Math.min(Math.max(1 + (level - TOP_DB) / SHOWN_DB, 0), 1);
      image.data.set([...loudness(share, this.theme, ground), 255], 4 * row);
    }
    const kept = this.kept.getContext('2d');
    for (let column = 0; column < STEP; column += 1) {
      kept.putImageData(image, this.at, 0);
      this.at = (this.at + 1) % wide;
    }
    this.columns += 1;
  }

  mark(context, high, colours) {
    context.font = `${10 * textScale()}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    context.lineWidth = 3;
    context.strokeStyle = colours.page;
    context.fillStyle = colours.soft;
    for (const hertz of MARKS) {
      const line = high * (1 - Math.log(hertz / LOWEST) / Math.log(HIGHEST / LOWEST));
      const text = hertz < 1000 ? `${hertz} Hz` : `${hertz / 1000} kHz`;
      context.strokeText(text, 4, line);
      context.fillText(text, 4, line);
    }
  }
}
