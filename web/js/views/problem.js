// @ts-check
// What went wrong, why, and what to do.

import { h, put } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const alert = h('div', { role: 'alert' });
  put(element, alert);
  return store.watch(['problem'], ({ problem, source }) => {
    element.hidden = problem === null;
    if (!problem) {
      put(alert);
      return;
    }
    const copied = h('span', { role: 'status', class: 'hint' });
    const detail = h('pre', { tabindex: 0, 'aria-label': 'Details' }, problem.detail);
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(problem.detail);
        put(copied, 'Copied.');
      } catch {
        document.getSelection()?.selectAllChildren(detail);
        put(copied, 'Selected: copy it with your keyboard.');
      }
    };
    put(
      alert,
      h('h2', { class: 'problem-title' }, problem.title),
      h('p', { class: 'problem-cause' }, problem.cause),
      h('p', { class: 'problem-next' }, problem.next),
      h(
        'div',
        { class: 'row' },
        problem.restart &&
          h('button', { type: 'button', class: 'primary', onclick: () => actions.restart() }, source ? 'Restart and score again' : 'Restart the engine'),
        problem.about === 'model' && h('button', { type: 'button', onclick: () => app.chooseModel() }, 'Choose another model'),
        problem.about === 'file' && h('button', { type: 'button', onclick: () => app.chooseFile() }, 'Choose another file'),
        problem.code === 'SCHEMA_MISMATCH' && h('button', { type: 'button', onclick: () => app.chooseModel() }, 'Change the model'),
        h('button', { type: 'button', class: 'quiet', onclick: () => actions.dismiss() }, 'Dismiss'),
      ),
      h(
        'details',
        null,
        h('summary', null, 'Details to copy'),
        detail,
        h('div', { class: 'row' }, h('button', { type: 'button', onclick: copy }, 'Copy details'), copied),
      ),
    );
  });
}
