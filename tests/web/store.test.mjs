// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { createStore } from '../../web/js/state/store.js';

test('listeners hear at once, then of their keys only', () => {
  const store = createStore({ a: 1, b: 1 });
  /** @type {number[]} */
  const heard = [];
  const stop = store.watch(['a'], ({ a }) => heard.push(a));
  store.set({ b: 2 });
  store.set({ a: 2, b: 3 });
  store.set({ a: 2 });
  stop();
  store.set({ a: 3 });
  assert.deepEqual(heard, [1, 2]);
  assert.deepEqual(store.get(), { a: 3, b: 3 });
});

test('NaN is no change', () => {
  const store = createStore({ a: NaN });
  let heard = 0;
  store.watch(['a'], () => (heard += 1));
  store.set({ a: NaN });
  assert.equal(heard, 1);
});

test('a change made by a listener is told after the round', () => {
  const store = createStore({ a: 0, b: 0 });
  /** @type {string[]} */
  const heard = [];
  store.watch(['a'], ({ a }) => {
    if (a === 1) store.set({ b: 1 });
    heard.push(`first ${a}`);
  });
  store.watch(['a', 'b'], ({ a, b }) => heard.push(`second ${a}${b}`));
  heard.length = 0;
  store.set({ a: 1 });
  assert.deepEqual(heard, ['first 1', 'second 11', 'second 11']);
});

test('a throwing listener does not keep the others from hearing', () => {
  const store = createStore({ a: 0 });
  let heard = 0;
  store.watch(['a'], ({ a }) => {
    if (a === 1) throw new Error('view broke');
  });
  store.watch(['a'], () => (heard += 1));
  assert.throws(() => store.set({ a: 1 }), /view broke/);
  assert.equal(heard, 2);
  store.set({ a: 2 });
  assert.equal(heard, 3);
});
