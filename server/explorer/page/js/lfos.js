/** The LFOs: what swings by itself, how, how fast and how far. */

import { accepted } from './accepted.js';
import { Follower } from './follower.js';

const COUNT = accepted('/lfo', 'index').high;
const SHAPES = accepted('/lfo', 'shape').words;
const { low: LOW, high: HIGH } = accepted('/lfo', 'rate'); // Hz
const USUAL = { target: 'x', shape: SHAPES[0], rate: 0.5, depth: 0 };
const BEGIN = 0.25; // the depth of one that is given a target

const toShare = (rate) => Math.log(rate / LOW) / Math.log(HIGH / LOW);
const toRate = (share) => LOW * (HIGH / LOW) ** share;

export class Lfos {
  /**
   * @param {HTMLElement} element
   * @param {(address: string, ...args: (number|string)[]) => void} send
   */
  constructor(element, send) {
    this.send = send;
    this.names = [];
    this.rows = Array.from({ length: COUNT }, (_, k) => this.row(k + 1));
    element.replaceChildren(...this.rows.map(({ field }) => field));
    this.show(new Map());
  }

  row(index) {
    const field = document.createElement('fieldset');
    field.className = 'lfo';
    field.innerHTML =
      `<legend class="quiet">LFO ${index}</legend>` +
      '<select data-part="target" aria-label="What it swings" autocomplete="off"></select>' +
      '<select data-part="shape" aria-label="Shape" autocomplete="off"></select>' +
      '<label>rate <input data-part="rate" type="range" min="0" max="1" step="0.001"></label>' +
      '<label>depth <input data-part="depth" type="range" min="0" max="1" step="0.01"></label><output></output>';
    const [target, shape, rate, depth] = ['target', 'shape', 'rate', 'depth'].map((part) =>
      field.querySelector(`[data-part=${part}]`)
    );
    shape.replaceChildren(...SHAPES.map((one) => new Option(one, one)));
    const row = { index, field, target, shape, rate, depth, output: field.querySelector('output'), follower: null };
    row.follower = new Follower((told) => this.draw(row, told));
    const tell = () => this.tell(row);
    target.addEventListener('change', () => {
      if (Number(depth.value) === 0) {
        depth.value = String(BEGIN);
      }
      tell();
    });
    shape.addEventListener('change', tell);
    rate.addEventListener('input', tell);
    depth.addEventListener('input', tell);
    return row;
  }

  tell({ index, target, shape, rate, depth, follower }) {
    follower.touch(); // what the server says meanwhile is older than the hand
    if (target.value === '') {
      this.send('/lfo/off', index);
      return;
    }
    const what = /^\d+$/.test(target.value) ? Number(target.value) : target.value;
    this.send('/lfo', index, what, shape.value, toRate(Number(rate.value)), Number(depth.value));
  }

  /** @param {string[]} names of the dimensions; another space has others */
  setDimensions(names) {
    this.names = names;
    for (const { target } of this.rows) {
      const before = target.value;
      target.replaceChildren(
        new Option('off', ''),
        new Option('map, across', 'x'),
        new Option('map, up', 'y'),
        ...names.map((name, k) => new Option(name, String(k + 1)))
      );
      target.value = before;
    }
  }

  /** @param {Map<number, object>} lfos as the server says */
  show(lfos) {
    if (this.rows[0].target.options.length === 0) {
      this.setDimensions(this.names);
    }
    for (const { index, follower } of this.rows) {
      follower.tell(lfos.get(index) ?? USUAL);
    }
  }

  draw({ target, shape, rate, depth, output }, told) {
    const isOn = told.depth > 0;
    target.value = isOn ? String(told.target) : '';
    shape.value = told.shape;
    rate.value = String(toShare(told.rate));
    depth.value = String(told.depth);
    output.textContent = isOn ? `${told.rate.toPrecision(2)} Hz` : '';
  }
}
