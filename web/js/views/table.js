// @ts-check
// The ranked table: a native table of one page of rows. A row opens beneath itself.

import { PAGE_ROWS, tableColumns } from '../state/app_state.js';
import { cell as formatCell, full, probability } from '../state/format.js';
import { LEVELS, levelOf } from '../state/scores.js';
import { copyInFull } from './copy.js';
import { badge, exact, h, put } from './dom.js';
import { afterPaint } from './later.js';
import { rowDetail } from './row.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/app_state.js').State} State */
/** @typedef {import('../state/app_state.js').Order} Order */

/** Rows that are made and painted before more are: a whole page of them blocks for 60 ms. */
const ROWS_AT_ONCE = 25;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const caption = h('caption', { class: 'unseen' });
  const head = h('thead');
  const body = h('tbody');
  const table = h('table', { class: 'grid ranked' }, caption, head, body);
  const scroll = h('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Ranked rows' }, table);
  const empty = h('div', { class: 'empty' });
  put(element, scroll, empty);
  copyInFull(table);

  /** @param {Order} wanted @returns {void} */
  const sort = (wanted) => {
    const { order } = store.get();
    const same = order.key === wanted.key && order.column === wanted.column;
    actions.sortBy(same ? { ...order, descending: !order.descending } : wanted);
    // The heads are made anew: the focus stays where the reader pressed.
    head.querySelector(/** @type {'button'} */ (`[data-sort="${CSS.escape(`${wanted.key}:${wanted.column}`)}"]`))?.focus();
  };

  /**
   * @param {string} name
   * @param {Order} wanted
   * @param {string} kind
   */
  function heading(name, wanted, kind) {
    const { order } = store.get();
    const current = order.key === wanted.key && order.column === wanted.column;
    return h(
      'th',
      { scope: 'col', class: kind, 'aria-sort': current ? (order.descending ? 'descending' : 'ascending') : 'none' },
      h(
        'button',
        { type: 'button', class: 'sort', 'data-sort': `${wanted.key}:${wanted.column}`, onclick: () => sort(wanted) },
        name,
        h('span', { 'aria-hidden': 'true', class: 'arrow' }, current ? (order.descending ? '▾' : '▴') : ''),
      ),
    );
  }

  /** @param {State} state */
  function drawHead(state) {
    const columns = tableColumns(state);
    put(
      head,
      h(
        'tr',
        null,
        heading('Row', { key: 'row', column: '', descending: false }, 'num'),
        heading('Score', { key: 'score', column: '', descending: true }, 'num'),
        h('th', { scope: 'col' }, 'Level'),
        ...columns.map(({ name, first }) =>
          first ? heading(name, { key: 'column', column: name, descending: true }, 'num') : h('th', { scope: 'col', class: 'num' }, name),
        ),
      ),
    );
    caption.textContent = `Rows of ${state.scored?.name ?? 'the file'} with their scores. Rows count from 0 in file order.`;
  }

  /** @type {State['pageCells']} whose rows are in the table, or about to be */
  let drawn = null;
  let dropRest = () => {};

  /** @param {State} state */
  function drawBody(state) {
    const { scored, pageCells, model } = state;
    dropRest();
    const known = pageCells !== null && pageCells === drawn;
    drawn = pageCells;
    if (!scored || !model || !pageCells) {
      put(body);
      return;
    }
    const { length } = pageCells.rows;
    const first = known ? length : ROWS_AT_ONCE;
    // The rows are made anew: the focus stays on the row where it was.
    const focused = document.activeElement?.getAttribute('data-row');
    put(body, ...bodyRows(state, 0, first));
    if (focused) opener(focused)?.focus();
    if (first < length) appendFrom(state, first);
  }

  /**
   * The page's rows from this one on.
   * @param {State} state
   * @param {number} from
   */
  function appendFrom(state, from) {
    dropRest = afterPaint(() => {
      const to = from + ROWS_AT_ONCE;
      body.append(...bodyRows(state, from, to));
      if (to < (state.pageCells?.rows.length ?? 0)) appendFrom(state, to);
    });
  }

  /**
   * @param {State} state
   * @param {number} from of the page's rows
   * @param {number} to
   */
  function bodyRows(state, from, to) {
    const { scored, pageCells, model, threshold, openRow } = state;
    /** @type {HTMLElement[]} */
    const rows = [];
    if (!scored || !model || !pageCells) return rows;
    const columns = tableColumns(state);
    for (let i = from; i < Math.min(to, pageCells.rows.length); ++i) {
      const row = pageCells.rows[i];
      const cells = pageCells.cells[i] ?? [];
      const p = scored.probabilities[row];
      const level = levelOf(p, model.risk_cuts);
      const open = row === openRow;
      rows.push(
        h(
          'tr',
          { class: `${p >= threshold ? 'flagged' : ''}${open ? ' open' : ''}` },
          h(
            'th',
            { scope: 'row', class: 'num' },
            h(
              'button',
              {
                type: 'button',
                class: 'opener',
                'data-row': row,
                'aria-expanded': open,
                'aria-controls': open ? 'row-detail' : undefined,
                'aria-label': `Row ${row}`,
                onclick: () => toggle(row),
              },
              h('span', { 'aria-hidden': 'true', class: 'arrow' }, open ? '▾' : '▸'),
              ` ${row}`,
            ),
          ),
          h('td', { class: 'num score' }, exact(p, probability(p), full(p))),
          h('td', null, level < 0 ? h('span', { class: 'soft' }, 'set aside') : badge(LEVELS[level])),
          ...columns.map(({ place }) => dataCell(cells[place], scored.report.decimal)),
        ),
      );
      if (open) rows.push(h('tr', { class: 'detail', id: 'row-detail' }, h('td', { colspan: 3 + columns.length }, rowDetail(state, app))));
    }
    return rows;
  }

  /** @param {number | string} row */
  const opener = (row) => body.querySelector(/** @type {'button'} */ (`button[data-row="${row}"]`));

  /** @param {number} row */
  function toggle(row) {
    if (store.get().openRow === row) actions.closeRow();
    else void actions.openRow(row);
    opener(row)?.focus();
  }
  body.addEventListener('keydown', (event) => {
    const { openRow } = store.get();
    if (event.key === 'Escape' && openRow !== null) toggle(openRow);
  });

  /** @param {State} state */
  function drawEmpty(state) {
    const { shown, scored, filter, threshold } = state;
    const none = scored !== null && shown !== null && shown.length === 0;
    empty.hidden = !none;
    scroll.hidden = none;
    if (!none) return;
    const all = h('button', { type: 'button', onclick: () => actions.setFilter({ ...emptyFilter(), level: 'all' }) }, 'Show all rows');
    const justFlagged = filter.level === 'flagged' && filter.text === '' && filter.column === '' && filter.minScore === null;
    put(
      empty,
      h(
        'p',
        null,
        justFlagged
          ? `No row scores ${threshold} or more, so none is flagged. Flagged rows appear here, the riskiest first; lower the threshold or see them all.`
          : 'No row meets all these conditions. Rows that do appear here.',
      ),
      all,
    );
  }

  let page = -1;
  const stops = [
    store.watch(['scored', 'order', 'settings'], drawHead),
    store.watch(['scored', 'pageCells', 'settings', 'threshold', 'openRow', 'rowDetail', 'model'], drawBody),
    store.watch(['shown', 'filter', 'threshold'], drawEmpty),
    store.watch(['page', 'order', 'filter'], (state) => {
      // Without rows there is nothing to scroll, and asking would lay out the page.
      if (page !== -1 && body.firstChild) scroll.scrollTop = 0;
      page = state.page;
    }),
    store.watch(['pageCells', 'scored'], ({ pageCells, shown }) => {
      scroll.setAttribute('aria-busy', String(shown !== null && pageCells === null));
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

function emptyFilter() {
  return { minScore: null, rowFrom: null, rowTo: null, column: '', value: null, text: '', op: /** @type {const} */ ('>=') };
}

/**
 * @param {string | undefined} text
 * @param {string} decimal
 */
function dataCell(text, decimal) {
  if (text === undefined) return h('td', null);
  const { short, numeric } = formatCell(text, decimal);
  if (numeric) return h('td', { class: 'num' }, short === text ? short : h('data', { value: text, title: text }, short));
  return h('td', { class: 'text' }, text);
}

/** Rows on a page, for tests. */
export { PAGE_ROWS };
