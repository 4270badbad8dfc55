// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { defaultFilter, describeFilter, needsColumn, rowOrder, selectRows } from '../../web/js/state/filters.js';

const p = Float64Array.of(0.9, 0.1, NaN, 0.6, 0.3, 0.5);
const order = Uint32Array.of(0, 3, 5, 4, 1, 2);
const data = { probabilities: p, cuts: [0.05, 0.2, 0.5, 0.8], threshold: 0.5, column: null, matches: null };

/** @param {Partial<import('../../web/js/state/filters.js').Filter>} filter @param {object} [more] */
const rows = (filter, more = {}) => [...selectRows(order, { ...defaultFilter(), ...filter }, { ...data, ...more })];

test('flagged follows the threshold, in the given order', () => {
  assert.deepEqual(rows({}), [0, 3, 5]);
  assert.deepEqual(rows({}, { threshold: 0.2 }), [0, 3, 5, 4]);
  assert.deepEqual(rows({}, { threshold: 1 }), []);
});

test('levels, rows set aside, all', () => {
  assert.deepEqual(rows({ level: 'CRITICAL' }), [0]);
  assert.deepEqual(rows({ level: 'HIGH' }), [3, 5]);
  assert.deepEqual(rows({ level: 'LOW' }), [1]);
  assert.deepEqual(rows({ level: 'set aside' }), [2]);
  assert.deepEqual(rows({ level: 'all' }), [0, 3, 5, 4, 1, 2]);
});

test('score and row range', () => {
  assert.deepEqual(rows({ level: 'all', minScore: 0.3 }), [0, 3, 5, 4]);
  assert.deepEqual(rows({ level: 'all', rowFrom: 2, rowTo: 4 }), [3, 4, 2]);
});

test('column conditions need its values', () => {
  const column = Float64Array.of(1, 2, 3, NaN, 5, 2);
  assert.deepEqual(rows({ level: 'all', column: 'x', op: '>=', value: 2 }, { column }), [5, 4, 1, 2]);
  assert.deepEqual(rows({ level: 'all', column: 'x', op: '<=', value: 2 }, { column }), [0, 5, 1]);
  assert.deepEqual(rows({ level: 'all', column: 'x', op: '=', value: 2 }, { column }), [5, 1]);
  assert.deepEqual(rows({ level: 'all', column: 'x', op: 'missing' }, { column }), [3]);
  assert.equal(needsColumn({ ...defaultFilter(), column: 'x', op: '>=', value: null }), false);
  assert.equal(needsColumn({ ...defaultFilter(), column: 'x', op: '>=', value: 0 }), true);
  assert.equal(needsColumn({ ...defaultFilter(), column: 'x', op: 'missing' }), true);
  assert.equal(needsColumn({ ...defaultFilter(), column: '', value: 1 }), false);
});

test('text matches', () => {
  assert.deepEqual(rows({ level: 'all', text: 'a' }, { matches: Uint8Array.of(0, 1, 1, 0, 0, 1) }), [5, 1, 2]);
});

test('row order', () => {
  assert.deepEqual([...rowOrder(3, false)], [0, 1, 2]);
  assert.deepEqual([...rowOrder(3, true)], [2, 1, 0]);
});

test('a filter says what it does', () => {
  assert.deepEqual(describeFilter(defaultFilter()), ['flagged']);
  assert.deepEqual(describeFilter({ ...defaultFilter(), level: 'HIGH', minScore: 0.6, rowFrom: 10, column: 'V14', op: '<=', value: -3, text: 'x' }), [
    'HIGH',
    'score ≥ 0.6',
    'row ≥ 10',
    'V14 ≤ -3',
    'contains “x”',
  ]);
});
