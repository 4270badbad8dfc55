// @ts-check
// Which rows the table shows, and in which order. Pure: column values and text matches come from the engine once,
// everything else is a pass over arrays.

import { LEVELS, levelOf } from './scores.js';

/**
 * @typedef {object} Filter
 * @property {'flagged' | 'all' | 'set aside' | import('../engine/types.js').RiskLevelName} level
 * @property {number | null} minScore
 * @property {number | null} rowFrom
 * @property {number | null} rowTo inclusive
 * @property {string} column empty: no condition
 * @property {'>=' | '<=' | '=' | 'missing'} op
 * @property {number | null} value
 * @property {string} text empty: no condition
 */

/** @returns {Filter} */
export function defaultFilter() {
  return { level: 'flagged', minScore: null, rowFrom: null, rowTo: null, column: '', op: '>=', value: null, text: '' };
}

/**
 * Whether the filter needs the values of its column.
 * @param {Filter} filter
 */
export function needsColumn(filter) {
  return filter.column !== '' && (filter.op === 'missing' || filter.value !== null);
}

/**
 * @typedef {object} FilterData
 * @property {Float64Array} probabilities
 * @property {ArrayLike<number>} cuts
 * @property {number} threshold
 * @property {Float64Array | null} column values of filter.column; null if not needed
 * @property {Uint8Array | null} matches of filter.text; null if not needed
 */

/**
 * The rows of `order` that the filter keeps, in that order.
 * @param {Uint32Array} order
 * @param {Filter} filter
 * @param {FilterData} data
 * @returns {Uint32Array}
 */
export function selectRows(order, filter, data) {
  const { probabilities, cuts, threshold, column, matches } = data;
  const level = LEVELS.indexOf(/** @type {any} */ (filter.level));
  const useColumn = needsColumn(filter) && column !== null;
  const kept = new Uint32Array(order.length);
  let n = 0;
  for (let i = 0; i < order.length; ++i) {
    const row = order[i];
    const p = probabilities[row];
    if (filter.level === 'flagged' && !(p >= threshold)) continue;
    if (filter.level === 'set aside' && !Number.isNaN(p)) continue;
    if (level >= 0 && levelOf(p, cuts) !== level) continue;
    if (filter.minScore !== null && !(p >= filter.minScore)) continue;
    if (filter.rowFrom !== null && row < filter.rowFrom) continue;
    if (filter.rowTo !== null && row > filter.rowTo) continue;
    if (useColumn && !holds(column[row], filter.op, filter.value ?? 0)) continue;
    if (matches && filter.text !== '' && matches[row] === 0) continue;
    kept[n] = row;
    n += 1;
  }
  return kept.slice(0, n);
}

/**
 * @param {number} x
 * @param {Filter['op']} op
 * @param {number} value
 */
function holds(x, op, value) {
  switch (op) {
    case '>=':
      return x >= value;
    case '<=':
      return x <= value;
    case '=':
      return x === value;
    case 'missing':
      return Number.isNaN(x);
  }
}

/**
 * Rows 0 .. rows - 1 by number.
 * @param {number} rows
 * @param {boolean} descending
 */
export function rowOrder(rows, descending) {
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; ++i) order[i] = descending ? rows - 1 - i : i;
  return order;
}

/**
 * The filter in words, for the status line.
 * @param {Filter} filter
 * @returns {string[]} one phrase per condition
 */
export function describeFilter(filter) {
  const words = [];
  if (filter.level === 'flagged') words.push('flagged');
  else if (filter.level !== 'all') words.push(filter.level);
  if (filter.minScore !== null) words.push(`score ≥ ${filter.minScore}`);
  if (filter.rowFrom !== null) words.push(`row ≥ ${filter.rowFrom}`);
  if (filter.rowTo !== null) words.push(`row ≤ ${filter.rowTo}`);
  if (needsColumn(filter)) {
    const op = { '>=': '≥', '<=': '≤', '=': '=', missing: 'is not a number' }[filter.op];
    words.push(filter.op === 'missing' ? `${filter.column} ${op}` : `${filter.column} ${op} ${filter.value}`);
  }
  if (filter.text !== '') words.push(`contains “${filter.text}”`);
  return words;
}
