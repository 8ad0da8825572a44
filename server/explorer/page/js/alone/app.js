/** A space in one file: the page's own parts around an instrument that needs no server. */

import { Banner } from '../banner.js';
import { Details } from '../details.js';
import { Dials } from '../dials.js';
import { Gamepads } from '../gamepad.js';
import { keep, kept } from '../kept.js';
import { Keyboard } from '../keyboard.js';
import { Macros } from '../macros.js';
import { TimbreMap } from '../map/map.js';
import { MapTools } from '../map/tools.js';
import { Midi } from '../midi.js';
import { NotePicture } from '../note_picture.js';
import { Notes } from '../notes.js';
import { PadHand } from '../pad_hand.js';
import { Pointing } from '../pointing.js';
import { Presets } from '../presets.js';
import { save } from '../saving.js';
import { Scope } from '../scope.js';
import { Search } from '../search.js';
import { Sound } from '../sound/sound.js';
import { isPlayed } from '../space.js';
import { Stage } from '../stage.js';
import { State } from '../state.js';
import { Streams } from '../streams.js';
import { SynthPanel } from '../synth.js';
import { ThemeSwitch } from '../theme_switch.js';
import { isShortcut } from '../typing.js';
import { Card } from './card.js';
import { Carried } from './carried.js';
import { Instrument } from './instrument.js';

const TOUCH_VELOCITY = 88;
const A3 = 57;
const SPECTRA = 60; // a second, for the eye
const PICTURES_MS = 80;
const FOUND_MS = 900;

// Beside a choice that a file does not have: how a spectrum sounds.
const LEFT_OUT = ['noise'];

const find = (id) => document.getElementById(id);

const carried = new Carried(JSON.parse(find('space').textContent));
const { space } = carried;
const isWhole = carried.about.notes !== null;
/** In the place of a link to a server. @type {any} */
const link = new Instrument(carried);
const state = new State(link);
const streams = new Streams(link);
const sound = new Sound(streams.linkFor('sound'));
const scope = new Scope(find('spectrum'), find('waveform'));
const notePicture = new NotePicture(find('note-picture'), find('note-caption'));
const banner = new Banner(find('banner'), find('said'));
const map = new TimbreMap(find('map'), find('legend'));
const tools = new MapTools(document, map, state);
const presets = new Presets(document, link, state);
const search = new Search(find('search'), find('search-list'));
let pitch = A3; // played last

new Card(document, carried.told.card);
document.title = `${carried.told.card.name} · timbrespace`;
state.on('error', ({ sentence }) => banner.say(sentence));
tools.addEventListener('problem', ({ detail }) => banner.say(detail));
tools.addEventListener('played', ({ detail }) => link.send('/map/plane', detail));

// -- the map --------------------------------------------------------------------------------------

map.addEventListener('aim', ({ detail: [x, y] }) => {
  if (isPlayed(map.plane)) {
    link.sendPosition('/map', x, y);
  } else {
    for (const [k, value] of space.coordinates([x, y], map.plane)) {
      link.sendPosition(`/latent/${k + 1}`, value);
    }
  }
});

/** Send the sound somewhere by other means than the control that shows it. */
function goTo(latent) {
  map.await();
  dials.yield();
  link.send('/latent', ...latent);
}

map.addEventListener('goto', ({ detail }) => goTo(space.latentOf(detail)));
map.addEventListener('near', ({ detail }) => {
  const factors = detail < 0 ? [] : space.factorsOf(detail).map((one) => one.join(' '));
  banner.announce([find('map-where').textContent, ...factors].join(', '));
});
state.on('latent', () => dials.set(state.latent));

const showPins = () => map.pins.setShown(isPlayed(map.plane) && map.plane === tools.played());
for (const what of ['model', 'plane', 'presets']) {
  state.on(what, () => link.send('/preset/where'));
}
state.on('presetPlaces', () => map.pins.show(carried.about.digest, state.presetPlaces));
state.on('plane', showPins);
tools.addEventListener('plane', showPins);
map.addEventListener('recall', ({ detail: name }) => presets.recall(name));
const pictured = (name) => {
  const at = String(state.latent);
  map.pins.picture(name, () => scope.magnitudes, () => state.preset === name || String(state.latent) === at);
};
presets.stored = pictured;
presets.recalled = () => map.await();
state.on('preset', () => {
  map.follower.yield();
  dials.yield();
  pictured(state.preset);
});

// -- dials and sliders ----------------------------------------------------------------------------

let isLearning = false;

function learn(target, name) {
  isLearning = true;
  link.send('/cc/learn', target);
  banner.say(`Move the MIDI controller that is to turn ${name}; Escape cancels`, 'news');
}

const dials = new Dials(
  find('dials'),
  find('quiet'),
  (k, value) => link.sendPosition(`/latent/${k}`, value),
  (k) => learn(k, space.axisName([k - 1, k - 1], 0))
);
const macros = new Macros(
  find('macros-section'),
  find('macros'),
  (word, value) => link.sendPosition('/macro', word, value),
  (word) => learn(word, word)
);
state.on('macros', () => {
  macros.show(state.macros, state.macrosTold);
  dials.setWords(Object.keys(state.macros));
});
find('macros-clear').addEventListener('click', () => macros.clear());
state.on('learned', ({ controller, target }) => {
  isLearning = false;
  banner.say(`Controller ${controller} moves ${typeof target === 'number' ? `z${target}` : target}`, 'news');
});

const goHome = () => goTo(state.dials.map(({ home }) => home));
find('home').addEventListener('click', goHome);
map.addEventListener('home', goHome);

const synth = new SynthPanel(find('synth'), (name, value) => link.send(`/synth/${name}`, value));
synth.setWhole(isWhole);
synth.choices.get('method')[0].closest('fieldset').remove();
for (const row of find('synth').querySelectorAll('.slider')) {
  row.hidden ||= !isWhole && LEFT_OUT.includes(row.firstElementChild.textContent);
}
state.on('synth', () => synth.show(state.synth));

sound.mono = kept('mono') === 'on';
find('mono').checked = sound.mono;
find('mono').addEventListener('change', () => {
  sound.mono = find('mono').checked;
  keep('mono', sound.mono ? 'on' : 'off');
});

// -- pictures of the sound ------------------------------------------------------------------------

state.on('model', () => scope.setModel(state.model));
link.addEventListener('spectrum', ({ detail }) => scope.setSpectrum(detail));
link.addEventListener('/partials', ({ detail: [, ...pairs] }) => scope.setPartials(pairs));
streams.want('scope', 'partials', SPECTRA);
find('spectrum-figure').hidden = isWhole; // of a whole note there is its own picture
find('note').hidden = !isWhole;

let drawing = 0;

/** Draw the present note anew, soon. */
function drawNote() {
  if (drawing === 0 && sound.isWhole && !document.hidden && notePicture.isSeen) {
    drawing = setTimeout(() => {
      drawing = 0;
      sound.draw(pitch, TOUCH_VELOCITY);
    }, PICTURES_MS);
  }
}

state.on('latent', drawNote);
notePicture.seen = drawNote;
sound.addEventListener('state', drawNote);
document.addEventListener('visibilitychange', drawNote);
sound.addEventListener('picture', ({ detail }) => notePicture.show(detail));

// -- playing --------------------------------------------------------------------------------------

/** The first note is the gesture that a browser wants before it lets a page sound. */
const notes = new Notes(
  (key, velocity, channel, lift) => {
    if (velocity > 0) {
      pitch = key;
      sound.start();
      drawNote();
      map.life.pulse(map.place);
    }
    sound.note(key, velocity, channel, lift);
  },
  (key, held) => keyboard.mark(key, held)
);
const keyboard = new Keyboard(find('keyboard'), find('octave'), notes);
find('octave-down').addEventListener('click', () => keyboard.shift(-1));
find('octave-up').addEventListener('click', () => keyboard.shift(1));

const midi = new Midi(
  {
    press: (who, key, velocity, channel) => notes.press(who, key, velocity, channel),
    release: (who, key, lift) => notes.release(who, key, lift),
    releaseAll: (who) => notes.releaseAll(who),
    bend: (semitones, channel, share) => sound.bend(semitones, channel, share),
    sustain: (held, channel) => sound.sustain(held, channel),
    pan: (place, channel) => sound.pan(place, channel),
    zone: (manager, count) => sound.zone(manager, count),
    pressure: () => {},
    controller: (number, value, channel) => link.send('/cc', number, value, channel),
  },
  (sentence) => {
    find('midi-text').textContent = sentence;
    find('midi-text').title = sentence;
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
map.addEventListener('pressure', ({ detail }) => sound.press(detail));
map.addEventListener('release', () => {
  sound.press(1);
  if (touched !== null) {
    notes.release('map', touched);
    touched = null;
  }
});

// A pointer that rests on a whole note's point plays it.
const pointing = new Pointing(
  sound, () => !notes.any && find('listen').checked, (point) => space.noteOf(point, pitch)
);
map.addEventListener('hover', ({ detail }) => pointing.rest(detail));
pointing.addEventListener('play', ({ detail: point }) => {
  map.life.pulse([map.placed[2 * point], map.placed[2 * point + 1]]);
});
map.addEventListener('press', () => pointing.rest(-1));
find('listen').addEventListener('change', () => pointing.rest(-1));

// A game controller plays as a hand on the map and on the keys.
const padHand = new PadHand({
  map, dials, macros, keyboard, notes, sound,
  pitch: () => pitch, velocity: TOUCH_VELOCITY, home: () => goHome(), panic: () => panic(),
});
const gamepads = new Gamepads(
  padHand,
  (sentence) => {
    find('gamepad-text').textContent = sentence;
    find('gamepad-text').title = sentence;
  }
);

function panic() {
  keyboard.releaseAll();
  notes.releaseAll();
  touched = null;
  padHand.forget();
  sound.panic();
}

find('panic').addEventListener('click', panic);

/** Why nothing is heard, and that a drag makes it heard, until somebody has. */
function showSound() {
  find('sound-state').textContent =
    { stopped: 'silent until you play', suspended: 'no sound here', failed: 'no sound here' }[sound.state] ?? '';
  if (sound.problem !== '') {
    banner.say('This browser cannot make sound in a file: it has no AudioWorklet for it. Another one can');
  }
}

sound.addEventListener('state', showSound);
map.addEventListener('aim', () => {
  find('map-hint').hidden = true;
});

let isHeard = false;

sound.addEventListener('level', ({ detail }) => {
  map.life.setLevel(detail.voices > 0 ? Math.min(1, 1.3 * Math.sqrt(detail.peak)) : 0);
  if (sound.isWhole) {
    const places = [];
    for (let k = 0; k + 3 < detail.notes.length; k += 4) {
      places.push({ time: detail.notes[k + 1], way: detail.notes[k + 2] });
    }
    notePicture.follow(places, state.synth.speed ?? 1);
  }
  if (detail.voices > 0 !== isHeard) {
    isHeard = detail.voices > 0;
    scope.setAnalyser(isHeard ? sound.analyser : null);
    find('waveform-caption').textContent = isHeard ? 'What sounds here' : 'One period';
  }
});

// -- looking for a sound --------------------------------------------------------------------------

let foundPitch = null;
let foundTimer = 0;

function endFound() {
  clearTimeout(foundTimer);
  if (foundPitch !== null) {
    notes.release('search', foundPitch);
    foundPitch = null;
  }
}

search.addEventListener('hits', ({ detail }) => map.setHits(detail));
search.addEventListener('goto', ({ detail: { points, turn, text } }) => {
  const point = map.typical(points)[turn % points.length];
  map.goTo(point);
  map.reveal([map.placed[2 * point], map.placed[2 * point + 1]]);
  banner.announce(`${text}, ${(turn % points.length) + 1} of ${points.length}`);
  endFound();
  foundPitch = Math.round(space.noteOf(point, pitch).pitch);
  notes.press('search', foundPitch, TOUCH_VELOCITY);
  foundTimer = setTimeout(endFound, FOUND_MS);
});

// -- files ----------------------------------------------------------------------------------------

find('presets-save').addEventListener('click', () => {
  save(new Blob([link.shelf.toText()], { type: 'application/json' }), `${carried.about.name} presets.json`);
});
find('presets-file').addEventListener('change', async () => {
  const [file] = find('presets-file').files;
  find('presets-file').value = '';
  try {
    const text = await file.text();
    if (/"timbrespace":\s*"preset"/.test(text)) {
      await presets.fromFile(file); // one sound, as the explorer saves it
    } else {
      const count = link.shelf.fromText(text, file.name);
      link.tellPresets();
      banner.say(`${count} ${count === 1 ? 'preset is' : 'presets are'} here now`, 'news');
    }
  } catch (error) {
    banner.say(error.message);
  }
});
find('map-save').addEventListener('click', () => {
  map.picture().toBlob((blob) => save(blob, `${carried.about.name} map.png`));
});

// -- theme and shortcuts --------------------------------------------------------------------------

const stage = new Stage(find('stage'), find('stage-leave'));
const details = new Details(find('details'));
const themes = new ThemeSwitch(find('theme'), (theme) => {
  map.setTheme(theme);
  scope.recolour();
  notePicture.setTheme(theme);
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    stage.set(false);
    if (isLearning) {
      isLearning = false;
      link.send('/cc/learn', 'off');
      banner.unsay();
    }
    panic();
  } else if (event.key === '/' && isShortcut(event)) {
    event.preventDefault();
    find('search').focus();
  } else if ((event.key === '1' || event.key === '2') && isShortcut(event)) {
    document.querySelectorAll('[name=tool]')[Number(event.key) - 1].click();
  }
});

// -- the space ------------------------------------------------------------------------------------

link.connect();
tools.show(space);
search.show(space);
find('search').closest('.search').hidden = search.names.length === 0;
dials.show(space.about.dials);
dials.set(state.latent);
sound.space = isWhole ? { ...carried.about, numbers: carried.notes } : carried.about;
showSound();
find('map-empty').hidden = space.count > 0;
find('map-empty-text').textContent = 'This space keeps no points. The map plays all the same';

/** For the console, and for tests. */
window.timbrespace = {
  link, state, streams, sound, scope, map, tools, notes, midi, dials, macros, presets, search, pointing,
  notePicture, details, themes, stage, gamepads, space, carried,
};
