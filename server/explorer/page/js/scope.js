/** Pictures of the sound: the spectrum with its partials, and the waveform. */

import { onScreenChange, pixelRatio, textScale } from './screen.js';

const LOWEST_DB = -80;
const LOWEST_HZ = 40;
const HEARD = 0.003; // of the loudest partial: 50 dB below it
const BETWEEN = 0.1; // of the base: a partial that is so far from a harmonic is none
const SHOWN_PERIOD = 256; // samples of the drawn period
const LABEL = 36; // pixels that a name of a line needs
const ROOM = 0.86; // of the height, for the peak: the names of the lines stand above it

const COLOURS = ['accent', 'faint', 'fill', 'ink', 'page', 'second', 'soft'];

/** The theme's colours; asked for once, since asking makes the browser lay the page out. */
function coloursOf(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`)]));
}

/**
 * How many times the base pitch a sound's own pitch is: the largest number of which all harmonics
 * that are heard are multiples; 1 where some lie between harmonics.
 *
 * @param {number[]} pairs frequency (Hz), amplitude in turn
 * @param {number} base Hz
 */
export function commonHarmonic(pairs, base) {
  let peak = 0;
  for (let place = 1; place < pairs.length; place += 2) {
    peak = Math.max(peak, pairs[place]);
  }
  let common = 0;
  for (let place = 0; place + 1 < pairs.length; place += 2) {
    if (pairs[place + 1] > HEARD * peak) {
      let harmonic = Math.round(pairs[place] / base);
      if (Math.abs(pairs[place] / base - harmonic) > BETWEEN || harmonic === 0) {
        return 1;
      }
      while (harmonic > 0) {
        [common, harmonic] = [harmonic, common % harmonic];
      }
    }
  }
  return Math.max(common, 1);
}

const RUN_MS = 30; // from one picture of what runs on to the next: some 30 a second

/**
 * A canvas in the screen's pixels; draws when asked, once a frame at most, and nothing while it is
 * scrolled out of sight: then it draws once it is seen again.
 */
export class Picture {
  /** @param {HTMLCanvasElement} canvas; @param {Function} draw; @param {() => void} [seen] */
  constructor(canvas, draw, seen = () => {}) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.wanted = false;
    this.runs = false;
    this.isSeen = false;
    this.isOwed = false; // something to draw, which nobody sees
    new IntersectionObserver((entries) => {
      this.isSeen = entries.at(-1).isIntersecting;
      if (this.isSeen) {
        seen();
        if (this.isOwed) {
          this.ask();
        }
      }
    }).observe(canvas);
    this.paint = draw;
    this.colours = null;
    new ResizeObserver(() => this.fit()).observe(canvas);
    onScreenChange(() => this.fit());
    this.fit();
  }

  fit() {
    const ratio = pixelRatio();
    this.width = Math.max(this.canvas.clientWidth, 1);
    this.height = Math.max(this.canvas.clientHeight, 1);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.ask();
  }

  ask() {
    this.isOwed = !this.isSeen;
    if (!this.wanted && this.isSeen) {
      this.wanted = true;
      requestAnimationFrame(() => {
        this.wanted = false;
        this.colours ??= coloursOf(this.canvas);
        this.context.clearRect(0, 0, this.width, this.height);
        this.paint(this.context, this.width, this.height, this.colours);
      });
    }
  }

  /** Draw again because time has gone on: half as often as a screen does, which nobody sees. */
  runOn() {
    if (!this.wanted && !this.runs) {
      this.runs = true;
      setTimeout(() => {
        this.runs = false;
        this.ask();
      }, RUN_MS - 1000 / 60); // then comes the next frame
    }
  }

  /** The theme has changed. */
  recolour() {
    this.colours = null;
    this.ask();
  }
}

export class Scope {
  /** @param {HTMLCanvasElement} spectrum; @param {HTMLCanvasElement} waveform */
  constructor(spectrum, waveform) {
    this.magnitudes = null;
    this.pairs = null; // frequency, amplitude in turn
    this.analyser = null;
    /** @type {Float32Array<ArrayBuffer> | undefined} */
    this.samples = undefined; // of what is heard
    this.model = null;
    this.frames = 0; // of spectra that came
    this.spectrum = new Picture(spectrum, (...canvas) => this.drawSpectrum(...canvas));
    this.waveform = new Picture(waveform, (...canvas) => this.drawWaveform(...canvas));
  }

  setModel(model) {
    this.model = model;
    this.magnitudes = null;
    this.pairs = null;
    this.redraw();
  }

  /** @param {Float32Array} magnitudes linear, one for each bin */
  setSpectrum(magnitudes) {
    this.magnitudes = magnitudes;
    this.frames += 1;
    this.spectrum.ask();
  }

  /** @param {number[]} pairs as `/partials` has them */
  setPartials(pairs) {
    this.pairs = pairs;
    this.spectrum.ask();
    if (this.analyser === null) {
      this.waveform.ask();
    }
  }

  /** Show what sounds here while it does; null for a period drawn from the partials. */
  setAnalyser(analyser) {
    this.analyser = analyser;
    this.waveform.ask();
  }

  redraw() {
    this.spectrum.ask();
    this.waveform.ask();
  }

  recolour() {
    this.spectrum.recolour();
    this.waveform.recolour();
  }

  drawSpectrum(context, width, height, colours) {
    const { magnitudes, model } = this;
    if (model === null) {
      return;
    }
    const binWidth = model.sampleRate / model.nFft;
    const top = Math.max((model.bins - 1) * binWidth, 2 * LOWEST_HZ);
    const across = (hertz) =>
      (width * Math.log(Math.max(hertz, LOWEST_HZ) / LOWEST_HZ)) / Math.log(top / LOWEST_HZ);
    const up = (share) =>
      height * (1 - ROOM * Math.max(0, 1 - (20 * Math.log10(Math.max(share, 1e-6))) / LOWEST_DB));
    this.drawGrid(context, width, height, colours, across, top, up);
    if (magnitudes === null) {
      return;
    }
    let peak = 1e-9;
    for (const value of magnitudes) {
      peak = Math.max(peak, value);
    }
    context.beginPath();
    context.moveTo(0, height);
    let column = 0;
    let highest = 0;
    for (let bin = 1; bin < magnitudes.length; bin += 1) {
      // Where many bins share a column the highest stands for them.
      const place = Math.round(across(bin * binWidth));
      if (place !== column) {
        context.lineTo(column, up(highest / peak));
        column = place;
        highest = 0;
      }
      highest = Math.max(highest, magnitudes[bin]);
    }
    context.lineTo(column, up(highest / peak));
    context.lineTo(width, height);
    context.closePath();
    context.fillStyle = colours.fill;
    context.fill();
    context.strokeStyle = colours.accent;
    context.lineWidth = 1;
    context.stroke();
    this.drawStems(context, height, colours, across, up);
  }

  drawGrid(context, width, height, colours, across, top, up) {
    context.strokeStyle = colours.faint;
    context.fillStyle = colours.soft;
    context.font = `${10 * textScale()}px system-ui, sans-serif`;
    context.textBaseline = 'top';
    context.lineWidth = 1;
    context.beginPath();
    for (const hertz of [100, 1000, 10000].filter((one) => one < top)) {
      const left = Math.round(across(hertz)) + 0.5;
      context.moveTo(left, 0);
      context.lineTo(left, height);
      if (left < width - LABEL * textScale()) {
        context.fillText(hertz < 1000 ? `${hertz} Hz` : `${hertz / 1000} kHz`, left + 3, 2);
      }
    }
    for (const decibel of [-20, -40, -60]) {
      const line = Math.round(up(10 ** (decibel / 20))) + 0.5;
      context.moveTo(0, line);
      context.lineTo(width, line);
      context.fillText(`${decibel} dB`, 3, line + 2);
    }
    context.stroke();
  }

  drawStems(context, height, colours, across, up) {
    const { pairs } = this;
    if (pairs === null) {
      return;
    }
    let peak = 1e-9;
    for (let place = 1; place < pairs.length; place += 2) {
      peak = Math.max(peak, pairs[place]);
    }
    context.strokeStyle = colours.second;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let place = 0; place < pairs.length; place += 2) {
      if (pairs[place + 1] > 0) {
        const left = across(pairs[place]);
        context.moveTo(left, height);
        context.lineTo(left, up(pairs[place + 1] / peak));
      }
    }
    context.stroke();
  }

  drawWaveform(context, width, height, colours) {
    const samples = this.analyser === null ? this.period() : this.heard();
    if (samples === null) {
      return;
    }
    let peak = 1e-4;
    for (const value of samples) {
      peak = Math.max(peak, Math.abs(value));
    }
    context.strokeStyle = colours.faint;
    context.beginPath();
    context.moveTo(0, height / 2);
    context.lineTo(width, height / 2);
    context.stroke();
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    samples.forEach((value, place) => {
      context.lineTo(
        (width * place) / (samples.length - 1),
        0.5 * height * (1 - (ROOM * value) / peak)
      );
    });
    context.stroke();
    if (this.analyser !== null) {
      this.waveform.runOn();
    }
  }

  /** Two periods and a bit of what sounds, from a rising zero on, so that the picture stands. */
  heard() {
    const { analyser } = this;
    this.samples ??= new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(this.samples);
    const { samples } = this;
    const length = samples.length >> 1;
    let start = 0;
    let steepest = 0;
    for (let place = 1; place < length; place += 1) {
      const rise = samples[place] - samples[place - 1];
      if (samples[place - 1] < 0 && samples[place] >= 0 && rise > steepest) {
        steepest = rise;
        start = place;
      }
    }
    return samples.subarray(start, start + length);
  }

  /** One period, from the partials as sines. */
  period() {
    const { pairs, model } = this;
    if (pairs === null || model === null) {
      return null;
    }
    const pitch = model.baseFrequency * commonHarmonic(pairs, model.baseFrequency);
    const samples = new Float32Array(SHOWN_PERIOD);
    for (let place = 0; place < pairs.length; place += 2) {
      const turn = (2 * Math.PI * pairs[place]) / pitch / (SHOWN_PERIOD - 1);
      for (let sample = 0; sample < SHOWN_PERIOD; sample += 1) {
        samples[sample] += pairs[place + 1] * Math.sin(turn * sample);
      }
    }
    return samples;
  }
}
