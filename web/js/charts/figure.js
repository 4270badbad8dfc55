// @ts-check
// A chart as people of all kinds can read it: a figure with its finding in words, the drawing, and the same numbers
// as a table. Draws with Chart.js (vendor/chart.umd.js sets globalThis.Chart), which is loaded for the first drawing.

import { levelOf } from '../state/scores.js';
import { h, newId, put, say } from '../views/dom.js';
import { putOff } from '../views/later.js';
import { onTheme, readTokens } from './tokens.js';

/** @typedef {import('./tokens.js').Tokens} Tokens */
/** @typedef {import('chart.js').Chart} Chart */
/** @typedef {import('chart.js').ChartConfiguration<any, any, any>} Configuration */

/** @type {typeof import('chart.js').Chart | null} */
let ChartClass = null;
/** @type {Promise<void> | null} */
let loading = null;

/** Chart.js, once it is there. A copy that cannot be loaded is asked for again by the next drawing. */
function loadCharts() {
  loading ??= import(new URL('../../vendor/chart.umd.js', import.meta.url).href).then(
    () => {
      ChartClass = /** @type {{Chart: typeof import('chart.js').Chart}} */ (/** @type {unknown} */ (globalThis)).Chart;
    },
    () => {
      loading = null;
    },
  );
  return loading;
}

/** Drawings to be made. @type {(() => void)[]} */
const waiting = [];

/** Each has a task of its own: all at once they would block the page. @param {() => void} draw */
function drawInTurn(draw) {
  waiting.push(draw);
  if (waiting.length > 1) return;
  if (ChartClass === null) void loadCharts().then(() => setTimeout(drawNext));
  else setTimeout(drawNext);
}

function drawNext() {
  const draw = waiting.shift();
  if (waiting.length > 0) setTimeout(drawNext);
  draw?.();
}

const TABLE_EVERY_MS = 5000;

/**
 * @typedef {object} Content
 * @property {string} finding one sentence
 * @property {(tokens: Tokens) => Configuration} draw
 * @property {{head: string[], rows: string[][]}} table the drawing's numbers
 */

/**
 * @typedef {object} Figure
 * @property {HTMLElement} element
 * @property {(content: Content) => void} show a new drawing; REQUIRES: element is in the document
 * @property {(content: Content) => void} update new numbers in the same drawing: its marks stay those of the first show();
 *   an open table follows every few seconds only, so that it can be read
 * @property {(listener: (x: number) => void) => void} onPick a press into the drawing, at a value of its x axis
 * @property {(finding: string) => void} retell a new sentence; redraws what depends on marks (see mark())
 * @property {() => void} close
 */

/**
 * @param {string} title
 * @returns {Figure}
 */
export function createFigure(title) {
  const titleId = newId('figure');
  const canvas = h('canvas', { role: 'img', 'aria-label': title });
  const finding = h('p', { class: 'finding' });
  const table = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}: numbers` });
  const details = h('details', null, h('summary', null, 'Numbers'), table);
  const element = h(
    'figure',
    { 'aria-labelledby': titleId },
    h('figcaption', null, h('span', { class: 'figure-title', id: titleId }, title), finding),
    h('div', { class: 'plot' }, canvas),
    details,
  );
  /** @type {Chart | null} */
  let chart = null;
  /** @type {Content | null} */
  let content = null;
  /** @type {Tokens | null} */
  let tokens = null;
  let stale = true;
  let filledAt = -Infinity;

  function fillTable() {
    if (!details.open || !stale || !content) return;
    stale = false;
    filledAt = performance.now();
    const { head, rows } = content.table;
    put(
      table,
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'unseen' }, `${title}: numbers`),
        h('thead', null, h('tr', null, ...head.map((text) => h('th', { scope: 'col', class: 'num' }, text)))),
        h('tbody', null, ...rows.map((row) => h('tr', null, ...row.map((text) => h('td', { class: 'num' }, text))))),
      ),
    );
  }
  details.addEventListener('toggle', fillTable);

  function redraw() {
    chart?.destroy();
    chart = null;
    // Out of the document there are no colours to read.
    if (!content || !element.isConnected || ChartClass === null) return;
    tokens = readTokens(element);
    chart = new ChartClass(canvas, configured(content, tokens));
  }
  let due = false;
  /** Once for all that is asked for before its turn comes. */
  function draw() {
    if (due) return;
    due = true;
    const done = putOff();
    drawInTurn(() => {
      due = false;
      done();
      redraw();
    });
  }
  const stop = onTheme(draw);

  /** @param {string} text */
  function tell(text) {
    say(finding, text);
    canvas.setAttribute('aria-label', `${title}. ${text}`);
    say(canvas, `${title}. ${text}`);
  }

  return {
    element,
    show(next) {
      content = next;
      stale = true;
      tell(next.finding);
      draw();
      fillTable();
    },
    update(next) {
      content = next;
      stale = true;
      tell(next.finding);
      if (chart && tokens) {
        const { data, options } = configured(next, tokens);
        chart.data = data;
        chart.options = options;
        chart.update('none');
      } else {
        draw();
      }
      if (performance.now() - filledAt >= TABLE_EVERY_MS) fillTable();
    },
    onPick(listener) {
      canvas.addEventListener('click', (event) => {
        const x = chart?.scales.x.getValueForPixel(event.offsetX);
        if (x !== undefined) listener(x);
      });
    },
    retell(text) {
      tell(text);
      chart?.update('none');
    },
    close() {
      stop();
      content = null;
      chart?.destroy();
      chart = null;
    },
  };
}

/**
 * @param {Content} content
 * @param {Tokens} tokens
 */
function configured(content, tokens) {
  const configuration = content.draw(tokens);
  configuration.options = { ...base(tokens), ...configuration.options };
  return configuration;
}

/**
 * What all charts share: no motion, no parsing, no hover boxes (the numbers are in the table).
 * @param {Tokens} tokens
 * @returns {Record<string, unknown>}
 */
function base(tokens) {
  return {
    animation: false,
    parsing: false,
    normalized: true,
    responsive: true,
    maintainAspectRatio: false,
    events: [],
    layout: { padding: { top: 14, right: 6 } },
    plugins: { legend: { display: false }, tooltip: { enabled: false } },
    elements: { point: { radius: 0 } },
    font: { family: tokens.font, size: 11 },
  };
}

/** An axis from 0 to 1. @param {Tokens} tokens @param {string} name @param {object} [more] */
export function unitAxis(tokens, name, more = {}) {
  return {
    type: 'linear',
    min: 0,
    max: 1,
    title: title(tokens, name),
    ticks: { ...ticks(tokens, (value) => value.toLocaleString(undefined, { maximumFractionDigits: 2 })), stepSize: 0.25 },
    grid: { color: tokens.line, tickLength: 4 },
    border: { color: tokens.soft },
    ...more,
  };
}

/** An axis' name. @param {Tokens} tokens @param {string} text */
export function title(tokens, text) {
  return { display: true, text, color: tokens.soft, font: { family: tokens.font, size: 11 }, padding: 0 };
}

/** @param {Tokens} tokens @param {(value: number) => string} words of a value on the axis */
export function ticks(tokens, words) {
  return {
    color: tokens.soft,
    maxRotation: 0,
    minRotation: 0,
    font: { family: tokens.font, size: 11 },
    callback: (/** @type {number} */ value) => words(value),
  };
}

/** An axis from 0 up. @param {Tokens} tokens @param {{top: number, step: number}} scale @param {(value: number) => string} words @param {object} [more] */
export function upAxis(tokens, { top, step }, words, more = {}) {
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

/** A log axis with the powers of ten. @param {Tokens} tokens @param {(value: number) => string} words of a power @param {object} [more] */
export function logAxis(tokens, words, more = {}) {
  const whole = (/** @type {number} */ value) => Number.isInteger(Math.log10(value));
  return {
    type: 'logarithmic',
    ticks: ticks(tokens, (value) => (whole(value) ? words(value) : '')),
    grid: { color: (/** @type {{tick: {value: number}}} */ { tick }) => (tick && whole(tick.value) ? tokens.line : 'transparent'), tickLength: 4 },
    border: { color: tokens.soft },
    ...more,
  };
}

/**
 * Bars side by side over the scores, each in the colour of its risk level.
 * @param {Tokens} tokens
 * @param {{x: number, y: number | null}[]} points x: the middle of a bin of scores; y null: no bar
 * @param {ArrayLike<number>} cuts
 */
export function scoreBars(tokens, points, cuts) {
  return {
    data: points,
    backgroundColor: points.map(({ x }) => tokens.risk[levelOf(x, cuts)]),
    borderColor: tokens.soft,
    borderWidth: 1,
    barPercentage: 1,
    categoryPercentage: 0.96,
  };
}

/**
 * A plugin that draws a vertical line at an x value, with its label on top.
 * @param {Tokens} tokens
 * @param {() => {x: number, label: string}} where
 * @returns {import('chart.js').Plugin}
 */
export function verticalLine(tokens, where) {
  return {
    id: 'verticalLine',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      const { x, label } = where();
      const place = scales.x.getPixelForValue(x);
      ctx.save();
      ctx.strokeStyle = tokens.accent;
      ctx.fillStyle = tokens.accent;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([4, 3]);
      ctx.beginPath();
      ctx.moveTo(place, area.top - 2);
      ctx.lineTo(place, area.bottom);
      ctx.stroke();
      ctx.font = `600 11px ${tokens.font}`;
      ctx.textBaseline = 'bottom';
      ctx.textAlign = x > 0.85 ? 'right' : x < 0.15 ? 'left' : 'center';
      ctx.fillText(label, place, area.top - 3);
      ctx.restore();
    },
  };
}

/**
 * A plugin that marks one point with a ring.
 * @param {Tokens} tokens
 * @param {() => {x: number, y: number} | null} where null: no mark
 * @returns {import('chart.js').Plugin}
 */
export function pointMark(tokens, where) {
  return {
    id: 'pointMark',
    afterDatasetsDraw(chart) {
      const point = where();
      if (!point) return;
      const { ctx, scales } = chart;
      ctx.save();
      ctx.beginPath();
      ctx.arc(scales.x.getPixelForValue(point.x), scales.y.getPixelForValue(point.y), 5, 0, 2 * Math.PI);
      ctx.fillStyle = tokens.ground;
      ctx.strokeStyle = tokens.accent;
      ctx.lineWidth = 2;
      ctx.fill();
      ctx.stroke();
      ctx.restore();
    },
  };
}
