// @ts-check
// How the scores are spread, and how many rows a threshold would flag. Counts are on a log scale: most rows score near 0.

import { count, fixed, percent } from '../state/format.js';
import { logAxis, scoreBars, title, unitAxis, verticalLine } from './figure.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */

/** Counts up from 1. @param {Tokens} tokens @param {string} name @param {number} most */
const countAxis = (tokens, name, most) => logAxis(tokens, count, { min: 0.7, max: Math.max(10, most * 1.3), title: title(tokens, name) });

/**
 * @param {object} data
 * @param {Uint32Array} data.counts rows per bin of equal width
 * @param {ArrayLike<number>} data.cuts
 * @param {() => number} data.threshold
 * @param {string} data.finding
 * @returns {Content}
 */
export function histogramContent({ counts, cuts, threshold, finding }) {
  const bins = counts.length;
  const total = counts.reduce((sum, n) => sum + n, 0);
  return {
    finding,
    draw: (tokens) => ({
      type: 'bar',
      data: {
        datasets: [
          scoreBars(tokens, Array.from(counts, (n, i) => ({ x: (i + 0.5) / bins, y: n === 0 ? null : n })), cuts),
        ],
      },
      options: {
        scales: {
          x: unitAxis(tokens, 'score', { offset: false, grid: { display: false, offset: false } }),
          y: countAxis(tokens, 'rows', Math.max(...counts)),
        },
      },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Score from', 'to', 'Rows', 'Share'],
      rows: Array.from(counts, (n, i) => [fixed(i / bins, 3), fixed((i + 1) / bins, 3), count(n), percent(n, total)]),
    },
  };
}

/**
 * @param {object} data
 * @param {{threshold: number, flagged: number}[]} data.curve
 * @param {number} data.rows scored rows
 * @param {() => number} data.threshold
 * @param {string} data.finding
 * @returns {Content}
 */
export function flaggedContent({ curve, rows, threshold, finding }) {
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: {
        datasets: [
          {
            data: curve.map(({ threshold: x, flagged }) => ({ x, y: flagged === 0 ? null : flagged })),
            borderColor: tokens.ink,
            borderWidth: 1.5,
            stepped: 'after',
          },
        ],
      },
      options: {
        scales: { x: unitAxis(tokens, 'threshold'), y: countAxis(tokens, 'rows flagged', rows) },
      },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Threshold', 'Rows flagged', 'Share'],
      rows: curve
        .filter((_, i) => i % 5 === 0)
        .map(({ threshold: x, flagged }) => [fixed(x, 2), count(flagged), percent(flagged, rows)]),
    },
  };
}
