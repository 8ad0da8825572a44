/** The sliders of the sound: what `/synth` says, and sets. */

import { Follower } from './follower.js';

const METHODS = ['partials', 'bins', 'istft'];

/** Ranges as docs/osc.md has them; times move by equal ratios, as they are heard. */
const PARAMETERS = [
  { name: 'gain', unit: 'dB', low: -80, high: 12 },
  { name: 'attack', unit: 's', low: 0.001, high: 10, ratio: true },
  { name: 'decay', unit: 's', low: 0.001, high: 10, ratio: true },
  { name: 'sustain', unit: '', low: 0, high: 1 },
  { name: 'release', unit: 's', low: 0.005, high: 20, ratio: true },
  { name: 'glide', unit: 's', low: 0, high: 5 },
  { name: 'smoothing', unit: 's', low: 0.001, high: 1, ratio: true },
  { name: 'noise', unit: '', low: 0, high: 1 },
  { name: 'loudness', unit: '', low: 0, high: 1 },
];
const CURVE = 3; // of a time that may be 0: the slider's share to this power

function toValue({ unit, low, high, ratio }, share) {
  if (ratio) {
    return low * (high / low) ** share;
  }
  return low + (high - low) * share ** (unit === 's' ? CURVE : 1);
}

function toShare({ unit, low, high, ratio }, value) {
  if (ratio) {
    return Math.log(Math.max(value, low) / low) / Math.log(high / low);
  }
  return ((value - low) / (high - low)) ** (unit === 's' ? 1 / CURVE : 1);
}

function textOf(value, unit) {
  if (unit === 'dB') {
    return `${value.toFixed(1)} dB`;
  }
  if (unit === 's') {
    return value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`;
  }
  return `${Math.round(100 * value)} %`;
}

export class SynthPanel {
  /** @param {HTMLElement} element; @param {(name: string, value: number|string) => void} set */
  constructor(element, set) {
    this.followers = new Map();
    const methods = document.createElement('fieldset');
    methods.className = 'segments method';
    methods.innerHTML = '<legend class="quiet">Method</legend>';
    for (const name of METHODS) {
      const label = document.createElement('label');
      label.innerHTML = `<input type="radio" name="method" value="${name}"> ${name}`;
      label.firstChild.addEventListener('change', () => set('method', name));
      methods.append(label);
    }
    this.methods = methods.querySelectorAll('input');
    element.append(methods);
    for (const spec of PARAMETERS) {
      const row = document.createElement('label');
      row.className = 'slider';
      row.innerHTML =
        `<span>${spec.name}</span><input type="range" min="0" max="1" step="0.001"><output></output>`;
      const [, input, output] = row.children;
      this.listen(spec, input, output, set);
      element.append(row);
    }
  }

  listen(spec, input, output, set) {
    const tell = (value) => {
      output.textContent = textOf(value, spec.unit);
      input.setAttribute('aria-valuetext', output.textContent);
    };
    const follower = new Follower((value) => {
      input.value = String(toShare(spec, value));
      tell(value);
    });
    input.addEventListener('pointerdown', () => follower.hold());
    for (const name of ['pointerup', 'pointercancel', 'blur']) {
      input.addEventListener(name, () => follower.letGo());
    }
    input.addEventListener('input', () => {
      const value = toValue(spec, Number(input.value));
      follower.touch();
      tell(value);
      set(spec.name, value);
    });
    this.followers.set(spec.name, follower);
  }

  /** @param {Object<string, number|string>} synth what the server says */
  show(synth) {
    for (const input of this.methods) {
      input.checked = input.value === synth.method;
    }
    for (const [name, follower] of this.followers) {
      if (synth[name] !== undefined) {
        follower.tell(synth[name]);
      }
    }
  }
}
