// @ts-check
// Along the rows of a file: figures window by window with their intervals, a series with alarms, curves of calibration
// and of cost; and one column's bins with what each contributes.

import { fixed, percent } from '../state/format.js';
import { figure } from '../state/drift_words.js';
import { unitAxis, verticalLine } from './figure.js';
import { shareWords, upTo } from './series.js';
import { thin } from './curves.js';

/** @typedef {import('./figure.js').Content} Content */
/** @typedef {import('./tokens.js').Tokens} Tokens */
/** @typedef {{value: number | null, low: number | null, high: number | null}} Interval */

const DASHES = [[], [5, 4], [2, 3], [8, 3, 2, 3]];

/** @param {number[]} values @returns {number} */
const largestOf = (values) => values.reduce((most, value) => (value > most ? value : most), 0);

/** @param {Tokens} tokens @param {string} text */
function title(tokens, text) {
  return { display: true, text, color: tokens.soft, font: { family: tokens.font, size: 11 }, padding: 0 };
}

/** @param {Tokens} tokens @param {(value: number) => string} words */
function ticks(tokens, words) {
  return {
    color: tokens.soft,
    maxRotation: 0,
    minRotation: 0,
    font: { family: tokens.font, size: 11 },
    callback: (/** @type {number} */ value) => words(value),
  };
}

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

/** @param {Tokens} tokens @param {{top: number, step: number}} scale @param {(value: number) => string} words @param {object} [more] */
function upAxis(tokens, { top, step }, words, more = {}) {
  return {
    type: 'linear',
    min: 0,
    max: top,
    ticks: { ...ticks(tokens, words), stepSize: step },
    grid: { color: tokens.line, tickLength: 4 },
    border: { color: tokens.soft },
    ...more,
  };
}

/** @param {Tokens} tokens */
function powersAxis(tokens) {
  const whole = (/** @type {number} */ value) => Number.isInteger(Math.log10(value));
  return {
    type: 'logarithmic',
    ticks: ticks(tokens, (value) => (whole(value) ? value.toLocaleString() : '')),
    grid: { color: (/** @type {{tick: {value: number}}} */ { tick }) => (tick && whole(tick.value) ? tokens.line : 'transparent'), tickLength: 4 },
    border: { color: tokens.soft },
  };
}

/**
 * One column: shares of the bins, reference dashed; beneath them what each bin contributes. Bins are drawn equally wide.
 * @param {object} data
 * @param {import('../engine/analysis/types.js').DriftColumn} data.column
 * @param {number | null} data.chosen
 * @param {(bin: import('../engine/analysis/types.js').DriftColumn['bins'][number]) => string} data.words
 * @param {string} data.finding
 * @returns {Content}
 */
export function binsContent({ column, chosen, words, finding }) {
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
            data: [...reference.map((y, i) => ({ x: i, y })), { x: bins.length, y: reference.at(-1) ?? null }],
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
        `${bin.reference.toLocaleString()} (${percent(reference[i], 1)})`,
        `${bin.current.toLocaleString()} (${percent(current[i], 1)})`,
        bin.contribution === null ? '–' : fixed(bin.contribution, 4),
      ]),
    },
  };
}

/**
 * What stands under the axis of bins: the lower edge of bins of numbers, else what the bin is.
 * @param {import('../engine/analysis/types.js').DriftColumn} column
 * @param {number} value
 */
function edgeWords({ bins, kind }, value) {
  const bin = bins[Math.floor(value)];
  if (!bin) return '';
  if (bin.missing) return 'missing';
  if (kind === 'categorical') return bin.category === null ? 'rarer' : bin.category.slice(0, 10);
  return bin.low === null ? '' : Number(bin.low.toPrecision(3)).toLocaleString(undefined, { maximumSignificantDigits: 3, useGrouping: false }).replace(/^-/, '\u2212');
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
      options: { scales: { x: unitAxis(tokens, 'threshold'), y: powers ? powersAxis(tokens) : upAxis(tokens, scale, (value) => value.toLocaleString()) } },
      plugins: [verticalLine(tokens, () => ({ x: threshold(), label: fixed(threshold(), 2) }))],
    }),
    table: {
      head: ['Threshold', 'Cost'],
      rows: thin(/** @type {any[]} */ (points)).map((point) => [fixed(point.threshold, 4), figure(point.cost)]),
    },
  };
}
