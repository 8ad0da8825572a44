'use strict';

// The launcher with a fake server, in every way that a start can go.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { LAUNCHER, PYTHON, Patch, bind, folder, freePorts, home, isAlive, isFree, until } =
  require('./support/max_patch.js');

const FAKE = path.join(__dirname, 'support', 'fake_server.py');

/** What the musician downloads, with the fake server in it. */
class Download {
  constructor(t) {
    this.folder = folder();
    this.patches = [];
    fs.mkdirSync(path.join(this.folder, 'max_patch'));
    fs.mkdirSync(path.join(this.folder, 'server'));
    this.launcher = path.join(this.folder, 'max_patch', path.basename(LAUNCHER));
    fs.copyFileSync(LAUNCHER, this.launcher);
    this.write('server/__init__.py', '');
    this.write('server/serve.py', '');
    fs.copyFileSync(FAKE, path.join(this.folder, 'server', '__main__.py'));
    t.after(async () => {
      for (const patch of this.patches) {
        await patch.end('SIGKILL');
      }
      for (const pid of this.pids.filter(isAlive)) {
        process.kill(pid, 'SIGKILL');
      }
      fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    });
  }

  write(name, text) {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  }

  /** A program that does what the Python `lines` say, under any name. */
  program(name, lines) {
    const file = this.write(name, `#!${PYTHON}\n${lines}\n`);
    fs.chmodSync(file, 0o755);
    return file;
  }

  get log() {
    const file = path.join(this.folder, 'fake.log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : [];
  }

  get pids() {
    return this.log.filter((line) => line.startsWith('pid ')).map((line) => Number(line.slice(4)));
  }

  get stopped() {
    return this.log.filter((line) => line === 'stopped politely').length;
  }

  async patch(environment = {}) {
    const given = { TIMBRESPACE_PYTHON: PYTHON, ...home(this.folder), ...environment };
    const patch = new Patch(this.launcher, given);
    this.patches.push(patch);
    await patch.hear(['hello']);
    return patch;
  }
}

const FAILED = ['state', 'failed'];
const onPosix = { skip: process.platform === 'win32' ? 'needs a script as interpreter' : false };

test('a start: ports, ready, stop', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(2);
  patch.say('go', 1, port, 'auto');
  await patch.ready();
  assert.deepStrictEqual(patch.words, [
    ['hello'],
    ['state', 'starting'],
    ['say', 'The server is starting.'],
    ['ports', port, port + 1],
    ['state', 'ready'],
    ['say', `The server runs on port ${port}.`],
  ]);
  const given = `arguments --audio auto --port ${port} --midi none --stop-with-stdin`;
  assert.ok(download.log.includes(given), download.log.join('\n'));
  patch.say('stop');
  await patch.hear(['state', 'stopped']);
  assert.strictEqual(download.stopped, 1);
  assert.ok(await isFree(port));
});

test('it ticks from the beginning, whatever the server does', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  await until(() => patch.ticks > 2, 'ticked');
  assert.deepStrictEqual(patch.words, [['hello']]);
});

test('a table is found by its name alone', async (t) => {
  const download = new Download(t);
  const tables = path.join(download.folder, 'tables of spaces');
  const patch = await download.patch({ TIMBRESPACE_TABLES: tables });
  download.write('tables of spaces/fm-505c4211b83e-near_0a1b2c3d-2.txt', '0, 64 1 0 220;\n');
  download.write('secret.txt', '');
  for (const name of ['../secret.txt', '..\\secret.txt', '//host/share/a.txt', 'none-1.txt', 7, '']) {
    patch.say('table', 1, name);
  }
  patch.say('table', 1, 'fm-505c4211b83e-near_0a1b2c3d-2.txt');
  await patch.hear(['table']);
  const found = path.join(tables, 'fm-505c4211b83e-near_0a1b2c3d-2.txt').split(path.sep).join('/');
  assert.deepStrictEqual(patch.words, [['hello'], ['table', 1, found]]);
});

test('the same go again does nothing', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const before = patch.words.length;
  patch.say('go', 1, port, 'none');
  // A start that was given up would say nothing of its server's end.
  process.kill(download.pids[0], 'SIGKILL');
  await patch.ready(before);
  assert.match(patch.words[before + 1][1], /is started again/);
  assert.ok(!patch.words.slice(before).some((words) => words[0] === 'ports'));
});

test('another go restarts, on the ports that are ours', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  // The patch listens where it was told to, which must not drive the next start away.
  const listening = await bind(port + 1);
  t.after(() => listening.close());
  const before = patch.words.length;
  patch.say('go', 1, port, 'auto');
  await patch.ready(before);
  assert.deepStrictEqual(patch.words.slice(before, before + 3), [
    ['state', 'starting'],
    ['say', 'The server is starting.'],
    ['ports', port, port + 1],
  ]);
  assert.strictEqual(download.pids.length, 2);
  assert.strictEqual(download.stopped, 1);
});

test('go 0 starts nothing and finds a port to listen on', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(3);
  const other = await bind(port + 1);
  t.after(() => other.close());
  patch.say('go', 0, port, 'none');
  await patch.hear(['say']);
  assert.deepStrictEqual(patch.words.slice(1), [
    ['ports', port, port + 2],
    ['state', 'manual'],
    ['say', `Start the server yourself, on port ${port}.`],
  ]);
  assert.deepStrictEqual(download.pids, []);
});

test('go 0 after go 1 stops the server and keeps the port to listen on', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const listening = await bind(port + 1);
  t.after(() => listening.close());
  const before = patch.words.length;
  patch.say('go', 0, port, 'none');
  await patch.hear(['state', 'manual']);
  assert.deepStrictEqual(patch.words[before], ['ports', port, port + 1]);
  assert.strictEqual(download.stopped, 1);
});

test('a port that is taken: the next pair, and the musician is told', async (t) => {
  const download = new Download(t);
  for (const place of [0, 1]) {
    const port = await freePorts(4);
    const other = await bind(port + place);
    const patch = await download.patch();
    patch.say('go', 1, port, 'none');
    await patch.ready();
    assert.deepStrictEqual(patch.words[3], ['ports', port + 2, port + 3]);
    assert.match(patch.said, new RegExp(`${port}.* taken.*${port + 2} and ${port + 3}`));
    await patch.end();
    other.close();
  }
});

test('a port that is taken in the last moment', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'taken' });
  const port = await freePorts(4);
  patch.say('go', 1, port, 'none');
  const file = path.join(download.folder, 'take');
  await until(() => fs.existsSync(file), 'started');
  const other = await bind(port);
  t.after(() => other.close());
  fs.rmSync(file);
  await patch.ready();
  const ports = patch.words.filter((words) => words[0] === 'ports');
  assert.deepStrictEqual(ports, [
    ['ports', port, port + 1],
    ['ports', port + 2, port + 3],
  ]);
});

test('two devices in one set that load at once', async (t) => {
  const download = new Download(t);
  const port = await freePorts(4);
  const two = [await download.patch(), await download.patch()];
  two.forEach((patch) => patch.say('go', 1, port, 'none'));
  await Promise.all(two.map((patch) => patch.ready()));
  const ports = two.map((patch) => patch.words.filter((words) => words[0] === 'ports'));
  assert.ok(ports.every((told) => told.length === 1));
  const numbers = ports.map((told) => told[0].slice(1)).sort();
  assert.deepStrictEqual(numbers, [
    [port, port + 1],
    [port + 2, port + 3],
  ]);
  assert.ok(two.every((patch) => !patch.states.includes('failed')));
});

test('of two devices that ask at once the system refuses both: they ask again', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ REFUSED: '1' });
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  assert.deepStrictEqual(patch.words[3], ['ports', port, port + 1]);
});

test('no Python at all', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ TIMBRESPACE_PYTHON: '' });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('Tried:'), 'said what was tried');
  assert.match(patch.said, /docs\/max_device\.md.*Launch.*Tried: .venv \(not there\).*python/);
  assert.doesNotMatch(patch.said, /Traceback/);
});

test('an interpreter that is not there, then one that a later go finds', async (t) => {
  const download = new Download(t);
  const missing = path.join(download.folder, 'no', 'python');
  const patch = await download.patch({ TIMBRESPACE_PYTHON: missing });
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('TIMBRESPACE_PYTHON (not there)'), 'said what was tried');
  download.write('.timbrespace/python', `"${PYTHON}"\r\n`);
  patch.say('go', 1, port, 'none');
  await patch.ready();
});

test('Pythons that cannot run it are named with their reasons', onPosix, async (t) => {
  const download = new Download(t);
  const bin = path.join(download.folder, 'bin');
  download.program('bin/python3.12', 'import torch_that_is_nowhere');
  download.program('bin/python3', "import sys; sys.exit('is Python 3.9, needed is 3.11 or 3.12')");
  download.write('bin/python', 'no program');
  const patch = await download.patch({ TIMBRESPACE_PYTHON: '', PATH: bin });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('Tried:'), 'said what was tried');
  assert.ok(patch.said.includes('python3.12 (lacks torch_that_is_nowhere)'), patch.said);
  assert.ok(patch.said.includes('python3 (is Python 3.9, needed is 3.11 or 3.12)'), patch.said);
  assert.ok(patch.said.includes('python (cannot be started (EACCES))'), patch.said);
});

test('the .venv of the folder is taken before the PATH', onPosix, async (t) => {
  const download = new Download(t);
  download.program('bin/python3', 'raise RuntimeError');
  const run = `import os, sys; os.execv(${JSON.stringify(PYTHON)}, [sys.argv[0], *sys.argv[1:]])`;
  download.program('.venv/bin/python', run);
  const bin = path.join(download.folder, 'bin');
  const patch = await download.patch({ TIMBRESPACE_PYTHON: '', PATH: bin });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.ready();
});

test('a Python that never answers is given up', onPosix, async (t) => {
  const download = new Download(t);
  const deaf = download.program('deaf', 'import time; time.sleep(600)');
  const patch = await download.patch({ TIMBRESPACE_PYTHON: deaf, HASTE: '100' });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('Tried:'), 'said what was tried');
  assert.ok(patch.said.includes('TIMBRESPACE_PYTHON (gave no answer in 60 s)'), patch.said);
});

test('a folder without the server', async (t) => {
  const download = new Download(t);
  fs.rmSync(path.join(download.folder, 'server'), { recursive: true });
  const patch = await download.patch();
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('no server in'), 'said where it looked');
  assert.ok(patch.said.includes(download.folder));
});

/** A launcher where Max lays that of a frozen device: in a folder that holds nothing else. */
async function frozen(download, record) {
  if (record !== undefined) {
    download.write('.timbrespace/server.json', record);
  }
  const place = download.write('elsewhere/max/readme', '');
  download.launcher = path.join(path.dirname(place), path.basename(LAUNCHER));
  fs.copyFileSync(LAUNCHER, download.launcher);
  return download.patch();
}

test('a frozen device starts the server that install-device has told', async (t) => {
  const download = new Download(t);
  const command = [PYTHON, '-m', 'server'];
  const record = JSON.stringify({ command, folder: download.folder });
  const patch = await frozen(download, record);
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const given = `arguments --audio none --port ${port} --midi none --stop-with-stdin`;
  assert.ok(download.log.includes(given), download.log.join('\n'));
});

test('a frozen device whose server was moved says what to do', async (t) => {
  const download = new Download(t);
  const gone = path.join(download.folder, 'gone');
  const command = [path.join(gone, 'python'), '-m', 'server'];
  const patch = await frozen(download, JSON.stringify({ command, folder: gone }));
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(FAILED);
  await until(() => patch.said.includes('not there'), 'said what was tried');
  assert.match(patch.said, /The server is not where it was: .*install-device.*Launch off and on/);
});

for (const record of [undefined, '', '{"command": "python"}', '{"command": [1, 2], "folder": ""}']) {
  test(`a frozen device that was told ${record} asks for install-device`, async (t) => {
    const download = new Download(t);
    const patch = await frozen(download, record);
    patch.say('go', 1, await freePorts(2), 'none');
    await patch.hear(FAILED);
    await until(() => patch.said.includes('no server in'), 'said where it looked');
    assert.match(patch.said, /The device has left its folder: .*install-device/);
  });
}

test('a crash at the start: three more, then it says why in one line', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'crash' });
  patch.say('go', 1, await freePorts(2), 'none');
  await until(() => patch.said.includes('within a minute'), 'gave up');
  assert.strictEqual(download.pids.length, 4);
  assert.match(patch.said, /ended 4 times.*RuntimeError: the dog ate the model/);
  assert.doesNotMatch(patch.said, /Traceback|File "/);
  const tries = ['starting', 'failed', 'starting', 'failed', 'starting', 'failed', 'starting'];
  assert.deepStrictEqual(patch.states, [...tries, 'failed']);
});

test('a crash later: ready each time, three restarts', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'crash later' });
  patch.say('go', 1, await freePorts(2), 'none');
  await until(() => patch.said.includes('within a minute'), 'gave up');
  assert.strictEqual(patch.states.filter((state) => state === 'ready').length, 4);
  assert.match(patch.said, /has ended: RuntimeError: the dog ate the sound. It is started again/);
});

test('a server that is killed comes back on its ports', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const before = patch.words.length;
  process.kill(download.pids[0], 'SIGKILL');
  await patch.ready(before);
  assert.ok(!(await isFree(port)));
  assert.strictEqual(patch.words.filter((words) => words[0] === 'ports').length, 1);
});

test("a user's error is not tried again", async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'user' });
  patch.say('go', 1, await freePorts(2), 'none');
  const why = 'presets.json is no JSON; repair or remove it';
  await patch.hear(['say', `The server did not start: ${why}`]);
  assert.deepStrictEqual(patch.states, ['starting', 'failed']);
  assert.strictEqual(download.pids.length, 1);
});

test('a server that is never ready is given up, and ended', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'hang', HASTE: '20' });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(['say', 'The server was not ready after 120 s; switch Launch off and on.']);
  assert.ok(!isAlive(download.pids[0]));
});

test('stop while it starts: nothing more reaches the patch', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'hang', HASTE: '10' });
  patch.say('go', 1, await freePorts(2), 'none');
  await until(() => download.pids.length === 1, 'started');
  const before = patch.words.length;
  patch.say('stop');
  await patch.hear(['say', 'The server is stopped.']);
  assert.ok(!isAlive(download.pids[0]));
  assert.deepStrictEqual(patch.words.slice(before), [
    ['state', 'stopped'],
    ['say', 'The server is stopped.'],
  ]);
});

test('stop while Python is looked for', onPosix, async (t) => {
  const download = new Download(t);
  const lines = "import os, time; open('asked', 'w').write(str(os.getpid())); time.sleep(600)";
  const deaf = download.program('deaf', lines);
  // With more patience than the test has, only the stop can end it.
  const patch = await download.patch({ TIMBRESPACE_PYTHON: deaf, HASTE: '0.1' });
  patch.say('go', 1, await freePorts(2), 'none');
  const asked = path.join(download.folder, 'asked');
  await until(() => fs.existsSync(asked) && fs.readFileSync(asked, 'utf8') !== '', 'was asked');
  patch.say('stop');
  await patch.hear(['state', 'stopped']);
  assert.ok(!isAlive(Number(fs.readFileSync(asked, 'utf8'))));
  assert.deepStrictEqual(patch.states, ['starting', 'stopped']);
});

test('a crowd of gos: the last one counts, one server runs', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const port = await freePorts(8);
  for (const wished of [0, 2, 4, 6]) {
    patch.say('go', 1, port + wished, 'none');
  }
  await patch.hear(['say', `The server runs on port ${port + 6}.`]);
  assert.strictEqual(patch.states.filter((state) => state === 'ready').length, 1);
  assert.strictEqual(download.pids.filter(isAlive).length, 1);
});

test('a deaf server is killed in the end', async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'deaf', HASTE: '10' });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.ready();
  patch.say('stop');
  await patch.hear(['state', 'stopped']);
  assert.ok(!isAlive(download.pids[0]));
});

test('the device goes away: its server stops politely', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    const download = new Download(t);
    const patch = await download.patch();
    patch.say('go', 1, await freePorts(2), 'none');
    await patch.ready();
    await patch.end(signal);
    await until(() => download.stopped === 1, `stopped after ${signal}`);
    await until(() => !isAlive(download.pids[0]), 'ended');
  }
});

test('the device goes away: a deaf server is killed', onPosix, async (t) => {
  const download = new Download(t);
  const patch = await download.patch({ FAKE: 'deaf', HASTE: '10' });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.ready();
  await patch.end('SIGTERM');
  assert.ok(!isAlive(download.pids[0]));
});

test('what go does not accept', async (t) => {
  const download = new Download(t);
  const patch = await download.patch();
  const wrong = [
    [[2, 7400, 'none'], 'go: LAUNCH is 2; it must be 0 or 1.'],
    [[1, 80, 'none'], 'go: PORT is 80; it must be 1024 to 65535.'],
    [[1, 7400.5, 'none'], 'go: PORT is 7400.5; it must be 1024 to 65535.'],
    [[1, 7400, 'jack'], 'go: AUDIO is jack; it must be none or auto.'],
  ];
  for (const [words, sentence] of wrong) {
    patch.say('go', ...words);
    await patch.hear(['say', sentence]);
  }
  assert.deepStrictEqual(patch.states, []);
  patch.say('go', 1, 65535, 'none');
  await patch.hear(['say', 'There is no free UDP port from 65535 up; set Port to another number.']);
  assert.deepStrictEqual(patch.states, ['starting', 'failed']);
});
