// @ts-check
// The bar over the table: filters, columns, and where in the rows one is.

import { PAGE_ROWS, tableColumns } from '../state/app_state.js';
import { namedColumns } from '../state/columns.js';
import { describeFilter, defaultFilter } from '../state/filters.js';
import { count } from '../state/format.js';
import { LEVELS } from '../state/scores.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLInputElement} input
 * @returns {number | null}
 */
function numberIn(input) {
  const value = input.valueAsNumber;
  return Number.isFinite(value) ? value : null;
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  /**
   * @param {string} label
   * @param {HTMLElement} control
   * @param {string} [kind]
   */
  const field = (label, control, kind) => h('div', { class: `field ${kind ?? ''}` }, h('label', { for: control.id }, label), control);
  const level = h('select', { id: 'filter-level' });
  put(
    level,
    h('option', { value: 'flagged' }, 'flagged'),
    h('option', { value: 'all' }, 'all rows'),
    ...[...LEVELS].reverse().map((name) => h('option', { value: name }, name)),
    h('option', { value: 'set aside' }, 'set aside'),
  );
  const score = h('input', { id: 'filter-score', type: 'number', min: 0, max: 1, step: 'any', placeholder: 'any' });
  const from = h('input', { id: 'filter-from', type: 'number', min: 0, step: 1, placeholder: 'first' });
  const to = h('input', { id: 'filter-to', type: 'number', min: 0, step: 1, placeholder: 'last' });
  const column = h('select', { id: 'filter-column' });
  const op = h('select', { id: 'filter-op', 'aria-label': 'Comparison' });
  put(
    op,
    h('option', { value: '>=' }, '≥'),
    h('option', { value: '<=' }, '≤'),
    h('option', { value: '=' }, '='),
    h('option', { value: 'missing' }, 'no number'),
  );
  const value = h('input', { id: 'filter-value', type: 'number', step: 'any', placeholder: 'value', 'aria-label': 'Value' });
  const text = h('input', { id: 'filter-text', type: 'search', placeholder: 'anywhere in the row', autocomplete: 'off', spellcheck: 'false' });
  const clear = h('button', { type: 'button', class: 'quiet', onclick: () => actions.setFilter(defaultFilter()) }, 'Clear');

  const columnList = h('div', { class: 'column-list' });
  const columns = h(
    'details',
    { class: 'columns' },
    h('summary', null, 'Columns'),
    h(
      'div',
      { class: 'panel' },
      columnList,
      h('button', { type: 'button', class: 'quiet', onclick: () => actions.setSettings({ columns: null }) }, 'The usual ones'),
    ),
  );
  /** @param {Event} event */
  const closeColumns = (event) => {
    if (event.target instanceof Node && !columns.contains(event.target)) columns.open = false;
  };
  columns.addEventListener('toggle', () => {
    if (columns.open) document.addEventListener('pointerdown', closeColumns);
    else document.removeEventListener('pointerdown', closeColumns);
  });
  columns.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && columns.open) {
      columns.open = false;
      columns.querySelector('summary')?.focus();
    }
  });

  const range = h('p', { class: 'range-line', role: 'status' });
  const back = h('button', { type: 'button', class: 'square', 'aria-label': 'Previous page', onclick: () => actions.setPage(store.get().page - 1) }, '‹');
  const next = h('button', { type: 'button', class: 'square', 'aria-label': 'Next page', onclick: () => actions.setPage(store.get().page + 1) }, '›');
  const page = h('input', { id: 'page', type: 'number', min: 1, step: 1 });
  const pages = h('span', { class: 'hint' });
  page.addEventListener('change', () => {
    actions.setPage((numberIn(page) ?? 1) - 1);
    page.value = String(store.get().page + 1);
  });

  level.addEventListener('change', () => actions.setFilter({ level: /** @type {any} */ (level.value) }));
  score.addEventListener('change', () => actions.setFilter({ minScore: numberIn(score) }));
  from.addEventListener('change', () => actions.setFilter({ rowFrom: numberIn(from) }));
  to.addEventListener('change', () => actions.setFilter({ rowTo: numberIn(to) }));
  const columnChanged = () =>
    actions.setFilter({ column: column.value, op: /** @type {any} */ (op.value), value: numberIn(value) });
  column.addEventListener('change', columnChanged);
  op.addEventListener('change', columnChanged);
  value.addEventListener('change', columnChanged);
  text.addEventListener('change', () => actions.setFilter({ text: text.value }));
  text.addEventListener('search', () => actions.setFilter({ text: text.value }));

  put(
    element,
    h(
      'form',
      { class: 'filters', 'aria-label': 'Filter the rows', novalidate: true, onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field('Show', level),
      field('Score ≥', score, 'small'),
      field('Row from', from, 'small'),
      field('to', to, 'small'),
      h('div', { class: 'field' }, h('label', { for: 'filter-column' }, 'Column'), h('div', { class: 'joined' }, column, op, value)),
      field('Text', text),
      clear,
    ),
    h(
      'div',
      { class: 'pager' },
      range,
      h('span', { class: 'push' }),
      columns,
      h('div', { class: 'row' }, back, h('label', { for: 'page' }, 'Page'), page, pages, next),
    ),
  );

  const stops = [
    store.watch(['scored', 'settings'], (state) => {
      if (!state.scored) return;
      const all = namedColumns(state.scored.report.columns);
      const names = all.map(({ name }) => name);
      const findable = all.filter(({ first }) => first).map(({ name }) => name);
      const chosen = column.value;
      put(column, h('option', { value: '' }, 'any'), ...findable.map((name) => h('option', { value: name }, name)));
      column.value = findable.includes(chosen) ? chosen : '';
      const shownNames = () => tableColumns(store.get()).map(({ name }) => name);
      const shown = shownNames();
      put(
        columnList,
        ...names.map((name, i) => {
          const box = h('input', { type: 'checkbox', id: `column-${i}`, checked: shown.includes(name) });
          box.addEventListener('change', () => {
            const now = shownNames();
            const wanted = names.filter((other) => (other === name ? box.checked : now.includes(other)));
            actions.setSettings({ columns: wanted.length > 0 ? wanted : null });
            columnList.querySelector(/** @type {'input'} */ (`#column-${i}`))?.focus();
          });
          return h('div', { class: 'check' }, box, h('label', { for: `column-${i}` }, name));
        }),
      );
    }),
    store.watch(['filter'], ({ filter }) => {
      level.value = filter.level;
      score.value = filter.minScore === null ? '' : String(filter.minScore);
      from.value = filter.rowFrom === null ? '' : String(filter.rowFrom);
      to.value = filter.rowTo === null ? '' : String(filter.rowTo);
      column.value = filter.column;
      op.value = filter.op;
      value.value = filter.value === null ? '' : String(filter.value);
      value.hidden = filter.op === 'missing';
      text.value = filter.text;
      clear.hidden = describeFilter(filter).join() === describeFilter(defaultFilter()).join() && filter.column === '';
    }),
    store.watch(['shown', 'page', 'tableBusy', 'filter', 'scored'], ({ shown, page: now, tableBusy, filter, scored }) => {
      const total = shown?.length ?? 0;
      const last = Math.max(1, Math.ceil(total / PAGE_ROWS));
      if (tableBusy !== '') {
        say(range, tableBusy);
      } else if (shown && scored) {
        const words = describeFilter(filter).join(', ');
        const of = words === '' ? `${count(total)}` : `${count(total)} (${words})`;
        say(range, total === 0 ? 'No rows' : `Rows ${count(now * PAGE_ROWS + 1)}–${count(Math.min(total, (now + 1) * PAGE_ROWS))} of ${of}`);
      }
      back.disabled = now === 0;
      next.disabled = now >= last - 1;
      page.max = String(last);
      if (document.activeElement !== page) page.value = String(now + 1);
      say(pages, `of ${count(last)}`);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
