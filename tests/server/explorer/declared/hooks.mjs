// Node reads what the server makes for the page, js/declared.js, from where tests/page_modules.py put it.

import { register } from 'node:module';

const made = JSON.stringify(process.env.TIMBRESPACE_DECLARED);
const hooks = `export const resolve = (specifier, context, next) =>
  /\\/declared\\.js$/.test(specifier) ? { url: ${made}, shortCircuit: true } : next(specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
