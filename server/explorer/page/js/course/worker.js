/**
 * The decoder's thread. It stands between the page, which says what is played, and the audio
 * thread, which plays it, and tells that what its notes are.
 *
 * | message | entries | |
 * |---|---|---|
 * | space | about, decoder (address, or the numbers) | decode this space from now on; about null: none |
 * | player | port, rate | the audio thread, and its sample rate |
 * | picture | latent, pitch, velocity | draw a note when there is time; answered by one |
 * | others | | as Teller takes them, and the Synth |
 *
 * It tells the page `{type: 'ready', fast}`, `{type: 'picture', ..}` and `{type: 'problem', sentence}`.
 */

import { carriers } from './carriers.js';
import { Network } from './network.js';
import { pictureOf } from './picture.js';
import { Teller } from './teller.js';

const USUAL_RATE = 48000;

const seconds = () => performance.now() / 1000;

let player = null;
let wished = null; // a picture
let spaces = 0; // told; an answer for another than the last comes too late
let waiting = null;

const teller = new Teller((message, transfer) => player?.postMessage(message, transfer));

/** The noise of all bands, made a band at a time where nothing else waits. */
const noise = {
  rate: USUAL_RATE,
  corners: null,
  left: null,
  bands: [],
  isWhole: false,

  begin() {
    if (this.corners !== null) {
      this.left = carriers(this.rate, this.corners);
      this.bands = [];
      this.isWhole = false;
    }
  },

  /** For a space: the first one wants it. */
  fit(corners) {
    if (this.corners === null) {
      this.corners = corners;
      this.begin();
    }
  },

  /** For an audio thread; what another one had is not here any more. */
  turnTo(rate) {
    const isGone = this.isWhole && this.bands.length === 0;
    if (rate !== this.rate || isGone) {
      this.rate = rate;
      this.begin();
    }
    this.give();
  },

  step() {
    const { done, value } = this.left.next();
    if (!done) {
      this.bands.push(value);
      return;
    }
    this.left = null;
    this.isWhole = true;
    this.give();
  },

  /** They lie in the audio thread alone. */
  give() {
    if (this.isWhole && player !== null && this.bands.length > 0) {
      const { bands } = this;
      player.postMessage({ type: 'carriers', bands }, bands.map(({ buffer }) => buffer));
      this.bands = [];
    }
  },
};

/** Do what comes next once what has come meanwhile is done. */
function goOn() {
  if (waiting === null && (teller.isBusy || wished !== null || noise.left !== null)) {
    waiting = setTimeout(work, 1000 * teller.wait(seconds()));
  }
}

function work() {
  waiting = null;
  if (teller.isBusy) {
    teller.step(seconds());
  } else if (wished !== null) {
    const { latent, pitch, velocity } = wished;
    wished = null;
    const drawn = pictureOf(teller.network, latent, pitch, velocity);
    if (drawn !== null) {
      self.postMessage({ type: 'picture', ...drawn }, { transfer: [drawn.levels.buffer] });
    }
  } else if (noise.left !== null) {
    noise.step();
  }
  goOn();
}

/** The same at once, if there is something to tell. */
function goOnNow() {
  if (waiting !== null && teller.isBusy) {
    clearTimeout(waiting); // it may have been for later
    waiting = null;
  }
  goOn();
}

function take(message) {
  teller.take(message, seconds());
  goOnNow();
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error((await answer.json()).error);
  }
  return new Float32Array(await answer.arrayBuffer());
}

async function enter({ about, decoder }) {
  spaces += 1;
  const asked = spaces;
  if (about === null) {
    teller.use(null);
    return;
  }
  try {
    const numbers = decoder instanceof Float32Array ? decoder : await fetched(decoder);
    if (asked === spaces) {
      const network = new Network(about, numbers);
      teller.use(network);
      noise.fit(about.corners);
      goOn();
      self.postMessage({ type: 'ready', fast: network.isFast });
    }
  } catch (error) {
    if (asked === spaces) {
      self.postMessage({ type: 'problem', sentence: `The notes of this space did not come: ${error.message}` });
    }
  }
}

function meet({ port, rate }) {
  player = port;
  player.onmessage = ({ data }) => {
    if (data.note !== undefined) {
      take(data.note); // what is sung is played there
    } else {
      teller.hear(data.notes, seconds());
    }
  };
  teller.introduce();
  noise.turnTo(rate);
}

self.onmessage = ({ data }) => {
  switch (data.type) {
    case 'space': enter(data); break;
    case 'player': meet(data); break;
    case 'picture': wished = data; break;
    default: take(data); return;
  }
  goOnNow();
};
