// @ts-check
// What is kept: the prediction log on this device, and summaries as small files.

import { openSink } from '../export/save.js';
import { bytes } from '../state/format.js';
import { CAPS } from '../state/live_state.js';
import { logLine } from '../state/live_words.js';
import { h, put, say } from './dom.js';
import { field } from './live_source.js';

/** @typedef {import('../app.js').App} App */

/** @type {Record<'ndjson' | 'csv', import('../export/save.js').FileType>} */
const TYPES = {
  csv: { description: 'CSV', accept: { 'text/csv': ['.csv'] } },
  ndjson: { description: 'NDJSON', accept: { 'application/x-ndjson': ['.ndjson'] } },
};

/** 2026-01-02T03-04: for names of files. */
const stamp = () => new Date().toISOString().slice(0, 16).replaceAll(':', '-');

/**
 * A button that asks once more before it does what it says.
 * @param {string} text
 * @param {string} question
 * @param {string} yes
 * @param {() => unknown} act
 */
function askedTwice(text, question, yes, act) {
  const first = h('button', { type: 'button' }, text);
  const sure = h('button', { type: 'button', class: 'primary' }, yes);
  const no = h('button', { type: 'button' }, 'Keep');
  const asking = h('span', { class: 'row', role: 'group', 'aria-label': question, hidden: true }, h('span', null, question), sure, no);
  const ask = (/** @type {boolean} */ on) => {
    asking.hidden = !on;
    first.hidden = on;
    (on ? no : first).focus();
  };
  first.addEventListener('click', () => ask(true));
  no.addEventListener('click', () => ask(false));
  sure.addEventListener('click', async () => {
    await act();
    ask(false);
  });
  return { element: h('span', { class: 'row' }, first, asking), first };
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const log = h('section', { 'aria-label': 'Prediction log' });
  const summary = h('section', { 'aria-label': 'Summary' });
  put(element, log, summary);
  const stops = [mountLog(log, app, pacer), mountSummary(summary, app)];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
function mountLog(element, app, pacer) {
  const { store, actions } = app.live;
  const remember = h('input', { type: 'checkbox', id: 'live-remember', 'aria-describedby': 'live-remember-words' });
  remember.addEventListener('change', async () => {
    await actions.setSettings({ remember: remember.checked });
    remember.checked = store.get().settings.remember;
  });
  const cap = h('select', { id: 'live-cap' });
  cap.addEventListener('change', () => actions.setSettings({ cap: Number(cap.value) }));
  // A line from the start: nothing below moves, under a finger perhaps, when the figures come.
  const line = h('p', null, '\u00a0');
  const problem = h('p', { class: 'refused', role: 'alert', hidden: true });
  const note = h('p', { class: 'hint', role: 'status' });
  const clear = askedTwice('Clear', 'Delete the log on this device?', 'Delete it', () => actions.clearLog());
  const cancel = h('button', { type: 'button', onclick: () => actions.cancelExport() }, 'Cancel');
  const picker = /** @type {{showSaveFilePicker?: any}} */ (/** @type {unknown} */ (window)).showSaveFilePicker;
  /** @param {'ndjson' | 'csv'} format */
  const exporter = (format) =>
    h(
      'button',
      {
        type: 'button',
        onclick: async () => {
          const sink = await openSink(`firetower-log-${stamp()}.${format}`, { showSaveFilePicker: picker ? picker.bind(window) : undefined, offer: app.offer }, TYPES[format]);
          if (sink && (await actions.exportLog(format, sink))) say(note, 'Exported.');
        },
      },
      format === 'csv' ? 'Export CSV' : 'Export NDJSON',
    );
  const exports = [exporter('ndjson'), exporter('csv')];
  put(
    element,
    h('h2', null, 'Prediction log'),
    h('div', { class: 'check' }, remember, h('label', { for: 'live-remember' }, 'Remember on this device')),
    h(
      'p',
      { class: 'hint', id: 'live-remember-words' },
      'Kept: score, level, time, model version, row number or reference. Never the row’s values. It stays in this browser until you clear it.',
    ),
    line,
    problem,
    h('div', { class: 'fields' }, field('At most', cap)),
    h('div', { class: 'row' }, ...exports, clear.element, cancel),
    note,
  );

  const ask = pacer.piece(100, () => {
    const state = store.get().tick?.log;
    if (!state) return;
    say(line, logLine(state));
    clear.first.disabled = state.rows === 0;
    say(problem, state.problem);
    problem.hidden = state.problem === '';
  });
  const stops = [
    store.watch(['tick'], ask),
    store.watch(['settings'], ({ settings }) => {
      remember.checked = settings.remember;
      const caps = CAPS.includes(settings.cap) ? CAPS : [...CAPS, settings.cap].sort((a, b) => a - b);
      put(cap, ...caps.map((size) => h('option', { value: size }, bytes(size))));
      cap.value = String(settings.cap);
    }),
    store.watch(['logNote'], ({ logNote }) => say(note, logNote)),
    store.watch(['exporting'], ({ exporting }) => {
      for (const button of exports) button.disabled = exporting !== null;
      cancel.hidden = exporting === null;
      if (exporting) say(note, `${bytes(exporting.bytes)} written …`);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
function mountSummary(element, app) {
  const { store, actions } = app.live;
  const problem = h('p', { class: 'refused', role: 'alert', hidden: true });
  const merged = h('p', { class: 'hint', role: 'status' });
  const load = h('input', { type: 'file', accept: '.json,application/json', hidden: true, 'aria-label': 'Summary file' });
  load.addEventListener('change', () => {
    const file = load.files?.[0];
    if (file) void actions.merge(file, file.name);
    load.value = '';
  });
  /** @param {'window' | 'overall'} scope */
  const save = async (scope) => {
    const text = await actions.summary(scope);
    if (text) app.offer(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (text)], { type: 'application/json' }), `firetower-summary-${scope}-${stamp()}.json`);
  };
  const anew = askedTwice('Count anew', 'Set all figures to zero? Log and rules stay.', 'Set to zero', () => actions.reset());
  put(
    element,
    h('h2', null, 'Summary'),
    h('p', { class: 'hint' }, 'Counts only, no row and no text of your data: a small file that can be added to another, here or with firetower merge. The sum is the same in any order.'),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onclick: () => save('window') }, 'Save the window'),
      h('button', { type: 'button', onclick: () => save('overall') }, 'Save all since the start'),
      h('button', { type: 'button', onclick: () => load.click() }, 'Add a saved one'),
      anew.element,
      load,
    ),
    merged,
    problem,
  );
  const stops = [
    store.watch(['merged'], ({ merged: names }) => {
      say(merged, names.length === 0 ? '' : `Merged: the figures since the start include ${names.join(', ')}. Choose “everything since the start” above to see the sum.`);
    }),
    store.watch(['summaryProblem'], ({ summaryProblem }) => {
      say(problem, summaryProblem);
      problem.hidden = summaryProblem === '';
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
