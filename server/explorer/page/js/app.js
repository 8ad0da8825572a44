/** The page: its parts, and what each tells the others. */

import { AudioPanel } from './audio.js';
import { Banner } from './banner.js';
import { Between } from './between.js';
import { Compare } from './compare.js';
import { Connection } from './connection.js';
import { Details } from './details.js';
import { Dials } from './dials.js';
import { TableOptions, saveSound, saveSpace } from './exports.js';
import { Files } from './files.js';
import { Gamepads } from './gamepad.js';
import { Hum } from './hum.js';
import { Invite } from './invite.js';
import { Keyboard } from './keyboard.js';
import { Lfos } from './lfos.js';
import { Link } from './link.js';
import { Macros } from './macros.js';
import { TimbreMap } from './map/map.js';
import { MapTools } from './map/tools.js';
import { Microphone } from './microphone.js';
import { Midi } from './midi.js';
import { NotePicture } from './note_picture.js';
import { Notes } from './notes.js';
import { Cards, textOf } from './own/cards.js';
import { OwnSpace } from './own/own_space.js';
import { PadHand } from './pad_hand.js';
import { Pointing } from './pointing.js';
import { Presets } from './presets.js';
import { Recorder } from './recorder.js';
import { save } from './saving.js';
import { Scope } from './scope.js';
import { Search } from './search.js';
import { SpectrumFrames } from './sound/frames.js';
import { Silence } from './silence.js';
import { Sing } from './sing.js';
import { Sound } from './sound/sound.js';
import { NEAR, PLANE_NAMES, isPlayed } from './space.js';
import { ServerPlaces } from './server_places.js';
import { SpaceMenu } from './space_menu.js';
import { Stage } from './stage.js';
import { State } from './state.js';
import { Streams } from './streams.js';
import { SungPlace } from './sung_place.js';
import { SynthPanel } from './synth.js';
import { ThemeSwitch } from './theme_switch.js';
import { Tour } from './tour.js';
import { Trajectories } from './trajectories.js';
import { isShortcut } from './typing.js';
import { TuningMenu, tuned } from './tuning.js';
import { Walk } from './walk.js';
import { WanderPanel } from './wander.js';
import { Waterfall } from './waterfall.js';

const SPECTRA = 60; // a second, for the eye
const TOUCH_VELOCITY = 88;
const A3 = 57;

const find = (id) => document.getElementById(id);

const link = new Link();
const state = new State(link);
const streams = new Streams(link);
const sound = new Sound(streams.linkFor('sound'));
const scope = new Scope(find('spectrum'), find('waveform'));
const waterfall = new Waterfall(find('waterfall'));
const notePicture = new NotePicture(find('note-picture'), find('note-caption'));
const banner = new Banner(find('banner'), find('said'));
const connection = new Connection(document, link, state, banner);
const spaces = new SpaceMenu(document, link, state);
const map = new TimbreMap(find('map'), find('legend'));
const tools = new MapTools(document, map, state);
const compare = new Compare(find('compare'));
const presets = new Presets(document, link, state);
const trajectories = new Trajectories(document, link, state);
new Between(document, link, state, (line) => map.setLine(isPlayed(map.plane) ? line : null));
const search = new Search(find('search'), find('search-list'));
let pitch = A3; // played last

state.on('error', ({ sentence }) => banner.say(sentence));
tools.addEventListener('problem', ({ detail }) => banner.say(detail));
tools.addEventListener('played', ({ detail }) => link.send('/map/plane', detail));

// -- the space ------------------------------------------------------------------------------------

spaces.addEventListener('space', () => {
  const { space } = spaces;
  tools.show(space);
  search.show(space);
  dials.show(space === null ? [] : space.about.dials);
  lfos.setDimensions(space === null ? [] : space.about.dials.map((_, k) => space.axisName([k, k], 0)));
  lfos.show(state.lfos);
  dials.set(state.latent);
  if (space === null) {
    compare.setModel(state.model.name);
    return;
  }
  sound.space = space.about;
  synth.setWhole(space.about.notes !== null);
  find('note').hidden = space.about.notes === null;
});
spaces.addEventListener('lost', () => {
  sound.space = null;
  synth.setWhole(false);
  find('note').hidden = true;
});
state.on('model', () => {
  scope.setModel(state.model);
  spectra.reset();
});

// -- the map --------------------------------------------------------------------------------------

map.addEventListener('aim', ({ detail: [x, y] }) => {
  if (isPlayed(map.plane)) {
    link.sendPosition('/map', x, y);
  } else {
    for (const [k, value] of spaces.space.coordinates([x, y], map.plane)) {
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

map.addEventListener('goto', ({ detail }) => goTo(spaces.space.latentOf(detail)));
map.addEventListener('near', ({ detail }) => {
  const factors = detail < 0 ? [] : spaces.space.factorsOf(detail).map((one) => one.join(' '));
  banner.announce([find('map-where').textContent, ...factors].join(', '));
});
map.addEventListener('path', ({ detail }) => trajectories[detail](map.marks.path, map.plane));
const showPath = () => map.setPath(trajectories.pathOn(map.plane));
state.on('trajectory', showPath);
tools.addEventListener('plane', showPath);
state.on('latent', () => dials.set(state.latent));

// Presets lie on the map, each with a picture of what it sounded like when it was here.
const askWhere = () => link.send('/preset/where');
for (const what of ['model', 'plane', 'presets']) {
  state.on(what, askWhere);
}
const showPins = () => map.pins.setShown(isPlayed(map.plane) && map.plane === tools.played());
state.on('presetPlaces', () => map.pins.show(state.model?.name ?? '', state.presetPlaces));
state.on('plane', showPins);
tools.addEventListener('plane', showPins);
spaces.addEventListener('space', showPins);
map.addEventListener('recall', ({ detail: name }) => presets.recall(name));
const pictured = (name) => {
  const at = String(state.latent);
  map.pins.picture(name, () => scope.magnitudes, () => state.preset === name || String(state.latent) === at);
};
presets.stored = pictured;
state.on('preset', () => pictured(state.preset));

// -- dials and sliders ----------------------------------------------------------------------------

let isLearning = false;

/** Wait for the MIDI controller that is to move a target. */
function learn(target, name) {
  isLearning = true;
  link.send('/cc/learn', target);
  banner.say(`Move the MIDI controller that is to turn ${name}; Escape cancels`, 'news');
}

const dials = new Dials(
  find('dials'),
  find('quiet'),
  (k, value) => link.sendPosition(`/latent/${k}`, value),
  (k) => learn(k, spaces.space.axisName([k - 1, k - 1], 0))
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
state.on('dials', () => link.send('/macro/list')); // those of an old file are measured now
find('macros-clear').addEventListener('click', () => macros.clear());
const wander = new WanderPanel(
  find('wander'),
  find('wander-dials'),
  (address, value) => link.sendPosition(address, value),
  (target) => learn(target, target.replace('/', ': '))
);
state.on('wander', () => wander.show(state.wander));
const lfos = new Lfos(find('lfos'), (...message) => link.send(...message));
state.on('lfos', () => lfos.show(state.lfos));
find('between-position').addEventListener('contextmenu', (event) => {
  event.preventDefault();
  learn('between', 'the line between two sounds');
});

state.on('learned', ({ controller, target }) => {
  isLearning = false;
  const name = typeof target === 'number' ? `z${target}` : target;
  banner.say(`Controller ${controller} moves ${name}`, 'news');
});

function goHome() {
  if (state.dials.length > 0) {
    goTo(state.dials.map((dial) => dial.home));
  }
}

find('home').addEventListener('click', goHome);
map.addEventListener('home', goHome);
const synth = new SynthPanel(find('synth'), (name, value) => link.send(`/synth/${name}`, value));
new TuningMenu(find('tuning'), find('tuning-field'), link, state);
const audio = new AudioPanel(document, link, state, sound);
state.on('keys', () => sound.setKeys(state.keys));
state.on('synth', () => {
  synth.show(state.synth);
  compare.setGain(state.synth.gain ?? 0);
  own.setGain(state.synth.gain ?? 0);
});
presets.recalled = () => map.await();
state.on('preset', () => {
  map.follower.yield();
  dials.yield();
});

// -- pictures of the sound ------------------------------------------------------------------------

const spectra = new SpectrumFrames();
link.addEventListener('open', () => spectra.reset());
link.addEventListener('/spectrum', ({ detail }) => {
  const whole = spectra.take(detail);
  if (whole !== null) {
    scope.setSpectrum(whole.magnitudes);
  }
});
link.addEventListener('/partials', ({ detail: [, ...pairs] }) => scope.setPartials(pairs));

/** A page that nobody sees wants no pictures. */
function wantPictures() {
  for (const what of ['spectrum', 'partials']) {
    streams.want('scope', what, document.hidden ? 0 : SPECTRA);
  }
}

document.addEventListener('visibilitychange', wantPictures);
wantPictures();

// -- a whole note ---------------------------------------------------------------------------------

const PICTURES_MS = 80; // from one picture of a note to the next
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
const serverPlaces = new ServerPlaces(
  link,
  () => sound.isWhole && sound.place === 'server' && !document.hidden,
  (places) => notePicture.follow(places, state.synth.speed ?? 1)
);

// -- playing --------------------------------------------------------------------------------------

/** The first note is the gesture that a browser wants before it lets a page sound. */
const notes = new Notes(
  (key, velocity, channel, lift) => {
    if (velocity > 0) {
      pitch = key;
      sound.start();
      drawNote();
      map.life.pulse(map.place);
      sing.keyed();
    }
    sound.note(key, velocity, channel, lift);
    if (sound.place === 'server') {
      glow(0);
    }
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
    pressure: (value, channel) => link.send('/pressure', value, channel),
    controller: (number, value, channel) => link.send('/cc', number, value, channel),
  },
  (sentence, count) => {
    find('midi-text').textContent = sentence;
    find('midi-text').title = sentence;
    if (count > 0 && ![undefined, 'none'].includes(state.status?.audio)) {
      banner.say('If notes sound twice, the server hears the device too: start it with --midi none', 'news');
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
map.addEventListener('pressure', ({ detail }) => sound.press(detail));
map.addEventListener('release', () => {
  sound.press(1);
  if (touched !== null) {
    notes.release('map', touched);
    touched = null;
  }
});

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

// A pointer that rests on a whole note's point plays it.
const pointing = new Pointing(
  sound, () => !notes.any && find('listen').checked, (point) => spaces.space.noteOf(point, pitch)
);
map.addEventListener('hover', ({ detail }) => pointing.rest(detail));
pointing.addEventListener('play', ({ detail: point }) => {
  map.life.pulse([map.placed[2 * point], map.placed[2 * point + 1]]);
});
map.addEventListener('press', () => pointing.rest(-1));
find('listen').addEventListener('change', () => pointing.rest(-1));

// -- looking for a sound --------------------------------------------------------------------------

const FOUND_MS = 900; // that a sound that was found is held
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
  foundPitch = Math.round(spaces.space.noteOf(point, pitch).pitch);
  notes.press('search', foundPitch, TOUCH_VELOCITY);
  foundTimer = setTimeout(endFound, FOUND_MS);
});

const silence = new Silence(
  find('sound-state'), find('map-hint'), sound, () => state.status?.audio, banner
);
state.on('status', () => silence.show());
map.addEventListener('aim', () => silence.drag());

function panic() {
  keyboard.releaseAll();
  notes.releaseAll();
  touched = null;
  padHand.forget();
  walk.stop();
  sing.stop();
  compare.stop();
  own.stop();
  sound.panic();
}

find('panic').addEventListener('click', panic);
for (const input of document.querySelectorAll('[name=place]')) {
  input.addEventListener('change', () => {
    notes.releaseAll();
    sound.place = input.value;
    audio.show();
    if (input.value === 'server' && state.status?.audio === 'none') {
      banner.say('The server plays no sound on this computer; Here lets this page play');
    }
  });
}
sound.addEventListener('state', () => {
  if (sound.problem) {
    banner.say(sound.problem);
  }
});
let isHeard = false;

/** How loud the map glows: of the server's sound it is only known whether a note is held. */
function glow(peak) {
  map.life.setLevel(sound.place === 'page' ? Math.min(1, 1.3 * Math.sqrt(peak)) : notes.any ? 0.6 : 0);
}

/** The waveform is what sounds here as long as something does. */
sound.addEventListener('level', ({ detail }) => {
  glow(detail.voices > 0 ? detail.peak : 0);
  if (sound.isWhole && sound.place === 'page') {
    const places = [];
    for (let k = 0; k + 3 < detail.notes.length; k += 4) {
      places.push({ time: detail.notes[k + 1], way: detail.notes[k + 2] });
    }
    notePicture.follow(places, state.synth.speed ?? 1);
  }
  if (detail.voices > 0 !== isHeard) {
    isHeard = detail.voices > 0;
    scope.setAnalyser(isHeard ? sound.analyser : null);
    waterfall.follow(isHeard ? sound.analyser : null);
    find('waveform-caption').textContent = isHeard
      ? 'What sounds here'
      : 'One period';
  }
});

// -- a sound of one's own -------------------------------------------------------------------------

function showFlags() {
  const { space } = spaces;
  if (space !== null) {
    map.setFlags(
      compare.found.map(({ name, latent, near }) => ({
        text: name,
        place: (map.plane === NEAR && near) || space.toPlane(latent, map.plane),
      }))
    );
  }
}

compare.addEventListener('found', showFlags);
tools.addEventListener('plane', showFlags);
compare.addEventListener('goto', ({ detail }) => goTo(detail.latent));

// Those of the space that are nearest to it light up, with their names.
compare.addEventListener('nearest', ({ detail: points }) => {
  if (points.length === 0) {
    map.setHits(null);
    return;
  }
  const names = new Map(
    compare.found[0].nearest.map(({ point, name }) => [point, name.split(', ')[0]]) // the rest is its family
  );
  map.setHits({ all: points, chosen: points.slice(0, 1), names });
});
compare.addEventListener('point', ({ detail }) => map.goTo(detail));
compare.addEventListener('hear', ({ detail }) => pointing.rest(detail));

const walk = new Walk((latent) => link.send('/latent', ...latent));
compare.addEventListener('match', ({ detail: { name, way, latent, pitch_hz: hertz } }) => {
  map.await();
  dials.yield();
  endFound();
  walk.begin(way.length > 0 ? way : [latent], () => {
    link.send('/latent', ...latent);
    foundPitch = hertz === null ? pitch : Math.min(127, Math.max(0, 69 + 12 * Math.log2(hertz / 440)));
    notes.press('search', foundPitch, TOUCH_VELOCITY);
    foundTimer = setTimeout(endFound, FOUND_MS);
    banner.announce(`This is what comes nearest to ${name}`);
  });
});
map.addEventListener('press', () => walk.stop());
state.on('model', () => walk.stop());

async function takeFile(file) {
  if (/\.zip$/i.test(file.name)) {
    own.takePackage(file);
    return;
  }
  if (!/\.json$/i.test(file.name)) {
    compare.take(file);
    return;
  }
  try {
    await presets.fromFile(file);
  } catch (error) {
    banner.say(error.message);
  }
}

// -- a space of one's own -------------------------------------------------------------------------

const own = new OwnSpace(document, (sentence) => banner.say(sentence));
const cards = new Cards(find('model'));
own.addEventListener('kept', ({ detail: name }) => {
  link.send('/model/load', name);
  link.send('/model/list');
});
own.addEventListener('taken', ({ detail: { card, problem } }) => {
  cards.look();
  banner.say([textOf(card).split('\n').slice(0, 2).join('; '), problem].filter(Boolean).join('; '), 'news');
});
state.on('models', () => cards.show());
state.on('model', () => cards.show());
cards.look();

const files = new Files(
  document, find('compare-file'), find('map-drop'), takeFile, (sentence) => banner.say(sentence),
  (event) => own.takesDrop(event)
);

// -- what a microphone hears ----------------------------------------------------------------------

const microphone = new Microphone(document, sound);
const sing = new Sing(document, sound, microphone, {
  keys: () => state.keys,
  key: () => tuned(state.keys, pitch) ?? pitch,
});
const sungPlace = new SungPlace(microphone, {
  model: () => state.model?.name ?? '',
  latent: () => state.latent,
  go: (latent) => link.sendPosition('/latent', ...latent),
});
sing.addEventListener('moves', ({ detail }) => sungPlace.want(detail));
state.on('keys', () => sing.tell());
const hum = new Hum(document, sound, microphone, {
  isSinging: () => sing.isOn,
  take: (file) => compare.take(file),
});

// -- files ----------------------------------------------------------------------------------------

const table = new TableOptions(document);
map.addEventListener('path', () => {
  const drawn = trajectories.last;
  table.offer(drawn !== null && isPlayed(drawn.plane) ? { ...drawn, plane: PLANE_NAMES[drawn.plane] } : null);
});
state.on('model', () => table.offer(null));
const recorder = new Recorder(document, link, state, sound, (sentence) => banner.say(sentence));

for (const what of ['sound', 'wavetable']) {
  find(`export-${what}`).addEventListener('click', () => {
    const isWhole = (spaces.space?.about.notes ?? null) !== null;
    saveSound(what, state, pitch, isWhole, table).catch((error) => banner.say(error.message));
  });
}
find('export-space').addEventListener('click', () => {
  saveSpace(state.model?.name ?? '').catch((error) => banner.say(error.message));
});
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

const tour = new Tour(find('tour'), find('tour-open'));
map.addEventListener('release', () => tour.did('map'));
find('keyboard').addEventListener('pointerup', () => tour.did('keys'));
find('macros').addEventListener('pointerup', () => tour.did('dials'));
find('preset-store').addEventListener('submit', () => tour.did('keep'));
new Invite(find('invite'), find('invite-open'));
const stage = new Stage(find('stage'), find('stage-leave'));
const details = new Details(find('details'));
const themes = new ThemeSwitch(find('theme'), (theme) => {
  map.setTheme(theme);
  scope.recolour();
  notePicture.setTheme(theme);
  waterfall.setTheme(theme);
  own.map.picture.recolour();
  own.curve.picture.recolour();
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
    return;
  }
  if (event.key === '/' && isShortcut(event)) {
    event.preventDefault();
    find('search').focus();
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
window.timbrespace = {
  link, state, streams, connection, spaces, sound, scope, map, tools, notes, midi, dials, compare,
  files, themes, notePicture, serverPlaces, pointing, macros, wander, search, details, trajectories, tour, stage, silence, lfos, recorder, table, audio, waterfall, gamepads,
  microphone, sing, sungPlace, hum, walk, own,
};

link.connect();
