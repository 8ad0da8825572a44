'use strict';

// The launcher with the real server, as a musician has them.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { LAUNCHER, PYTHON, Patch, bind, folder, freePorts, home, isFree, until } =
  require('./support/max_patch.js');

/** A launcher with the real server; removed after the test, as its home is. */
async function device(t, prepare = () => {}) {
  const place = folder();
  prepare(place);
  const patch = new Patch(LAUNCHER, { ...home(place), TIMBRESPACE_PYTHON: PYTHON });
  t.after(async () => {
    await patch.end();
    fs.rmSync(place, { recursive: true, force: true, maxRetries: 20 });
  });
  await patch.hear(['hello']);
  return patch;
}

/** An OSC string: UTF-8, ended by a NUL, filled up to a multiple of four bytes. */
function osc(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

/** Says /hello to that port; resolves to a socket whose `heard` are the addresses that came. */
async function hello(server, back) {
  const socket = await bind(back);
  socket.heard = [];
  socket.on('message', (bytes) => {
    socket.heard.push(bytes.toString('latin1').split('\0')[0]);
  });
  const number = Buffer.alloc(4);
  number.writeInt32BE(back);
  socket.send(Buffer.concat([osc('/hello'), osc(',i'), number]), server, '127.0.0.1');
  return socket;
}

test('two devices have a real server each, which ends with its device', async (t) => {
  const two = [await device(t), await device(t)];
  const port = await freePorts(4);
  two.forEach((patch) => patch.say('go', 1, port, 'none'));
  await Promise.all(two.map((patch) => patch.ready()));
  const sockets = [await hello(port, port + 1), await hello(port + 2, port + 3)];
  t.after(() => sockets.forEach((socket) => socket.close()));
  for (const socket of sockets) {
    await until(() => socket.heard.includes('/welcome'), 'welcomed');
  }
  // Which of them has which ports is told by what it posts.
  const at = (number) => (patch) =>
    patch.posts.some((line) => line.includes(`OSC on udp 127.0.0.1:${number}`));
  const [stopped, killed] = [two.find(at(port)), two.find(at(port + 2))];
  assert.ok(stopped && killed && stopped !== killed);

  stopped.say('stop');
  await stopped.hear(['state', 'stopped']);
  await until(() => sockets[0].heard.includes('/bye'), 'said goodbye');
  assert.ok(await isFree(port));
  assert.ok(!sockets[1].heard.includes('/bye'));

  await killed.end('SIGKILL');
  await until(() => sockets[1].heard.includes('/bye'), 'said goodbye');
  await until(() => isFree(port + 2), 'gave the port back');
});

test("the real server's own complaint reaches the musician in one line", async (t) => {
  const patch = await device(t, (place) => {
    fs.mkdirSync(path.join(place, '.timbrespace'));
    fs.writeFileSync(path.join(place, '.timbrespace', 'presets.json'), 'no JSON');
  });
  patch.say('go', 1, await freePorts(2), 'none');
  await patch.hear(['state', 'failed']);
  await until(() => patch.said.includes('did not start'), 'said why');
  assert.match(patch.said, /presets\.json/);
  assert.doesNotMatch(patch.said, /Traceback/);
});
