// @ts-check
// The Live view, put together: source, figures, charts, alerts, latest predictions, columns, what is kept. The parts are
// drawn at a pace (live_pace.js) and only while the view is open; rows are counted all the same.

import { hasBegun } from '../state/live_state.js';
import { h, put, say } from './dom.js';
import * as alerts from './live_alerts.js';
import * as charts from './live_charts.js';
import * as columns from './live_columns.js';
import * as figures from './live_figures.js';
import * as keep from './live_keep.js';
import { createPacer } from './live_pace.js';
import * as recent from './live_recent.js';
import * as rules from './live_rules.js';
import * as source from './live_source.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.live;
  const pacer = createPacer();
  const spoken = h('p', { class: 'unseen', role: 'status' });
  const noteText = h('span', { role: 'status' });
  const saveOld = h('button', { type: 'button' }, 'Save what was counted before');
  const anew = h('button', { type: 'button', onclick: () => actions.reset() }, 'Count anew');
  const note = h('p', { class: 'note live-note' }, noteText, saveOld, anew, h('button', { type: 'button', class: 'quiet', onclick: () => actions.dismissNote() }, 'Dismiss'));
  saveOld.addEventListener('click', () => {
    const { switched } = store.get();
    if (switched) app.offer(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (switched.summary)], { type: 'application/json' }), 'firetower-summary-before-model-change.json');
  });
  const problem = h('div', { class: 'problem', hidden: true });
  const sourceBox = h('div', { class: 'live-source' });
  const strip = h('div', { class: 'strip live-strip' });
  const chartBox = h('div', { class: 'charts' });
  const alertBox = h('section', { class: 'alert-box', 'aria-label': 'Alerts' });
  const rulesBox = h('div');
  const recentBox = h('section', { 'aria-label': 'Latest predictions' });
  const columnBox = h('section', { class: 'live-columns', 'aria-label': 'Columns' });
  const columnDetail = h('section', { class: 'column-detail live-column', hidden: true, 'aria-label': 'One column' });
  const keepBox = h('div', { class: 'keep' });
  const running = h(
    'div',
    { class: 'results', hidden: true },
    strip,
    chartBox,
    h('div', { class: 'columns-2 live-pair' }, h('div', { class: 'stack' }, alertBox, rulesBox, columnBox), recentBox),
    columnDetail,
  );
  put(element, note, problem, spoken, sourceBox, running, keepBox);

  const parts = [
    source.mount(sourceBox, app, pacer),
    figures.mount(strip, app, pacer),
    charts.mount(chartBox, app, pacer),
    alerts.mount(alertBox, app, pacer),
    rules.mount(rulesBox, app),
    recent.mount(recentBox, app, pacer),
    columns.mount(columnBox, columnDetail, app, pacer),
    keep.mount(keepBox, app, pacer),
    app.store.watch(['view', 'engine'], ({ view, engine }) => {
      pacer.open(view === 'live');
      if (view === 'live' && engine === 'ready' && store.get().monitor === 'none') void actions.enter();
    }),
    store.watch(['source', 'tick', 'logNote'], (state) => {
      const on = hasBegun(state);
      keepBox.classList.toggle('log-only', !on);
      running.hidden = !on;
      // What became of the log is said where it was.
      keepBox.hidden = !on && !((state.tick?.log.rows ?? 0) > 0) && state.logNote === '';
    }),
    store.watch(['spoken'], ({ spoken: text }) => say(spoken, text)),
    store.watch(['note', 'switched', 'mixed'], ({ note: text, switched, mixed }) => {
      anew.hidden = !mixed;
      say(noteText, text);
      note.hidden = text === '';
      saveOld.hidden = switched === null;
    }),
    store.watch(['problem'], ({ problem: found, source: from }) => {
      problem.hidden = found === null;
      if (!found) {
        put(problem);
        return;
      }
      put(
        problem,
        h(
          'div',
          { role: 'alert' },
          h('h2', { class: 'problem-title' }, found.title),
          h('p', { class: 'problem-cause' }, found.cause),
          h('p', { class: 'problem-next' }, found.next),
          h(
            'div',
            { class: 'row' },
            found.restart && h('button', { type: 'button', class: 'primary', onclick: () => actions.restart() }, from ? 'Start it again' : 'Restart the engine'),
            found.about === 'file' && from?.kind === 'replay' && h('button', { type: 'button', onclick: () => app.chooseStream() }, 'Choose another file'),
            h('button', { type: 'button', class: 'quiet', onclick: () => actions.dismiss() }, 'Dismiss'),
          ),
          h('details', null, h('summary', null, 'Details to copy'), h('pre', { tabindex: 0, 'aria-label': 'Details' }, found.detail)),
        ),
      );
    }),
  ];
  return () => {
    parts.forEach((stop) => stop());
    pacer.close();
  };
}
