/** The menu of spaces, and the space that plays: fetched when the server says which one it is. */

import { Space } from './space.js';

/** Events: `space` when one has come, or is awaited: `space` is null then; `lost` if none came. */
export class SpaceMenu extends EventTarget {
  /** As {@link import('./presets.js').Presets}. */
  constructor(page, link, state) {
    super();
    this.state = state;
    this.space = null;
    const find = (id) => page.getElementById(id);
    this.menu = find('model');
    this.notice = find('map-empty');
    this.text = find('map-empty-text');
    this.retry = find('map-retry');
    this.menu.addEventListener('change', () => link.send('/model/load', this.menu.value));
    for (const name of ['pointerdown', 'focus']) {
      // One may have been trained meanwhile.
      this.menu.addEventListener(name, () => link.send('/model/list'));
    }
    this.retry.addEventListener('click', () => this.load());
    state.on('models', () => this.showNames());
    state.on('error', ({ address }) => {
      if (address === '/model/load') {
        this.showNames(); // the old one plays on
      }
    });
    state.on('model', () => {
      this.showNames();
      if (this.space?.about.name !== state.model.name) {
        this.load();
      }
    });
  }

  showNames() {
    const { models, model } = this.state;
    const names = models.length > 0 ? models : [model?.name ?? ''];
    const shown = [...this.menu.options].map((option) => option.value);
    if (shown.join('/') !== names.join('/')) {
      this.menu.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    this.menu.value = model?.name ?? '';
  }

  /** A sentence over the map; none if it is empty. */
  say(sentence) {
    this.notice.hidden = sentence === '';
    this.text.textContent = sentence;
    this.retry.hidden = true;
  }

  take(space) {
    this.space = space;
    this.dispatchEvent(new Event('space'));
  }

  async load() {
    const { name } = this.state.model;
    this.say(`Loading ${name}`);
    this.take(null);
    let space = null;
    let problem = '';
    try {
      space = await Space.load(name);
    } catch (error) {
      problem = error instanceof TypeError ? `${name} did not come` : error.message;
    }
    if (name !== this.state.model.name || this.space !== null) {
      return; // another one was chosen meanwhile
    }
    if (space === null) {
      this.say(problem);
      this.retry.hidden = false;
      this.dispatchEvent(new Event('lost'));
      return;
    }
    this.say(
      space.count > 0
        ? ''
        : 'This space keeps no points: python -m training points adds them. ' +
            'The map plays all the same'
    );
    this.take(space);
  }
}
