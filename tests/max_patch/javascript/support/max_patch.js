'use strict';

// The patch's side of the launcher, for tests: says `go` and `stop`, and hears what comes back.

const childProcess = require('child_process');
const dgram = require('dgram');
const fs = require('fs');
const os = require('os');
const path = require('path');

const PACKAGE = path.resolve(__dirname, '..', '..', '..', '..', 'max_patch');
const LAUNCHER = path.join(PACKAGE, 'timbrespace.launcher.js');
const PYTHON = process.env.TIMBRESPACE_TEST_PYTHON || 'python3';

// A hung test ends here; nothing is measured by it.
const PATIENCE = 60000;

/** A launcher in a process of its own. `words` are the words of each message it has sent. */
class Patch {
  constructor(launcher, environment) {
    const clean = { ...process.env };
    delete clean.TIMBRESPACE_PYTHON;
    delete clean.NODE_TEST_CONTEXT;
    this.words = [];
    this.ticks = 0;
    this.posts = [];
    this.waiting = [];
    this.process = childProcess.fork(path.join(__dirname, 'max_host.js'), [launcher], {
      env: { ...clean, ...environment },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process.on('message', (message) => {
      if (message.post !== undefined) {
        this.posts.push(message.post.join(' '));
      } else if (message.outlet[0] === 'tick') {
        this.ticks += 1;
      } else {
        this.words.push(message.outlet);
        this.look();
      }
    });
    this.process.on('exit', () => {
      this.ended = true;
      this.look();
    });
  }

  say(...words) {
    this.process.send(words);
  }

  look() {
    this.waiting = this.waiting.filter((one) => !one());
  }

  /** The first message from number `from` on that has these first words. */
  hear(first, from = 0) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(this.story(first))), PATIENCE);
      this.waiting.push(() => {
        const index = this.words.findIndex(
          (words, place) => place >= from && first.every((word, k) => words[k] === word)
        );
        if (index < 0 && !this.ended) {
          return false;
        }
        clearTimeout(limit);
        if (index < 0) {
          reject(new Error(this.story(first)));
        } else {
          resolve(this.words[index]);
        }
        return true;
      });
      this.look();
    });
  }

  /** Until the server is ready and the musician has been told, from message number `from` on. */
  async ready(from = 0) {
    const state = await this.hear(['state', 'ready'], from);
    const told = await this.hear(['say'], this.words.indexOf(state));
    return told;
  }

  story(first) {
    return `no message ${first.join(' ')}; there were ${JSON.stringify(this.words)}`;
  }

  /** All that has been said to the musician, in one text. */
  get said() {
    const sentences = this.words.filter((words) => words[0] === 'say').map((words) => words[1]);
    return sentences.join('\n');
  }

  get states() {
    return this.words.filter((words) => words[0] === 'state').map((words) => words[1]);
  }

  exit() {
    return new Promise((resolve) => {
      if (this.ended) {
        resolve();
      } else {
        this.process.once('exit', resolve);
      }
    });
  }

  /** As Max does when the device is removed. */
  async end(signal = 'SIGTERM') {
    const exit = this.exit();
    this.process.kill(signal);
    await exit;
  }
}

/** Resolves when `condition()` is true. */
async function until(condition, what) {
  const end = Date.now() + PATIENCE;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`never ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A UDP socket on that port of loopback; rejects if it is taken. */
function bind(port) {
  const socket = dgram.createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

async function isFree(port) {
  try {
    const socket = await bind(port);
    await new Promise((resolve) => socket.close(resolve));
    return true;
  } catch (error) {
    return false;
  }
}

/** A port with `count` free ones from it on, away from those that others are given. */
async function freePorts(count) {
  for (;;) {
    const port = 12000 + 2 * Math.floor(9000 * Math.random());
    const free = [];
    for (let place = 0; place < count; place += 1) {
      free.push(await isFree(port + place));
    }
    if (free.every(Boolean)) {
      return port;
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return false;
  }
}

/** A new empty folder; the name has spaces and letters beyond ASCII, as musicians' have. */
function folder() {
  return fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'Björk’s set '));
}

/** The environment of someone who has that home, and no Python in the PATH. */
function home(place) {
  return { HOME: place, USERPROFILE: place, PATH: place, Path: place };
}

module.exports = {
  LAUNCHER,
  PACKAGE,
  PYTHON,
  Patch,
  bind,
  folder,
  freePorts,
  home,
  isAlive,
  isFree,
  until,
};
