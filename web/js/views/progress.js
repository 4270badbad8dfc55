// @ts-check
// Work under way: bar, rows, rows/s, time left, Cancel. What is spoken is throttled to about every tenth.

import { bytes, count, duration } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const title = h('h1', { id: 'progress-title' });
  const bar = h('progress', { 'aria-labelledby': 'progress-title', max: 1 });
  const figures = h('p', { class: 'figures' });
  const spoken = h('p', { class: 'unseen', role: 'status' });
  let tenth = -1;
  put(
    element,
    title,
    bar,
    h('div', { class: 'row' }, figures, h('span', { class: 'push' }), h('button', { type: 'button', onclick: () => actions.cancel() }, 'Cancel')),
    h('p', { class: 'hint' }, 'If you cancel, the parts of the file that are finished are kept and marked partial.'),
    spoken,
  );
  return store.watch(['job'], ({ job }) => {
    element.hidden = job === null;
    if (!job) {
      tenth = -1;
      say(spoken, '');
      return;
    }
    const { phase, name, progress } = job;
    say(title, { generating: 'Making transactions', reading: `Reading ${name}`, scoring: `Scoring ${name}` }[phase]);
    const share = progress && progress.totalBytes > 0 ? Math.min(1, progress.bytes / progress.totalBytes) : null;
    if (share === null) bar.removeAttribute('value');
    else bar.value = share;
    say(figures, progress ? figuresOf(progress, phase === 'generating') : 'Looking at its first lines …');
    if (phase === 'generating' && !progress) say(figures, 'Starting …');
    const now = share === null ? 0 : Math.floor(share * 10);
    if (now !== tenth) {
      tenth = now;
      say(spoken, `${title.textContent}: ${now * 10} %`);
    }
  });
}

/**
 * @param {import('../engine/types.js').Progress} progress
 * @param {boolean} generating
 */
function figuresOf(progress, generating) {
  const parts = [`${count(progress.rows)} rows`];
  if (progress.rowsPerSecond > 0) parts.push(`${count(Math.round(progress.rowsPerSecond))} rows/s`);
  if (!generating) parts.push(`${bytes(progress.bytes)} of ${bytes(progress.totalBytes)}`);
  if (progress.secondsLeft !== null) parts.push(`${duration(progress.secondsLeft)} left`);
  return parts.join(' · ');
}
