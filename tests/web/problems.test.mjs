// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { PROBLEM_CODES, toProblem } from '../../web/js/state/problems.js';

/** @param {string} code @param {object} [more] */
const error = (code, more = {}) => Object.assign(new Error(`the reason for ${code}`), { code, ...more });

test('every kind of the specification has its own words', () => {
  const named = ['NOT_CSV', 'SCHEMA_MISMATCH', 'BAD_ROW', 'TOO_BIG', 'OUT_OF_MEMORY', 'ENGINE_CRASHED', 'MODEL_INVALID', 'LOAD_FAILED'];
  for (const code of named) assert.ok(PROBLEM_CODES.includes(code), code);
  const titles = new Set();
  for (const code of PROBLEM_CODES) {
    const problem = toProblem(error(code));
    assert.equal(problem.cause, `the reason for ${code}`);
    assert.ok(problem.next.length > 20, code);
    assert.doesNotMatch(problem.title + problem.next, /console|!/i, code);
    titles.add(problem.title);
  }
  assert.equal(titles.size, PROBLEM_CODES.length);
});

test('details carry place, version and log', () => {
  const { detail } = toProblem(error('ENGINE_CRASHED', { line: 3, byteOffset: 17, row: -1, detail: 'last lines' }), { version: 'm 1.0' });
  assert.equal(detail, 'ENGINE_CRASHED: the reason for ENGINE_CRASHED\nmodel m 1.0\nline 3\nbyte 17\nlast lines');
});

test('only what a restart helps offers one', () => {
  const restarts = PROBLEM_CODES.filter((code) => toProblem(error(code)).restart);
  assert.deepEqual(restarts.sort(), ['ENGINE_CRASHED', 'LOAD_FAILED', 'OUT_OF_MEMORY']);
});

test('anything thrown becomes a problem', () => {
  for (const thrown of ['text', 7, null, undefined, {}, new TypeError('x is undefined')]) {
    const problem = toProblem(thrown);
    assert.equal(problem.code, 'UNKNOWN');
    assert.ok(problem.cause.length > 0);
  }
  const gone = Object.assign(new Error('gone'), { name: 'NotReadableError' });
  assert.equal(toProblem(gone).code, 'FILE_UNREADABLE');
});

test('while a model is loaded, an unsupported one is an invalid one', () => {
  assert.equal(toProblem(error('UNSUPPORTED'), { model: true }).code, 'MODEL_INVALID');
  assert.equal(toProblem(error('ENGINE_CRASHED'), { model: true }).code, 'ENGINE_CRASHED');
});
