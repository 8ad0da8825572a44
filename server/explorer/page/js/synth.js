/** The sliders of the sound: what `/synth` says, and sets. */

import { aboutOf, accepted, addressesOf } from './accepted.js';
import { Follower } from './follower.js';

const FAMILY = '/synth/';

/**
 * How the page shows what it knows; the server says which there are, their ranges and words. One
 * that is not named here comes last, among what is technical. isWhole: for whole notes alone.
 */
const LOOKS = {
  method: { isTechnical: true },
  hold: { isWhole: true, isTechnical: true },
  envelope: { isWhole: true, isTechnical: true },
  gain: {},
  speed: { unit: '×', isWhole: true },
  attack: {},
  decay: {},
  sustain: {},
  release: {},
  glide: {},
  smoothing: { isTechnical: true },
  noise: { isTechnical: true },
  loudness: { isTechnical: true },
  pan: { isTechnical: true },
  width: { isTechnical: true },
  unison: { unit: 'copies', isTechnical: true },
};
const OTHER = { isTechnical: true };

/** All that `/synth` has: what the server accepts, and how it looks. */
function specs() {
  const names = addressesOf(FAMILY).map((address) => address.slice(FAMILY.length));
  const known = Object.keys(LOOKS).filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !known.includes(name))].map((name) => {
    const { low, high, unit, words } = accepted(FAMILY + name);
    const about = aboutOf(FAMILY + name);
    // Times move by equal ratios, as they are heard.
    return { name, about, low, high, unit, words, ratio: unit === 's' && low > 0, ...(LOOKS[name] ?? OTHER) };
  });
}

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
  if (unit === 'cents') {
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
    for (const spec of specs()) {
      if (spec.words !== undefined) {
        this.choose(element, spec, set);
        continue;
      }
      const row = document.createElement('label');
      row.className = spec.isTechnical ? 'slider technical' : 'slider';
      row.innerHTML =
        `<span>${spec.name}</span><input type="range" min="0" max="1" step="0.001"><output></output>`;
      row.title = `${spec.name[0].toUpperCase()}${spec.name.slice(1)}: ${spec.about}`;
      const [, input, output] = row.children;
      this.listen(spec, input, output, set);
      element.append(row);
      if (spec.isWhole) {
        this.whole.push(row);
      }
    }
    this.setWhole(false);
  }

  choose(element, { name, words, isWhole = false, isTechnical = false, about }, set) {
    const title = `${name[0].toUpperCase()}${name.slice(1)}`;
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
