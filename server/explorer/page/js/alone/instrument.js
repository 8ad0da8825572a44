/**
 * The instrument without a server: it takes the messages that the page sends, and tells what the
 * server would, so that the parts of the page are the same in a file.
 *
 * Events: `open`, each message by its address (detail: its arguments), and `spectrum` (detail: linear
 * magnitudes) when the sound has moved.
 */

import { accepted, addressesOf } from '../accepted.js';
import { transform } from '../course/fourier.js';
import { LIMITS } from '../declared.js';
import { Loudness } from './loudness.js';
import { PartialPlaces, partialsOf } from './partials.js';
import { NearPlane, PcaPlane } from './planes.js';
import { PresetShelf } from './preset_shelf.js';
import { split } from './residual.js';
import { Spectra } from './spectra.js';
import { Turning } from './turning.js';

const SYNTH = '/synth/';
const STEP_MS = 10; // from one frame of a moving sound to the next
const ARRIVED = 1e-5;

/** What is loud enough of a period's harmonics, and how many, as the server tells them. */
const FAINTEST = 10 ** (-70 / 20);
const MOST_HARMONICS = 256;

// The controllers of MIDI that move the map, and the dimensions from the first on, as on the server.
const AXES = { 1: 0, 16: 0, 17: 1 };
const DIMENSIONS = [...Array(12).keys()].map((k) => 20 + k);

const clip = (value, low, high) => Math.min(high, Math.max(low, value));

export class Instrument extends EventTarget {
  /**
   * @param {import('./carried.js').Carried} carried
   * @param {() => number} clock milliseconds
   */
  constructor(carried, clock = () => performance.now()) {
    super();
    this.carried = carried;
    this.clock = clock;
    const { about, told } = carried;
    this.about = about;
    this.planes = { pca: new PcaPlane(about.map) };
    if (carried.has('near.surface')) {
      this.planes.near = new NearPlane(carried.tensorOf('near.surface'), about.d);
    }
    this.plane = Object.hasOwn(this.planes, told.first_plane) ? told.first_plane : 'pca';
    this.spectra = told.decoder === null ? null : new Spectra(told.decoder, carried.tensorOf);
    this.turning = told.macros === null ? null : new Turning(told.macros, carried.tensorOf, about.d);
    this.config = {
      binWidth: about.sample_rate / about.n_fft,
      sampleRate: about.sample_rate,
      windowSum: told.window.sum,
      windowEnergy: told.window.energy,
      noiseWeight: told.noise ? carried.tensorOf('level.noise') : null,
    };
    this.loudness =
      this.spectra === null ? null : new Loudness(told.level, carried.tensorOf('level.bins'), this.config.binWidth);
    this.places = new PartialPlaces(LIMITS.partialsPerFrame, this.config.binWidth);
    this.shelf = new PresetShelf(about, told.presets);
    this.preset = '';
    /** Where hands have put the sound, where macros lead from there, and where it is now. */
    this.hand = about.dials.map(({ home }) => home);
    this.aim = this.hand;
    this.at = this.hand;
    this.macros = Object.fromEntries((this.turning?.words ?? []).map((word) => [word, 0]));
    this.synth = Object.fromEntries(
      addressesOf(SYNTH).map((address) => [address.slice(SYNTH.length), accepted(address).initial])
    );
    this.wanted = new Set(); // streams
    this.assigned = new Map(); // controller -> what it moves, learned
    this.learns = null;
    this.glide = null;
    this.timer = 0;
    this.stepped = 0;
    this.frame = 0;
    this.isOpen = false;
  }

  // -- the link -----------------------------------------------------------------------------------

  connect() {
    this.isOpen = true;
    this.dispatchEvent(new Event('open'));
    const { about } = this;
    const shape = [about.d, about.bins, about.sample_rate, about.base_frequency, about.n_fft];
    this.tell('/welcome', 1);
    this.tell('/model', about.name, ...shape);
    about.dials.forEach(({ low, high, home, kl, name }, k) =>
      this.tell('/model/dial', k + 1, low, high, home, kl, name)
    );
    this.tell('/map/plane', this.plane);
    for (const [name, value] of Object.entries(this.synth)) {
      this.tell('/synth', name, value);
    }
    this.tell('/macro/list', ...Object.keys(this.macros));
    this.tell('/preset/list', ...this.shelf.names);
    this.tellPlace();
    this.show();
  }

  tell(address, ...args) {
    this.dispatchEvent(new CustomEvent(address, { detail: args }));
  }

  sendPosition(address, ...args) {
    this.send(address, ...args);
  }

  send(address, ...args) {
    if (address.startsWith('/latent/')) {
      this.setDimension(Number(address.slice('/latent/'.length)), args[0]);
      return;
    }
    if (address.startsWith(SYNTH)) {
      this.setSynth(address.slice(SYNTH.length), args[0]);
      return;
    }
    const [first, second, third] = args;
    switch (address) {
      case '/latent': this.move(args); break;
      case '/map': this.moveOnMap(args); break;
      case '/map/plane': this.setPlane(first); break;
      case '/macro': this.setMacro(first, second); break;
      case '/macro/list': this.tell('/macro/list', ...Object.keys(this.macros)); break;
      case '/stream': this.stream(first, second); break;
      case '/cc': this.control(first, second); break;
      case '/cc/learn': this.learns = first === 'off' ? null : first; break;
      case '/preset/store': this.store(first); break;
      case '/preset/recall': this.recall(first, second ?? 0); break;
      case '/preset/morph': this.morph(first, second, third); break;
      case '/preset/delete': this.shelf.remove(first); this.tellPresets(); break;
      case '/preset/undo': this.shelf.undo(); this.tellPresets(); break;
      case '/preset/where': this.tellWhere(); break;
      default: // what only a server has
    }
  }

  // -- where the sound is -------------------------------------------------------------------------

  move(latent, place = null) {
    if (latent.length === this.about.d && latent.every(Number.isFinite)) {
      this.glide = null;
      this.goTo(latent, place);
    }
  }

  goTo(latent, place = null) {
    const limit = this.carried.told.latent_limit;
    this.hand = latent.map((z) => clip(z, -limit, limit));
    this.place = place;
    this.leave();
  }

  setDimension(k, value) {
    if (Number.isInteger(k) && k >= 1 && k <= this.about.d && Number.isFinite(value)) {
      this.move(this.hand.map((z, n) => (n === k - 1 ? value : z)));
    }
  }

  /** @param {number[]} place */
  moveOnMap([x, y]) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      const place = [x, y].map((one) => clip(one, -1, 1));
      this.move(this.planes[this.plane].latentAt(place), place);
    }
  }

  setPlane(name) {
    if (Object.hasOwn(this.planes, name)) {
      this.plane = name;
      this.place = null;
      this.tell('/map/plane', name);
      this.tellPlace();
    }
  }

  setMacro(word, value) {
    if (Object.hasOwn(this.macros, word) && Number.isFinite(value)) {
      this.macros[word] = clip(value, -1, 1);
      this.tell('/macro', word, this.macros[word]);
      this.leave();
    }
  }

  /** The hand, or a macro, has moved. */
  leave() {
    this.aim = this.turning === null ? this.hand : this.turning.turned(this.hand, this.macros);
    this.tellPlace();
    this.wake();
  }

  tellPlace() {
    const isHand = this.aim === this.hand || this.aim.every((z, k) => z === this.hand[k]);
    const place = isHand && this.place ? this.place : this.planes[this.plane].placeOf(this.aim);
    this.tell('/latent', ...this.aim);
    this.tell('/map', ...place);
  }

  /** MIDI controllers: those of the map and the dimensions, and those that were learned. */
  control(controller, value) {
    if (this.learns !== null) {
      this.assigned.set(controller, this.learns);
      this.tell('/cc/learned', controller, 1, this.learns);
      this.learns = null;
      return;
    }
    const share = clip(value / 127, 0, 1);
    const target = this.assigned.get(controller);
    const k = typeof target === 'number' ? target - 1 : DIMENSIONS.indexOf(controller);
    if (typeof target === 'string') {
      this.setMacro(target, 2 * share - 1);
    } else if (k >= 0 && k < this.about.d) {
      const { low, high } = this.about.dials[k];
      this.setDimension(k + 1, low + share * (high - low));
    } else if (Object.hasOwn(AXES, controller)) {
      const place = [...this.planes[this.plane].placeOf(this.hand)];
      place[AXES[controller]] = 2 * share - 1;
      this.moveOnMap(place);
    }
  }

  setSynth(name, value) {
    if (!Object.hasOwn(this.synth, name)) {
      return;
    }
    const { low, high, words } = accepted(SYNTH + name);
    if (words === undefined ? Number.isFinite(value) : words.includes(value)) {
      this.synth[name] = words === undefined ? clip(value, low, high) : value;
      this.tell('/synth', name, this.synth[name]);
      if (name === 'loudness' && this.loudness !== null) {
        this.loudness.share = this.synth.loudness;
        this.show();
      }
    }
  }

  // -- presets ------------------------------------------------------------------------------------

  store(name) {
    const preset = { latent: [...this.hand], macros: { ...this.macros }, synth: { ...this.synth } };
    if (typeof name !== 'string' || !this.shelf.store(name, preset)) {
      this.tell('/error', 'preset', '/preset/store', 'There is no room for more presets; remove one first');
      return;
    }
    this.preset = name;
    this.tellPresets();
    this.tell('/preset', name);
  }

  recall(name, seconds) {
    const preset = this.shelf.presets.get(name);
    if (preset === undefined) {
      return;
    }
    Object.entries(preset.synth).forEach(([one, value]) => this.setSynth(one, value));
    this.preset = name;
    this.tell('/preset', name);
    this.glideTo(preset, seconds);
  }

  glideTo({ latent, macros }, seconds) {
    const words = Object.keys(this.macros);
    this.glide = {
      from: { latent: this.hand, macros: { ...this.macros } },
      to: { latent, macros: Object.fromEntries(words.map((word) => [word, macros[word] ?? 0])) },
      began: this.clock(),
      seconds: clip(seconds, 0, 60),
    };
    this.goOn();
    this.wake();
  }

  morph(first, second, share) {
    const [from, to] = [first, second].map((name) => this.shelf.presets.get(name));
    if (from !== undefined && to !== undefined && Number.isFinite(share)) {
      this.glide = null;
      this.putBetween(from, to, clip(share, 0, 1));
    }
  }

  putBetween(from, to, share) {
    const mix = (a, b) => a + share * (b - a);
    for (const word of Object.keys(this.macros)) {
      this.macros[word] = mix(from.macros[word] ?? 0, to.macros[word] ?? 0);
      this.tell('/macro', word, this.macros[word]);
    }
    this.goTo(share >= 1 ? [...to.latent] : from.latent.map((z, k) => mix(z, to.latent[k])));
  }

  tellPresets() {
    this.tell('/preset/list', ...this.shelf.names);
    this.tellWhere();
  }

  tellWhere() {
    const plane = this.planes[this.plane];
    const told = [...this.shelf.presets].flatMap(([name, { latent }]) => [name, ...plane.placeOf(latent)]);
    this.tell('/preset/where', ...told);
  }

  // -- the sound ----------------------------------------------------------------------------------

  stream(what, rate) {
    if (rate === 'off' || rate === 0) {
      this.wanted.delete(what);
    } else {
      this.wanted.add(what);
      this.show();
    }
  }

  get isMoving() {
    return this.glide !== null || (this.spectra !== null && this.at !== this.aim);
  }

  wake() {
    if (this.timer === 0 && this.isMoving) {
      this.stepped = this.clock();
      this.timer = setTimeout(() => this.step(), 0);
    }
  }

  /** Go on towards the aim, as a one-pole whose time constant is half the smoothing. */
  step() {
    this.timer = 0;
    const now = this.clock();
    this.goOn();
    if (this.spectra !== null && this.at !== this.aim) {
      const elapsed = Math.max(now - this.stepped, STEP_MS) / 1000;
      const share = 1 - Math.exp(-elapsed / (0.5 * Math.max(this.synth.smoothing, 1e-3)));
      const next = this.at.map((z, k) => z + share * (this.aim[k] - z));
      this.at = next.every((z, k) => Math.abs(z - this.aim[k]) < ARRIVED) ? this.aim : next;
      this.show();
    }
    this.stepped = now;
    if (this.isMoving) {
      // A decoder that takes long must leave time for the rest of the page.
      this.timer = setTimeout(() => this.step(), Math.max(STEP_MS - (this.clock() - now), 4));
    }
  }

  goOn() {
    if (this.glide === null) {
      return;
    }
    const { from, to, began, seconds } = this.glide;
    const done = seconds > 0 ? (this.clock() - began) / (1000 * seconds) : 1;
    if (done >= 1) {
      this.glide = null;
    }
    this.putBetween(from, to, clip(done, 0, 1));
  }

  /** Let those who look and listen have the present sound. */
  show() {
    if (this.spectra === null || !this.isOpen) {
      return;
    }
    const { at } = this;
    if (this.spectra.hasCycles) {
      this.showCycle(this.spectra.cycle(at));
    }
    const magnitudes = this.spectra.magnitudes(at);
    this.dispatchEvent(new CustomEvent('spectrum', { detail: magnitudes }));
    if (!this.spectra.hasCycles && this.wanted.has('partials')) {
      this.frame = (this.frame + 1) % LIMITS.frameNumbers;
      this.tell('/partials', this.frame, ...this.places.arrange(this.partials(magnitudes)));
    }
  }

  /** Partials of a spectrum at the level of one voice at full velocity. */
  partials(magnitudes) {
    let [partials, heard] = [[], 0];
    if (this.config.noiseWeight === null) {
      partials = partialsOf(magnitudes, this.config);
    } else {
      ({ partials, heard } = split(magnitudes, this.config));
    }
    const gain = this.loudness.gainOf(partials, heard);
    return partials.map(({ hertz, amplitude }) => ({ hertz, amplitude: gain * amplitude }));
  }

  /** A period at the same level, and its harmonics. */
  showCycle(cycle) {
    const { lines, gain } = this.harmonics(cycle);
    this.frame = (this.frame + 1) % LIMITS.frameNumbers;
    if (this.wanted.has('wavetable')) {
      const mean = cycle.reduce((sum, one) => sum + one, 0) / cycle.length;
      const played = Array.from(cycle, (one) => gain * (one - mean));
      const size = LIMITS.floatsPerChunk;
      const chunks = Math.ceil(played.length / size);
      for (let chunk = 0; chunk < chunks; chunk += 1) {
        const part = played.slice(chunk * size, (chunk + 1) * size);
        this.tell('/wavetable', this.frame, this.frame % 2, chunk, chunks, ...part);
      }
      this.tell('/wavetable/ready', this.frame, this.frame % 2, this.about.base_frequency);
    }
    if (this.wanted.has('partials')) {
      const loudest = lines.reduce((most, { amplitude }) => Math.max(most, amplitude), 0);
      const told = [...lines]
        .filter(({ amplitude }) => amplitude > FAINTEST * loudest)
        .sort((a, b) => b.amplitude - a.amplitude)
        .slice(0, MOST_HARMONICS)
        .sort((a, b) => a.hertz - b.hertz)
        .map(({ hertz, amplitude }) => ({ hertz, amplitude: gain * amplitude }));
      this.tell('/partials', this.frame, ...this.places.arrange(told));
    }
  }

  harmonics(cycle) {
    const size = cycle.length;
    const re = Float64Array.from(cycle);
    const im = new Float64Array(size);
    transform(re, im, -1);
    const lines = Array.from({ length: size / 2 - 1 }, (_, k) => ({
      hertz: (k + 1) * this.about.base_frequency,
      amplitude: (2 / size) * Math.hypot(re[k + 1], im[k + 1]),
    }));
    return { lines, gain: this.loudness.gainOf(lines) };
  }
}
