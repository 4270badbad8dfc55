// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { countFlagged, countLevels, flaggedCurve, histogram, levelOf, LEVELS } from '../../web/js/state/scores.js';

const CUTS = [0.05, 0.2, 0.5, 0.8];

/** A small generator, the same numbers every time. @param {number} seed */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('a level begins at its cut', () => {
  const expected = /** @type {const} */ ([
    [0, 'MINIMAL'],
    [0.049999, 'MINIMAL'],
    [0.05, 'LOW'],
    [0.2, 'MEDIUM'],
    [0.5, 'HIGH'],
    [0.8, 'CRITICAL'],
    [1, 'CRITICAL'],
  ]);
  for (const [p, name] of expected) assert.equal(LEVELS[levelOf(p, CUTS)], name);
  assert.equal(levelOf(NaN, CUTS), -1);
});

test('counts equal a plain loop, rows set aside left out', () => {
  const next = numbers(3);
  const p = Float64Array.from({ length: 5000 }, () => (next() < 0.1 ? NaN : next() ** 3));
  const levels = countLevels(p, CUTS);
  const usable = [...p].filter((value) => !Number.isNaN(value));
  assert.equal(levels.reduce((a, b) => a + b), usable.length);
  assert.equal(levels[4], usable.filter((value) => value >= 0.8).length);
  assert.equal(levels[0], usable.filter((value) => value < 0.05).length);
  for (const threshold of [0, 0.05, p[1], 0.5, 1]) {
    assert.equal(countFlagged(p, threshold), usable.filter((value) => value >= threshold).length);
  }
  const bins = histogram(p, 40);
  assert.equal(bins.reduce((a, b) => a + b), usable.length);
  assert.equal(bins[0], usable.filter((value) => value < 0.025).length);
});

test('1 counts in the last bin', () => {
  assert.deepEqual([...histogram(Float64Array.of(1, 0, 0.5, NaN), 2)], [1, 2]);
});

test('the flagged curve agrees with counting at each threshold', () => {
  const next = numbers(4);
  const p = Float64Array.from({ length: 999 }, (_, i) => (i % 9 === 0 ? NaN : Math.round(next() * 100) / 100));
  for (const { threshold, flagged } of flaggedCurve(p, 100)) assert.equal(flagged, countFlagged(p, threshold));
});
