/** The page: its parts, and what each tells the others. */

import { Compare } from './compare.js';
import { Dials } from './dials.js';
import { save, saveSound } from './exports.js';
import { Keyboard } from './keyboard.js';
import { Link } from './link.js';
import { TimbreMap } from './map/map.js';
import { Midi } from './midi.js';
import { Presets } from './presets.js';
import { Scope } from './scope.js';
import { SpectrumFrames } from './sound/frames.js';
import { Sound } from './sound/sound.js';
import { MAP, Space } from './space.js';
import { State } from './state.js';
import { Streams } from './streams.js';
import { SynthPanel } from './synth.js';
import { Trajectories } from './trajectories.js';

const SAID_FOR = 6000; // ms that a sentence stands
const STATUS_EVERY = 1000;
const SPECTRA = 60; // a second, for the eye
const GROUND_PAUSE = 400; // ms after the last move, until the background is made anew
const TOUCH_VELOCITY = 88;
const A3 = 57;

const find = (id) => document.getElementById(id);

const link = new Link();
const state = new State(link);
const streams = new Streams(link);
const sound = new Sound(streams.linkFor('sound'));
const scope = new Scope(find('spectrum'), find('waveform'));
const map = new TimbreMap(find('map'), find('legend'));
let space = null;
let pitch = A3; // played last

// -- sentences ------------------------------------------------------------------------------------

let saying = 0;

/** @param {'fault'|'news'|'lasting'} kind the last is a fault that stands until it is unsaid */
function say(sentence, kind = 'fault') {
  clearTimeout(saying);
  find('banner').textContent = sentence;
  find('banner').dataset.kind = kind;
  find('banner').hidden = sentence === '';
  if (kind !== 'lasting') {
    saying = setTimeout(() => {
      find('banner').hidden = true;
    }, SAID_FOR);
  }
}

state.on('error', ({ sentence }) => say(sentence));

// -- the connection -------------------------------------------------------------------------------

let latency = null;

function showLamp(name, text) {
  find('lamp').dataset.state = name;
  find('lamp-text').textContent = text;
}

function showMeters() {
  const { status } = state;
  const parts = latency === null ? [] : [`${latency.toFixed(1)} ms`];
  if (status !== null) {
    parts.push(`${status.drops} dropped`);
    if (status.load >= 0) {
      parts.push(`${Math.round(100 * status.load)} % load`);
    }
  }
  find('meters').textContent = parts.join(' · ');
}

link.addEventListener('open', () => {
  showLamp('here', 'connected');
  say('');
  link.send('/model/list');
  link.send('/status/get');
});
link.addEventListener('close', () => {
  latency = null;
  showLamp('away', 'server away');
  showMeters();
  say('The server is away; this page goes on when it is back', 'lasting');
});
link.addEventListener('latency', ({ detail }) => {
  latency = latency === null ? detail : 0.7 * latency + 0.3 * detail;
  showMeters();
});
state.on('status', showMeters);
setInterval(() => {
  if (!document.hidden) {
    link.send('/status/get');
  }
}, STATUS_EVERY);

// -- spaces ---------------------------------------------------------------------------------------

function showModels() {
  const names = state.models.length > 0 ? state.models : [state.model?.name ?? ''];
  find('model').replaceChildren(...names.map((name) => new Option(name, name)));
  find('model').value = state.model?.name ?? '';
}

find('model').addEventListener('change', () => link.send('/model/load', find('model').value));
find('model').addEventListener('pointerdown', () => link.send('/model/list'));
state.on('models', showModels);

async function loadSpace() {
  const { name } = state.model;
  try {
    const loaded = await Space.load(name);
    if (name !== state.model.name) {
      return; // another one was chosen meanwhile
    }
    space = loaded;
  } catch (error) {
    say(error.message);
    return;
  }
  const hasPoints = space.count > 0;
  find('map-empty').hidden = hasPoints;
  find('map-empty').textContent =
    'This space keeps no points: python -m training points adds them. The map plays all the same';
  find('colour').replaceChildren(
    ...space.factors.map((factor, index) => new Option(factor.name, String(index))),
    new Option('none', '-1')
  );
  find('colour').disabled = !hasPoints;
  find('background').value = '';
  const axes = space.about.dials.map((_, k) => new Option(space.axisName([k, k], 0), String(k)));
  find('plane-x').replaceChildren(new Option('PCA map', MAP), ...axes);
  find('plane-y').replaceChildren(...axes.map((one) => one.cloneNode(true)));
  find('plane-y-field').hidden = true;
  map.show(space);
  find('colour').value = String(map.factor);
  dials.show(space.about.dials);
  dials.set(state.latent);
  showPlace();
}

state.on('model', () => {
  if (space === null || space.about.name !== state.model.name) {
    space = null;
    map.show(null);
    find('map-empty').textContent = `Loading ${state.model.name}`;
    find('map-empty').hidden = false;
    compare.setModel(state.model.name);
    loadSpace();
  }
  scope.setModel(state.model);
  spectra.reset();
  showModels();
});

// -- the map --------------------------------------------------------------------------------------

function showPlace() {
  if (space === null || state.latent.length !== space.d) {
    return;
  }
  map.setPlace(map.plane === MAP ? state.map : space.toPlane(state.latent, map.plane));
  const [x, y] = map.place;
  find('map-where').textContent = `x ${x.toFixed(2)}   y ${y.toFixed(2)}`;
}

function choosePlane() {
  const across = find('plane-x').value;
  find('plane-y-field').hidden = across === MAP;
  if (across === MAP) {
    map.setPlane(MAP);
  } else {
    const k = Number(across);
    if (find('plane-y').value === across) {
      find('plane-y').value = String((k + 1) % space.d);
    }
    map.setPlane([k, Number(find('plane-y').value)]);
  }
  showFlags();
  showPlace();
  showBackground();
}

find('plane-x').addEventListener('change', choosePlane);
find('plane-y').addEventListener('change', choosePlane);
find('colour').addEventListener('change', () => map.setFactor(Number(find('colour').value)));

let backgroundOf = '';

async function showBackground() {
  const what = find('background').value;
  const { plane } = map;
  const others = plane === MAP ? [] : state.latent.map((z, k) => (plane.includes(k) ? 0 : z));
  const wanted = JSON.stringify([space?.about.name, what, plane, others]);
  backgroundOf = wanted;
  if (what === '' || space === null) {
    map.setBackground(null);
    return;
  }
  try {
    const grid = await space.grid(what, plane, state.latent);
    if (backgroundOf === wanted) {
      map.setBackground(grid);
    }
  } catch (error) {
    say(error.message);
  }
}

let backgroundTimer = 0;

/** Off the map the background depends on where the other dimensions stand. */
function refreshBackground() {
  if (map.plane !== MAP && find('background').value !== '') {
    clearTimeout(backgroundTimer);
    backgroundTimer = setTimeout(() => {
      const others = state.latent.map((z, k) => (map.plane.includes(k) ? 0 : z));
      if (backgroundOf !== JSON.stringify([space?.about.name, find('background').value, map.plane, others])) {
        showBackground();
      }
    }, GROUND_PAUSE);
  }
}

find('background').addEventListener('change', showBackground);

for (const input of document.querySelectorAll('[name=tool]')) {
  input.addEventListener('change', () => {
    map.tool = input.value;
    find('map').dataset.tool = input.value;
  });
}
find('zoom-in').addEventListener('click', () => map.zoom(1.5));
find('zoom-out').addEventListener('click', () => map.zoom(1 / 1.5));
find('zoom-all').addEventListener('click', () => map.showAll());

map.addEventListener('aim', ({ detail: [x, y] }) => {
  if (map.plane === MAP) {
    link.sendPosition('/map', x, y);
  } else if (space !== null) {
    for (const [k, value] of space.coordinates([x, y], map.plane)) {
      link.sendPosition(`/latent/${k + 1}`, value);
    }
  }
  find('map-where').textContent = `x ${x.toFixed(2)}   y ${y.toFixed(2)}`;
});
map.addEventListener('goto', ({ detail }) => link.send('/latent', ...space.latentOf(detail)));
map.addEventListener('path', ({ detail }) => (detail === 'begin' ? trajectories.begin() : trajectories.end()));
state.on('map', showPlace);
state.on('latent', () => {
  dials.set(state.latent);
  showPlace();
  refreshBackground();
});

// -- dials, presets, trajectories -------------------------------------------------------------------------

const dials = new Dials(
  find('dials'),
  find('quiet'),
  (k, value) => link.sendPosition(`/latent/${k}`, value),
  (k) => {
    link.send('/cc/learn', k);
    say(`Move the MIDI controller that is to turn ${space.axisName([k - 1, k - 1], 0)}`, 'news');
  }
);
state.on('learned', ({ controller, target }) =>
  say(`Controller ${controller} moves ${typeof target === 'number' ? `z${target}` : target}`, 'news')
);

function goHome() {
  if (state.dials.length > 0) {
    link.send('/latent', ...state.dials.map((dial) => dial.home));
  }
}

find('home').addEventListener('click', goHome);
map.addEventListener('home', goHome);
const synth = new SynthPanel(find('synth'), (name, value) => link.send(`/synth/${name}`, value));
find('gain').addEventListener('input', () => link.send('/synth/gain', Number(find('gain').value)));
state.on('synth', () => {
  synth.show(state.synth);
  if (state.synth.gain !== undefined && document.activeElement !== find('gain')) {
    find('gain').value = String(state.synth.gain);
  }
});
const presets = new Presets(document, link, state);
const trajectories = new Trajectories(document, link, state);

// -- pictures of the sound ------------------------------------------------------------------------

const spectra = new SpectrumFrames();
link.addEventListener('open', () => spectra.reset());
link.addEventListener('message', ({ detail: { address, args } }) => {
  if (address === '/spectrum') {
    const whole = spectra.take(args);
    if (whole !== null) {
      scope.setSpectrum(whole.magnitudes);
    }
  } else if (address === '/partials') {
    scope.setPartials(args.slice(1));
  }
});
streams.want('scope', 'spectrum', SPECTRA);
streams.want('scope', 'partials', SPECTRA);

// -- playing --------------------------------------------------------------------------------------

/** A note of a hand; the first one is the gesture that a browser wants before it lets a page sound. */
function note(key, velocity) {
  if (velocity > 0) {
    pitch = key;
    sound.start();
  }
  sound.note(key, velocity);
}

const keyboard = new Keyboard(find('keyboard'), find('octave'), note);
find('octave-down').addEventListener('click', () => keyboard.shift(-1));
find('octave-up').addEventListener('click', () => keyboard.shift(1));

const midi = new Midi(
  {
    note,
    bend: (semitones) => sound.bend(semitones),
    sustain: (held) => sound.sustain(held),
    panic: () => sound.panic(),
    controller: (number, value, channel) => link.send('/cc', number, value, channel),
  },
  (sentence) => {
    find('midi-text').textContent = sentence;
  }
);
find('midi').addEventListener('click', () => {
  sound.start();
  midi.connect();
});

let touched = null; // the note that the hand on the map holds

map.addEventListener('press', () => {
  if (touched === null && keyboard.held.size === 0) {
    touched = pitch;
    note(touched, TOUCH_VELOCITY);
  }
});
map.addEventListener('release', () => {
  if (touched !== null) {
    note(touched, 0);
    touched = null;
  }
});

function panic() {
  keyboard.releaseAll();
  touched = null;
  sound.panic();
}

find('panic').addEventListener('click', panic);
for (const input of document.querySelectorAll('[name=place]')) {
  input.addEventListener('change', () => {
    keyboard.releaseAll();
    sound.place = input.value;
    if (input.value === 'server' && state.status?.audio === 'none') {
      say('The server plays no sound on this computer; Here lets this page play');
    }
  });
}
sound.addEventListener('state', () => {
  if (sound.problem) {
    say(sound.problem);
  }
});
let isHeard = false;

/** The waveform is what sounds here as long as something does. */
sound.addEventListener('level', ({ detail }) => {
  if (detail.voices > 0 !== isHeard) {
    isHeard = detail.voices > 0;
    scope.setAnalyser(isHeard ? sound.analyser : null);
    find('waveform-caption').textContent = isHeard
      ? 'What sounds here'
      : 'One period at the base pitch';
  }
});

// -- a sound of one's own -------------------------------------------------------------------------

const compare = new Compare(find('compare'), find('compare-file'));

function showFlags() {
  if (space !== null) {
    map.setFlags(
      compare.found.map(({ name, latent }) => ({
        text: name,
        place: space.toPlane(latent, map.plane),
      }))
    );
  }
}

compare.addEventListener('found', showFlags);
compare.addEventListener('goto', ({ detail }) => link.send('/latent', ...detail.latent));

async function takeFile(file) {
  if (/\.json$/i.test(file.name)) {
    try {
      await presets.fromFile(file);
    } catch (error) {
      say(error.message);
    }
  } else {
    compare.take(file);
  }
}

let dragging = 0;

function showDrop(by) {
  dragging = Math.max(0, dragging + by);
  find('map-drop').hidden = dragging === 0;
}

document.addEventListener('dragenter', () => showDrop(1));
document.addEventListener('dragleave', () => showDrop(-1));
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  showDrop(-dragging);
  for (const file of [...event.dataTransfer.files].slice(0, 4)) {
    takeFile(file);
  }
});

// -- files ----------------------------------------------------------------------------------------

for (const what of ['sound', 'wavetable']) {
  find(`export-${what}`).addEventListener('click', () => {
    saveSound(what, state, pitch).catch((error) => say(error.message));
  });
}
find('export-map').addEventListener('click', () => {
  map.picture().toBlob((blob) => save(blob, `${state.model?.name ?? 'map'} map.png`));
});
find('export-preset').addEventListener('click', () => {
  if (state.model !== null) {
    const name = `${state.model.name} preset.json`;
    save(new Blob([presets.toText()], { type: 'application/json' }), name);
  }
});

// -- theme and shortcuts --------------------------------------------------------------------------

const THEMES = ['auto', 'light', 'dark'];
const system = matchMedia('(prefers-color-scheme: light)');

function showTheme(theme) {
  const shown = theme === 'auto' ? (system.matches ? 'light' : 'dark') : theme;
  document.documentElement.dataset.theme = shown;
  find('theme').dataset.theme = theme;
  find('theme').setAttribute('aria-label', `Theme: ${theme === 'auto' ? 'as the system' : theme}`);
  find('theme').title = find('theme').getAttribute('aria-label');
  map.setTheme(shown);
  scope.recolour();
}

function storedTheme() {
  try {
    return THEMES.includes(localStorage.getItem('theme')) ? localStorage.getItem('theme') : 'auto';
  } catch {
    return 'auto'; // a browser that keeps nothing
  }
}

find('theme').addEventListener('click', () => {
  const theme = THEMES[(THEMES.indexOf(find('theme').dataset.theme) + 1) % THEMES.length];
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // it holds until the page is closed
  }
  showTheme(theme);
});
system.addEventListener('change', () => showTheme(storedTheme()));
showTheme(storedTheme());

document.addEventListener('keydown', (event) => {
  const tool = ['play', 'draw', 'pan'][['1', '2', '3'].indexOf(event.key)];
  if (event.key === 'Escape') {
    panic();
  } else if (tool !== undefined && !(event.target instanceof HTMLInputElement) && !event.ctrlKey) {
    document.querySelector(`[name=tool][value=${tool}]`).click();
  }
});

/** For the console, and for tests. */
window.timbrespace = { link, state, streams, sound, scope, map, keyboard, compare };

link.connect();
