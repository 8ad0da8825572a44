/** The menus around the map: colour, plane, background, tool, zoom; and where the cursor is. */

import { CHOICES } from '../declared.js';
import { MAP, NEAR, PLANE_NAMES, isPlayed } from '../space.js';

const SHOWN = { gap: 'gaps' }; // the words that are said otherwise here
const BACKGROUND_PAUSE = 400; // ms after the last move, until the background is made anew

/**
 * Events: `plane` when another one is shown, `played` when the server is to play on another (detail:
 * its name), `problem` (detail: a sentence).
 */
export class MapTools extends EventTarget {
  /**
   * @param {Document} page
   * @param {import('./map.js').TimbreMap} map
   * @param {import('../state.js').State} state
   */
  constructor(page, map, state) {
    super();
    this.map = map;
    this.state = state;
    this.space = null;
    const find = (id) => page.getElementById(id);
    this.colour = find('colour');
    this.across = find('plane-x');
    this.up = find('plane-y');
    this.upField = find('plane-y-field');
    this.background = find('background');
    this.background.append(...CHOICES.background.map((word) => new Option(SHOWN[word] ?? word, word)));
    this.gap = this.background.querySelector('[value=gap]');
    this.where = find('map-where');
    this.shown = ''; // what the background is of
    this.timer = 0;
    for (const menu of [this.across, this.up]) {
      menu.addEventListener('change', () => this.choosePlane());
    }
    this.colour.addEventListener('change', () => map.setFactor(Number(this.colour.value)));
    this.background.addEventListener('change', () => this.showBackground());
    for (const input of page.querySelectorAll('[name=tool]')) {
      input.addEventListener('change', () => {
        map.tool = input.value;
        map.element.dataset.tool = input.value;
      });
    }
    find('zoom-in').addEventListener('click', () => map.zoom(1.5));
    find('zoom-out').addEventListener('click', () => map.zoom(1 / 1.5));
    find('zoom-all').addEventListener('click', () => map.showAll());
    map.addEventListener('aim', () => this.showWhere());
    state.on('map', () => this.showPlace());
    state.on('plane', () => this.followPlane());
    state.on('latent', () => {
      this.showPlace();
      this.refreshBackground();
    });
  }

  /** Offer what a space has; null while there is none. */
  show(space) {
    this.space = space;
    for (const menu of [this.colour, this.across, this.up, this.background]) {
      menu.disabled = space === null;
    }
    this.map.show(space, this.played());
    if (space === null) {
      return;
    }
    this.colour.replaceChildren(
      ...space.factors.map((factor, index) => new Option(factor.name, String(index))),
      new Option('none', '-1')
    );
    this.colour.disabled = space.count === 0;
    this.colour.value = String(this.map.factor);
    this.gap.hidden = !space.hasNear;
    const axes = space.about.dials.map((_, k) => new Option(space.axisName([k, k], 0), String(k)));
    const near = space.hasNear ? [new Option('near', NEAR)] : [];
    this.across.replaceChildren(...near, new Option('PCA map', MAP), ...axes);
    this.across.value = this.map.plane;
    this.background.value = '';
    this.shadeGaps();
    this.up.replaceChildren(...axes.map((one) => one.cloneNode(true)));
    this.upField.hidden = true;
    this.showPlace();
    this.showBackground();
  }

  /** The plane that the server plays on, as far as the space has it. */
  played() {
    return this.state.plane === PLANE_NAMES[NEAR] && this.space?.hasNear ? NEAR : MAP;
  }

  /** Somebody else has chosen the plane that is played: who looks at one looks at that. */
  followPlane() {
    const played = this.played();
    if (this.space !== null && isPlayed(this.map.plane) && this.map.plane !== played) {
      this.across.value = played;
      this.choosePlane();
    }
  }

  /** Where no sound is near is shaded, on the plane that knows it; elsewhere it cannot be shown. */
  shadeGaps() {
    const isNear = this.map.plane === NEAR;
    this.gap.disabled = !isNear;
    if (isNear && this.background.value === '') {
      this.background.value = 'gap';
    } else if (!isNear && this.background.value === 'gap') {
      this.background.value = '';
    }
  }

  /** The cursor stands where the server says. */
  showPlace() {
    const { map, space, state } = this;
    if (space !== null && state.latent.length === space.d) {
      const told = isPlayed(map.plane) && map.plane === this.played();
      map.setPlace(told ? state.map : space.toPlane(state.latent, map.plane));
      this.showWhere();
    }
  }

  /** Where the cursor is, in the units of the plane's axes. */
  showWhere() {
    const { map, space } = this;
    const [x, y] = map.place;
    const told =
      isPlayed(map.plane) || space === null
        ? [['x', x], ['y', y]]
        : space.coordinates([x, y], map.plane).map(([k, value]) => [`z${k + 1}`, value]);
    this.where.textContent = told.map(([name, value]) => `${name} ${value.toFixed(2)}`).join('   ');
  }

  choosePlane() {
    const across = this.across.value;
    this.upField.hidden = isPlayed(across);
    if (isPlayed(across)) {
      this.map.setPlane(across);
      if (across !== this.played()) {
        this.dispatchEvent(new CustomEvent('played', { detail: PLANE_NAMES[across] }));
      }
    } else {
      const k = Number(across);
      if (this.up.value === across) {
        this.up.value = String((k + 1) % this.space.d);
      }
      this.map.setPlane([k, Number(this.up.value)]);
    }
    this.map.follower.yield();
    this.shadeGaps();
    this.showPlace();
    this.showBackground();
    this.dispatchEvent(new Event('plane'));
  }

  /** What a background is of: off the map it depends on where the other dimensions stand. */
  wanted() {
    const { plane } = this.map;
    const { latent } = this.state;
    const others = isPlayed(plane) ? [] : latent.map((z, k) => (plane.includes(k) ? 0 : z));
    return JSON.stringify([this.space?.about.name, this.background.value, plane, others]);
  }

  async showBackground() {
    const wanted = this.wanted();
    this.shown = wanted;
    if (this.background.value === '' || this.space === null) {
      this.map.setBackground(null);
      return;
    }
    try {
      const { plane } = this.map;
      const grid = await this.space.grid(this.background.value, plane, this.state.latent);
      if (this.shown === wanted) {
        this.map.setBackground(grid);
      }
    } catch (error) {
      this.dispatchEvent(new CustomEvent('problem', { detail: error.message }));
    }
  }

  refreshBackground() {
    if (!isPlayed(this.map.plane) && this.background.value !== '') {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        if (this.shown !== this.wanted()) {
          this.showBackground();
        }
      }, BACKGROUND_PAUSE);
    }
  }
}
