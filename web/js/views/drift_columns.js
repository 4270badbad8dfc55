// @ts-check
// The columns, drifted ones first; one opened: its bins with what each contributes, how its verdict came about, and the
// rows behind a bin.

import { binsContent } from '../charts/compare.js';
import { createFigure } from '../charts/figure.js';
import { sparkline } from '../charts/sparkline.js';
import { TREND_WINDOWS } from '../state/drift_state.js';
import { binWords, effectWords, figure, methodWords, missingShare, pWords, shiftWords, trendWords } from '../state/drift_words.js';
import { cell, count, measure, percent } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/analysis/types.js').ColumnVerdict} ColumnVerdict */
/** @typedef {import('../engine/analysis/types.js').DriftColumn} DriftColumn */
/** @typedef {import('../state/drift_state.js').DriftState} DriftState */

const FIRST = 12;
const BINS = 8;

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} detail
 * @param {App} app
 */
export function mount(element, detail, app) {
  const { store, actions } = app.drift;
  const body = h('tbody');
  const all = h('button', { type: 'button', class: 'linklike', 'aria-expanded': false });
  const head = (/** @type {string} */ text, /** @type {string | null} */ kind = null) => h('th', { scope: 'col', class: kind }, text);
  put(
    element,
    h('h2', { id: 'drift-columns-title' }, 'Columns'),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Columns: table' },
      h(
        'table',
        { class: 'grid columns-table drift-table' },
        h('caption', { class: 'unseen' }, 'Columns, drifted ones first. A column opens beneath the table.'),
        h('thead', null, h('tr', null, head('Column'), head('Verdict'), head('Effect [95 %]', 'num'), head('Mean moved by', 'num'), head('p (corrected)', 'num'), head('Missing', 'num'), head('Trend'))),
        body,
      ),
    ),
    h('div', { class: 'row' }, all, h('p', { class: 'hint' }, `Trend: how far in each of ${TREND_WINDOWS} windows; in full colour where it had drifted.`)),
  );
  let everything = false;
  all.addEventListener('click', () => {
    everything = !everything;
    show(store.get());
  });

  /** @type {Map<string, ReturnType<typeof rowOf>>} */
  const rows = new Map();
  /** @param {string} name */
  function rowOf(name) {
    const opener = h('button', { type: 'button', class: 'linklike', 'aria-expanded': false }, name);
    opener.addEventListener('click', () => void actions.openColumn(store.get().openColumn === name ? null : name));
    const verdict = h('td');
    const effect = h('td', { class: 'num' });
    const shift = h('td', { class: 'num' });
    const p = h('td', { class: 'num' });
    const missing = h('td', { class: 'num' });
    const trend = h('td');
    const tr = h('tr', null, h('th', { scope: 'row' }, opener), verdict, effect, shift, p, missing, trend);
    /** @type {unknown} */
    let drawn = null;
    return {
      element: tr,
      opener,
      /** @param {ColumnVerdict} column @param {DriftState} state */
      show(column, { openColumn, trends, moving, settings }) {
        opener.setAttribute('aria-expanded', String(openColumn === name));
        tr.classList.toggle('open', openColumn === name);
        tr.classList.toggle('drifted', column.verdict === 'drifted');
        say(verdict, column.verdict);
        const words = effectWords(column.effect);
        put(effect, h('span', { class: 'soft' }, `${words.name} `), words.value, ' ', h('span', { class: 'range' }, words.range));
        const moved = shiftWords(column.mean_shift);
        put(shift, moved.value, ' ', h('span', { class: 'range' }, moved.range));
        say(p, pWords(column.p_corrected, column.outcome.p_below));
        say(missing, `${missingShare(column.reference)} → ${missingShare(column.current)}`);
        missing.classList.toggle('strong', column.missing.verdict === 'drifted');
        trend.classList.toggle('stale', moving);
        const found = trends.get(name);
        if (found === drawn && found !== undefined) return;
        drawn = found;
        put(trend, found && found.windows.length > 0 ? sparkline(found.windows, `${name}: ${trendWords(found)}`, 2 * column.effect.floor) : h('span', { class: 'soft' }, settings.current === 'live' ? '–' : '…'));
      },
    };
  }

  /** @param {Readonly<DriftState>} state */
  function show(state) {
    const { report, openColumn } = state;
    if (!report) {
      rows.clear();
      put(body);
      return;
    }
    const drifted = report.columns.filter(({ verdict }) => verdict === 'drifted').length;
    const least = Math.max(FIRST, drifted);
    all.hidden = report.columns.length <= least;
    say(all, everything ? 'Only the first' : `All ${count(report.columns.length)} columns`);
    all.setAttribute('aria-expanded', String(everything));
    const wanted = report.columns
      .filter(({ name }, i) => everything || i < least || name === openColumn)
      .map((column) => {
        const row = rows.get(column.name) ?? rowOf(column.name);
        rows.set(column.name, row);
        row.show(column, state);
        return row.element;
      });
    if (wanted.length === body.childElementCount && wanted.every((each, i) => body.children[i] === each)) return;
    const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement : null;
    body.replaceChildren(...wanted);
    if (focused?.isConnected) focused.focus();
  }
  const close = () => {
    const name = store.get().openColumn;
    void actions.openColumn(null);
    rows.get(name ?? '')?.opener.focus();
  };
  const stops = [store.watch(['report', 'openColumn', 'trends', 'moving'], show), mountDetail(detail, app, close)];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {() => void} close
 */
function mountDetail(element, app, close) {
  const { store, actions } = app.drift;
  const title = h('h3');
  const chart = createFigure('Reference and current');
  chart.onPick((x) => {
    const bins = store.get().column?.bins ?? [];
    const bin = Math.floor(x);
    if (bins[bin] && selectable(bins[bin])) void actions.openBin(bin);
  });
  const bins = h('div', { class: 'bins' });
  const method = h('details', { class: 'method' }, h('summary', null, 'Method, statistic, rows'));
  const lines = h('dl', { class: 'pairs' });
  method.append(lines);
  const problem = h('p', { role: 'alert' });
  const rows = h('div', { class: 'rows-behind' });
  put(
    element,
    h('div', { class: 'section-title' }, title, h('span', { class: 'push' }), h('button', { type: 'button', onclick: close }, 'Close')),
    problem,
    chart.element,
    bins,
    method,
    rows,
  );
  const stops = [
    store.watch(['openColumn', 'report'], ({ openColumn, report }) => {
      element.hidden = openColumn === null || report === null;
      if (openColumn === null) return;
      say(title, openColumn);
      const column = report?.columns.find(({ name }) => name === openColumn);
      method.hidden = !column;
      if (column) put(lines, ...methodWords(column).flatMap(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
    }),
    store.watch(['columnProblem'], ({ columnProblem }) => {
      say(problem, columnProblem);
      problem.hidden = columnProblem === '';
    }),
    store.watch(['column', 'openBin'], ({ column, openBin, report }) => {
      chart.element.hidden = !column;
      bins.hidden = !column;
      if (!column) return;
      const verdict = report?.columns.find(({ name }) => name === column.name);
      chart.show(
        binsContent({
          column,
          chosen: typeof openBin === 'number' ? openBin : null,
          held: (rows, share) => `${count(rows)} (${percent(share, 1)})`,
          words: (bin) => binWords(bin, column.kind),
          finding: finding(column, verdict),
        }),
      );
      showBins(column, openBin);
    }),
    store.watch(['binRows', 'openBin', 'without', 'together', 'column', 'job'], (state) => {
      rows.hidden = state.openBin === null || !state.column;
      if (state.openBin === null || !state.column) return;
      const focused = rows.contains(document.activeElement) ? document.activeElement?.getAttribute('data-focus') : null;
      put(rows, ...behind(app, state));
      if (focused) rows.querySelector(/** @type {'button'} */ (`[data-focus="${focused}"]`))?.focus();
    }),
  ];

  /**
   * @param {DriftColumn} column
   * @param {DriftState['openBin']} chosen
   */
  function showBins(column, chosen) {
    const order = column.bins.map((_, i) => i).sort((a, b) => (column.bins[b].contribution ?? 0) - (column.bins[a].contribution ?? 0) || a - b);
    const shown = order.filter((i) => selectable(column.bins[i])).slice(0, BINS);
    if (typeof chosen === 'number' && !shown.includes(chosen)) shown.push(chosen);
    const total = (/** @type {'reference' | 'current'} */ side) => column.bins.reduce((sum, bin) => sum + bin[side], 0);
    const [before, now] = [total('reference'), total('current')];
    const focused = bins.contains(document.activeElement) ? document.activeElement?.getAttribute('data-bin') : null;
    /**
     * @param {number | 'all'} bin
     * @param {string} name
     * @param {string} words
     */
    const button = (bin, name, words) =>
      h(
        'button',
        { type: 'button', 'data-bin': bin, 'aria-pressed': bin === chosen, onclick: () => void actions.openBin(store.get().openBin === bin ? null : bin) },
        h('span', null, name),
        h('span', { class: 'soft' }, words),
      );
    put(
      bins,
      h('h4', null, 'Choose a bin to see its rows'),
      ...shown.map((i) => {
        const bin = column.bins[i];
        const part = bin.contribution === null ? '' : `, ${column.score.toUpperCase()} ${figure(bin.contribution)}`;
        return button(i, binWords(bin, column.kind), `${percent(bin.reference, before)} → ${percent(bin.current, now)}${part}`);
      }),
      button('all', 'all values', `${count(now)} rows`),
    );
    if (focused) bins.querySelector(/** @type {'button'} */ (`[data-bin="${focused}"]`))?.focus();
  }
  return () => {
    stops.forEach((stop) => stop());
    chart.close();
  };
}

/** Pooled rare categories have no rows of their own to ask for. @param {DriftColumn['bins'][number]} bin */
function selectable({ low, high, category, missing }) {
  return missing || category !== null || low !== null || high !== null;
}

/**
 * @param {DriftColumn} column
 * @param {ColumnVerdict | undefined} verdict
 */
function finding(column, verdict) {
  const word = verdict ? `${verdict.verdict[0].toUpperCase()}${verdict.verdict.slice(1)}. ` : '';
  const expected = verdict?.distances?.psi_expected;
  const chance = typeof expected === 'number' ? `, of which chance gives about ${figure(expected)}` : '';
  const total = column.total === null ? '' : `${column.score.toUpperCase()} ${figure(column.total)}${chance}. `;
  return `${word}${total}Bars: current. Dashes: reference. Below: what each bin adds.`;
}

/**
 * @param {App} app
 * @param {Readonly<DriftState>} state
 * @returns {import('./dom.js').Child[]}
 */
function behind(app, { column, openBin, binRows, without, together, loaded, settings, job }) {
  if (!column || openBin === null) return [];
  if (settings.current === 'live') return [];
  const bin = openBin === 'all' ? null : column.bins[openBin];
  const where = bin ? `${column.name} ${binWords(bin, column.kind)}` : `any value of ${column.name}`;
  if (!binRows) return [h('p', { class: 'hint' }, `Looking for rows with ${where} …`)];
  const { found, head, cells } = binRows;
  if (found.rows.length === 0) return [h('p', { class: 'hint' }, `No current row has ${where}.`)];
  const ranked = found.rows.some(({ ratio }) => ratio !== null);
  const { probabilities, report } = loaded ?? { probabilities: new Float64Array(0), report: null };
  return [
    h(
      'div',
      { class: 'row' },
      h(
        'p',
        null,
        `${count(found.total)} current ${found.total === 1 ? 'row has' : 'rows have'} ${where}`,
        found.rows.length < found.total ? `; the first ${count(found.rows.length)} ` : '; ',
        ranked ? 'by how much more likely they are now than in the reference.' : 'in file order.',
      ),
      !ranked &&
        !together &&
        h('button', { type: 'button', class: 'linklike', 'data-focus': 'rank', disabled: job !== null, onclick: () => void app.drift.actions.together() }, 'Rank them by how unusual they are'),
      bin && h('button', { type: 'button', 'data-focus': 'without', onclick: () => void app.drift.actions.leaveOut() }, `Compare without these ${count(found.total)} rows`),
    ),
    without &&
      h(
        'p',
        { class: 'note', role: 'status' },
        `Without these ${count(without.rows)} rows ${column.name} would be `,
        h('strong', null, without.column?.verdict ?? 'left out'),
        without.column ? ` (${effectWords(without.column.effect).name} ${effectWords(without.column.effect).value} ${effectWords(without.column.effect).range}). ` : '. ',
        without.overall.sentence,
      ),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows behind the bin' },
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'unseen' }, `Current rows with ${where}, as in the file`),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col', class: 'num' }, 'Row'),
            ranked && h('th', { scope: 'col', class: 'num' }, 'Times as likely now'),
            h('th', { scope: 'col', class: 'num' }, 'Score'),
            ...head.map((name) => h('th', { scope: 'col', class: name === column.name ? 'num strong' : 'num' }, name)),
          ),
        ),
        h(
          'tbody',
          null,
          ...found.rows.map(({ row, ratio }, i) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row', class: 'num' }, h('button', { type: 'button', class: 'linklike', onclick: () => app.openInReview(row), 'aria-label': `Row ${row}, open it in Review` }, String(row))),
              ranked && h('td', { class: 'num' }, ratio === null ? '–' : measure(Number(ratio.toPrecision(3)))),
              h('td', { class: 'num score' }, Number.isNaN(probabilities[row]) ? 'set aside' : probabilities[row].toFixed(4)),
              ...(cells[i] ?? []).map((text, c) => {
                const { short, numeric } = cell(text, report?.decimal ?? '.');
                return h('td', { class: `${numeric ? 'num' : 'text'}${head[c] === column.name ? ' strong' : ''}`, title: short === text ? null : text }, short);
              }),
            ),
          ),
        ),
      ),
    ),
  ];
}
