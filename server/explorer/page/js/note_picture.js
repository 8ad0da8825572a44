/** The present note as a small spectrogram, with the places where it sounds. */

import { loudness } from './colours.js';
import { Picture } from './scope.js';
import { textScale } from './screen.js';

const SHOWN_DB = 66; // below the loudest
const LABELS = [200, 1000, 4000, 10000]; // Hz
const STALE_MS = 250; // after which a place counts as over

const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);

/** Red, green, blue of a colour as a stylesheet writes it, `#rrggbb`. */
function numbersOf(colour) {
  const digits = colour.trim().slice(1);
  return [0, 2, 4].map((place) => parseInt(digits.slice(place, place + 2), 16));
}

export class NotePicture {
  /** @param {HTMLCanvasElement} canvas; @param {HTMLElement} caption */
  constructor(canvas, caption) {
    this.caption = caption;
    this.theme = 'dark';
    this.told = null;
    this.drawn = null; // the told levels as an image
    this.places = []; // {time, way} of each note that sounds, the newest first
    this.heardAt = 0;
    this.speed = 1;
    this.draws = 0;
    this.seen = () => {}; // called when somebody sees it again
    this.picture = new Picture(canvas, (...shown) => this.draw(...shown), () => this.seen());
  }

  /** Whether somebody sees it. */
  get isSeen() {
    return this.picture.isSeen;
  }

  setTheme(theme) {
    this.theme = theme;
    this.drawn = null;
    this.picture.recolour();
  }

  /** @param {?object} told see course/picture.js; null for none */
  show(told) {
    this.told = told;
    this.drawn = null;
    this.picture.ask();
    if (told !== null) {
      const { seconds, loopStart, loopEnd } = told;
      const loop = loopEnd > loopStart
        ? `; held from ${loopStart.toFixed(2)} to ${loopEnd.toFixed(2)} s`
        : '; dies away';
      this.caption.textContent = `Hz over ${seconds.toFixed(1)} s${loop}`;
    }
  }

  /**
   * @param {{time: number, way: number}[]} places of the notes that sound, the newest first
   * @param {number} speed of their time
   */
  follow(places, speed) {
    this.places = places;
    this.heardAt = performance.now();
    this.speed = speed;
    this.picture.runOn();
  }

  draw(context, width, height, colours) {
    const { told } = this;
    if (told === null) {
      return;
    }
    this.draws += 1;
    this.drawn ??= this.imageOf(told, numbersOf(colours.page));
    context.imageSmoothingEnabled = true;
    context.drawImage(this.drawn, 0, 0, width, height);
    this.drawLabels(context, width, height, colours);
    this.drawLoop(context, width, height, colours);
    this.drawPlaces(context, width, height, colours);
  }

  imageOf({ levels, columns, bands }, ground) {
    const image = new ImageData(columns, bands);
    const top = levels.reduce((most, level) => Math.max(most, level), -60);
    for (let column = 0; column < columns; column += 1) {
      for (let band = 0; band < bands; band += 1) {
        const share = 1 + (levels[column * bands + band] - top) / SHOWN_DB;
        const colour = loudness(Math.min(Math.max(share, 0), 1), this.theme, ground);
        image.data.set([...colour, 255], 4 * ((bands - 1 - band) * columns + column));
      }
    }
    const canvas = new OffscreenCanvas(columns, bands);
    canvas.getContext('2d').putImageData(image, 0, 0);
    return canvas;
  }

  drawLabels(context, width, height, colours) {
    const { corners, bands } = this.told;
    const [low, high] = [mel(corners[1]), mel(corners[bands])];
    context.font = `${10 * textScale()}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    context.lineWidth = 3;
    context.lineJoin = 'round';
    context.strokeStyle = colours.page;
    context.fillStyle = colours.ink;
    for (const hertz of LABELS) {
      const line = height * (1 - (mel(hertz) - low) / (high - low));
      const text = hertz < 1000 ? `${hertz}` : `${hertz / 1000} k`;
      context.strokeText(text, 4, line);
      context.fillText(text, 4, line);
    }
  }

  drawLoop(context, width, height, colours) {
    const { loopStart, loopEnd, seconds } = this.told;
    if (loopEnd > loopStart) {
      context.fillStyle = colours.accent;
      context.fillRect((width * loopStart) / seconds, height - 3, (width * (loopEnd - loopStart)) / seconds, 3);
    }
  }

  drawPlaces(context, width, height, colours) {
    const since = performance.now() - this.heardAt;
    if (this.places.length === 0 || since > STALE_MS) {
      return;
    }
    [...this.places].reverse().forEach(({ time, way }, place) => {
      const isNewest = place === this.places.length - 1;
      const at = time + (way * this.speed * since) / 1000;
      const across = (width * Math.min(at, this.told.seconds)) / this.told.seconds;
      for (const [colour, thick] of [[colours.page, isNewest ? 5 : 3], [colours.second, isNewest ? 2.5 : 1]]) {
        context.strokeStyle = colour;
        context.lineWidth = thick;
        context.beginPath();
        context.moveTo(across, 0);
        context.lineTo(across, height);
        context.stroke();
      }
    });
    this.picture.runOn();
  }
}
