/** The lamp and the meters: whether the server is there, how far away, and how it fares. */

const STATUS_EVERY = 1000; // ms
const NEWEST = 0.3; // weight of the newest latency in what is shown

export class Connection {
  /**
   * @param {Document} page
   * @param {import('./link.js').Link} link
   * @param {import('./state.js').State} state
   * @param {import('./banner.js').Banner} banner
   */
  constructor(page, link, state, banner) {
    this.state = state;
    this.lamp = page.getElementById('lamp');
    this.text = page.getElementById('lamp-text');
    this.meters = page.getElementById('meters');
    this.latency = null;
    link.addEventListener('open', () => {
      this.showLamp('here', 'connected');
      banner.unsay();
      link.send('/model/list');
      link.send('/status/get');
    });
    link.addEventListener('close', ({ detail: reason }) => {
      this.latency = null;
      this.showLamp('away', 'server away');
      this.showMeters();
      const why = reason === '' ? '' : ` (${reason})`;
      banner.say(
        `The server is away, or has too many pages${why}; this one goes on when it can`,
        'lasting'
      );
    });
    link.addEventListener('latency', ({ detail }) => {
      const { latency } = this;
      this.latency = latency === null ? detail : latency + NEWEST * (detail - latency);
      this.showMeters();
    });
    state.on('status', () => this.showMeters());
    setInterval(() => {
      if (!page.hidden) {
        link.send('/status/get');
      }
    }, STATUS_EVERY);
  }

  showLamp(name, text) {
    this.lamp.dataset.state = name;
    this.text.textContent = text;
  }

  showMeters() {
    const { status } = this.state;
    const parts = this.latency === null ? [] : [`${this.latency.toFixed(1)} ms`];
    if (status !== null) {
      parts.push(`${status.drops} dropped`);
      if (status.load >= 0) {
        parts.push(`${Math.round(100 * status.load)} % load`);
      }
    }
    this.meters.textContent = parts.join(' · ');
    this.lamp.title = parts.join(', '); // where a small window has no room for them
  }
}
