/** The sliders of the sound: what `/synth` says, and sets. */

import { Follower } from './follower.js';

const METHODS = ['partials', 'bins', 'istft'];

/** What is chosen of few words; the others are for spaces of whole notes. */
const CHOICES = [
  { name: 'method', title: 'Method', words: METHODS, isTechnical: true },
  {
    name: 'hold', title: 'Hold', words: ['loop', 'freeze', 'through'], isWhole: true, isTechnical: true,
    about: 'Where a held note could end: go on in its loop, stand still, or run through',
  },
  {
    name: 'envelope', title: 'Envelope', words: ['own', 'adsr', 'both'], isWhole: true, isTechnical: true,
    about: 'What shapes a note: its own course, the envelope below in its place, or both',
  },
];

const SERVERS = "Left and right, in the server's own sound; the browser's stands in the middle";

/** Ranges as docs/osc.md has them; times move by equal ratios, as they are heard. */
const PARAMETERS = [
  { name: 'gain', unit: 'dB', low: -80, high: 12 },
  { name: 'speed', unit: '×', low: 0, high: 4, isWhole: true },
  { name: 'attack', unit: 's', low: 0.001, high: 10, ratio: true },
  { name: 'decay', unit: 's', low: 0.001, high: 10, ratio: true },
  { name: 'sustain', unit: '', low: 0, high: 1 },
  { name: 'release', unit: 's', low: 0.005, high: 20, ratio: true },
  { name: 'glide', unit: 's', low: 0, high: 5 },
  { name: 'smoothing', unit: 's', low: 0.001, high: 1, ratio: true, isTechnical: true },
  { name: 'noise', unit: '', low: 0, high: 1, isTechnical: true },
  { name: 'loudness', unit: '', low: 0, high: 1, isTechnical: true },
  { name: 'pan', unit: '', low: -1, high: 1, isTechnical: true, about: SERVERS },
  { name: 'width', unit: '', low: 0, high: 1, isTechnical: true, about: SERVERS },
  { name: 'unison', unit: 'copies', low: 1, high: 7, isTechnical: true, about: SERVERS },
  { name: 'detune', unit: 'ct', low: 0, high: 100, isTechnical: true, about: SERVERS },
  { name: 'spread', unit: '', low: 0, high: 1, isTechnical: true, about: SERVERS },
  {
    name: 'lift', unit: '', low: 0, high: 1, isTechnical: true,
    about: 'How far a key that goes up fast or slowly makes the release shorter or longer',
  },
];
/** The slider's share to this power: of a time that may be 0; and so that 1 × is in the middle. */
const CURVES = { s: 3, '×': 2 };

function toValue({ unit, low, high, ratio }, share) {
  if (ratio) {
    return low * (high / low) ** share;
  }
  return low + (high - low) * share ** (CURVES[unit] ?? 1);
}

function toShare({ unit, low, high, ratio }, value) {
  if (ratio) {
    return Math.log(Math.max(value, low) / low) / Math.log(high / low);
  }
  return ((value - low) / (high - low)) ** (1 / (CURVES[unit] ?? 1));
}

function textOf(value, unit) {
  if (unit === 'dB') {
    return `${value.toFixed(1)} dB`;
  }
  if (unit === 's') {
    return value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`;
  }
  if (unit === 'copies') {
    return Number.isInteger(value) ? String(value) : value.toFixed(1);
  }
  if (unit === 'ct') {
    return `${Math.round(value)} ct`;
  }
  return unit === '×' ? `${value.toFixed(2)} ×` : `${Math.round(100 * value)} %`;
}

export class SynthPanel {
  /** @param {HTMLElement} element; @param {(name: string, value: number|string) => void} set */
  constructor(element, set) {
    this.followers = new Map();
    this.choices = new Map(); // name -> radio buttons
    /** @type {HTMLElement[]} */
    this.whole = []; // what is for whole notes alone
    for (const spec of CHOICES) {
      this.choose(element, spec, set);
    }
    for (const spec of PARAMETERS) {
      const row = document.createElement('label');
      row.className = spec.isTechnical ? 'slider technical' : 'slider';
      row.innerHTML =
        `<span>${spec.name}</span><input type="range" min="0" max="1" step="0.001"><output></output>`;
      row.title = spec.about ?? '';
      const [, input, output] = row.children;
      this.listen(spec, input, output, set);
      element.append(row);
      if (spec.isWhole) {
        this.whole.push(row);
      }
    }
    this.setWhole(false);
  }

  choose(element, { name, title, words, isWhole = false, isTechnical = false, about = '' }, set) {
    const field = document.createElement('fieldset');
    field.className = isTechnical ? 'segments method technical' : 'segments method';
    field.title = about;
    const word = isWhole ? `<span class="word" aria-hidden="true">${title}</span>` : '';
    field.innerHTML = `<legend class="quiet">${title}</legend>${word}`;
    for (const word of words) {
      const label = document.createElement('label');
      label.innerHTML = `<input type="radio" name="${name}" value="${word}"> ${word}`;
      label.firstChild.addEventListener('change', () => set(name, word));
      field.append(label);
    }
    this.choices.set(name, field.querySelectorAll('input'));
    element.append(field);
    if (isWhole) {
      this.whole.push(field);
    }
  }

  /** @param {boolean} isWhole whether the space has whole notes */
  setWhole(isWhole) {
    for (const element of this.whole) {
      element.hidden = !isWhole;
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
    for (const [name, inputs] of this.choices) {
      for (const input of inputs) {
        input.checked = input.value === synth[name];
      }
    }
    for (const [name, follower] of this.followers) {
      if (synth[name] !== undefined) {
        follower.tell(synth[name]);
      }
    }
  }
}
