// @ts-check
// What comes now beside the reference: bars for now, a stepped line for the reference.

import { fixed, measure, percent } from '../state/format.js';
import { levelOf } from '../state/scores.js';
import { unitAxis, verticalLine } from './figure.js';
import { shareWords, upTo } from './series.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */

const LEAST = 1e-5;

/**
 * A line that steps around the bins.
 * @param {number[]} shares
 * @param {(i: number) => number} edge
 * @param {number | null} least drawn; null: 0 is
 */
function steps(shares, edge, least) {
  const points = shares.map((y, i) => ({ x: edge(i), y: least !== null && y < least ? null : y }));
  points.push({ x: edge(shares.length), y: points[points.length - 1]?.y ?? null });
  return points;
}

/**
 * Scores of the window and of what they are compared with, on a log scale.
 * @param {object} data
 * @param {{edges: number[], reference: number[] | null, window: number[]}} data.histogram shares
 * @param {ArrayLike<number>} data.cuts
 * @param {() => number} data.threshold
 * @param {string} data.finding
 * @returns {Content}
 */
export function scoresContent({ histogram, cuts, threshold, finding }) {
  const { edges, reference, window: now } = histogram;
  const middle = (/** @type {number} */ i) => (edges[i] + edges[i + 1]) / 2;
  return {
    finding,
    draw: (tokens) => ({
      type: 'bar',
      data: {
        datasets: [
          ...(reference
            ? [
                {
                  type: 'line',
                  label: 'reference',
                  data: steps(reference, (i) => edges[i], LEAST),
                  borderColor: tokens.ink,
                  borderWidth: 1.5,
                  borderDash: [4, 3],
                  stepped: 'before',
                },
              ]
            : []),
          {
            label: 'now',
            data: now.map((share, i) => ({ x: middle(i), y: share < LEAST ? null : share })),
            backgroundColor: now.map((_, i) => tokens.risk[levelOf(middle(i), cuts)]),
            borderColor: tokens.soft,
            borderWidth: 1,
            barPercentage: 1,
            categoryPercentage: 0.96,
          },
        ],
      },
      options: {
        scales: {
          x: unitAxis(tokens, 'score', { offset: false, grid: { display: false, offset: false } }),
          y: {
            type: 'logarithmic',
            min: LEAST,
            max: 1,
            ticks: {
              color: tokens.soft,
              font: { family: tokens.font, size: 11 },
              callback: (/** @type {number} */ value) => (Number.isInteger(Math.log10(value)) ? `${fixed(100 * value, Math.max(0, -2 - Math.log10(value)))}\u00a0%` : ''),
            },
            grid: {
              color: (/** @type {{tick: {value: number}}} */ { tick }) =>
                tick && Number.isInteger(Math.log10(tick.value)) ? tokens.line : 'transparent',
              tickLength: 4,
            },
            border: { color: tokens.soft },
          },
        },
      },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Score from', 'to', 'Now', 'At first'],
      rows: now.map((share, i) => [fixed(edges[i], 2), fixed(edges[i + 1], 2), percent(share, 1), reference ? percent(reference[i], 1) : '–']),
    },
  };
}

/**
 * One column, bin by bin (bins are drawn equally wide). The chosen bin stands out.
 * @param {object} data
 * @param {import('../engine/live/types.js').ColumnDetail} data.column
 * @param {number | null} data.chosen
 * @param {string} data.finding
 * @returns {Content}
 */
export function columnContent({ column, chosen, finding }) {
  const { edges, reference, current, contribution, name } = column;
  const scale = upTo([...reference, ...current].reduce((most, value) => (value > most ? value : most), 0), 1);
  const words = shareWords(scale);
  return {
    finding,
    draw: (tokens) => ({
      type: 'bar',
      data: {
        datasets: [
          {
            type: 'line',
            label: 'reference',
            data: steps(reference, (i) => i, null),
            borderColor: tokens.ink,
            borderWidth: 1.5,
            borderDash: [4, 3],
            stepped: 'before',
          },
          {
            label: 'now',
            data: current.map((y, i) => ({ x: i + 0.5, y })),
            backgroundColor: current.map((_, i) => (i === chosen ? tokens.accent : tokens.risk[1])),
            borderColor: tokens.soft,
            borderWidth: current.length > 60 ? 0.5 : 1,
            barPercentage: 1,
            categoryPercentage: 0.98,
          },
        ],
      },
      options: {
        scales: {
          x: {
            type: 'linear',
            offset: false,
            min: 0,
            max: current.length,
            title: { display: true, text: name, color: tokens.soft, font: { family: tokens.font, size: 11 }, padding: 0 },
            afterBuildTicks: (/** @type {{width: number, ticks: {value: number}[]}} */ axis) => {
              const every = Math.max(1, Math.ceil(current.length / Math.max(2, Math.floor(axis.width / 70))));
              axis.ticks = edges.map((_, i) => i).filter((i) => i % every === 0).map((value) => ({ value }));
            },
            ticks: {
              color: tokens.soft,
              autoSkip: false,
              maxRotation: 0,
              minRotation: 0,
              font: { family: tokens.font, size: 11 },
              callback: (/** @type {number} */ value) => measure(Number(edges[value]?.toPrecision(3) ?? NaN)),
            },
            grid: { display: false, offset: false },
            border: { color: tokens.soft },
          },
          y: {
            type: 'linear',
            min: 0,
            max: scale.top,
            ticks: {
              stepSize: scale.step,
              color: tokens.soft,
              font: { family: tokens.font, size: 11 },
              callback: (/** @type {number} */ value) => words(value),
            },
            grid: { color: tokens.line, tickLength: 4 },
            border: { color: tokens.soft },
          },
        },
      },
    }),
    table: {
      head: ['From', 'to', 'Now', 'Reference', 'Part of the PSI'],
      rows: current.map((share, i) => [
        i === 0 ? 'below' : measure(edges[i]),
        i === current.length - 1 ? 'beyond' : measure(edges[i + 1]),
        percent(share, 1),
        percent(reference[i], 1),
        fixed(contribution[i], 4),
      ]),
    },
  };
}
