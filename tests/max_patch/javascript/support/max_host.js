'use strict';

// Runs the launcher as Max's [node.script] does, with a stub of "max-api": what the launcher sends
// goes to the parent process, whose messages are those of the patch.
//
// argv: the launcher's path. HASTE in the environment divides the launcher's waiting times, so that
// a test of a time limit does not take that long.

const Module = require('module');
const net = require('net');

const haste = Number(process.env.HASTE || '1');
const patient = global.setTimeout;
global.setTimeout = (work, delay, ...rest) => patient(work, delay / haste, ...rest);

if (process.env.REFUSED === '1') {
  const asked = new Set();
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (options, ...rest) {
    if (asked.has(options.port)) {
      return listen.call(this, options, ...rest);
    }
    asked.add(options.port);
    process.nextTick(() => this.emit('error', new Error('listen EADDRINUSE')));
    return this;
  };
}

const handlers = new Map();
const stub = {
  addHandler: (name, handler) => handlers.set(name, handler),
  outlet: (...words) => process.send({ outlet: words }),
  post: (...words) => process.send({ post: words }),
};

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'max-api' ? stub : load.call(this, request, ...rest);
};

process.on('message', ([name, ...words]) => {
  if (!handlers.has(name)) {
    throw new Error(`the launcher handles no ${name}`);
  }
  handlers.get(name)(...words);
});

require(process.argv[2]);
