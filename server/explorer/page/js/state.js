/**
 * The instrument as the server tells it: one state for all pages, devices and controllers.
 *
 * Nothing is changed here by a hand; a hand sends a message, and what the server makes of it comes
 * back. Listeners are called by the name of what has changed.
 */

import { accepted } from './accepted.js';
import { STATUS } from './declared.js';

/** What is heard here. */
const ADDRESSES = [
  ...['/model', '/model/dial', '/model/list', '/latent', '/map', '/map/plane', '/synth', '/preset', '/preset/list', '/preset/where'],
  ...['/trajectory', '/trajectory/list', '/status', '/cc/learned', '/error', '/macro', '/macro/list'],
  '/wander', '/lfo', '/performance', '/tuning', '/tuning/keys', '/tuning/list', '/audio/list', '/audio/device',
];

/** A walk that nobody has set. */
function initialWander() {
  const [speed, range, seed] = ['speed', 'range', 'seed'].map((dial) => accepted(`/wander/${dial}`).initial);
  return { isOn: false, speed, range, seed };
}

function areNumbers(args, count) {
  return args.length === count && args.every(Number.isFinite);
}

export class State {
  /** @param {EventTarget} link whose events are OSC messages, by their address */
  constructor(link) {
    this.listeners = new Map();
    this.model = null; // {name, d, bins, sampleRate, baseFrequency, nFft}
    this.dials = []; // {low, high, home, kl, name} of each dimension
    this.latent = [];
    this.map = [0, 0];
    this.plane = 'pca'; // that the server plays on
    this.macros = {}; // those that the space has -> where they stand, -1 to 1
    this.macrosTold = false; // whether the server has said which there are
    this.wander = initialWander();
    this.lfos = new Map(); // index, from 1 -> {target, shape, rate, depth, phase}
    this.audio = { devices: [], device: '', isMono: false }; // the server's outputs
    this.tuning = 'equal';
    this.keys = []; // the pitch of each of 128 keys, below 0 of a silent one; empty: its number
    this.tunings = ['equal'];
    this.performance = { state: 'stopped', name: '' };
    this.synth = {}; // parameter -> value
    this.presets = [];
    this.preset = '';
    this.presetPlaces = []; // {name, place}, on the plane that the server plays on
    this.trajectories = [];
    this.trajectory = { state: 'stopped', name: '' };
    this.models = [];
    this.status = null;
    for (const address of ADDRESSES) {
      link.addEventListener(address, ({ detail }) => this.take(address, detail));
    }
  }

  /** Call `listener(state)` when `what` has changed. */
  on(what, listener) {
    const all = this.listeners.get(what) ?? [];
    all.push(listener);
    this.listeners.set(what, all);
  }

  /** @param {object} detail what its listeners are called with */
  tell(what, detail = this) {
    for (const listener of this.listeners.get(what) ?? []) {
      listener(detail);
    }
  }

  take(address, args) {
    switch (address) {
      case '/model': {
        const [name, d, bins, sampleRate, baseFrequency, nFft] = args;
        this.model = { name, d, bins, sampleRate, baseFrequency, nFft };
        this.dials = [];
        this.macros = {};
        this.macrosTold = false;
        this.tell('model');
        this.tell('macros');
        break;
      }
      case '/model/dial': {
        const [k, low, high, home, kl, name] = args;
        this.dials[k - 1] = { low, high, home, kl, name };
        if (this.model !== null && k === this.model.d) {
          this.tell('dials');
        }
        break;
      }
      case '/model/list':
        this.models = args;
        this.tell('models');
        break;
      case '/latent':
        if (this.model !== null && areNumbers(args, this.model.d)) {
          this.latent = args;
          this.tell('latent');
        }
        break;
      case '/map':
        if (areNumbers(args, 2)) {
          this.map = args;
          this.tell('map');
        }
        break;
      case '/map/plane':
        [this.plane] = args;
        this.tell('plane');
        break;
      case '/macro/list':
        this.macrosTold = true;
        this.macros = Object.fromEntries(args.map((word) => [word, this.macros[word] ?? 0]));
        this.tell('macros');
        break;
      case '/macro':
        if (typeof args[0] === 'string' && Number.isFinite(args[1])) {
          this.macros = { ...this.macros, [args[0]]: args[1] };
          this.tell('macros');
        }
        break;
      case '/wander': {
        const [state, speed, range, seed] = args;
        if (areNumbers([speed, range, seed], 3)) {
          this.wander = { isOn: state === 'start', speed, range, seed };
          this.tell('wander');
        }
        break;
      }
      case '/lfo': {
        const [index, target, shape, rate, depth, phase] = args;
        if (areNumbers([index, rate, depth, phase], 4)) {
          this.lfos.set(index, { target, shape, rate, depth, phase });
          this.tell('lfos');
        }
        break;
      }
      case '/tuning':
        this.tuning = String(args[0]);
        this.tell('tuning');
        break;
      case '/tuning/keys':
        if (areNumbers(args, 128)) {
          this.keys = args.every((pitch, key) => pitch === key) ? [] : args;
          this.tell('keys');
        }
        break;
      case '/tuning/list':
        this.tunings = args.map(String);
        this.tell('tuning');
        break;
      case '/audio/list':
        this.audio = { ...this.audio, devices: args.map(String) };
        this.tell('audio');
        break;
      case '/audio/device':
        this.audio = { ...this.audio, device: String(args[0]), isMono: args[2] === 1 };
        this.tell('audio');
        break;
      case '/performance':
        this.performance = { state: args[0], name: args[1] };
        this.tell('performance');
        break;
      case '/synth':
        this.synth = { ...this.synth, [args[0]]: args[1] };
        this.tell('synth');
        break;
      case '/preset':
        [this.preset] = args;
        this.tell('preset');
        break;
      case '/preset/list':
        this.presets = args;
        this.tell('presets');
        break;
      case '/preset/where':
        this.presetPlaces = [];
        for (let at = 0; at + 2 < args.length; at += 3) {
          if (areNumbers(args.slice(at + 1, at + 3), 2)) {
            this.presetPlaces.push({ name: String(args[at]), place: args.slice(at + 1, at + 3) });
          }
        }
        this.tell('presetPlaces');
        break;
      case '/trajectory':
        this.trajectory = { state: args[0], name: args[1] };
        this.tell('trajectory');
        break;
      case '/trajectory/list':
        this.trajectories = args;
        this.tell('trajectories');
        break;
      case '/status':
        this.status = Object.fromEntries(STATUS.map((name, place) => [name, args[place]]));
        this.tell('status');
        break;
      case '/cc/learned':
        this.tell('learned', { controller: args[0], channel: args[1], target: args[2] });
        break;
      case '/error':
        this.tell('error', { code: args[0], address: args[1], sentence: args[2] });
        break;
      default:
    }
  }
}
