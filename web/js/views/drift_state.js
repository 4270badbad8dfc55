// @ts-check
// The Drift view when there is nothing to show yet, while it works, and when something went wrong.

import { count } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

const JOBS = {
  engine: 'Loading the analysis',
  current: 'Reading the columns',
  reference: 'Reading the reference',
  together: 'Looking at all columns together',
  performance: 'Measuring performance',
  detector: 'Running the detector',
  report: 'Making the report',
};

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  const start = h('section', { class: 'start', 'aria-labelledby': 'drift-start-title' });
  const waiting = h('p', { class: 'note', role: 'status' });
  const problemBox = h('div', { class: 'problem', hidden: true });
  const alert = h('div', { role: 'alert' });
  put(problemBox, alert);
  const title = h('p', { id: 'drift-job', class: 'strong' });
  const bar = h('progress', { 'aria-labelledby': 'drift-job', max: 1 });
  const spoken = h('p', { class: 'unseen', role: 'status' });
  const progress = h(
    'section',
    { class: 'drift-progress', hidden: true, 'aria-labelledby': 'drift-job' },
    h('div', { class: 'row' }, title, h('span', { class: 'push' }), h('button', { type: 'button', onclick: () => actions.cancel() }, 'Cancel')),
    bar,
  );
  const scoring = h('p', { class: 'note', hidden: true });
  const refused = h('p', { class: 'note', hidden: true });
  const again = h('div', null, h('button', { type: 'button', onclick: () => void actions.ask() }, 'Compare'));
  put(element, problemBox, scoring, refused, waiting, again, progress, spoken, start);
  put(
    start,
    h('h2', { id: 'drift-start-title' }, 'Does the model still fit?'),
    h('p', null, 'Score a file and see here, column by column, what has moved since the model was trained: how far, how sure, since when, and which rows are behind it.'),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', class: 'primary', onclick: () => app.demoDrift() }, 'Try it with a demo that drifts'),
      h('button', { type: 'button', onclick: () => app.chooseFile() }, 'Choose a CSV file'),
    ),
    h('p', { class: 'hint' }, 'The demo: generated transactions, no real data; from row 30,000 on, V14 is 2 higher and V12 slowly follows. You can also drop a file on the page, or watch the live stream: start it in the Live view and choose “the live stream’s window” above.'),
  );
  const stops = [
    store.watch(['stopped'], ({ stopped }) => {
      again.hidden = !stopped;
    }),
    store.watch(['waiting', 'report', 'settings'], ({ waiting: why, report, settings }) => {
      say(waiting, why);
      waiting.hidden = why === '' || report !== null;
      const { scored } = app.store.get();
      start.hidden = report !== null || settings.current === 'live' || (scored !== null && scored.scored > 0);
    }),
    app.store.watch(['scored', 'job', 'problem'], ({ scored, job, problem }) => {
      const { report, settings } = store.get();
      start.hidden = job !== null || report !== null || settings.current === 'live' || (scored !== null && scored.scored > 0);
      scoring.hidden = job === null;
      if (job) say(scoring, `${job.phase === 'generating' ? 'Making transactions' : `Scoring ${job.name}`}${job.progress ? `: ${count(job.progress.rows)} rows` : ''} …`);
      refused.hidden = problem === null || job !== null;
      if (problem) put(refused, `${problem.title}. `, h('button', { type: 'button', class: 'linklike', onclick: () => app.actions.setView('review') }, 'See Review'));
    }),
    store.watch(['job'], ({ job }) => {
      progress.hidden = job === null;
      if (!job) {
        say(spoken, '');
        return;
      }
      const words = JOBS[job.what];
      say(title, `${words} …`);
      if (job.share === null) bar.removeAttribute('value');
      else bar.value = job.share;
      say(spoken, job.share === null ? words : `${words}: ${10 * Math.floor(10 * job.share)} %`);
    }),
    store.watch(['problem'], ({ problem }) => {
      problemBox.hidden = problem === null;
      if (!problem) {
        put(alert);
        return;
      }
      put(
        alert,
        h('h2', { class: 'problem-title' }, problem.title),
        h('p', { class: 'problem-cause' }, problem.cause),
        h('p', { class: 'problem-next' }, problem.next),
        h(
          'div',
          { class: 'row' },
          h('button', { type: 'button', class: 'primary', onclick: () => actions.restart() }, 'Start the analysis again'),
          h('button', { type: 'button', class: 'quiet', onclick: () => actions.dismiss() }, 'Dismiss'),
        ),
        h('details', null, h('summary', null, 'Details to copy'), h('pre', { tabindex: 0, 'aria-label': 'Details' }, problem.detail)),
      );
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
