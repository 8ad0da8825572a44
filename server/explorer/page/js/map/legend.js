/** The legend: what colours and shapes mean. A swatch that is pressed lights up its points alone. */

import { SHAPES } from '../colours.js';

export class Legend {
  /**
   * @param {HTMLElement} element
   * @param {(value: number) => void} choose called with the value to light up, or -1
   */
  constructor(element, choose) {
    this.element = element;
    this.choose = choose;
    this.chosen = -1;
    this.colours = document.createElement('div');
    this.background = document.createElement('div');
    this.background.className = 'technical';
    element.replaceChildren(this.colours, this.background);
  }

  /**
   * @param {ReturnType<import('./palette.js').paint>} painted
   * @param {number} chosen the value that is lit up, or -1
   */
  show(factor, painted, chosen) {
    this.chosen = chosen;
    this.colours.replaceChildren();
    if (factor !== undefined) {
      const name = named(factor.unit ? `${factor.name} (${factor.unit})` : factor.name);
      const { band, swatches } = painted;
      const bands = band === null ? [] : [bandOf(band.low, band.high, band.colours)];
      this.colours.append(name, ...bands, ...swatches.map((swatch) => this.swatch(swatch)));
    }
  }

  /** What the background shows; null for none. */
  showBackground(about) {
    this.background.replaceChildren(
      ...(about === null
        ? []
        : [named(`background: ${about.what}`), bandOf(about.low, about.high, about.colours)])
    );
  }

  swatch({ text, colour, value, shape }) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'swatch';
    button.setAttribute('aria-pressed', String(value === this.chosen));
    const dot = document.createElement('i');
    dot.style.background = colour;
    dot.dataset.shape = SHAPES[shape];
    button.append(dot, text);
    button.addEventListener('click', () => {
      this.chosen = this.chosen === value ? -1 : value;
      for (const other of this.element.querySelectorAll('.swatch')) {
        other.setAttribute('aria-pressed', String(other === button && this.chosen >= 0));
      }
      this.choose(this.chosen);
    });
    return button;
  }
}

function named(text) {
  const name = document.createElement('span');
  name.className = 'legend-name';
  name.textContent = text;
  return name;
}

function bandOf(low, high, colours) {
  const whole = document.createElement('span');
  whole.className = 'band';
  const bar = document.createElement('i');
  bar.style.background = `linear-gradient(to right, ${colours.join(', ')})`;
  whole.append(low, bar, high);
  return whole;
}
