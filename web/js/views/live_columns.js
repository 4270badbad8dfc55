// @ts-check
// Which columns have moved away from the reference; one opened: both histograms, the bins that moved most, rows behind a bin.

import { binsContent } from '../charts/compare.js';
import { createFigure } from '../charts/figure.js';
import { binWords, pWords } from '../state/drift_words.js';
import { count, fixed, measure, percent, probability } from '../state/format.js';
import { clock, windowLabel } from '../state/live_words.js';
import { badge, h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/live/types.js').ColumnDrift} ColumnDrift */
/** @typedef {import('../engine/live/types.js').ColumnDetail} ColumnDetail */

const BINS = 8;
const FIRST = 6;

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} detail where the opened column is shown
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, detail, app, pacer) {
  const { store, actions } = app.live;
  const line = h('p', { class: 'finding' });
  const body = h('tbody');
  const all = h('button', { type: 'button', class: 'linklike', 'aria-expanded': false });
  const table = h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      { class: 'grid columns-table' },
      h('caption', { class: 'unseen' }, 'Columns, drifted ones first'),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Column'),
          h('th', { scope: 'col' }, 'Verdict'),
          h('th', { scope: 'col', class: 'num' }, 'PSI'),
          h('th', { scope: 'col', class: 'num' }, 'p (corrected)'),
          h('th', { scope: 'col', class: 'num' }, 'Missing'),
        ),
      ),
      body,
    ),
  );
  put(element, h('div', { class: 'section-title' }, h('h2', null, 'Columns')), line, table, all);
  const unmountDetail = mountDetail(detail, app, () => {
    const name = store.get().openColumn;
    actions.openColumn(null);
    rows.get(name ?? '')?.opener.focus();
  });

  let everything = false;
  all.addEventListener('click', () => {
    everything = !everything;
    show();
  });

  /** @type {Map<string, {element: HTMLElement, opener: HTMLElement, show: (column: ColumnDrift) => void}>} */
  const rows = new Map();
  /** @param {string} name */
  function rowOf(name) {
    const opener = h('button', { type: 'button', class: 'linklike', 'aria-expanded': false }, name);
    opener.addEventListener('click', () => actions.openColumn(store.get().openColumn === name ? null : name));
    const verdict = h('td');
    const psi = h('span');
    const noise = h('span', { class: 'range' });
    const p = h('td', { class: 'num' });
    const missing = h('td', { class: 'num' });
    const tr = h('tr', null, h('th', { scope: 'row' }, opener), verdict, h('td', { class: 'num' }, psi, ' ', noise), p, missing);
    return {
      element: tr,
      opener,
      /** @param {ColumnDrift} column */
      show(column) {
        const open = store.get().openColumn === name;
        opener.setAttribute('aria-expanded', String(open));
        tr.classList.toggle('open', open);
        tr.classList.toggle('drifted', column.verdict === 'drifted');
        say(verdict, column.verdict);
        say(psi, column.psi === null ? '–' : fixed(column.psi, 3));
        say(noise, column.psi_noise === null ? '' : `noise ${fixed(column.psi_noise, 3)}`);
        say(p, pWords(column.p_corrected));
        say(missing, `${percent(column.reference_missing_rate, 1)} → ${percent(column.missing_rate, 1)}`);
      },
    };
  }

  function show() {
    const { columns, openColumn, settings } = store.get();
    table.hidden = !columns;
    all.hidden = !columns || columns.length <= FIRST;
    if (!columns) {
      say(line, 'How far each column has moved from the training data appears here once there are enough rows.');
      return;
    }
    const drifted = columns.filter(({ verdict }) => verdict === 'drifted');
    const few = columns.length > 0 && columns.every(({ verdict }) => verdict === 'too few rows');
    say(
      line,
      few
        ? `Too few rows in the window (${windowLabel(settings.window)}) to say.`
        : drifted.length === 0
          ? `No column has drifted from the training data (${windowLabel(settings.window)}).`
          : `${count(drifted.length)} of ${count(columns.length)} columns drifted from the training data, ${drifted[0].name} most (${windowLabel(settings.window)}).`,
    );
    const least = Math.max(FIRST, Math.min(drifted.length, 12));
    const shown = columns.filter(({ name }, i) => everything || i < least || name === openColumn);
    say(all, everything ? 'Only the first' : `All ${columns.length} columns`);
    all.setAttribute('aria-expanded', String(everything));
    const wanted = shown.map((column) => {
      const row = rows.get(column.name) ?? rowOf(column.name);
      rows.set(column.name, row);
      row.show(column);
      return row.element;
    });
    if (wanted.length !== body.childElementCount || wanted.some((each, i) => body.children[i] !== each)) {
      const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement : null;
      body.replaceChildren(...wanted);
      if (focused?.isConnected) focused.focus();
    }
  }
  const ask = pacer.piece(500, show);
  const stops = [store.watch(['columns'], ask), store.watch(['openColumn', 'settings'], show), unmountDetail];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {() => void} close
 */
function mountDetail(element, app, close) {
  const { store, actions } = app.live;
  const title = h('h3', { tabindex: -1 });
  const figure = createFigure('Now and reference');
  figure.onPick((x) => {
    const bins = store.get().column?.current.length ?? 0;
    if (x >= 0 && x < bins) actions.openBin(Math.floor(x));
  });
  const bins = h('div', { class: 'bins' });
  const problem = h('p', { role: 'alert' });
  const rows = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows behind the bin' });
  put(
    element,
    h('div', { class: 'section-title' }, title, h('span', { class: 'push' }), h('button', { type: 'button', onclick: close }, 'Close')),
    problem,
    figure.element,
    bins,
    rows,
  );
  let drawn = '';
  const stops = [
    store.watch(['openColumn'], ({ openColumn }) => {
      element.hidden = openColumn === null;
      drawn = '';
      if (openColumn !== null) say(title, openColumn);
    }),
    store.watch(['columnProblem'], ({ columnProblem }) => {
      say(problem, columnProblem);
      problem.hidden = columnProblem === '';
    }),
    store.watch(['column', 'openBin'], ({ column, openBin }) => {
      figure.element.hidden = !column;
      bins.hidden = !column;
      if (!column) return;
      const content = binsContent({
        column: { name: column.name, kind: 'numeric', score: 'psi', bins: binsOf(column) },
        chosen: openBin,
        held: (_, share) => percent(share, 1),
        words: (bin) => binWords(bin, 'numeric'),
        finding: finding(column),
      });
      if (drawn === column.name) figure.update(content);
      else figure.show(content);
      drawn = column.name;
      showBins(column, openBin);
    }),
    store.watch(['binRows', 'openBin'], ({ binRows, openBin, column }) => {
      rows.hidden = openBin === null;
      if (openBin === null || !column) return;
      put(rows, ...behind(app, column, openBin, binRows));
    }),
  ];

  /**
   * @param {ColumnDetail} column
   * @param {number | null} chosen
   */
  function showBins(column, chosen) {
    const order = column.contribution.map((_, i) => i).sort((a, b) => column.contribution[b] - column.contribution[a] || a - b);
    const shown = order.slice(0, BINS);
    if (chosen !== null && !shown.includes(chosen)) shown.push(chosen);
    const focused = bins.contains(document.activeElement) ? document.activeElement?.getAttribute('data-bin') : null;
    const all = binsOf(column);
    put(
      bins,
      h('h4', null, 'Bins that moved most; choose one to see its rows'),
      ...shown.map((i) =>
        h(
          'button',
          { type: 'button', 'data-bin': i, 'aria-pressed': i === chosen, onclick: () => actions.openBin(store.get().openBin === i ? null : i) },
          h('span', null, binWords(all[i], 'numeric')),
          h('span', { class: 'soft' }, `${percent(column.reference[i], 1)} → ${percent(column.current[i], 1)}, PSI ${fixed(column.contribution[i], 3)}`),
        ),
      ),
    );
    if (focused) bins.querySelector(/** @type {'button'} */ (`[data-bin="${focused}"]`))?.focus();
  }
  return () => {
    stops.forEach((stop) => stop());
    figure.close();
  };
}

/**
 * The bins with shares of the rows; the first and last also hold what is beyond.
 * @param {ColumnDetail} column
 */
function binsOf({ edges, reference, current, contribution }) {
  const last = reference.length - 1;
  return reference.map((share, i) => ({
    low: i === 0 ? null : edges[i],
    high: i === last ? null : edges[i + 1],
    category: null,
    missing: false,
    reference: share,
    current: current[i],
    contribution: contribution[i],
  }));
}

/** @param {ColumnDetail} column */
function finding({ drift }) {
  const psi = drift.psi === null ? '' : ` PSI ${fixed(drift.psi, 3)}${drift.psi_noise === null ? '' : `, of which chance gives about ${fixed(drift.psi_noise, 3)}`}.`;
  return `${drift.verdict[0].toUpperCase()}${drift.verdict.slice(1)}.${psi} Bars: now. Dashes: reference. Below: what each bin adds. Bins are drawn equally wide.`;
}

/**
 * @param {App} app
 * @param {ColumnDetail} column
 * @param {number} bin
 * @param {import('../engine/live/types.js').RecentRow[] | null} rows
 * @returns {import('./dom.js').Child[]}
 */
function behind(app, column, bin, rows) {
  const where = `${column.name} ${binWords(binsOf(column)[bin], 'numeric')}`;
  if (!rows) return [h('p', { class: 'hint' }, `Looking for recent rows with ${where} …`)];
  if (rows.length === 0) return [h('p', { class: 'hint' }, `None of the last 5,000 rows has ${where}.`)];
  const inputs = app.store.get().model?.inputs ?? [];
  return [
    h('p', null, `${count(rows.length)} recent ${rows.length === 1 ? 'row' : 'rows'} with ${where}, the most unusual first`),
    h(
      'table',
      { class: 'grid' },
      h('caption', { class: 'unseen' }, `Recent rows with ${where}`),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Row'),
          h('th', { scope: 'col' }, 'Time'),
          h('th', { scope: 'col', class: 'num' }, 'Score'),
          h('th', { scope: 'col' }, 'Level'),
          h('th', { scope: 'col', class: 'num' }, column.name),
          ...inputs.map(({ name }) => h('th', { scope: 'col', class: 'num' }, name)),
        ),
      ),
      h(
        'tbody',
        null,
        ...rows.map((row) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, row.reference !== '' ? row.reference : row.row !== null ? String(row.row) : '–'),
            h('td', null, clock(row.timestamp, true)),
            h('td', { class: 'num score' }, h('data', { value: String(row.probability), title: String(row.probability) }, probability(row.probability))),
            h('td', null, badge(row.risk_level)),
            h('td', { class: 'num strong' }, row.value === null ? 'missing' : measure(row.value)),
            ...row.inputs.map((value) => h('td', { class: 'num' }, value === null ? 'missing' : measure(value))),
          ),
        ),
      ),
    ),
  ];
}
