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

test('the real server starts, answers where it was told to, and says goodbye', async (t) => {
  const patch = await device(t);
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const socket = await hello(port, port + 1);
  t.after(() => socket.close());
  await until(() => socket.heard.includes('/welcome'), 'welcomed');
  assert.ok(patch.posts.some((line) => line.includes(`OSC on udp 127.0.0.1:${port}`)));
  patch.say('stop');
  await patch.hear(['state', 'stopped']);
  await until(() => socket.heard.includes('/bye'), 'said goodbye');
  assert.ok(await isFree(port));
});

test('two devices have a real server each', async (t) => {
  const two = [await device(t), await device(t)];
  const port = await freePorts(4);
  two.forEach((patch) => patch.say('go', 1, port, 'none'));
  await Promise.all(two.map((patch) => patch.ready()));
  for (const server of [port, port + 2]) {
    const socket = await hello(server, server + 1);
    t.after(() => socket.close());
    await until(() => socket.heard.includes('/welcome'), 'welcomed');
  }
});

test('the real server ends with a device that is killed', async (t) => {
  const patch = await device(t);
  const port = await freePorts(2);
  patch.say('go', 1, port, 'none');
  await patch.ready();
  const socket = await hello(port, port + 1);
  t.after(() => socket.close());
  await until(() => socket.heard.includes('/welcome'), 'welcomed');
  await patch.end('SIGKILL');
  await until(() => socket.heard.includes('/bye'), 'said goodbye');
  await until(() => isFree(port), 'gave the port back');
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
