// @ts-check
// Drift in words and numbers; places, series and requests.

import assert from 'node:assert/strict';
import test from 'node:test';

import { rowTicks } from '../../web/js/charts/rows.js';
import { amountColumn, clocks, finite, mapped, rowsOf, sinceWhen, swollen, thinned, timeColumn } from '../../web/js/state/drift_series.js';
import { defaultDriftSettings, fromCounts, hasBoundary, places, requestOf } from '../../web/js/state/drift_state.js';
import { binWords, effectWords, figure, fitWords, listed, methodWords, pWords, shiftWords, scoreWords, sideWords, sinceWords, timeWords, trendWords } from '../../web/js/state/drift_words.js';
import { columnVerdict } from './drift_fake.mjs';

const EN = 'en-US';

test('p-values: decimals, powers, bounds', () => {
  assert.equal(pWords(0.04321, null, EN), '0.0432');
  assert.equal(pWords(1, null, EN), '1.0000');
  assert.equal(pWords(3.21e-7, null, EN), '3.2e−7');
  assert.equal(pWords(1e-300, null, EN), '< 1e−12');
  assert.equal(pWords(0, null, EN), '< 1e−12');
  assert.equal(pWords(null, 0.001, EN), '< 0.0010');
  assert.equal(pWords(3.1e-12, 1e-12, EN), '≤ 3.1e−12');
  assert.equal(pWords(null, null, EN), '–');
});

test('effects with their unit and interval', () => {
  assert.deepEqual(effectWords({ name: 'ks_distance', value: 0.4212, low: 0.401, high: 0.44, floor: 0.05 }, EN), {
    name: 'D',
    meaning: 'largest distance of the two distribution functions',
    value: '0.421',
    range: '[0.401, 0.440]',
  });
  assert.equal(effectWords({ name: 'mean_shift', value: -0.62, low: null, high: null, floor: 0.1 }, EN).value, '−0.620\u00a0σ');
  assert.deepEqual(effectWords({ name: 'cramers_v', value: null, low: null, high: null, floor: 0.1 }, EN).value, '–');
  assert.deepEqual(shiftWords({ value: 0.62, low: 0.58, high: 0.66 }, EN), { value: '+0.620\u00a0σ', range: '[0.580, 0.660]' });
  assert.deepEqual(shiftWords(null, EN), { value: '–', range: '' });
  assert.deepEqual([0, 0.00123, 0.0123, 1.234, 12.34, 1234.5].map((value) => figure(value, EN)), ['0', '0.0012', '0.012', '1.23', '12.3', '1,235']);
});

test('bins: edges, categories, missing, the rare ones', () => {
  const bin = { low: null, high: null, category: null, missing: false, reference: 1, current: 1, contribution: 0 };
  assert.equal(binWords({ ...bin, high: -1.5 }, 'numeric'), 'below −1.5');
  assert.equal(binWords({ ...bin, low: 2 }, 'numeric'), 'from 2');
  assert.equal(binWords({ ...bin, low: 2, high: 3 }, 'numeric'), '2 to 3');
  assert.equal(binWords({ ...bin, missing: true }, 'numeric'), 'missing');
  assert.equal(binWords({ ...bin, category: 'web' }, 'categorical'), '“web”');
  assert.equal(binWords({ ...bin, category: '' }, 'categorical'), '(empty)');
  assert.equal(binWords(bin, 'categorical'), 'rarer categories');
});

test('when: seconds as day and time of day, anything else as it is', () => {
  assert.equal(timeWords('0', 'Time'), 'day 1, 00:00');
  assert.equal(timeWords('98400', 'Time'), 'day 2, 03:20');
  assert.equal(timeWords('2018-04-01 00:00:31', 'TX_DATETIME'), '2018-04-01 00:00:31');
  assert.equal(timeWords('5', 'date'), 'date 5');
  assert.equal(timeWords('', 'Time'), '');
});

test('since when: the first drifted window; whether it lasts; columns that began together in one sentence', () => {
  const windows = (/** @type {string} */ word) => ({ windows: [...word].map((letter, i) => ({ first: 10 * i, last: 10 * i + 9, value: 0.1, verdict: /** @type {any} */ (letter === 'd' ? 'drifted' : 'stable') })) });
  assert.equal(sinceWhen(windows('ssss')), null);
  assert.equal(sinceWhen(undefined), null);
  assert.deepEqual(sinceWhen(windows('ssdd')), { from: 20, to: null });
  assert.deepEqual(sinceWhen(windows('sdsd')), { from: 30, to: null });
  assert.deepEqual(sinceWhen(windows('dssddd')), { from: 30, to: null }, 'one window at the start does not hide the change');
  assert.deepEqual(sinceWhen(windows('sdds')), { from: 10, to: 29 });
  const report = /** @type {any} */ ({ columns: [columnVerdict('V14', true), columnVerdict('V12', true), columnVerdict('V1', true), columnVerdict('V2', false)] });
  const trends = new Map([['V14', windows('ssdd')], ['V12', windows('ssdd')], ['V1', windows('sdss')], ['V2', windows('dddd')]]);
  assert.deepEqual(sinceWords(report, trends, (row) => (row === 20 ? 'day 2, 03:20' : ''), EN), ['V1 from row 10 to row 19.', 'V14 and V12 since row 20 (day 2, 03:20).']);
  assert.equal(trendWords(windows('ssdd'), EN), '4 windows, from 0.100 to 0.100, 2 drifted');
  assert.equal(trendWords(undefined), 'no trend yet');
});

test('lists, sides, fit, method', () => {
  assert.equal(listed([]), '');
  assert.equal(listed(['a']), 'a');
  assert.equal(listed(['a', 'b', 'c']), 'a, b and c');
  assert.equal(listed(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more');
  const side = /** @type {any} */ ({ from: 'current', name: 'a.csv', rows: 1500, aside: 2, window: [500, 2000], sha256: null });
  assert.equal(sideWords(side, EN), 'rows 500 to 1,999 of a.csv, 1,500 rows, 2 set aside');
  assert.equal(sideWords({ ...side, from: 'profile', name: 'rf 1.0', window: null, aside: 0 }, EN), 'the training profile of rf 1.0, 1,500 rows');
  assert.deepEqual(fitWords({ judged: 31, names: ['V14', 'Amount'], few: false }, EN), { line: '2 of 31 columns', names: 'drifted: V14 and Amount' });
  assert.equal(fitWords({ judged: 31, names: [], few: false }, EN).line, 'None of 31 columns drifted.');
  assert.equal(fitWords({ judged: 0, names: [], few: true }, EN).line, 'Too few rows to say.');
  const lines = new Map(methodWords(columnVerdict('V14', true), EN));
  assert.equal(lines.get('Test'), 'Kolmogorov–Smirnov');
  assert.equal(lines.get('p, corrected'), '< 1e−12');
  assert.equal(lines.get('Mean'), '0 → 0.62');
  assert.equal(lines.get('PSI'), '0.800');
});

test('scores: whether they moved too; where drifted rows are', () => {
  const report = (/** @type {boolean} */ scores, verdict = 'moved') => /** @type {any} */ ({ overall: { verdict }, columns: [columnVerdict('V14', true), columnVerdict('score', scores)] });
  assert.equal(scoreWords(report(true), null, EN), 'Scores are affected: they have drifted too.');
  assert.equal(scoreWords(report(false), { value: 0.91, low: 0.9, high: 0.92 }, EN), 'The scores have not moved. The AUC is now thought to be 0.910 [0.900, 0.920] (estimated without labels).');
  assert.equal(scoreWords(report(false, 'not moved'), undefined, EN), '');
  const bin = (/** @type {number} */ reference, /** @type {number} */ current, /** @type {number | null} */ contribution) => ({ low: 0, high: 1, category: null, missing: false, reference, current, contribution });
  const column = (/** @type {ReturnType<typeof bin>[]} */ bins) => /** @type {any} */ ({ bins });
  assert.equal(swollen(column([bin(50, 5, 0.9), bin(30, 50, 0.2), bin(20, 45, 0.4)])), 2, 'an emptied bin holds no drifted rows');
  assert.equal(swollen(column([bin(50, 100, 0), bin(50, 100, 0)])), null);
  assert.equal(swollen(column([bin(50, 50, 0), bin(0, 9, null)])), null);
});

test('requests: what is compared, with which test', () => {
  const usual = defaultDriftSettings();
  assert.deepEqual(requestOf({ ...usual, reference: 'before', boundary: 0.333, test: 'mwu', floor: 0.1, minRows: 50 }, 1000), {
    reference: { from: 'current', rows: [0, 333] },
    current: { from: 'current', rows: [333, 1000] },
    test: 'mwu',
    correction: 'BH',
    level: 0.05,
    effect_floor: 0.1,
    min_rows: 50,
  });
  assert.deepEqual(requestOf({ ...usual, current: 'window', boundary: 0.2, end: 0.4 }, 10).current, { from: 'current', rows: [2, 4] });
  assert.equal(requestOf({ ...usual, test: 'welch' }, 10).test, 'chi_square');
  assert.equal(requestOf({ ...usual, test: 'g' }, 10).test, 'g');
  assert.deepEqual(places({ ...usual, boundary: 1, end: 0, current: 'window' }, 10), { boundary: 0, end: 0 });
  assert.deepEqual(places({ ...usual, boundary: 0.5 }, 0), { boundary: 0, end: 0 });
  assert.equal(fromCounts({ reference: 'before', current: 'file' }), false);
  assert.equal(hasBoundary({ reference: 'profile', current: 'file' }), false);
  assert.equal(hasBoundary({ reference: 'before', current: 'live' }), false);
});

test('series: what is finite with its rows, means of stretches, columns by their names', () => {
  const values = Float64Array.from([1, NaN, 3, Infinity, 5]);
  const { values: kept, rows } = finite(values);
  assert.deepEqual([...kept], [1, 3, 5]);
  assert.deepEqual(mapped([0, 2], rows), [0, 4]);
  assert.deepEqual(mapped([0, 2], finite(Float64Array.of(1, 2, 3)).rows), [0, 2]);
  assert.deepEqual(thinned(Float64Array.of(1, 3, NaN, NaN, 5, 7), 3), [{ x: 1, y: 2 }, { x: 5, y: 6 }]);
  assert.deepEqual(timeColumn(['Class', 'TX_DATETIME', 'Time']), { index: 2, name: 'Time' });
  assert.deepEqual(timeColumn(['a', 'TX_DATETIME']), { index: 1, name: 'TX_DATETIME' });
  assert.equal(timeColumn(['a']), null);
  const model = /** @type {any} */ ({ features: [{ name: 'Time_scaled', op: 'standard_scale', input: 'Time' }, { name: 'Time_hour', op: 'hour_of_day', input: 'Time' }, { name: 'V1', op: 'passthrough', input: 'V1' }] });
  assert.deepEqual(clocks(model, ['Time', 'V1']), ['Time', 'Time_scaled']);
  assert.deepEqual(clocks(model, ['V1']), []);
  assert.deepEqual(amountColumn(['TX_AMOUNT']), { index: 0, name: 'TX_AMOUNT' });
  const all = { scores: Float64Array.of(1, 2, 3), labels: null, weights: null, amounts: Float64Array.of(4, 5, 6), times: null };
  assert.deepEqual(rowsOf(all, [1, 3]), { scores: Float64Array.of(2, 3), labels: null, weights: null, amounts: Float64Array.of(5, 6), times: null });
  assert.equal(rowsOf(all, null), all);
});

test('rows along an axis: round, no more than fit', () => {
  assert.deepEqual(rowTicks(0, 24_999, 4), [0, 10_000, 20_000]);
  assert.deepEqual(rowTicks(25_000, 49_999, 2), [40_000]);
  assert.deepEqual(rowTicks(0, 7, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(rowTicks(0, 1, 3), [0, 1]);
  for (const most of [1, 2, 5, 9]) for (const to of [3, 47, 1234, 284_807]) assert.ok(rowTicks(0, to, most).length <= most + 1);
});
