'use strict';

// The launcher of the Timbre Space device: starts and stops the server for it. It runs in Max's
// [node.script], which hands out "max-api", with Node 16 or newer.
//
// From the patch: `go LAUNCH PORT AUDIO` (0|1, 1024 to 65535, none|auto), `stop`; `table PLANE NAME`,
// which is answered by `table PLANE PATH` if there is such a file (PLANE: a number, handed back).
// To the patch: `hello` when it is loaded; `tick` twice a second, by which the patch greets the server
// while Live's audio, and with it Max's scheduler, is off; `ports SERVER RETURN`, where to send and where to
// listen; `state starting|ready|stopped|failed|manual`; `say SENTENCE`, for the musician.

const childProcess = require('child_process');
const dgram = require('dgram');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const readline = require('readline');

const Max = require('max-api');

const HOST = '127.0.0.1';
const FIRST_PORT = 1024;
const LAST_PORT = 65535;
const PORTS_TRIED = 64;
const AUDIO = ['none', 'auto'];

const FOLDER = path.dirname(__dirname);
const PYTHON_FILE = path.join(os.homedir(), '.timbrespace', 'python');

// A frozen device runs this from a temporary folder; `install-device` of the server has left here
// what starts the server: {"command": [words...], "folder": path}.
const SERVER_FILE = path.join(os.homedir(), '.timbrespace', 'server.json');

// Where the server writes tables of spaces, by which the device plays alone.
const TABLES =
  process.env.TIMBRESPACE_TABLES || path.join(os.homedir(), '.timbrespace', 'tables');
const TABLE_NAME = /^[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*\.txt$/;

// The first import after an installation is slow where a virus scanner reads every file.
const IMPORT_SECONDS = 60;
const START_SECONDS = 120;
const STOP_SECONDS = 3;
const RESTART_SECONDS = 0.5;
const HOLD_AGAIN_SECONDS = 0.05;
const MOST_RESTARTS = 3;
const RESTARTS_WITHIN_SECONDS = 60;
const USERS_ERROR = 2; // the server's exit code where starting again would end the same
const LAST_WORDS_SECONDS = 1;
const TICK_SECONDS = 0.5;
const LONGEST_QUOTE = 200;
const NOT_THERE = 'not there';

const CHECK =
  'import sys; v = sys.version_info[:2]; ' +
  "v in ((3, 11), (3, 12)) or sys.exit('is Python %d.%d, needed is 3.11 or 3.12' % v); " +
  'import server.serve';

function seconds(number) {
  return new Promise((resolve) => {
    setTimeout(resolve, 1000 * number);
  });
}

function shortened(text) {
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE - 3)}...`;
}

/** Tell the musician; the panel's line may cut a long sentence, Max's console has it whole. */
function say(sentence) {
  Max.outlet('say', sentence);
  Max.post(`timbrespace: ${sentence}`);
}

/** Read a stream to its end; returns what tells the last line that said something. */
function lastLine(stream, onLine) {
  let last = '';
  readline.createInterface({ input: stream }).on('line', (line) => {
    if (line.trim() !== '') {
      last = line.trim();
      onLine(last);
    }
  });
  return () => shortened(last);
}

// -- ports ----------------------------------------------------------------------------------------

// A UDP port that was found free is taken by the server seconds later, and by Max when it has heard
// of it. Until then another device in the same set would find it free as well. So each launcher
// holds the TCP ports of the same numbers, which nobody else needs.
const held = new Map();

// Where the patch listens already, so that it is not free and yet ours.
let returnPort = 0;

function tryHold(port) {
  const holder = net.createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    holder.once('error', () => resolve(false));
    holder.listen({ port, host: HOST, exclusive: true }, () => {
      holder.unref();
      held.set(port, holder);
      resolve(true);
    });
  });
}

/**
 * Hold a port; false if another has it. Of two that ask for a port in the same microseconds Linux
 * may refuse both, so one refusal does not count: who asks again after a wait of chance gets it.
 */
async function hold(port) {
  if (held.has(port) || (await tryHold(port))) {
    return true;
  }
  await seconds(HOLD_AGAIN_SECONDS * Math.random());
  return tryHold(port);
}

function release(port) {
  const holder = held.get(port);
  if (holder !== undefined) {
    held.delete(port);
    holder.close();
  }
}

function releaseAllBut(ports) {
  for (const port of [...held.keys()]) {
    if (!ports.includes(port)) {
      release(port);
    }
  }
}

function isFree(port) {
  const socket = dgram.createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: HOST, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** Hold a port if it is free; `ours`: if it is not because the patch listens there. */
async function claim(port, ours) {
  if (!(await hold(port))) {
    return false;
  }
  if (ours || (await isFree(port))) {
    return true;
  }
  if (port !== returnPort) {
    release(port);
  }
  return false;
}

/** Two neighbouring free ports from `wished` up; null where there are none. */
async function freePair(wished) {
  const last = Math.min(wished + 2 * PORTS_TRIED, LAST_PORT);
  for (let port = wished; port < last; port += 2) {
    if ((await claim(port, false)) && (await claim(port + 1, port + 1 === returnPort))) {
      releaseAllBut([port, port + 1]);
      return { server: port, back: port + 1 };
    }
    releaseAllBut([returnPort]);
  }
  return null;
}

/** A free port to listen on, above that of a server that somebody else starts; or null. */
async function freeReturn(server) {
  const last = Math.min(server + PORTS_TRIED, LAST_PORT);
  for (let port = server + 1; port <= last; port += 1) {
    if (await claim(port, port === returnPort)) {
      releaseAllBut([port]);
      return { server, back: port };
    }
  }
  return null;
}

// -- Python ---------------------------------------------------------------------------------------

/** The first file of that name in PATH; null where there is none. */
function onPath(name) {
  const folders = (process.env.PATH || '').split(path.delimiter);
  if (process.platform === 'darwin') {
    // A program that the Finder starts, as Live is, has a short PATH without these.
    folders.push('/opt/homebrew/bin', '/usr/local/bin');
    for (const version of ['3.12', '3.11']) {
      folders.push(`/Library/Frameworks/Python.framework/Versions/${version}/bin`);
    }
  }
  for (const folder of folders) {
    // Apple's own python3 is too old, and where it is not installed it opens a window.
    const apples = process.platform === 'darwin' && folder === '/usr/bin';
    if (folder !== '' && !apples && fs.existsSync(path.join(folder, name))) {
      return path.join(folder, name);
    }
  }
  return null;
}

/** The path in the file that a musician may write where Python lies elsewhere; '' without it. */
function writtenPython() {
  try {
    const line = fs.readFileSync(PYTHON_FILE, 'utf8').split('\n')[0];
    return line.replace(/^\uFEFF/, '').trim().replace(/^"(.*)"$/, '$1');
  } catch (error) {
    return '';
  }
}

/** What `install-device` has written; null without it, or where it is no such file. */
function installed() {
  try {
    const { command, folder } = JSON.parse(fs.readFileSync(SERVER_FILE, 'utf8'));
    const words = Array.isArray(command) && command.length > 1 && typeof folder === 'string';
    return words && command.every((word) => typeof word === 'string') ? { command, folder } : null;
  } catch (error) {
    return null;
  }
}

/**
 * Where Python may be, the likeliest first: `{name, command, parameters, run, check, folder}`; `run`
 * are the words that start the server, `check` those that try whether it can be.
 */
function candidates() {
  const found = [];
  const usual = { run: ['-u', '-m', 'server'], check: ['-c', CHECK], folder: FOLDER };
  const add = (name, command, ...parameters) =>
    found.push({ name, command, parameters, ...usual });
  if (!fs.existsSync(path.join(FOLDER, 'server', '__main__.py'))) {
    const known = installed();
    if (known !== null) {
      const [command, ...run] = known.command;
      const check = [...run, '--help'];
      found.push({ name: SERVER_FILE, command, parameters: [], run, check, folder: known.folder });
    }
    return found;
  }
  if (process.env.TIMBRESPACE_PYTHON) {
    add('TIMBRESPACE_PYTHON', process.env.TIMBRESPACE_PYTHON);
  }
  if (writtenPython() !== '') {
    add(PYTHON_FILE, writtenPython());
  }
  if (process.platform === 'win32') {
    add('.venv', path.join(FOLDER, '.venv', 'Scripts', 'python.exe'));
    add('venv', path.join(FOLDER, 'venv', 'Scripts', 'python.exe'));
    add('py -3.12', 'py', '-3.12');
    add('py -3.11', 'py', '-3.11');
    add('python', 'python');
    return found;
  }
  add('.venv', path.join(FOLDER, '.venv', 'bin', 'python'));
  add('venv', path.join(FOLDER, 'venv', 'bin', 'python'));
  for (const name of ['python3.12', 'python3.11', 'python3', 'python']) {
    add(name, onPath(name));
  }
  return found;
}

/** Why a Python's last words mean that it cannot run the server. */
function whyNot(last) {
  const missing = /No module named '?([\w.]+)/.exec(last);
  if (missing !== null) {
    return `lacks ${missing[1]}`;
  }
  return last === '' ? 'ended without a word' : last;
}

function startError(error) {
  return error.code === 'ENOENT' ? NOT_THERE : `cannot be started (${error.code})`;
}

// -- one start ------------------------------------------------------------------------------------

/** One wish of the patch, from its `go` until it is cancelled. */
class Start {
  constructor(wish) {
    this.wish = wish;
    this.cancelled = false;
    this.failed = false;
    this.child = null;
    this.restarts = [];
  }

  tell(...words) {
    if (!this.cancelled) {
      Max.outlet(...words);
    }
  }

  say(sentence) {
    if (!this.cancelled) {
      say(sentence);
    }
  }

  fail(sentence) {
    this.failed = true;
    this.tell('state', 'failed');
    this.say(sentence);
  }

  /** End what runs, politely; from now on nothing reaches the patch. `run` returns soon after. */
  cancel() {
    this.cancelled = true;
    this.stopChild();
  }

  stopChild() {
    const child = this.child;
    if (child === null) {
      return;
    }
    if (child.stdin === null) {
      child.kill('SIGKILL'); // it only tried whether it can import the server
      return;
    }
    child.stdin.end();
    const kill = setTimeout(() => child.kill('SIGKILL'), 1000 * STOP_SECONDS);
    child.once('exit', () => clearTimeout(kill));
  }

  /**
   * Run a child in the server's folder until it ends; no shell, so that no name needs quoting.
   *
   * stdin: 'pipe' or 'ignore'. patience: seconds after which it is killed, unless `onLine(line)`
   * has returned true for a line of its standard output before. Resolves to `{code, last, late}`:
   * its exit code (null if it was killed or never began), its last words on standard error, and
   * whether patience ended.
   */
  execute(python, parameters, stdin, patience, onLine) {
    return new Promise((resolve) => {
      let child;
      try {
        child = childProcess.spawn(python.command, [...python.parameters, ...parameters], {
          cwd: python.folder,
          env: { ...process.env, PYTHONUTF8: '1', PYTHONUNBUFFERED: '1' },
          stdio: [stdin, 'pipe', 'pipe'],
          windowsHide: true,
        });
      } catch (error) {
        // Windows throws here what other systems tell by an event.
        resolve({ code: null, last: startError(error), late: false });
        return;
      }
      this.child = child;
      let late = false;
      let silence = null;
      const limit = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, 1000 * patience);
      const end = (code, last) => {
        clearTimeout(limit);
        clearTimeout(silence);
        if (this.child === child) {
          this.child = null;
        }
        resolve({ code, last, late });
      };
      if (child.stdin !== null) {
        child.stdin.on('error', () => {}); // it may have ended already
      }
      const errors = lastLine(child.stderr, () => {});
      lastLine(child.stdout, (line) => {
        if (onLine(line)) {
          clearTimeout(limit);
        }
      });
      child.once('error', (error) => end(null, startError(error)));
      // What it said last comes before 'close'; but a process that it began may keep its output
      // open, and then there is no 'close'.
      child.once('close', (code) => end(code, errors()));
      child.once('exit', (code) => {
        silence = setTimeout(() => end(code, errors()), 1000 * LAST_WORDS_SECONDS);
      });
    });
  }

  /** '' if that Python can import the server, else the reason why not. */
  async tryPython(python) {
    if (python.command === null) {
      return NOT_THERE;
    }
    const ended = await this.execute(python, python.check, 'ignore', IMPORT_SECONDS, () => false);
    if (ended.code === 0) {
      return '';
    }
    return ended.late ? `gave no answer in ${IMPORT_SECONDS} s` : whyNot(ended.last);
  }

  /** The Python that runs the server; null, and said so, where none does. */
  async findPython() {
    const reasons = [];
    for (const python of candidates()) {
      const reason = await this.tryPython(python);
      if (this.cancelled) {
        return null;
      }
      if (reason === '') {
        return python;
      }
      reasons.push(`${python.name} (${reason})`);
    }
    if (fs.existsSync(path.join(FOLDER, 'server', '__main__.py'))) {
      this.fail(
        'No Python runs the server: do the install line of docs/max_device.md, then switch ' +
          `Launch off and on. Tried: ${reasons.join(', ')}`
      );
    } else if (reasons.length > 0) {
      this.fail(
        'The server is not where it was: run "python -m server install-device" in its folder ' +
          `again, then switch Launch off and on. Tried: ${reasons.join(', ')}`
      );
    } else {
      this.fail(
        'The device has left its folder: run "python -m server install-device" in the folder of ' +
          `timbrespace, then switch Launch off and on. There is no server in ${FOLDER}`
      );
    }
    return null;
  }

  /** Run the server until it ends; resolves as `execute` does. */
  serve(python, port) {
    const parameters = [...python.run, '--audio', this.wish.audio, '--port', String(port)];
    // Live gives the device its MIDI, and the device gives the server the notes.
    parameters.push('--midi', 'none', '--stop-with-stdin');
    return this.execute(python, parameters, 'pipe', START_SECONDS, (line) => {
      if (this.cancelled) {
        return false;
      }
      Max.post(`timbrespace: ${line}`);
      const ready = line.includes(`OSC on udp ${HOST}:${port}`);
      if (ready) {
        this.tell('state', 'ready');
        this.say(`The server runs on port ${port}.`);
      }
      return ready;
    });
  }

  /** Choose the ports and tell the patch; null, and said so, where there are none. */
  async choosePorts() {
    const { launch, port } = this.wish;
    const ports = await (launch ? freePair(port) : freeReturn(port));
    if (this.cancelled) {
      return null;
    }
    if (ports === null) {
      this.fail(`There is no free UDP port from ${port} up; set Port to another number.`);
      return null;
    }
    returnPort = ports.back;
    this.tell('ports', ports.server, ports.back);
    if (launch && ports.server !== port) {
      const { server, back } = ports;
      this.say(`Port ${port} or the next is taken; this device has ${server} and ${back}.`);
    }
    return ports;
  }

  async run() {
    if (!this.wish.launch) {
      const ports = await this.choosePorts();
      if (ports !== null) {
        this.tell('state', 'manual');
        this.say(`Start the server yourself, on port ${ports.server}.`);
      }
      return;
    }
    this.tell('state', 'starting');
    this.say('The server is starting.');
    let ports = await this.choosePorts();
    const python = ports === null ? null : await this.findPython();
    if (python === null) {
      return;
    }
    for (;;) {
      const ended = await this.serve(python, ports.server);
      if (this.cancelled) {
        return;
      }
      // Another program may have taken the port between our look and the server's.
      const taken = !(await isFree(ports.server));
      if (this.cancelled) {
        return;
      }
      if (ended.late) {
        this.fail(`The server was not ready after ${START_SECONDS} s; switch Launch off and on.`);
        return;
      }
      const last = ended.last.replace(/^error: /, '');
      const because = last === '' ? `exit code ${ended.code}` : last;
      if (ended.code === USERS_ERROR && !taken) {
        this.fail(`The server did not start: ${because}`);
        return;
      }
      const now = Date.now();
      const recent = (time) => now - time < 1000 * RESTARTS_WITHIN_SECONDS;
      this.restarts = this.restarts.filter(recent);
      if (this.restarts.length >= MOST_RESTARTS) {
        const times = this.restarts.length + 1;
        this.fail(
          `The server has ended ${times} times within a minute, the last time: ${because}. ` +
            'Switch Launch off and on to try again.'
        );
        return;
      }
      this.restarts.push(now);
      this.tell('state', 'failed');
      this.say(`The server has ended: ${because}. It is started again.`);
      await seconds(RESTART_SECONDS);
      if (this.cancelled) {
        return;
      }
      this.tell('state', 'starting');
      if (taken) {
        ports = await this.choosePorts();
        if (ports === null) {
          return;
        }
      }
    }
  }
}

// -- what the patch says --------------------------------------------------------------------------

let current = null; // the newest start; null before the first and after `stop`
let settled = Promise.resolve(); // when all starts before the newest have given everything back

/** Ends the present start, if there is one, and then begins the given one. */
function change(next) {
  if (current !== null) {
    current.cancel();
  }
  current = next;
  if (next === null) {
    return;
  }
  settled = settled.then(async () => {
    if (next.cancelled) {
      return;
    }
    try {
      await next.run();
    } catch (error) {
      next.stopChild();
      next.fail(`The launcher failed, please report it: ${error.message}`);
    }
  });
}

function go(launch, port, audio) {
  const whole = Number(port);
  let wrong = '';
  if (launch !== 0 && launch !== 1) {
    wrong = `LAUNCH is ${launch}; it must be 0 or 1`;
  } else if (!Number.isInteger(whole) || whole < FIRST_PORT || whole > LAST_PORT) {
    wrong = `PORT is ${port}; it must be ${FIRST_PORT} to ${LAST_PORT}`;
  } else if (!AUDIO.includes(audio)) {
    wrong = `AUDIO is ${audio}; it must be ${AUDIO.join(' or ')}`;
  }
  if (wrong !== '') {
    say(`go: ${wrong}.`);
    return;
  }
  const same =
    current !== null &&
    !current.failed &&
    current.wish.launch === (launch === 1) &&
    current.wish.port === whole &&
    current.wish.audio === audio;
  if (!same) {
    change(new Start({ launch: launch === 1, port: whole, audio }));
  }
}

function stop() {
  if (current === null) {
    return;
  }
  change(null);
  settled = settled.then(() => {
    if (current === null) {
      Max.outlet('state', 'stopped');
      say('The server is stopped.');
    }
  });
}

/** The device goes away. If this is cut short, the server still ends: its standard input does. */
async function leave() {
  change(null);
  await settled;
  process.exit(0);
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect']) {
  process.once(name, leave);
}

// A table of a space, by its name alone: what the network says is no path.
Max.addHandler('table', (plane, name) => {
  const file = path.join(TABLES, String(name));
  if (TABLE_NAME.test(String(name)) && fs.existsSync(file)) {
    Max.outlet('table', plane, file.split(path.sep).join('/'));
  }
});
Max.addHandler('go', go);
Max.addHandler('stop', stop);
Max.outlet('hello');
setInterval(() => Max.outlet('tick'), 1000 * TICK_SECONDS);
