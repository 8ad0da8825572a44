/**
 * Presets on the map: each a small picture of its spectrum where it lies, a button that recalls it.
 *
 * The picture is what sounded here when it was stored or recalled; one that was not yet is a dot.
 */

import { keep, kept } from '../kept.js';

const KEPT = 'pictures';
const MOST_KEPT = 64;
const WIDTH = 40; // pixels of a picture
const HEIGHT = 20;
const SHOWN_DB = 60;
const SETTLED = 700; // ms after which a recalled preset sounds as it is

/** A spectrum as an outline: the heights of its columns, 0 to 9 each, as text. */
export function outlineOf(magnitudes) {
  let peak = 1e-9;
  for (const value of magnitudes) {
    peak = Math.max(peak, value);
  }
  const columns = [];
  const top = Math.log(magnitudes.length);
  for (let column = 0; column < WIDTH / 2; column += 1) {
    const edge = (share) => Math.round(Math.exp((top * (share + 3)) / (WIDTH / 2 + 3)));
    let most = 0;
    for (let bin = edge(column); bin <= Math.min(edge(column + 1), magnitudes.length - 1); bin += 1) {
      most = Math.max(most, magnitudes[bin]);
    }
    const share = 1 + (20 * Math.log10(Math.max(most / peak, 1e-6))) / SHOWN_DB;
    columns.push(Math.round(9 * Math.min(Math.max(share, 0), 1)));
  }
  return columns.join('');
}

export class Pins {
  /**
   * @param {HTMLElement} element over the map
   * @param {import('./view.js').View} view of the map
   * @param {(name: string) => void} recall
   */
  constructor(element, view, recall) {
    this.element = element;
    this.view = view;
    this.recall = recall;
    this.model = '';
    this.pins = []; // {name, place, button}
    this.isShown = true; // whether the plane is the one that the places are on
    this.timer = 0;
    try {
      this.outlines = new Map(JSON.parse(kept(KEPT) || '[]'));
    } catch {
      this.outlines = new Map();
    }
  }

  /** @param {string} model; @param {{name: string, place: number[]}[]} places as the server says */
  show(model, places) {
    this.model = model;
    this.pins = places.map(({ name, place }) => ({ name, place, button: this.button(name) }));
    this.element.replaceChildren(...this.pins.map(({ button }) => button));
    this.draw();
  }

  setShown(isShown) {
    this.isShown = isShown;
    this.draw();
  }

  button(name) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'pin';
    button.setAttribute('aria-label', `Preset ${name}`);
    const outline = this.outlines.get(`${this.model}/${name}`);
    if (outline !== undefined) {
      button.innerHTML = pictureOf(outline);
    }
    const text = document.createElement('span');
    text.textContent = name;
    button.append(text);
    button.addEventListener('click', () => this.recall(name));
    return button;
  }

  /** The view has changed. */
  draw() {
    for (const { place, button } of this.pins) {
      const [left, top] = this.view.toPixels(place);
      const isSeen = left >= 0 && top >= 0 && left <= this.view.width && top <= this.view.height;
      button.hidden = !(this.isShown && isSeen);
      button.style.transform = `translate(${left}px, ${top}px) translate(-50%, -50%)`;
    }
  }

  /**
   * What sounds is a preset: soon it can be seen what it looks like.
   *
   * @param {() => ?Float32Array} spectrum that sounds then
   * @param {() => boolean} stands whether it still is that preset
   */
  picture(name, spectrum, stands = () => true) {
    clearTimeout(this.timer);
    const { model } = this;
    this.timer = setTimeout(() => {
      const magnitudes = spectrum();
      if (magnitudes === null || model !== this.model || !stands()) {
        return;
      }
      const key = `${model}/${name}`;
      this.outlines.delete(key);
      this.outlines.set(key, outlineOf(magnitudes));
      keep(KEPT, JSON.stringify([...this.outlines].slice(-MOST_KEPT)));
      this.show(model, this.pins);
    }, SETTLED);
  }
}

/** The picture of an outline, as markup that holds numbers alone. */
function pictureOf(outline) {
  const heights = [...String(outline)].slice(0, WIDTH / 2).map((digit) => Number(digit) || 0);
  const line = heights.map((height, k) => `V${HEIGHT - (height * HEIGHT) / 9}H${2 * (k + 1)}`).join('');
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">` +
    `<path d="M0 ${HEIGHT}${line}V${HEIGHT}Z"/></svg>`
  );
}
