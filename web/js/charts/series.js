// @ts-check
// Figures of a stream over time: fraud rate with alert marks, mean score, risk mix. As many points as the engine gives,
// which is never more than pixels.

import { fixed, percent, probability } from '../state/format.js';
import { clock, severityMark } from '../state/live_words.js';
import { LEVELS } from '../state/scores.js';
import { thin } from './curves.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */
/** @typedef {NonNullable<import('../engine/live/types.js').LiveTick['series']>} Series */
/** @typedef {{at: number, severity: 'info' | 'warning' | 'alert'}} Mark */

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((seconds) => 1000 * seconds);

/**
 * Round times of day within a range.
 * @param {number} from ms since 1970
 * @param {number} to
 * @param {number} most
 * @returns {number[]}
 */
export function timeTicks(from, to, most) {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 86400000 * Math.ceil((to - from) / 86400000 / most);
  // Days and hours are those of the reader's clock.
  const shift = step >= 3600000 ? new Date(from).getTimezoneOffset() * 60000 : 0;
  const ticks = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) ticks.push(at);
  return ticks;
}

/**
 * An axis from 0 to a little more than the largest value, in round steps.
 * @param {number} largest
 * @param {number} otherwise in place of a largest value of 0
 * @returns {{top: number, step: number, digits: number}} digits: decimals that the steps need
 */
export function upTo(largest, otherwise) {
  const wanted = (largest > 0 ? largest : otherwise) * 1.05;
  const unit = 10 ** Math.floor(Math.log10(wanted / 4));
  const times = [1, 2, 2.5, 5, 10].find((each) => wanted / (each * unit) <= 5) ?? 10;
  const step = times * unit;
  const decimals = -Math.floor(Math.log10(unit)) + (times === 2.5 ? 1 : 0) - (times === 10 ? 1 : 0);
  return { top: Math.ceil(wanted / step - 1e-9) * step, step, digits: Math.max(0, decimals) };
}

/**
 * @param {Tokens} tokens
 * @param {Series} series
 */
function timeAxis(tokens, { begin_ms, width_ms }) {
  const from = begin_ms[0] ?? 0;
  const to = (begin_ms.at(-1) ?? 0) + width_ms;
  return {
    type: 'linear',
    min: from,
    max: to,
    afterBuildTicks: (/** @type {{width: number, ticks: {value: number}[]}} */ axis) => {
      axis.ticks = timeTicks(from, to, Math.max(2, Math.floor(axis.width / 80))).map((value) => ({ value }));
    },
    ticks: {
      color: tokens.soft,
      autoSkip: false,
      maxRotation: 0,
      minRotation: 0,
      font: { family: tokens.font, size: 11 },
      callback: (/** @type {number} */ value) => (to - from >= 7200000 ? clock(value).slice(0, 5) : clock(value)),
    },
    grid: { color: tokens.line, tickLength: 4 },
    border: { color: tokens.soft },
  };
}

/**
 * @param {Tokens} tokens
 * @param {{top: number, step: number}} scale
 * @param {(value: number) => string} words
 */
function upAxis(tokens, { top, step }, words) {
  return {
    type: 'linear',
    min: 0,
    max: top,
    ticks: {
      stepSize: step,
      color: tokens.soft,
      font: { family: tokens.font, size: 11 },
      callback: (/** @type {number} */ value) => words(value),
    },
    grid: { color: tokens.line, tickLength: 4 },
    border: { color: tokens.soft },
  };
}

/** @param {{digits: number}} scale of shares, of 1 */
export const shareWords =
  ({ digits }) =>
  (/** @type {number} */ value) =>
    `${fixed(100 * value, Math.max(0, digits - 2))}\u00a0%`;

/**
 * @param {Series} series
 * @param {number[]} values
 */
function line({ begin_ms, width_ms, scored }, values) {
  return begin_ms.map((at, i) => ({ x: at + width_ms / 2, y: scored[i] > 0 && Number.isFinite(values[i]) ? values[i] : null }));
}

/** @param {number[]} values @returns {number} */
export const largestOf = (values) => values.reduce((most, value) => (value > most ? value : most), 0);

/**
 * The places of alerts as lines with the severity's mark on top.
 * @param {Tokens} tokens
 * @param {() => Mark[]} where
 * @returns {import('chart.js').Plugin}
 */
function alertMarks(tokens, where) {
  return {
    id: 'alertMarks',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      ctx.save();
      ctx.strokeStyle = tokens.accent;
      ctx.fillStyle = tokens.accent;
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 3]);
      ctx.font = `10px ${tokens.font}`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'bottom';
      let last = -Infinity;
      for (const { at, severity } of where()) {
        const x = scales.x.getPixelForValue(at);
        if (x < area.left || x > area.right || x - last < 3) continue;
        last = x;
        ctx.beginPath();
        ctx.moveTo(x, area.top);
        ctx.lineTo(x, area.bottom);
        ctx.stroke();
        ctx.fillText(severityMark(severity), x, area.top - 2);
      }
      ctx.restore();
    },
  };
}

/**
 * A line over time. The marks may be asked for again at each drawing.
 * @param {object} data
 * @param {Series} data.series
 * @param {'fraud_rate' | 'average_probability'} data.what
 * @param {() => Mark[]} data.marks in the order of time
 * @param {string} data.finding
 * @returns {Content}
 */
export function lineContent({ series, what, marks, finding }) {
  const values = series[what];
  const share = what === 'fraud_rate';
  const scale = upTo(largestOf(values), share ? 0.01 : 0.1);
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: { datasets: [{ data: line(series, values), borderColor: tokens.ink, borderWidth: 1.5 }] },
      options: {
        scales: { x: timeAxis(tokens, series), y: upAxis(tokens, scale, share ? shareWords(scale) : (value) => fixed(value, scale.digits)) },
      },
      plugins: [alertMarks(tokens, marks)],
    }),
    table: {
      head: ['From', 'Rows', share ? 'Fraud rate' : 'Mean score'],
      rows: thin(series.begin_ms.map((_, i) => i)).map((i) => [
        clock(series.begin_ms[i]),
        String(series.scored[i]),
        series.scored[i] > 0 ? (share ? percent(values[i], 1) : probability(values[i])) : '–',
      ]),
    },
  };
}

/**
 * Shares of the levels, one on the other, CRITICAL at the bottom. The axis ends where the rare levels do: MINIMAL,
 * nearly all rows, fills what is left.
 * @param {object} data
 * @param {Series} data.series
 * @param {string} data.finding
 * @returns {Content}
 */
export function mixContent({ series, finding }) {
  const { levels, scored, begin_ms } = series;
  const scale = upTo(largestOf(begin_ms.map((_, i) => (scored[i] > 0 ? 1 - levels[0][i] : 0))), 0.05);
  scale.top = Math.min(1, scale.top);
  const order = [4, 3, 2, 1, 0];
  const sums = order.map((_, k) => begin_ms.map((__, i) => order.slice(0, k + 1).reduce((sum, level) => sum + levels[level][i], 0)));
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: {
        datasets: order.map((level, k) => ({
          label: LEVELS[level],
          data: line(series, level === 0 ? begin_ms.map(() => scale.top) : sums[k]),
          borderColor: level === 0 ? 'transparent' : tokens.soft,
          borderWidth: 0.75,
          backgroundColor: tokens.risk[level],
          fill: k === 0 ? 'origin' : '-1',
        })),
      },
      options: { scales: { x: timeAxis(tokens, series), y: upAxis(tokens, scale, shareWords(scale)) } },
    }),
    table: {
      head: ['From', 'Rows', ...[...LEVELS].reverse()],
      rows: thin(begin_ms.map((_, i) => i)).map((i) => [
        clock(begin_ms[i]),
        String(scored[i]),
        ...order.map((level) => (scored[i] > 0 ? percent(levels[level][i], 1) : '–')),
      ]),
    },
  };
}
