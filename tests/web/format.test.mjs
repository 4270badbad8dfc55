// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import * as format from '../../web/js/state/format.js';

/** @param {string} text */
const plain = (text) => text.replaceAll('\u00a0', ' ');

test('probabilities have 4 decimals and full ones every digit', () => {
  assert.equal(format.probability(0.99899999, 'en'), '0.9990');
  assert.equal(format.probability(0.5, 'de'), '0,5000');
  assert.equal(format.probability(NaN, 'en'), '–');
  assert.equal(format.full(0.1 + 0.2), '0.30000000000000004');
  assert.equal(Number(format.full(1 / 3)), 1 / 3);
  assert.equal(format.full(NaN), '');
});

test('rates read as in the specification', () => {
  assert.equal(plain(format.rate(492, 284807, 'en')), '0.17 % (1 in 579)');
  assert.equal(plain(format.rate(0, 10, 'en')), '0 %');
  assert.equal(plain(format.rate(1, 284807, 'en')), '0.00035 % (1 in 284,807)');
  assert.equal(plain(format.rate(3, 10, 'en')), '30.00 %');
  assert.equal(plain(format.rate(1, 10, 'en')), '10.00 % (1 in 10)');
  assert.equal(format.rate(0, 0, 'en'), '–');
});

test('the table of levels stays in line', () => {
  assert.equal(plain(format.percent(51, 50000, 'en')), '0.10 %');
  assert.equal(plain(format.percent(11, 50000, 'en')), '0.022 %');
});

test('a share just below all does not read as all', () => {
  assert.equal(plain(format.percent(284806, 284807, 'en')), '99.99 %');
  assert.equal(plain(format.percent(10, 10, 'en')), '100 %');
});

test('intervals: 4 decimals, bounds 3', () => {
  assert.deepEqual(format.interval({ value: 0.9782, low: 0.962, high: 0.99 }, 'en'), { value: '0.9782', range: '[0.962, 0.990]' });
  assert.deepEqual(format.interval({ value: 0.99994, low: 0.99982, high: 0.99998 }, 'en'), { value: '0.9999', range: '[0.999, 1.000]' });
  assert.deepEqual(format.interval({ value: 0.0004, low: 0.0001, high: 0.00045 }, 'en'), { value: '0.0004', range: '[0.000, 0.001]' });
  assert.deepEqual(format.interval({ value: 0.5, low: null, high: null }, 'en'), { value: '0.5000', range: '' });
  assert.deepEqual(format.interval({ value: null, low: null, high: null }, 'en'), { value: '–', range: '' });
});

test('counts are never abbreviated', () => {
  assert.equal(format.count(9999, 'en'), '9,999');
  assert.equal(format.count(284807, 'en'), '284,807');
  assert.equal(format.count(1204331, 'de'), '1.204.331');
  assert.equal(format.count(12.34, 'en'), '12.3');
});

test('sizes and durations', () => {
  assert.equal(plain(format.bytes(151e6, 'en')), '151 MB');
  assert.equal(plain(format.bytes(1.5e6, 'en')), '1.5 MB');
  assert.equal(plain(format.bytes(999.6e3, 'en')), '1 MB');
  assert.equal(plain(format.bytes(12, 'en')), '12 bytes');
  assert.equal(plain(format.duration(0.9123, 'en')), '0.9 s');
  assert.equal(plain(format.duration(0.0123, 'en')), '0.01 s');
  assert.equal(plain(format.duration(0.97, 'en')), '1.0 s');
  assert.equal(plain(format.duration(59.7, 'en')), '1 min');
  assert.equal(plain(format.duration(61, 'en')), '1 min 1 s');
  assert.equal(plain(format.duration(119.6, 'en')), '2 min');
  assert.equal(format.duration(NaN, 'en'), '–');
});

test('percentiles at the ends are not 0 or 100', () => {
  assert.equal(plain(format.percentile(0, 'en')), '< 0.1 %');
  assert.equal(plain(format.percentile(1, 'en')), '> 99.9 %');
  assert.equal(plain(format.percentile(0.034, 'en')), '3.4 %');
  assert.equal(plain(format.percentile(0.5, 'en')), '50 %');
  assert.equal(format.percentile(null, 'en'), '–');
});

test('cells: long decimals are cut, everything else stands', () => {
  assert.deepEqual(format.cell('-1.3598071336738', '.'), { short: '\u22121.3598', numeric: true });
  assert.deepEqual(format.cell('149.62', '.'), { short: '149.62', numeric: true });
  assert.deepEqual(format.cell('-1,3598071336738', ','), { short: '\u22121,3598', numeric: true });
  assert.deepEqual(format.cell('1,359807', '.'), { short: '1,359807', numeric: false });
  assert.deepEqual(format.cell('0.0000123456', '.'), { short: '1.2e-5', numeric: true });
  assert.deepEqual(format.cell('1e-300', '.'), { short: '1.0e-300', numeric: true });
  assert.deepEqual(format.cell('172792', '.'), { short: '172792', numeric: true });
  for (const text of ['', 'abc', '.', '-', 'NaN', '<b>1</b>', '=1+1', '1.2.3']) {
    assert.deepEqual(format.cell(text, '.'), { short: text, numeric: false });
  }
});
