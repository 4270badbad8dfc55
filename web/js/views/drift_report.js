// @ts-check
// The report: saved as one HTML page or one JSON, and made again to show that it is the same.

import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  const save = async (/** @type {'html' | 'json'} */ kind) => {
    const text = await actions.saveReport(kind);
    if (text === null) return;
    const stem = (store.get().report?.current.name ?? 'drift').replace(/\.(csv|tsv|txt|json)$/i, '') || 'drift';
    app.offer(new Blob([text], { type: kind === 'html' ? 'text/html' : 'application/json' }), `${stem}-drift.${kind}`);
  };
  const html = h('button', { type: 'button', onclick: () => void save('html') }, 'Save as HTML');
  const json = h('button', { type: 'button', onclick: () => void save('json') }, 'Save as JSON');
  const again = h('button', { type: 'button', onclick: () => void actions.runAgain() }, 'Run again');
  const saved = h('p', { class: 'hint', role: 'status' });
  put(
    element,
    h('h2', { id: 'drift-report-title' }, 'Report'),
    h('p', { class: 'hint' }, 'What is shown here with settings, versions and the files’ SHA-256: verdicts, figures and counts, no rows. The HTML needs no script. The JSON is the same to the byte for the same files and settings, here and from “firetower drift”.'),
    h('div', { class: 'row' }, html, json, again),
    saved,
  );
  return store.watch(['saved', 'job'], ({ saved: text, job }) => {
    say(saved, text);
    for (const button of [html, json, again]) button.disabled = job !== null;
  });
}
