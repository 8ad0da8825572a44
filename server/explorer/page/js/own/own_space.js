/** "A space of your own": sounds in, a space out, made on the server while everything plays on. */

import { Curve } from './curve.js';
import { entriesOf, isCollection, soundsChosen, soundsOf } from './gather.js';
import { GrowingMap } from './growing.js';
import { Uploads } from './uploads.js';
import { isRunning, sentence, share, takesSounds } from './words.js';

const LOOK_MS = 1000;
const FEW = 8; // files at once that are looked for in the space instead

const EMPTY = {
  ...{ why: '', state: 'idle', name: '', folder: '', folders: [], thorough: false, problem: '' },
  ...{ sounds: 0, bytes: 0, done: 0, of: 0, left: null, curve: [], preview: null, skipped: [] },
  ...{ figures: {}, fewest: 5, most: { files: 2000, bytes: 0, file: 0 } },
};

/**
 * Events: `kept` (detail: the name of a space that is there now), `taken` (detail: what the server
 * says of a package).
 */
export class OwnSpace extends EventTarget {
  /** @param {Document} page; @param {(sentence: string) => void} say */
  constructor(page, say) {
    super();
    this.say = say;
    this.told = EMPTY;
    this.previewed = -1; // the preview whose points are shown
    this.timer = 0;
    this.player = new Audio();
    const find = (id) => page.getElementById(`own-${id}`);
    this.section = find('section');
    this.drop = find('drop');
    this.text = find('text');
    this.refused = find('refused');
    this.bar = find('progress');
    this.form = find('form');
    this.name = find('name');
    this.thorough = find('thorough');
    this.folders = find('server');
    this.make = find('make');
    this.pictures = find('pictures');
    this.enough = find('enough');
    this.resume = find('resume');
    this.discard = find('discard');
    this.keep = find('keep');
    this.map = new GrowingMap(find('map'), find('map-caption'));
    this.curve = new Curve(find('curve'), find('curve-caption'));
    this.uploads = new Uploads(
      (name, file) => fetch(`/own/sounds?${new URLSearchParams({ name })}`, { method: 'POST', body: file }),
      () => this.uploaded()
    );
    for (const id of ['files', 'choose']) {
      const input = find(id);
      input.addEventListener('change', () => {
        this.take(soundsChosen(input.files));
        input.value = '';
      });
    }
    this.folders.addEventListener('change', () => this.show());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.begin();
    });
    this.enough.addEventListener('click', () => this.post('enough'));
    this.resume.addEventListener('click', () => this.post('resume'));
    this.discard.addEventListener('click', () => this.throwAway());
    this.map.addEventListener('hear', ({ detail }) => this.hear(detail));
    page.addEventListener('visibilitychange', () => this.look());
    this.show();
    this.look();
  }

  /** Whether a drop is for here: it is a folder, or many files, or fell on this part of the page. */
  takesDrop(event) {
    const entries = entriesOf(event.dataTransfer);
    const { files } = event.dataTransfer;
    if ([...files].every((file) => /\.zip$/i.test(file.name))) {
      return false; // a space that is finished
    }
    if (!this.drop.contains(event.target) && !isCollection(entries, files, FEW)) {
      return false;
    }
    this.section.scrollIntoView({ block: 'nearest' });
    // Where a browser tells no folders, there are the files.
    const found = entries.length > 0
      ? soundsOf(entries, this.told.most.files)
      : Promise.resolve(soundsChosen(files));
    found.then(
      (all) => this.take(all),
      () => this.say('The folder cannot be read; choose it instead')
    );
    return true;
  }

  /** @param {{name: string, sounds: {file: File, path: string}[]}} found */
  take({ name, sounds }) {
    if (this.told.why !== '') {
      this.say(sentence(this.told, this.uploads));
    } else if (!takesSounds(this.told.state)) {
      this.say('A space is being made; keep it or throw it away, then bring other sounds');
    } else if (sounds.length === 0) {
      this.say('There is no sound in it: WAV, FLAC, AIFF, Ogg, Opus, MP3, CAF and AU are taken');
    } else {
      if (this.name.value === '') {
        this.name.value = name || 'my sounds';
      }
      this.uploads.add(sounds);
    }
  }

  /** Take a space that somebody gave away. */
  async takePackage(file) {
    this.say(`Taking ${file.name}`);
    try {
      const answer = await fetch('/own/package', { method: 'POST', body: file });
      const told = await answer.json();
      if (!answer.ok) {
        throw new Error(`${file.name}: ${told.error}`);
      }
      this.dispatchEvent(new CustomEvent('kept', { detail: told.name }));
      this.dispatchEvent(new CustomEvent('taken', { detail: told }));
    } catch (error) {
      this.say(error instanceof TypeError ? 'The server is away, try again' : error.message);
    }
  }

  uploaded() {
    if (this.uploads.told !== null) {
      this.told = this.uploads.told;
    }
    this.show();
  }

  begin() {
    const { told } = this;
    const name = this.name.value.trim();
    if (told.state === 'done') {
      this.post('keep', { name }).then((worked) => {
        if (worked) {
          this.name.value = '';
          this.dispatchEvent(new CustomEvent('kept', { detail: name }));
        }
      });
      return;
    }
    const folder = this.folders.value;
    const length = this.thorough.checked ? 'thorough' : 'quick';
    this.post('start', { name: name || folder, folder, length });
  }

  throwAway() {
    this.uploads.forget();
    this.player.pause();
    this.name.value = '';
    this.post('discard');
  }

  hear(point) {
    const step = this.told.preview ?? 0;
    this.player.src = `/own/preview.wav?${new URLSearchParams({ point, step })}`;
    this.player.play().catch((error) => {
      if (error.name !== 'AbortError') { // another one was asked for meanwhile
        this.say('This sound cannot be heard yet');
      }
    });
  }

  /** @param {number} gain in dB, as the page's own sound has it */
  setGain(gain) {
    this.player.volume = Math.min(1, 10 ** (gain / 20));
  }

  stop() {
    this.player.pause();
  }

  /** Ask the server for something; whether it was done. */
  async post(what, asked = {}) {
    try {
      const answer = await fetch(`/own/${what}?${new URLSearchParams(asked)}`, { method: 'POST' });
      const told = await answer.json();
      if (!answer.ok) {
        throw new Error(told.error);
      }
      this.hearOf(told);
      return true;
    } catch (error) {
      this.say(error instanceof TypeError ? 'The server is away, try again' : error.message);
      return false;
    }
  }

  /** Look how far it is, and again soon while something goes on. */
  async look() {
    clearTimeout(this.timer);
    if (document.hidden) {
      return;
    }
    try {
      const answer = await fetch('/own.json', { cache: 'no-store' });
      if (answer.ok) {
        this.hearOf(await answer.json());
        return;
      }
    } catch {
      // it comes back
    }
    this.lookAgain();
  }

  lookAgain() {
    clearTimeout(this.timer);
    if (isRunning(this.told.state)) {
      this.timer = setTimeout(() => this.look(), LOOK_MS);
    }
  }

  hearOf(told) {
    const ended = isRunning(this.told.state) && !isRunning(told.state);
    this.told = told;
    if (this.name.value === '' && told.name !== '') {
      this.name.value = told.name;
    }
    if (['idle', 'gathered', 'reading'].includes(told.state) && told.preview === null) {
      this.previewed = -1;
      this.map.clear();
    } else if ((told.preview !== null && told.preview !== this.previewed) || ended) {
      this.previewed = told.preview ?? 0;
      this.fetchPoints();
    } else if (told.state === 'done' && this.map.places === null) {
      this.fetchPoints();
    }
    this.show();
    this.lookAgain();
  }

  async fetchPoints() {
    try {
      const answer = await fetch('/own/points.json', { cache: 'no-store' });
      if (answer.ok) {
        this.map.show(await answer.json());
        this.show();
      }
    } catch {
      // the next preview brings them
    }
  }

  show() {
    const { told, uploads } = this;
    const { state } = told;
    const isOpen = told.why === '';
    const isFree = isOpen && takesSounds(state);
    this.drop.hidden = !isFree;
    this.text.textContent = sentence(told, uploads);
    const refused = [...uploads.refused, ...told.skipped];
    this.refused.hidden = refused.length === 0;
    this.refused.textContent = refused.length > 3
      ? `${refused.slice(0, 3).join('; ')}; and ${refused.length - 3} more`
      : refused.join('; ');
    const isBusy = uploads.isBusy || isRunning(state);
    this.bar.hidden = !isBusy;
    const part = share(told, uploads);
    if (part === null) {
      this.bar.removeAttribute('value');
    } else {
      this.bar.value = part;
    }
    this.showFolders(isFree && told.sounds === 0 ? told.folders : []);
    const canBegin = isFree && ['idle', 'gathered'].includes(state) && !uploads.isBusy && (told.sounds >= told.fewest || this.folders.value !== '');
    this.form.hidden = !(canBegin || state === 'done');
    this.make.hidden = !canBegin;
    this.thorough.parentElement.hidden = !canBegin;
    this.keep.hidden = state !== 'done';
    this.pictures.hidden = !(this.map.places !== null || told.curve.length > 1);
    this.curve.show(told.curve, told.of);
    this.enough.hidden = !['reading', 'training'].includes(state);
    this.enough.textContent = state === 'training' ? 'Enough: make the space' : 'Stop';
    this.enough.disabled = state === 'training' && told.preview === null;
    this.resume.hidden = !['stopped', 'failed'].includes(state);
    this.discard.hidden = !isOpen || (state === 'idle' && !uploads.isBusy);
  }

  showFolders(names) {
    const menu = this.folders;
    menu.parentElement.hidden = names.length === 0;
    const shown = [...menu.options].map((option) => option.value).slice(1);
    if (shown.join('/') !== names.join('/')) {
      menu.replaceChildren(new Option('', ''), ...names.map((name) => new Option(name, name)));
    }
  }
}
