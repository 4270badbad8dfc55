// @ts-check
// The review of a file, put together: first screen, progress, problem, how it was read, results.

import { setAside } from '../state/app_state.js';
import { bytes, count, duration } from '../state/format.js';
import { h, put, say } from './dom.js';
import * as filters from './filters.js';
import { afterPaint, later } from './later.js';
import * as problem from './problem.js';
import * as progress from './progress.js';
import * as report from './report.js';
import * as start from './start.js';
import * as summary from './summary.js';
import * as table from './table.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const note = h('p', { class: 'note', role: 'status' });
  const problemBox = h('div', { class: 'problem', hidden: true });
  const progressBox = h('section', { class: 'progress', hidden: true, 'aria-labelledby': 'progress-title' });
  const startBox = h('section', { class: 'start', 'aria-labelledby': 'start-title' });
  const reportBox = h('div', { hidden: true });
  const name = h('h1', { class: 'file-name', tabindex: -1 });
  const facts = h('p', { class: 'file-facts' });
  const see = h('button', { type: 'button', class: 'linklike' }, 'see');
  see.addEventListener('click', () => {
    const details = /** @type {HTMLDetailsElement} */ (document.getElementById('import-report'));
    details.open = true;
    details.scrollIntoView();
    details.querySelector('summary')?.focus();
  });
  const saveButton = h('button', { type: 'button', class: 'primary' }, 'Download scored CSV');
  const fileBox = h(
    'div',
    { class: 'file', hidden: true },
    h('div', { class: 'file-title' }, name, facts),
    h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => app.chooseFile() }, 'Score another file'), saveButton),
  );
  const strip = h('div', { class: 'strip' });
  const charts = h('div', { class: 'charts' });
  const bar = h('div');
  const rows = h('div');
  const results = h('div', { class: 'results', hidden: true }, strip, charts, h('section', { 'aria-label': 'Rows of the file' }, bar, rows));

  put(element, note, problemBox, fileBox, progressBox, reportBox, startBox, results);
  const download = later(element, async () => (await import('./download.js')).createDownload(element, app));
  saveButton.addEventListener('click', () => void download().then((show) => show?.()));
  const drawCharts = later(charts, async () => (await import('./figures.js')).mount(charts, app));
  void app.calm().then(() => Promise.all([drawCharts(), download()]));

  const stops = [
    problem.mount(problemBox, app),
    progress.mount(progressBox, app),
    start.mount(startBox, app),
    report.mount(reportBox, app),
    summary.mount(strip, app),
    filters.mount(bar, app),
    table.mount(rows, app),
    // The rows come first.
    store.watch(['pageCells'], ({ pageCells }) => void (pageCells && afterPaint(drawCharts))),
    store.watch(['note'], ({ note: text }) => {
      say(note, text);
      note.hidden = text === '';
    }),
    store.watch(['scored', 'job', 'source', 'problem'], ({ scored, job, source }) => {
      const done = scored !== null && scored.scored > 0 && job === null;
      const focused = document.activeElement;
      results.hidden = !done;
      startBox.hidden = job !== null || done;
      startBox.classList.toggle('again', source !== null);
      fileBox.hidden = source === null || job !== null || !done;
      // The focus does not stay on what is hidden, where it would be lost.
      if (focused && element.contains(focused) && focused.closest('[hidden]')) {
        const next = job !== null ? progressBox.querySelector('button') : done ? name : startBox.querySelector('button');
        next?.focus({ preventScroll: true });
      }
      if (!done || !source) return;
      say(name, source.name);
      const parts = [bytes(source.file.size), `${count(scored.rows)} ${scored.rows === 1 ? 'row' : 'rows'}`, `scored in ${duration(scored.seconds)}`];
      if (scored.partial) parts.push('partial');
      const bad = setAside(scored);
      put(
        facts,
        parts.join(' · '),
        bad > 0 && ` · ${count(bad)} ${bad === 1 ? 'row' : 'rows'} set aside `,
        bad > 0 && see,
        source.demo && ' · generated, no real data',
      );
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
