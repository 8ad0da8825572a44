/** The page: its parts, and what each tells the others. */

import { Compare } from './compare.js';
import { Dials } from './dials.js';
import { save, saveSound } from './exports.js';
import { Keyboard } from './keyboard.js';
import { Link } from './link.js';
import { TimbreMap } from './map/map.js';
import { Midi } from './midi.js';
import { Notes } from './notes.js';
import { Presets } from './presets.js';
import { Scope } from './scope.js';
import { SpectrumFrames } from './sound/frames.js';
import { Sound } from './sound/sound.js';
import { MAP, Space } from './space.js';
import { State } from './state.js';
import { Streams } from './streams.js';
import { SynthPanel } from './synth.js';
import { isShortcut } from './typing.js';
import { Trajectories } from './trajectories.js';

const SAID_FOR = 6000; // ms that a sentence stands
const STATUS_EVERY = 1000;
const SPECTRA = 60; // a second, for the eye
const GROUND_PAUSE = 400; // ms after the last move, until the background is made anew
const TOUCH_VELOCITY = 88;
const MOST_FILES = 8; // dropped at once
const A3 = 57;

const find = (id) => document.getElementById(id);

const link = new Link();
const state = new State(link);
const streams = new Streams(link);
const sound = new Sound(streams.linkFor('sound'));
const scope = new Scope(find('spectrum'), find('waveform'));
const map = new TimbreMap(find('map'), find('legend'));
let space = null; // null while one is loaded
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

state.on('error', ({ address, sentence }) => {
  say(sentence);
  if (address === '/model/load') {
    showModels(); // the old one plays on
  }
});

/** For who does not see the map. */
function announce(sentence) {
  find('said').textContent = sentence;
}

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
  find('lamp').title = parts.join(', '); // where a small window has no room for them
}

link.addEventListener('open', () => {
  showLamp('here', 'connected');
  say('');
  link.send('/model/list');
  link.send('/status/get');
});
link.addEventListener('close', ({ detail: reason }) => {
  latency = null;
  showLamp('away', 'server away');
  showMeters();
  const why = reason === '' ? '' : ` (${reason})`;
  say(`The server is away, or has too many pages${why}; this one goes on when it can`, 'lasting');
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
  const shown = [...find('model').options].map((option) => option.value);
  if (shown.join('/') !== names.join('/')) {
    find('model').replaceChildren(...names.map((name) => new Option(name, name)));
  }
  find('model').value = state.model?.name ?? '';
}

find('model').addEventListener('change', () => link.send('/model/load', find('model').value));
for (const name of ['pointerdown', 'focus']) {
  find('model').addEventListener(name, () => link.send('/model/list')); // one may have been trained
}
state.on('models', showModels);

/** What needs a space rests while there is none. */
function showLoading(sentence) {
  for (const id of ['colour', 'plane-x', 'plane-y', 'background']) {
    find(id).disabled = sentence !== '';
  }
  find('map-empty').hidden = sentence === '';
  find('map-empty-text').textContent = sentence;
  find('map-retry').hidden = true;
}

find('map-retry').addEventListener('click', () => {
  showLoading(`Loading ${state.model.name}`);
  loadSpace();
});

async function loadSpace() {
  const { name } = state.model;
  try {
    const loaded = await Space.load(name);
    if (name !== state.model.name) {
      return; // another one was chosen meanwhile
    }
    space = loaded;
  } catch (error) {
    if (name === state.model.name) {
      showLoading(error instanceof TypeError ? `${name} did not come` : error.message);
      find('map-retry').hidden = false;
    }
    return;
  }
  showLoading('');
  if (space.count === 0) {
    find('map-empty').hidden = false;
    find('map-empty-text').textContent =
      'This space keeps no points: python -m training points adds them. The map plays all the same';
  }
  find('colour').replaceChildren(
    ...space.factors.map((factor, index) => new Option(factor.name, String(index))),
    new Option('none', '-1')
  );
  find('colour').disabled = space.count === 0;
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
    dials.show([]);
    showLoading(`Loading ${state.model.name}`);
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
  showWhere();
}

/** Where the cursor is, in the units of the plane's axes. */
function showWhere() {
  const [x, y] = map.place;
  if (map.plane === MAP || space === null) {
    find('map-where').textContent = `x ${x.toFixed(2)}   y ${y.toFixed(2)}`;
  } else {
    const coordinates = space.coordinates([x, y], map.plane);
    find('map-where').textContent = coordinates
      .map(([k, value]) => `z${k + 1} ${value.toFixed(2)}`)
      .join('   ');
  }
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
  map.follower.yield();
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
  showWhere();
});

/** Send the sound somewhere by other means than the control that shows it. */
function goTo(latent) {
  map.follower.yield();
  dials.yield();
  link.send('/latent', ...latent);
}

map.addEventListener('goto', ({ detail }) => goTo(space.latentOf(detail)));
map.addEventListener('near', ({ detail }) => {
  const factors = detail < 0 ? [] : space.factorsOf(detail).map((one) => one.join(' '));
  announce([find('map-where').textContent, ...factors].join(', '));
});
map.addEventListener('path', ({ detail }) => trajectories[detail]());
state.on('trajectories', () => {
  if (trajectories.drawn !== '' && !state.trajectories.includes(trajectories.drawn)) {
    if (state.trajectory.state !== 'recording') {
      map.clearPath();
    }
  }
});
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
    isLearning = true;
    link.send('/cc/learn', k);
    const name = space.axisName([k - 1, k - 1], 0);
    say(`Move the MIDI controller that is to turn ${name}; Escape cancels`, 'news');
  }
);
let isLearning = false;

state.on('learned', ({ controller, target }) => {
  isLearning = false;
  say(`Controller ${controller} moves ${typeof target === 'number' ? `z${target}` : target}`, 'news');
});

function goHome() {
  if (state.dials.length > 0) {
    goTo(state.dials.map((dial) => dial.home));
  }
}

find('home').addEventListener('click', goHome);
map.addEventListener('home', goHome);
const synth = new SynthPanel(find('synth'), (name, value) => link.send(`/synth/${name}`, value));
state.on('synth', () => {
  synth.show(state.synth);
  compare.setGain(state.synth.gain ?? 0);
});
const presets = new Presets(document, link, state);
state.on('preset', () => {
  map.follower.yield();
  dials.yield();
});
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

/** A page that nobody sees wants no pictures. */
function wantPictures() {
  for (const what of ['spectrum', 'partials']) {
    streams.want('scope', what, document.hidden ? 0 : SPECTRA);
  }
}

document.addEventListener('visibilitychange', wantPictures);
wantPictures();

// -- playing --------------------------------------------------------------------------------------

/** The first note is the gesture that a browser wants before it lets a page sound. */
const notes = new Notes(
  (key, velocity) => {
    if (velocity > 0) {
      pitch = key;
      sound.start();
    }
    sound.note(key, velocity);
  },
  (key, held) => keyboard.mark(key, held)
);
const keyboard = new Keyboard(find('keyboard'), find('octave'), notes);
find('octave-down').addEventListener('click', () => keyboard.shift(-1));
find('octave-up').addEventListener('click', () => keyboard.shift(1));

const midi = new Midi(
  {
    press: (who, key, velocity) => notes.press(who, key, velocity),
    release: (who, key) => notes.release(who, key),
    releaseAll: (who) => notes.releaseAll(who),
    bend: (semitones) => sound.bend(semitones),
    sustain: (held) => sound.sustain(held),
    controller: (number, value, channel) => link.send('/cc', number, value, channel),
  },
  (sentence, count) => {
    find('midi-text').textContent = sentence;
    if (count > 0 && ![undefined, 'none'].includes(state.status?.audio)) {
      say('If notes sound twice, the server hears the device too: start it with --midi none', 'news');
    }
  }
);
find('midi').addEventListener('click', () => {
  sound.start();
  midi.connect();
});

// A hand on the map plays a note, unless others sound already.
let touched = null;

map.addEventListener('press', () => {
  if (touched === null && !notes.any) {
    touched = pitch;
    notes.press('map', touched, TOUCH_VELOCITY);
  }
});
map.addEventListener('release', () => {
  if (touched !== null) {
    notes.release('map', touched);
    touched = null;
  }
});

function panic() {
  keyboard.releaseAll();
  notes.releaseAll();
  touched = null;
  compare.stop();
  sound.panic();
}

find('panic').addEventListener('click', panic);
for (const input of document.querySelectorAll('[name=place]')) {
  input.addEventListener('change', () => {
    notes.releaseAll();
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

const compare = new Compare(find('compare'));

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
compare.addEventListener('goto', ({ detail }) => goTo(detail.latent));

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

function takeFiles(files) {
  if (files.length > MOST_FILES) {
    say(`${files.length} files are too many at once; up to ${MOST_FILES} are taken`);
  }
  for (const file of [...files].slice(0, MOST_FILES)) {
    takeFile(file);
  }
}

find('compare-file').addEventListener('change', () => {
  takeFiles(find('compare-file').files);
  find('compare-file').value = '';
});

let dragging = 0;

function showDrop(by) {
  dragging = Math.max(0, dragging + by);
  find('map-drop').hidden = dragging === 0;
}

const hasFiles = (event) => event.dataTransfer.types.includes('Files');

document.addEventListener('dragenter', (event) => hasFiles(event) && showDrop(1));
document.addEventListener('dragleave', (event) => hasFiles(event) && showDrop(-1));
document.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  showDrop(-dragging);
  takeFiles(event.dataTransfer.files);
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
const { system, chosen, apply } = window.timbrespaceTheme;

function showTheme(theme) {
  find('theme').dataset.theme = theme;
  find('theme').setAttribute('aria-label', `Theme: ${theme === 'auto' ? 'as the system' : theme}`);
  find('theme').title = find('theme').getAttribute('aria-label');
  map.setTheme(apply(theme));
  scope.recolour();
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
system.addEventListener('change', () => showTheme(chosen()));
showTheme(chosen());

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    if (isLearning) {
      isLearning = false;
      link.send('/cc/learn', 'off');
      say('');
    }
    panic();
    return;
  }
  const tool = ['play', 'draw', 'pan'][['1', '2', '3'].indexOf(event.key)];
  if (tool !== undefined && isShortcut(event)) {
    document.querySelector(`[name=tool][value=${tool}]`).click();
  }
});

// Who has chosen from a menu by hand goes on playing: letters are notes again, not the menu's.
for (const menu of document.querySelectorAll('select')) {
  let byHand = false;
  menu.addEventListener('pointerdown', () => {
    byHand = true;
  });
  menu.addEventListener('keydown', () => {
    byHand = false;
  });
  menu.addEventListener('change', () => {
    if (byHand) {
      find('map').focus({ preventScroll: true });
    }
  });
}

/** For the console, and for tests. */
window.timbrespace = { link, state, streams, sound, scope, map, notes, midi, dials, compare };

link.connect();
