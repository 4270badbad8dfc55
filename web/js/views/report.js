// @ts-check
// How the file was read: dialect with overrides in place, columns, rows set aside, missing cells.

import { setAside } from '../state/app_state.js';
import { count, decimalName, delimiterName, lineEndingName } from '../state/format.js';
import { h, newId, put } from './dom.js';
import { shortList } from './start.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/types.js').BadRow} BadRow */

const FIRST = 10;
const MORE = 100;
const SHOWN_TEXT = 160;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store } = app;
  const details = h('details', { class: 'report', id: 'import-report' });
  put(element, details);
  /** @type {unknown} */
  let shownSource = null;
  return store.watch(['report', 'scored', 'source', 'job', 'problem'], (state) => {
    const { report, source, problem } = state;
    const misread = problem !== null && problem.about === 'file' && source !== null && problem.code !== 'SAVE_FAILED';
    element.hidden = source === null || (report === null && !misread);
    if (element.hidden || !source) return;
    if (misread || shownSource !== source.file) details.open = misread;
    shownSource = source.file;
    put(
      details,
      h('summary', null, h('span', { class: 'key' }, 'How it was read'), h('span', null, headline(state))),
      h(
        'div',
        { class: 'report-body' },
        h('div', null, dialect(state, app), report && columns(state)),
        state.scored && h('div', null, badRows(state), missing(state)),
      ),
    );
  });
}

/** @param {import('../state/app_state.js').State} state */
function headline({ report, scored, model }) {
  if (!report) return 'not understood: set delimiter, decimal sign and header here';
  const needed = report.matched.length + report.missing.length;
  const parts = [
    delimiterName(report.delimiter),
    `decimal ${decimalName(report.decimal)}`,
    report.header ? 'header' : 'no header',
    lineEndingName(report.lineEnding),
    `${report.matched.length} of ${needed} columns matched`,
  ];
  if (report.extra.length > 0) parts.push(`${report.extra.length} extra`);
  parts.push(report.label === null ? `no ${model?.label_column || 'label'} column` : `label ${report.label}`);
  if (report.weight !== null) parts.push(`weight ${report.weight}`);
  if (scored) parts.push(`${count(setAside(scored))} ${setAside(scored) === 1 ? 'row' : 'rows'} set aside`);
  return parts.join(' · ');
}

/**
 * @param {import('../state/app_state.js').State} state
 * @param {App} app
 */
function dialect({ report, source, job }, app) {
  const overrides = source?.overrides ?? {};
  /** @param {import('../engine/types.js').ImportOverrides} patch */
  const change = (patch) => {
    /** @type {import('../engine/types.js').ImportOverrides} */
    const next = { ...overrides, ...patch };
    for (const key of /** @type {(keyof typeof next)[]} */ (Object.keys(next))) {
      if (next[key] === undefined) delete next[key];
    }
    app.actions.setOverrides(next);
  };
  /**
   * @param {string} name
   * @param {string | undefined} value
   * @param {string} guess
   * @param {[string, string][]} options
   * @param {(value: string) => void} use
   */
  const choice = (name, value, guess, options, use) => {
    const id = newId('override');
    const select = h('select', { id, disabled: job !== null, onchange: () => use(select.value) });
    put(select, h('option', { value: '' }, guess === '' ? 'guess' : `guess (${guess})`), ...options.map(([v, text]) => h('option', { value: v }, text)));
    select.value = value ?? '';
    return h('div', { class: 'field' }, h('label', { for: id }, name), select);
  };
  const guessed = report && !overrides.delimiter ? delimiterName(report.delimiter) : '';
  const sign = report && !overrides.decimal ? decimalName(report.decimal) : '';
  const header = report && overrides.header === undefined ? (report.header ? 'present' : 'none') : '';
  return h(
    'fieldset',
    null,
    h('legend', null, 'Dialect'),
    h(
      'div',
      { class: 'fields' },
      choice(
        'Delimiter',
        overrides.delimiter,
        guessed,
        [
          [',', 'comma ,'],
          [';', 'semicolon ;'],
          ['\t', 'tab'],
          ['|', 'bar |'],
        ],
        (value) => change({ delimiter: /** @type {any} */ (value || undefined) }),
      ),
      choice(
        'Decimal sign',
        overrides.decimal,
        sign,
        [
          ['.', 'point .'],
          [',', 'comma ,'],
        ],
        (value) => change({ decimal: /** @type {any} */ (value || undefined) }),
      ),
      choice(
        'Header',
        overrides.header === undefined ? undefined : overrides.header ? 'yes' : 'no',
        header,
        [
          ['yes', 'first line'],
          ['no', 'none'],
        ],
        (value) => change({ header: value === '' ? undefined : value === 'yes' }),
      ),
      report && h('div', { class: 'field' }, h('span', { class: 'label' }, 'Line ends'), h('span', { class: 'value' }, lineEndingName(report.lineEnding))),
      report && h('div', { class: 'field' }, h('span', { class: 'label' }, 'Encoding'), h('span', { class: 'value' }, report.bom ? 'UTF-8 with BOM' : 'UTF-8')),
      report && h('div', { class: 'field' }, h('span', { class: 'label' }, 'Data from line'), h('span', { class: 'value' }, count(report.dataLine))),
    ),
    h('p', { class: 'hint' }, 'A change reads and scores the file again.'),
  );
}

/** @param {import('../state/app_state.js').State} state */
function columns({ report, model }) {
  if (!report) return null;
  const renamed = report.matched.filter(({ input, column }) => input !== column);
  /**
   * @param {string} name
   * @param {string} text
   * @param {string} [tone]
   */
  const line = (name, text, tone) => [h('dt', null, name), h('dd', { class: tone ?? null }, text)];
  return h(
    'section',
    null,
    h('h2', null, 'Columns'),
    h(
      'dl',
      { class: 'pairs' },
      ...line('Matched', report.matched.length === 0 ? 'none' : shortList(report.matched.map(({ input }) => input))),
      ...(renamed.length > 0 ? line('Under another name', renamed.map(({ input, column }) => `${input} is “${column}”`).join(', ')) : []),
      ...line('Missing', report.missing.length === 0 ? 'none' : shortList(report.missing), report.missing.length > 0 ? 'strong' : undefined),
      ...line('Extra', report.extra.length === 0 ? 'none' : `${shortList(report.extra.map((name) => name || '(no name)'))} (kept for the download)`),
      ...line('Label', report.label ?? `none${model?.label_column ? `: a column named ${model.label_column} would be used to measure` : ''}`),
      ...line('Weight', report.weight ?? 'none'),
    ),
  );
}

/** @param {import('../state/app_state.js').State} state */
function badRows({ scored }) {
  if (!scored) return null;
  const { badRows: bad, file } = scored;
  const section = h('section', null, h('h2', null, `Rows set aside: ${count(setAside(scored))}`));
  if (bad.length === 0) {
    section.append(h('p', { class: 'hint' }, 'None. A row that cannot be scored would be listed here with its line and the reason; the others are scored all the same.'));
    return section;
  }
  const body = h('tbody');
  const more = h('button', { type: 'button' });
  let shown = 0;
  const show = (/** @type {number} */ n) => {
    const next = bad.slice(shown, shown + n);
    body.append(...next.map((row) => badRow(row, file)));
    shown += next.length;
    more.hidden = shown >= bad.length;
    more.textContent = `Show ${count(Math.min(MORE, bad.length - shown))} more of ${count(bad.length - shown)}`;
  };
  more.addEventListener('click', () => show(MORE));
  show(FIRST);
  section.append(
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows set aside' },
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'unseen' }, 'Rows set aside, with the reason'),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col', class: 'num' }, 'Line'),
            h('th', { scope: 'col', class: 'num' }, 'Row'),
            h('th', { scope: 'col' }, 'Column'),
            h('th', { scope: 'col' }, 'Reason'),
            h('th', { scope: 'col' }, 'Text'),
          ),
        ),
        body,
      ),
    ),
    more,
  );
  if (bad.length < setAside(scored)) section.append(h('p', { class: 'hint' }, `The first ${count(bad.length)} are listed.`));
  return section;
}

/**
 * @param {BadRow} row
 * @param {Blob} file
 */
function badRow(row, file) {
  const text = h('code', null, '…');
  const end = row.offset + Math.min(row.length, SHOWN_TEXT);
  file
    .slice(row.offset, end)
    .text()
    .then((found) => {
      text.textContent = found.replace(/[\r\n]+/g, ' ⏎ ') + (row.length > SHOWN_TEXT ? ' …' : '');
    })
    .catch(() => {
      text.textContent = 'The file cannot be read any more.';
    });
  return h(
    'tr',
    null,
    h('td', { class: 'num' }, count(row.line)),
    h('td', { class: 'num' }, count(row.row)),
    h('td', null, row.column ?? '–'),
    // The line has a column of its own.
    h('td', { class: 'wrap' }, row.message.replace(/^line \d+[,:] /, '')),
    h('td', { class: 'original' }, text),
  );
}

/** @param {import('../state/app_state.js').State} state */
function missing({ scored }) {
  if (!scored) return null;
  const found = Object.entries(scored.missing).filter(([, n]) => n > 0);
  const total = found.reduce((sum, [, n]) => sum + n, 0);
  return h(
    'section',
    null,
    h('h2', null, `Missing cells: ${count(total)}`),
    found.length === 0
      ? h('p', { class: 'hint' }, 'None. Empty cells, NA, NaN, null and ? count as missing.')
      : h(
          'table',
          { class: 'grid narrow' },
          h('caption', { class: 'unseen' }, 'Missing cells per column'),
          h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Column'), h('th', { scope: 'col', class: 'num' }, 'Missing'))),
          h('tbody', null, ...found.map(([name, n]) => h('tr', null, h('th', { scope: 'row' }, name), h('td', { class: 'num' }, count(n))))),
        ),
  );
}
