// @ts-check
// What comes now beside the reference: bars for now, a stepped line for the reference.

import { figure } from '../state/drift_words.js';
import { fixed, percent } from '../state/format.js';
import { logAxis, scoreBars, ticks, title, unitAxis, upAxis, verticalLine } from './figure.js';
import { largestOf, shareWords, upTo } from './series.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */
/** @typedef {Pick<import('../engine/analysis/types.js').DriftColumn, 'name' | 'kind' | 'score' | 'bins'>} BinnedColumn */

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
            ...scoreBars(tokens, now.map((share, i) => ({ x: middle(i), y: share < LEAST ? null : share })), cuts),
          },
        ],
      },
      options: {
        scales: {
          x: unitAxis(tokens, 'score', { offset: false, grid: { display: false, offset: false } }),
          y: logAxis(tokens, (value) => `${fixed(100 * value, Math.max(0, -2 - Math.log10(value)))}\u00a0%`, { min: LEAST, max: 1 }),
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
 * One column: shares of the bins, reference dashed; beneath them what each bin contributes. Bins are drawn equally wide.
 * @param {object} data
 * @param {BinnedColumn} data.column its bins' rows, or shares of them
 * @param {number | null} data.chosen
 * @param {(rows: number, share: number) => string} data.held what the table says of a bin's rows
 * @param {(bin: BinnedColumn['bins'][number]) => string} data.words
 * @param {string} data.finding
 * @returns {Content}
 */
export function binsContent({ column, chosen, held, words, finding }) {
  const { bins, score } = column;
  const shares = (/** @type {'reference' | 'current'} */ side) => {
    const total = bins.reduce((sum, bin) => sum + bin[side], 0);
    return bins.map((bin) => (total > 0 ? bin[side] / total : 0));
  };
  const reference = shares('reference');
  const current = shares('current');
  const contribution = bins.map((bin) => bin.contribution ?? 0);
  const scale = upTo(largestOf([...reference, ...current]), 1);
  const part = upTo(largestOf(contribution), 0.01);
  const numeric = column.kind === 'numeric';
  return {
    finding,
    draw: (tokens) => ({
      type: 'bar',
      data: {
        datasets: [
          {
            type: 'line',
            label: 'reference',
            yAxisID: 'y',
            data: steps(reference, (i) => i, null),
            borderColor: tokens.ink,
            borderWidth: 1.5,
            borderDash: [4, 3],
            stepped: 'before',
          },
          {
            label: 'current',
            yAxisID: 'y',
            data: current.map((y, i) => ({ x: i + 0.5, y })),
            backgroundColor: current.map((_, i) => (i === chosen ? tokens.accent : tokens.risk[1])),
            borderColor: tokens.soft,
            borderWidth: 1,
            barPercentage: 1,
            categoryPercentage: 0.96,
            grouped: false,
          },
          {
            label: `part of the ${score}`,
            yAxisID: 'part',
            data: contribution.map((y, i) => ({ x: i + 0.5, y: Math.max(0, y) })),
            backgroundColor: current.map((_, i) => (i === chosen ? tokens.accent : tokens.risk[3])),
            barPercentage: 1,
            categoryPercentage: 0.7,
            grouped: false,
          },
        ],
      },
      options: {
        scales: {
          x: {
            type: 'linear',
            offset: false,
            min: 0,
            max: bins.length,
            title: title(tokens, column.name),
            afterBuildTicks: (/** @type {{width: number, ticks: {value: number}[]}} */ axis) => {
              const every = Math.max(1, Math.ceil(bins.length / Math.max(2, Math.floor(axis.width / 64))));
              const places = bins.map((_, i) => i).filter((i) => i % every === 0);
              axis.ticks = places.map((i) => ({ value: numeric && !bins[i].missing ? i : i + 0.5 }));
            },
            ticks: {
              ...ticks(tokens, (value) => edgeWords(column, value)),
              autoSkip: false,
            },
            grid: { display: false, offset: false },
            border: { color: tokens.soft },
          },
          part: upAxis(tokens, part, (value) => (value === 0 || value === part.top ? figure(value) : ''), {
            stack: 'bins',
            stackWeight: 1,
            title: title(tokens, score.toUpperCase()),
          }),
          y: upAxis(tokens, scale, shareWords(scale), { stack: 'bins', stackWeight: 3, offset: true }),
        },
      },
    }),
    table: {
      head: ['Bin', 'Reference', 'Current', `Part of the ${score.toUpperCase()}`],
      rows: bins.map((bin, i) => [
        words(bin),
        held(bin.reference, reference[i]),
        held(bin.current, current[i]),
        bin.contribution === null ? '–' : fixed(bin.contribution, 4),
      ]),
    },
  };
}

/**
 * What stands under the axis of bins: the lower edge of bins of numbers, else what the bin is.
 * @param {BinnedColumn} column
 * @param {number} value
 */
function edgeWords({ bins, kind }, value) {
  const bin = bins[Math.floor(value)];
  if (!bin) return '';
  if (bin.missing) return 'missing';
  if (kind === 'categorical') return bin.category === null ? 'rarer' : bin.category.slice(0, 10);
  return bin.low === null ? '' : Number(bin.low.toPrecision(3)).toLocaleString(undefined, { maximumSignificantDigits: 3, useGrouping: false }).replace(/^-/, '\u2212');
}

