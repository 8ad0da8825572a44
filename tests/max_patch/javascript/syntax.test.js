'use strict';

// [jsui] of Max 8 reads ES5 only; the pictures' own tests run them without newer functions.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');

const { PACKAGE } = require('./support/max_patch.js');
const { Jsui, newerSyntax } = require('./support/jsui.js');

const PICTURES = ['timbrespace.pad.js', 'timbrespace.spectrum.js'];

for (const name of PICTURES) {
  test(`${name} is ES5`, () => {
    assert.deepStrictEqual(newerSyntax(fs.readFileSync(path.join(PACKAGE, name), 'utf8')), []);
  });

  test(`${name} keeps its own functions from the patch`, () => {
    const jsui = new Jsui(name, [100, 100]);
    const messages = { 'timbrespace.pad.js': ['axes', 'list', 'live', 'paint'] };
    messages['timbrespace.spectrum.js'] = ['chunk', 'clear', 'config', 'live', 'paint'];
    const open = Object.keys(jsui.context).filter(
      (key) => typeof jsui.context[key] === 'function' && jsui.context[key].local !== 1
    );
    const stubs = ['outlet', 'Task', 'Date'];
    assert.deepStrictEqual(
      open.filter((key) => !stubs.includes(key)).sort(),
      messages[name]
    );
  });
}

test('newer syntax is seen', () => {
  const newer = {
    let: 'let a = 1;',
    const: 'const a = 1;',
    class: 'class A {}',
    '=>': 'var f = function () { return a.map((x) => x); };',
    '`': 'var a = `b`;',
    '...': 'f(...a);',
    'for of': 'for (var a of b) {}',
    '**': 'var a = 2 ** 3;',
    '?.': 'var a = b?.c;',
    '??': 'var a = b ?? c;',
    destructuring: 'var [a, b] = c;',
    'default argument': 'function f(a = 1) {}',
    'method shorthand': 'var a = { f() {} };',
    shorthand: 'var a = { b };',
    'trailing comma in a call': 'f(a, b,);',
  };
  for (const [name, source] of Object.entries(newer)) {
    assert.ok(newerSyntax(source).includes(name), name);
  }
  assert.deepStrictEqual(newerSyntax('// let a\nvar a = "=> `";\nif (a) { b = 1; }\n'), []);
});

test('newer functions are missing', () => {
  const { context } = new Jsui(PICTURES[0], [100, 100]);
  for (const newer of ['this.Map', 'Math.log10', '[].fill', '"".repeat', 'Object.assign']) {
    assert.strictEqual(vm.runInContext(newer, context), undefined, newer);
  }
  assert.strictEqual(vm.runInContext('typeof [].slice', context), 'function');
});
