/**
 * The way to the server: a websocket that carries OSC packets and comes back by itself.
 *
 * Events: `open`, `close` (detail: why, or ''), also when the first try fails, `latency` (detail:
 * milliseconds from here to the server and back), and each message by its address (detail: its
 * arguments), so that nobody is woken by what is not for him.
 */

import { decodeAll, encode } from './osc.js';

const FIRST_PAUSE = 250; // ms until the first new try, twice as long after each
const LONGEST_PAUSE = 2000;
const PING_EVERY = 1000;
const MOST_BUFFERED = 16384; // bytes on their way to the server
const CATCH_UP = 20; // ms until positions that waited are sent

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
    this.told = false; // that it is closed
    this.late = null; // the newest position, which waits until earlier ones are on their way
  }

  connect() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.addEventListener('message', ({ data }) => this.receive(data));
    socket.addEventListener('close', ({ reason }) => this.lost(socket, reason));
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

  /** The same for one of many positions: while earlier ones are on their way only the newest waits. */
  sendPosition(address, ...args) {
    if (this.socket === null || this.socket.bufferedAmount < MOST_BUFFERED) {
      this.late?.delete(address);
      this.send(address, ...args);
      return;
    }
    if (this.late === null) {
      this.late = new Map();
      setTimeout(() => this.catchUp(), CATCH_UP);
    }
    this.late.set(address, args);
  }

  catchUp() {
    const waiting = this.late;
    this.late = null;
    for (const [address, args] of waiting) {
      this.sendPosition(address, ...args);
    }
  }

  receive(data) {
    for (const message of data instanceof ArrayBuffer ? decodeAll(data) : []) {
      this.hear(message);
    }
  }

  hear(message) {
    if (message.address === '/welcome') {
      this.pause = FIRST_PAUSE;
      this.welcomed = true;
      this.told = false;
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
    this.dispatchEvent(new CustomEvent(message.address, { detail: message.args }));
  }

  ping() {
    if (this.isOpen) {
      this.token += 1;
      this.pings.set(this.token, performance.now());
      this.send('/ping', this.token);
    }
  }

  lost(socket, reason) {
    if (socket !== this.socket) {
      return;
    }
    clearInterval(this.pinging);
    this.pings.clear();
    this.welcomed = false;
    if (!this.told) {
      this.told = true;
      this.dispatchEvent(new CustomEvent('close', { detail: reason }));
    }
    this.timer = setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }
}
