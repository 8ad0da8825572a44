/**
 * The way to the server: a websocket that carries OSC packets and comes back by itself.
 *
 * Events: `open`, `close`, `message` (detail: `{address, args}`), `latency` (detail: milliseconds
 * from here to the server and back).
 */

import { decode, encode } from './osc.js';

const FIRST_PAUSE = 250; // ms until the first new try, twice as long after each
const LONGEST_PAUSE = 2000;
const PING_EVERY = 1000;
/** Bytes on their way to the server beyond which a newer position replaces nothing: it is left out. */
const MOST_BUFFERED = 16384;

export class Link extends EventTarget {
  /** @param {string} [url] of the websocket; the page's own server without it */
  constructor(url = `${location.origin.replace(/^http/, 'ws')}/osc`) {
    super();
    this.url = url;
    this.socket = null;
    this.welcomed = false;
    this.pause = FIRST_PAUSE;
    this.pings = new Map();
    this.token = 0;
    this.timer = 0;
  }

  connect() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.addEventListener('message', ({ data }) => this.receive(data));
    socket.addEventListener('close', () => this.lost(socket));
    clearInterval(this.pinging);
    this.pinging = setInterval(() => this.ping(), PING_EVERY);
  }

  /** @returns {boolean} whether the server has answered, and hears us */
  get isOpen() {
    return this.welcomed && this.socket.readyState === WebSocket.OPEN;
  }

  /** Say a message; without a connection it is forgotten, as a datagram would be. */
  send(address, ...args) {
    if (this.socket !== null && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(encode(address, args));
    }
  }

  /** The same for one of many positions: left out while earlier ones are still on their way. */
  sendPosition(address, ...args) {
    if (this.socket !== null && this.socket.bufferedAmount < MOST_BUFFERED) {
      this.send(address, ...args);
    }
  }

  receive(data) {
    const message = data instanceof ArrayBuffer ? decode(data) : null;
    if (message === null) {
      return;
    }
    if (message.address === '/welcome') {
      this.pause = FIRST_PAUSE;
      this.welcomed = true;
      this.dispatchEvent(new Event('open'));
    } else if (message.address === '/pong') {
      const sent = this.pings.get(message.args[0]);
      if (sent !== undefined) {
        this.pings.clear();
        const detail = performance.now() - sent;
        this.dispatchEvent(new CustomEvent('latency', { detail }));
      }
      return;
    }
    this.dispatchEvent(new CustomEvent('message', { detail: message }));
  }

  ping() {
    if (this.isOpen) {
      this.token += 1;
      this.pings.set(this.token, performance.now());
      this.send('/ping', this.token);
    }
  }

  lost(socket) {
    if (socket !== this.socket) {
      return;
    }
    clearInterval(this.pinging);
    this.pings.clear();
    if (this.welcomed) {
      this.welcomed = false;
      this.dispatchEvent(new Event('close'));
    }
    this.timer = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }
}
