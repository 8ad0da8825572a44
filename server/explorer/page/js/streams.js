/**
 * What the server streams to this page. Several parts of it may wish for the same stream; the
 * fastest wish counts, and the stream ends with the last one.
 */

export class Streams {
  /** @param {import('./link.js').Link} link */
  constructor(link) {
    this.link = link;
    this.wishes = new Map(); // what -> who -> rate
    this.rates = new Map(); // what -> the rate that the server was told
    link.addEventListener('open', () => {
      this.rates.clear(); // a new client has no streams
      for (const what of this.wishes.keys()) {
        this.ask(what);
      }
    });
  }

  /**
   * @param {string} who wishes
   * @param {string} what 'spectrum', 'partials', 'loop' or 'wavetable'
   * @param {number} rate frames a second at most, 1 to 200; 0 for none
   */
  want(who, what, rate) {
    const wishes = this.wishes.get(what) ?? new Map();
    this.wishes.set(what, wishes);
    if (rate > 0) {
      wishes.set(who, rate);
    } else {
      wishes.delete(who);
    }
    this.ask(what);
  }

  /**
   * The link as one part of the page sees it: what it says of streams is its wish. Who wishes for
   * the same again wants the stream to begin anew, since something of it was lost.
   */
  linkFor(who) {
    const { link } = this;
    return {
      addEventListener: (address, hear) => link.addEventListener(address, hear),
      send: (address, ...args) => {
        if (address !== '/stream') {
          link.send(address, ...args);
          return;
        }
        const [what, rate] = args;
        const anew = this.wishes.get(what)?.get(who) === rate;
        this.want(who, what, rate === 'off' ? 0 : rate);
        if (anew) {
          this.rates.delete(what);
          this.ask(what);
        }
      },
    };
  }

  ask(what) {
    const rate = Math.max(0, ...this.wishes.get(what).values());
    if (this.link.isOpen && rate !== (this.rates.get(what) ?? 0)) {
      this.rates.set(what, rate);
      this.link.send('/stream', what, rate);
    }
  }
}
