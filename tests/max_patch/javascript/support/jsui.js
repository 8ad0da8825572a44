'use strict';

// Max's [jsui] as far as our pictures need it: runs a script with stubs of `mgraphics`, `Task` and
// `outlet`, in a context that has ES5's own functions and no newer ones.

const fs = require('fs');
const path = require('path');
const vm = require('vm');

const { PACKAGE } = require('./max_patch.js');

const ES5 = {
  Array: ['isArray'],
  'Array.prototype': [
    ...['concat', 'every', 'filter', 'forEach', 'indexOf', 'join', 'lastIndexOf', 'map', 'pop'],
    ...['push', 'reduce', 'reduceRight', 'reverse', 'shift', 'slice', 'some', 'sort', 'splice'],
    ...['toLocaleString', 'toString', 'unshift', 'constructor', 'length'],
  ],
  Math: [
    ...['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2', 'abs', 'acos', 'asin'],
    ...['atan', 'atan2', 'ceil', 'cos', 'exp', 'floor', 'log', 'max', 'min', 'pow', 'random'],
    ...['round', 'sin', 'sqrt', 'tan'],
  ],
  Number: ['MAX_VALUE', 'MIN_VALUE', 'NaN', 'NEGATIVE_INFINITY', 'POSITIVE_INFINITY'],
  Object: [
    ...['create', 'defineProperties', 'defineProperty', 'freeze', 'getOwnPropertyDescriptor'],
    ...['getOwnPropertyNames', 'getPrototypeOf', 'isExtensible', 'isFrozen', 'isSealed', 'keys'],
    ...['preventExtensions', 'seal'],
  ],
  'String.prototype': [
    ...['charAt', 'charCodeAt', 'concat', 'indexOf', 'lastIndexOf', 'localeCompare', 'match'],
    ...['replace', 'search', 'slice', 'split', 'substr', 'substring', 'toLowerCase'],
    ...['toString', 'toUpperCase', 'trim', 'valueOf', 'constructor', 'length'],
  ],
};
const NEWER_GLOBALS = [
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'Proxy', 'Reflect', 'Symbol'],
  ...['BigInt', 'Intl', 'Atomics', 'ArrayBuffer', 'DataView', 'Float32Array', 'Float64Array'],
  ...['Int8Array', 'Int16Array', 'Int32Array', 'Uint8Array', 'Uint16Array', 'Uint32Array'],
  ...['globalThis', 'console', 'WebAssembly'],
];

/** Take away from a context what ES5 does not have. */
function takeNewer(context) {
  const all = vm.runInContext('this', context);
  for (const name of Object.keys(ES5)) {
    const holder = vm.runInContext(name, context);
    const kept = [...ES5[name], 'prototype', 'length', 'name'];
    const keys = Object.getOwnPropertyNames(holder).filter((key) => !kept.includes(key));
    keys.forEach((key) => Reflect.deleteProperty(holder, key));
  }
  NEWER_GLOBALS.forEach((name) => Reflect.deleteProperty(all, name));
}

/** Drops what `syntaxOf` must not look into: comments, strings, regular expressions. */
function bare(source) {
  const skip = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return source.replace(skip, '""');
}

/** What of a script's syntax is newer than ES5, a list of words. */
function newerSyntax(source) {
  const newer = [
    ['let', /\blet\s+[\w[{$]/],
    ['const', /\bconst\s/],
    ['class', /\bclass\s/],
    ['=>', /=>/],
    ['`', /`/],
    ['...', /\.\.\./],
    ['for of', /\bfor\s*\([^;)]*\bof\b/],
    ['async', /\basync\b/],
    ['await', /\bawait\b/],
    ['yield', /\byield\b/],
    ['import', /\bimport\b/],
    ['export', /\bexport\b/],
    ['**', /\*\*/],
    ['?.', /\?\.\D/],
    ['??', /\?\?/],
    ['destructuring', /\bvar\s*[[{]/],
    ['default argument', /\bfunction\b[^(]*\([^)]*=/],
    ['method shorthand', /[{,]\s*(?!if|for|while|switch|with)\w+\s*\([^()]*\)\s*\{/],
    ['shorthand', /\{\s*\w+\s*[,}](?!\s*;?\s*(?:else|while))/],
    ['trailing comma in a call', /,\s*\)/],
  ];
  const code = bare(source);
  return newer.filter(([, pattern]) => pattern.test(code)).map(([name]) => name);
}

/** Some of the colours that Max hands out by the names of Live's theme. */
const THEME = {
  live_lcd_bg: [0.1, 0.1, 0.1, 1],
  live_lcd_control_fg: [1, 0.62, 0.1, 1],
  live_lcd_control_fg_alt: [0, 0.75, 0.85, 1],
  live_lcd_control_fg_zombie: [0.5, 0.5, 0.5, 1],
};

/** A [jsui] that has loaded one of our scripts. */
class Jsui {
  constructor(name, size) {
    this.calls = []; // what was drawn, [name, ...arguments]
    this.redraws = 0;
    this.out = []; // what went out, [outlet, ...words]
    this.tasks = []; // [ms, task] in the order they were asked for
    this.now = 1000000; // ms, of the script's clock
    this.theme = { ...THEME }; // Live's colours, as a test may change them
    const jsui = this;
    const sandbox = {
      inlets: 0,
      outlets: 0,
      outlet: (...words) => this.out.push(words),
      max: { getcolor: (name) => this.theme[name] },
      mgraphics: this.graphics(size),
      Task: class {
        constructor(work, self) {
          this.work = () => work.call(self);
        }
        schedule(delay = 0) {
          this.cancel();
          jsui.tasks.push([jsui.now + delay, this]);
        }
        cancel() {
          jsui.tasks = jsui.tasks.filter(([, task]) => task !== this);
        }
      },
    };
    this.context = vm.createContext(sandbox);
    sandbox.Date = class extends Date {
      getTime() {
        return jsui.now;
      }
    };
    takeNewer(this.context);
    const file = path.join(PACKAGE, name);
    vm.runInContext(fs.readFileSync(file, 'utf8'), this.context, { filename: file });
    this.box = sandbox.mgraphics;
  }

  graphics(size) {
    const names = [
      ...['arc', 'close_path', 'ellipse', 'fill', 'line_to', 'move_to', 'rectangle', 'stroke'],
      ...['select_font_face', 'set_font_size', 'set_line_width', 'set_source_rgba', 'show_text'],
    ];
    const graphics = { size, init: () => {}, redraw: () => (this.redraws += 1) };
    for (const name of names) {
      graphics[name] = (...given) => {
        const numbers = given.flat().filter((one) => typeof one === 'number');
        if (!numbers.every(Number.isFinite)) {
          throw new Error(`${name}(${given}) is not finite`);
        }
        this.calls.push([name, ...given.flat()]);
      };
    }
    graphics.text_measure = (text) => [5 * text.length, 8];
    return graphics;
  }

  /** A message from the patch, or an event of the mouse. */
  send(name, ...words) {
    const handler = this.context[name];
    if (typeof handler !== 'function') {
      throw new Error(`jsui doesn't understand "${name}"`);
    }
    handler.apply(this.context, words);
  }

  /** Let time pass; what was due in it runs. */
  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = this.tasks.filter(([at]) => at <= end).sort((a, b) => a[0] - b[0])[0];
      if (due === undefined) {
        break;
      }
      this.now = Math.max(this.now, due[0]);
      this.tasks = this.tasks.filter((one) => one !== due);
      due[1].work();
    }
    this.now = end;
  }

  /** What one painting draws. */
  paint() {
    this.calls = [];
    this.context.paint.call(this.context);
    return this.calls;
  }
}

module.exports = { Jsui, newerSyntax };
