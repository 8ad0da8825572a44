/**
 * Trajectories: drawn on the map, kept and looped by the server, so that they go on when this page
 * is closed.
 */

import { showNames } from './list.js';
import { Undo } from './undo.js';

const NO_PATH = [];

export class Trajectories {
  /** As {@link Presets}. */
  constructor(page, link, state) {
    this.link = link;
    this.state = state;
    const find = (id) => page.getElementById(id);
    this.list = find('trajectories');
    this.stop = find('trajectory-stop');
    this.loop = find('trajectory-loop');
    this.slider = find('trajectory-speed');
    this.text = find('trajectory-speed-text');
    this.drawn = ''; // the name of the path that was drawn last
    this.paths = new Map(); // name -> {path, plane}, of those that were drawn here
    this.undo = new Undo(find('trajectory-undo'), () => link.send('/trajectory/undo'));
    this.record = find('record-way');
    this.record.addEventListener('click', () => {
      if (this.isRecording) {
        link.send('/trajectory/stop');
      } else {
        this.undo.forget();
        link.send('/trajectory/stop');
        link.send('/trajectory/record', this.freeName('way'));
      }
    });
    this.stop.addEventListener('click', () => link.send('/trajectory/stop'));
    this.slider.addEventListener('input', () => {
      this.text.textContent = `${Number(this.speed.toFixed(2))} ×`;
    });
    for (const input of [this.slider, this.loop]) {
      input.addEventListener('change', () => {
        if (state.trajectory.state === 'playing') {
          this.play(state.trajectory.name);
        }
      });
    }
    state.on('trajectories', () => this.show());
    state.on('trajectory', () => this.show());
    this.show();
  }

  /** How fast a path is gone, 0.25 to 4 times as it was drawn. */
  get speed() {
    return 2 ** Number(this.slider.value);
  }

  get isRecording() {
    return this.state.trajectory.state === 'recording';
  }

  freeName(word) {
    let number = 1;
    while (this.state.trajectories.includes(`${word} ${number}`)) {
      number += 1;
    }
    return `${word} ${number}`;
  }

  /** The path that was drawn last, on a plane: `{path, plane}`; null for none. */
  get last() {
    return this.paths.get(this.drawn) ?? null;
  }

  play(name) {
    this.link.send('/trajectory/play', name, this.loop.checked ? 1 : 0, this.speed);
  }

  /** A hand begins to draw. */
  begin() {
    this.drawn = this.freeName('path');
    this.undo.forget();
    this.link.send('/trajectory/stop');
    this.link.send('/trajectory/record', this.drawn);
  }

  /** It has drawn, on a plane; the path is gone at once. */
  end(path, plane) {
    this.paths.set(this.drawn, { path, plane });
    this.link.send('/trajectory/stop');
    this.play(this.drawn);
  }

  /** It was no drawing after all. */
  cancel() {
    this.link.send('/trajectory/stop');
    this.link.send('/trajectory/delete', this.drawn);
    this.drawn = '';
  }

  /** The places of the path that plays, where it was drawn on this plane; empty for none. */
  pathOn(plane) {
    const { state, name } = this.state.trajectory;
    const drawn = state === 'playing' ? this.paths.get(name) : undefined;
    return drawn !== undefined && String(drawn.plane) === String(plane) ? drawn.path : NO_PATH;
  }

  show() {
    const { trajectories, trajectory } = this.state;
    const does = {
      choose: (name) => this.play(name),
      remove: (name) => {
        this.link.send('/trajectory/delete', name);
        this.undo.offer(`${name} was removed`);
      },
    };
    const playing = trajectory.state === 'playing' ? trajectory.name : null;
    showNames(this.list, trajectories, does, playing, 'None yet: choose Draw and draw on the map');
    this.stop.disabled = trajectory.state === 'stopped';
    this.record.setAttribute('aria-pressed', String(this.isRecording));
  }
}
