// @ts-check
// Rows and columns of a file as the analysis and the charts of the Drift view want them. Pure.

import { namedColumns } from './columns.js';

/** @typedef {{scores: Float64Array, labels: Float64Array | null, weights: Float64Array | null, amounts: Float64Array | null, times: Float64Array | null}} Rows */

/** Points of a line at most. */
const POINTS = 400;

/**
 * The column that says when a row was, by its name.
 * @param {string[]} columns of the file
 * @returns {{index: number, name: string} | null}
 */
export function timeColumn(columns) {
  return columnLike(columns, [/^(time|timestamp|datetime|date)$/i, /(^|_)(time|timestamp|datetime|date)$/i, /time|date/i]);
}

/**
 * The column that says how much money a row is about, by its name.
 * @param {string[]} columns
 */
export function amountColumn(columns) {
  return columnLike(columns, [/^amount$/i, /(^|_)amount$/i]);
}

/**
 * @param {string[]} columns
 * @param {RegExp[]} patterns the first that fits wins
 */
function columnLike(columns, patterns) {
  for (const pattern of patterns) {
    const index = columns.findIndex((name) => pattern.test(name));
    if (index >= 0) return { index, name: columns[index] };
  }
  return null;
}

/**
 * Columns of numbers that a detector can watch: all, but each name once.
 * @param {string[]} columns of the file
 * @returns {string[]}
 */
export function watchable(columns) {
  return namedColumns(columns).map(({ name }) => name);
}

/** @param {string} series */
export function seriesName(series) {
  if (series === 'score') return 'score';
  if (series === 'flagged') return 'flagged rows';
  if (series === 'label') return 'label';
  return series.slice('column:'.length);
}

/**
 * @param {Rows} all
 * @param {[number, number] | null} rows null: all
 * @returns {Rows}
 */
export function rowsOf(all, rows) {
  if (rows === null) return all;
  const cut = (/** @type {Float64Array | null} */ values) => values && values.slice(rows[0], rows[1]);
  return { scores: all.scores.slice(rows[0], rows[1]), labels: cut(all.labels), weights: cut(all.weights), amounts: cut(all.amounts), times: cut(all.times) };
}

/**
 * The values that are numbers, and their rows.
 * @param {Float64Array} values
 * @returns {{values: Float64Array, rows: Uint32Array | null}} rows null: all of them
 */
export function finite(values) {
  let n = 0;
  for (const value of values) if (Number.isFinite(value)) n += 1;
  if (n === values.length) return { values, rows: null };
  const kept = new Float64Array(n);
  const rows = new Uint32Array(n);
  let at = 0;
  values.forEach((value, row) => {
    if (!Number.isFinite(value)) return;
    kept[at] = value;
    rows[at] = row;
    at += 1;
  });
  return { values: kept, rows };
}

/**
 * Places among the numbers as rows of the file.
 * @param {number[]} places
 * @param {Uint32Array | null} rows
 */
export function mapped(places, rows) {
  return rows ? places.map((place) => rows[place]) : places;
}

/**
 * Means of even stretches of rows; stretches without a number are left out.
 * @param {Float64Array} values
 * @param {number} [points]
 * @returns {{x: number, y: number}[]} x: the middle row
 */
export function thinned(values, points = POINTS) {
  const n = Math.min(points, values.length);
  const line = [];
  for (let i = 0; i < n; ++i) {
    const first = Math.floor((i * values.length) / n);
    const end = Math.floor(((i + 1) * values.length) / n);
    let sum = 0;
    let count = 0;
    for (let row = first; row < end; ++row) {
      if (!Number.isFinite(values[row])) continue;
      sum += values[row];
      count += 1;
    }
    if (count > 0) line.push({ x: (first + end) / 2, y: sum / count });
  }
  return line;
}

/**
 * When a column drifted, by its trend: the longest stretch of drifted windows, the later one of two. A window that drifted
 * alone does not hide when it began to last.
 * @param {import('../engine/analysis/types.js').DriftTrend | undefined} trend
 * @returns {{from: number, to: number | null} | null} rows; to null: it lasts
 */
export function sinceWhen(trend) {
  const windows = trend?.windows ?? [];
  let from = 0;
  /** @type {[number, number] | null} */
  let longest = null;
  windows.forEach(({ verdict }, i) => {
    if (verdict !== 'drifted') from = i + 1;
    else if (longest === null || i - from >= longest[1] - longest[0]) longest = [from, i];
  });
  if (longest === null) return null;
  const [first, last] = /** @type {[number, number]} */ (longest);
  return { from: windows[first].first, to: last === windows.length - 1 ? null : windows[last].last };
}

/**
 * Columns that tell the time, and so differ between rows that came one after the other, whatever happens.
 * @param {import('../engine/types.js').ModelCard | null} model
 * @param {string[]} columns of the file
 * @returns {string[]}
 */
export function clocks(model, columns) {
  const time = timeColumn(columns)?.name;
  if (time === undefined) return [];
  const made = (model?.features ?? []).filter(({ input, op }) => input === time && op !== 'hour_of_day');
  return [time, ...made.map(({ name }) => name)];
}

/**
 * The bin that contributes most of those which hold more of the rows now than in the reference: where drifted rows are.
 * @param {import('../engine/analysis/types.js').DriftColumn} column
 * @returns {number | null}
 */
export function swollen({ bins }) {
  const total = (/** @type {'reference' | 'current'} */ side) => bins.reduce((sum, bin) => sum + bin[side], 0);
  const [before, now] = [total('reference'), total('current')];
  /** @type {number | null} */
  let best = null;
  for (const [i, { reference, current, contribution }] of bins.entries()) {
    if (contribution === null || current * before <= reference * now) continue;
    if (best === null || contribution > (bins[best].contribution ?? 0)) best = i;
  }
  return best;
}

/**
 * The rows where drifted columns began to drift.
 * @param {import('../engine/analysis/types.js').DriftReport} report
 * @param {Map<string, import('../engine/analysis/types.js').DriftTrend>} trends
 * @returns {number[]} rising, each once
 */
export function firstsOf(report, trends) {
  const rows = report.columns.filter(({ verdict }) => verdict === 'drifted').flatMap(({ name }) => sinceWhen(trends.get(name))?.from ?? []);
  return [...new Set(rows)].sort((a, b) => a - b);
}
