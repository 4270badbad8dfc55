// @ts-check
// rank: rows in order of a column, against a sort by comparison.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rank } from '../../web/js/engine/rank.js';

/** @param {Float64Array} values @param {Uint8Array | null} keep @param {boolean} descending */
function sorted(values, keep, descending) {
  const rows = [...values.keys()].filter((row) => keep === null || keep[row] !== 0);
  return rows.sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    if (x === y || Number.isNaN(x)) return a - b;
    return x < y === descending ? 1 : -1;
  });
}

/** Numerical Recipes' generator: the same numbers in every run. */
function numbers() {
  let state = 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const special = [NaN, 0, -0, Infinity, -Infinity, 5e-324, -5e-324, 1, -1, 1 + 2 ** -52, Number.MAX_VALUE];

/** @param {() => number} next @param {number} rows */
function checked(next, rows) {
  const value = () => (next() < 0.5 ? special[Math.floor(next() * special.length)] : (next() - 0.5) * 10 ** (60 * next() - 30));
  const values = Float64Array.from({ length: rows }, value);
  const keep = next() < 0.5 ? null : Uint8Array.from({ length: rows }, () => (next() < 0.6 ? 1 : 0));
  for (const descending of [false, true]) {
    assert.deepEqual(rank(values, keep, descending), Uint32Array.from(sorted(values, keep, descending)));
  }
}

test('rank is a stable sort in both directions, NaN last, left out what is not kept', () => {
  const next = numbers();
  for (let round = 0; round < 300; ++round) checked(next, Math.floor(next() * 40));
});

test('rank is that sort for many rows, too', () => {
  const next = numbers();
  for (const rows of [65_535, 65_536, 65_537, 120_000]) checked(next, rows);
});

test('rank reads a part of a buffer and gives an array of its own', () => {
  const values = new Float64Array([9, 3, 1, 2, 9]).subarray(1, 4);
  const order = rank(values, new Uint8Array([1, 0, 1]), false);
  assert.deepEqual([...order], [2, 0]);
  assert.equal(order.buffer.byteLength, 8);
  assert.equal(rank(new Float64Array(0), null, true).length, 0);
});
