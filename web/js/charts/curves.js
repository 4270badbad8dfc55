// @ts-check
// Figures against labels: precision and recall by threshold, ROC, precision by recall.

import { fixed } from '../state/format.js';
import { pointMark, unitAxis, verticalLine } from './figure.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('../engine/types.js').Performance['curve']} Curve */
/** @typedef {import('../engine/types.js').PerformanceAt} PerformanceAt */

const TABLE_ROWS = 25;

/**
 * Rows spread evenly over the curve, ends included.
 * @template T
 * @param {T[]} curve
 * @returns {T[]}
 */
export function thin(curve) {
  if (curve.length <= TABLE_ROWS) return curve;
  return Array.from({ length: TABLE_ROWS }, (_, i) => curve[Math.round((i * (curve.length - 1)) / (TABLE_ROWS - 1))]);
}

/** @param {number} value */
const threshold01 = (value) => (Number.isFinite(value) ? fixed(value, 4) : 'none');

/**
 * A curve in the unit square, and the line that chance would give.
 * @param {import('./tokens.js').Tokens} tokens
 * @param {{x: number, y: number | null}[]} points
 * @param {[number, number]} chance its height at 0 and at 1
 */
const againstChance = (tokens, points, [y0, y1]) => [
  { data: points, borderColor: tokens.ink, borderWidth: 1.5 },
  { data: [{ x: 0, y: y0 }, { x: 1, y: y1 }], borderColor: tokens.soft, borderWidth: 1, borderDash: [2, 3] },
];

/**
 * Where the figures at the threshold lie; null: nowhere.
 * @param {PerformanceAt | null} now
 * @param {(now: PerformanceAt) => [number | null, number | null]} axes
 */
function place(now, axes) {
  const [x, y] = now === null ? [null, null] : axes(now);
  return x === null || y === null ? null : { x, y };
}

/**
 * @param {object} data
 * @param {Curve} data.curve
 * @param {() => number} data.threshold
 * @param {string} data.finding
 * @returns {Content}
 */
export function thresholdContent({ curve, threshold, finding }) {
  const points = curve.filter((point) => Number.isFinite(point.threshold) && point.threshold <= 1);
  points.sort((a, b) => a.threshold - b.threshold);
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: {
        datasets: [
          { label: 'precision', data: points.map((p) => ({ x: p.threshold, y: p.precision })), borderColor: tokens.ink, borderWidth: 1.5 },
          {
            label: 'recall',
            data: points.map((p) => ({ x: p.threshold, y: p.tpr })),
            borderColor: tokens.ink,
            borderWidth: 1.5,
            borderDash: [5, 4],
          },
        ],
      },
      options: {
        scales: { x: unitAxis(tokens, 'threshold'), y: unitAxis(tokens, 'precision —, recall - -') },
      },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Threshold', 'Precision', 'Recall'],
      rows: thin(points).map((p) => [threshold01(p.threshold), fixed(p.precision, 4), fixed(p.tpr, 4)]),
    },
  };
}

/**
 * @param {object} data
 * @param {Curve} data.curve
 * @param {() => PerformanceAt | null} data.at
 * @param {string} data.finding
 * @returns {Content}
 */
export function rocContent({ curve, at, finding }) {
  const points = [...curve].sort((a, b) => a.fpr - b.fpr || a.tpr - b.tpr);
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: { datasets: againstChance(tokens, points.map((p) => ({ x: p.fpr, y: p.tpr })), [0, 1]) },
      options: { scales: { x: unitAxis(tokens, 'false positive rate'), y: unitAxis(tokens, 'recall') } },
      plugins: [pointMark(tokens, () => place(at(), ({ specificity, recall }) => [specificity.value === null ? null : 1 - specificity.value, recall.value]))],
    }),
    table: {
      head: ['Threshold', 'False positive rate', 'Recall'],
      rows: thin(points).map((p) => [threshold01(p.threshold), fixed(p.fpr, 5), fixed(p.tpr, 4)]),
    },
  };
}

/**
 * @param {object} data
 * @param {Curve} data.curve
 * @param {() => PerformanceAt | null} data.at
 * @param {number} data.share of positives: what chance would give
 * @param {string} data.finding
 * @returns {Content}
 */
export function precisionRecallContent({ curve, at, share, finding }) {
  const points = curve.filter((p) => Number.isFinite(p.precision)).sort((a, b) => a.tpr - b.tpr || b.precision - a.precision);
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: { datasets: againstChance(tokens, points.map((p) => ({ x: p.tpr, y: p.precision })), [share, share]) },
      options: { scales: { x: unitAxis(tokens, 'recall'), y: unitAxis(tokens, 'precision') } },
      plugins: [pointMark(tokens, () => place(at(), ({ recall, precision }) => [recall.value, precision.value]))],
    }),
    table: {
      head: ['Threshold', 'Recall', 'Precision'],
      rows: thin(points).map((p) => [threshold01(p.threshold), fixed(p.tpr, 4), fixed(p.precision, 4)]),
    },
  };
}
