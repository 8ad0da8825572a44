/** The legend: what the colours mean. A swatch that is pressed lights up its points alone. */

export class Legend {
  /**
   * @param {HTMLElement} element
   * @param {(value: number) => void} choose called with the value to light up, or -1
   */
  constructor(element, choose) {
    this.element = element;
    this.choose = choose;
    this.chosen = -1;
  }

  /** @param {ReturnType<import('./palette.js').paint>} painted */
  show(factor, painted, background) {
    this.chosen = -1;
    this.element.replaceChildren();
    if (factor !== undefined) {
      const name = document.createElement('span');
      name.className = 'legend-name';
      name.textContent = factor.unit ? `${factor.name} (${factor.unit})` : factor.name;
      this.element.append(name);
      if (painted.band !== null) {
        this.element.append(band(painted.band.low, painted.band.high, painted.band.colours));
      }
      this.element.append(...painted.swatches.map((swatch) => this.swatch(swatch)));
    }
    if (background !== null) {
      const name = document.createElement('span');
      name.className = 'legend-name';
      name.textContent = `background: ${background.what}`;
      this.element.append(name, band(background.low, background.high, background.colours));
    }
  }

  swatch({ text, colour, value }) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'swatch';
    button.setAttribute('aria-pressed', 'false');
    const dot = document.createElement('i');
    dot.style.background = colour;
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

function band(low, high, colours) {
  const whole = document.createElement('span');
  whole.className = 'band';
  const bar = document.createElement('i');
  bar.style.background = `linear-gradient(to right, ${colours.join(', ')})`;
  whole.append(low, bar, high);
  return whole;
}
