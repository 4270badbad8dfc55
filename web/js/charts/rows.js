// @ts-check
// Along the rows of a file: figures window by window with their intervals, a series with alarms, curves of calibration
// and of cost.

import { fixed, percent } from '../state/format.js';
import { figure } from '../state/drift_words.js';
import { logAxis, ticks, title, unitAxis, upAxis, verticalLine } from './figure.js';
import { largestOf, upTo } from './series.js';
import { thin } from './curves.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */
/** @typedef {{value: number | null, low: number | null, high: number | null}} Interval */

const DASHES = [[], [5, 4], [2, 3], [8, 3, 2, 3]];

/**
 * Round rows of a range.
 * @param {number} from
 * @param {number} to
 * @param {number} most
 * @returns {number[]}
 */
export function rowTicks(from, to, most) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, (to - from) / most))));
  const step = unit * ([1, 2, 5, 10].find((times) => (to - from) / (times * unit) <= most) ?? 20);
  const ticks = [];
  for (let row = Math.ceil(from / step) * step; row <= to; row += step) ticks.push(row);
  return ticks;
}

/** @param {Tokens} tokens @param {number} from @param {number} to */
function rowAxis(tokens, from, to) {
  return {
    type: 'linear',
    min: from,
    max: Math.max(from + 1, to),
    title: title(tokens, 'row'),
    afterBuildTicks: (/** @type {{width: number, ticks: {value: number}[]}} */ axis) => {
      axis.ticks = rowTicks(from, to, Math.max(1, Math.floor(axis.width / 80))).map((value) => ({ value }));
    },
    ticks: { ...ticks(tokens, (value) => value.toLocaleString()), autoSkip: false },
    grid: { display: false },
    border: { color: tokens.soft },
  };
}

/**
 * Figures 0..1 window by window, with the intervals of the first line as a band.
 * @param {object} data
 * @param {{first: number, last: number}[]} data.windows
 * @param {{label: string, values: (Interval | null | undefined)[]}[]} data.lines
 * @param {string} data.finding
 * @returns {Content}
 */
export function windowsContent({ windows, lines, finding }) {
  const x = windows.map(({ first, last }) => (first + last) / 2);
  const points = (/** @type {(Interval | null | undefined)[]} */ values, /** @type {keyof Interval} */ key) =>
    values.map((figures, i) => ({ x: x[i], y: figures?.[key] ?? null }));
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: {
        datasets: [
          ...lines.map(({ label, values }, i) => ({
            label,
            data: points(values, 'value'),
            borderColor: i === 0 ? tokens.ink : tokens.accent,
            backgroundColor: tokens.ground,
            borderDash: DASHES[i % DASHES.length],
            borderWidth: 1.5,
            pointRadius: 2.5,
            spanGaps: true,
          })),
          // What comes last is drawn first.
          ...lines.slice(0, 1).flatMap(({ values }) => [
            { label: 'low', data: points(values, 'low'), borderColor: 'transparent', pointRadius: 0 },
            { label: 'high', data: points(values, 'high'), borderColor: 'transparent', backgroundColor: tokens.line, fill: '-1', pointRadius: 0 },
          ]),
        ],
      },
      options: {
        scales: {
          x: rowAxis(tokens, windows[0]?.first ?? 0, windows.at(-1)?.last ?? 1),
          y: unitAxis(tokens, lines.map(({ label }, i) => `${label} ${['—', '- -', '··', '-·'][i % 4]}`).join(', ')),
        },
      },
    }),
    table: {
      head: ['Rows', ...lines.map(({ label }) => label)],
      rows: windows.map(({ first, last }, i) => [
        `${first.toLocaleString()}–${last.toLocaleString()}`,
        ...lines.map(({ values }) => intervalText(values[i])),
      ]),
    },
  };
}

/** @param {Interval | null | undefined} figures */
function intervalText(figures) {
  if (!figures || figures.value === null) return '–';
  const range = figures.low === null || figures.high === null ? '' : ` [${fixed(figures.low, 3)}, ${fixed(figures.high, 3)}]`;
  return `${fixed(figures.value, 4)}${range}`;
}

/**
 * A series along the rows, with alarms.
 * @param {object} data
 * @param {{x: number, y: number}[]} data.line
 * @param {string} data.name
 * @param {number[]} data.alarms rows
 * @param {number | null} data.boundary row
 * @param {number} data.rows
 * @param {(row: number) => string} data.when
 * @param {string} data.finding
 * @returns {Content}
 */
export function alarmsContent({ line, name, alarms, boundary, rows, when, finding }) {
  const values = line.map(({ y }) => y);
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const scale = upTo(largestOf(values), 1);
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: { datasets: [{ label: name, data: line, borderColor: tokens.ink, borderWidth: 1.25 }] },
      options: {
        scales: {
          x: rowAxis(tokens, 0, rows),
          y: upAxis(tokens, scale, figure, { title: title(tokens, name), ...(low < 0 && { min: undefined, max: undefined, ticks: ticks(tokens, figure) }) }),
        },
      },
      plugins: [alarmMarks(tokens, alarms), ...(boundary === null ? [] : [verticalLine(tokens, () => ({ x: boundary, label: 'boundary' }))])],
    }),
    table: {
      head: ['Alarm', 'Row', 'Time'],
      rows: alarms.map((row, i) => [String(i + 1), row.toLocaleString(), when(row) || '–']),
    },
  };
}

/**
 * @param {Tokens} tokens
 * @param {number[]} alarms
 * @returns {import('chart.js').Plugin}
 */
function alarmMarks(tokens, alarms) {
  return {
    id: 'alarmMarks',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      ctx.save();
      ctx.fillStyle = tokens.accent;
      ctx.strokeStyle = tokens.accent;
      ctx.lineWidth = 1;
      let last = -Infinity;
      for (const row of alarms) {
        const x = scales.x.getPixelForValue(row);
        if (x < area.left || x > area.right || x - last < 2) continue;
        last = x;
        ctx.beginPath();
        ctx.moveTo(x, area.top + 2);
        ctx.lineTo(x, area.bottom);
        ctx.stroke();
        ctx.beginPath();
        ctx.moveTo(x - 4, area.top - 6);
        ctx.lineTo(x + 4, area.top - 6);
        ctx.lineTo(x, area.top + 2);
        ctx.fill();
      }
      ctx.restore();
    },
  };
}

/**
 * Predicted probability against the share of positives.
 * @param {object} data
 * @param {{predicted: number, observed: number, rows: number}[]} data.bins
 * @param {string} data.finding
 * @returns {Content}
 */
export function calibrationContent({ bins, finding }) {
  const points = [...bins].sort((a, b) => a.predicted - b.predicted);
  const scale = upTo(largestOf(points.flatMap(({ predicted, observed }) => [predicted, observed])), 1);
  const top = Math.min(1, scale.top);
  const axis = { max: top };
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: {
        datasets: [
          { label: 'observed', data: points.map(({ predicted, observed }) => ({ x: predicted, y: observed })), borderColor: tokens.ink, backgroundColor: tokens.ground, borderWidth: 1.5, pointRadius: 3 },
          {
            label: 'perfect',
            data: [
              { x: 0, y: 0 },
              { x: top, y: top },
            ],
            borderColor: tokens.soft,
            borderWidth: 1,
            borderDash: [2, 3],
          },
        ],
      },
      options: {
        scales: {
          x: unitAxis(tokens, 'predicted probability', { ...axis, ticks: { ...ticks(tokens, figure), stepSize: 2 * scale.step } }),
          y: unitAxis(tokens, 'share of positives', { ...axis, ticks: { ...ticks(tokens, figure), stepSize: scale.step } }),
        },
      },
    }),
    table: {
      head: ['Predicted', 'Observed', 'Rows'],
      rows: points.map(({ predicted, observed, rows }) => [fixed(predicted, 4), fixed(observed, 4), rows.toLocaleString()]),
    },
  };
}

/**
 * What each threshold would cost.
 * @param {object} data
 * @param {{threshold: number, cost: number}[]} data.curve
 * @param {() => number} data.threshold
 * @param {string} data.finding
 * @returns {Content}
 */
export function costContent({ curve, threshold, finding }) {
  const points = curve.filter((point) => point.threshold <= 1).sort((a, b) => a.threshold - b.threshold);
  const most = largestOf(points.map(({ cost }) => cost));
  const least = points.reduce((low, { cost }) => Math.min(low, cost), most);
  const scale = upTo(most, 1);
  // Flagging every row costs so much that the rest would be a line on the ground.
  const powers = least > 0 && most / least > 30;
  return {
    finding,
    draw: (tokens) => ({
      type: 'line',
      data: { datasets: [{ label: 'cost', data: points.map((point) => ({ x: point.threshold, y: point.cost })), borderColor: tokens.ink, borderWidth: 1.5 }] },
      options: { scales: { x: unitAxis(tokens, 'threshold'), y: powers ? logAxis(tokens, (value) => value.toLocaleString()) : upAxis(tokens, scale, (value) => value.toLocaleString()) } },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Threshold', 'Cost'],
      rows: thin(/** @type {any[]} */ (points)).map((point) => [fixed(point.threshold, 4), figure(point.cost)]),
    },
  };
}
