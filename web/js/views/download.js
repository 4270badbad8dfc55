// @ts-check
// The download: what to write, progress, Cancel.

import { downloadName, openSink } from '../export/save.js';
import { bytes, fixed } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function offer(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  link.click();
  // The browser has taken the Blob over by then; the address is let go so that it can be freed.
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/**
 * @param {HTMLElement} parent
 * @param {App} app
 * @returns {() => void} shows the dialog
 */
export function createDownload(parent, app) {
  const { store, actions } = app;
  const original = h('input', { type: 'radio', name: 'what', id: 'save-original', value: 'original', checked: true });
  const scores = h('input', { type: 'radio', name: 'what', id: 'save-scores', value: 'scores' });
  const save = h('button', { type: 'button', class: 'primary' }, 'Download');
  const close = h('button', { type: 'button', class: 'quiet' }, 'Close');
  const bar = h('progress', { max: 1, 'aria-label': 'Download' });
  const figures = h('p', { class: 'figures', role: 'status' });
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'download-title' },
    h('h2', { id: 'download-title' }, 'Download scored CSV'),
    h(
      'fieldset',
      null,
      h('legend', { class: 'unseen' }, 'What to write'),
      h(
        'div',
        { class: 'choice' },
        original,
        h('label', { for: 'save-original' }, h('strong', null, 'Scored file'), h('span', null, 'Your rows as they are, plus probability, prediction, risk_level, confidence.')),
      ),
      h(
        'div',
        { class: 'choice' },
        scores,
        h('label', { for: 'save-scores' }, h('strong', null, 'Scores only'), h('span', null, 'Row number and the four columns.')),
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      'Probabilities have every digit. Rows set aside stay in, with empty scores. Text cells that a spreadsheet would run as a formula get a leading apostrophe; numbers are left alone.',
    ),
    bar,
    figures,
    h('div', { class: 'row end' }, close, save),
  );
  parent.append(dialog);

  const picker = /** @type {{showSaveFilePicker?: any}} */ (/** @type {unknown} */ (window)).showSaveFilePicker;
  let opening = false;
  save.addEventListener('click', async () => {
    const { scored } = store.get();
    if (!scored || opening) return;
    opening = true;
    const what = original.checked ? 'original' : 'scores';
    /** @type {import('../export/save.js').Sink | null} */
    let sink;
    try {
      const choose = picker ? picker.bind(window) : undefined;
      sink = await openSink(downloadName(scored.name, what), { showSaveFilePicker: choose, offer });
    } catch (error) {
      say(figures, `The file could not be opened for writing: ${error instanceof Error ? error.message : error}`);
      return;
    } finally {
      opening = false;
    }
    if (!sink) return;
    say(figures, '');
    const done = await actions.save(what, sink);
    if (done) say(figures, 'Done.');
    else if (store.get().problem) dialog.close();
    else say(figures, 'Cancelled: nothing was kept.');
    if (dialog.open) close.focus();
  });
  close.addEventListener('click', () => {
    if (store.get().download) actions.cancelDownload();
    else dialog.close();
  });
  dialog.addEventListener('cancel', () => actions.cancelDownload());
  store.watch(['download'], ({ download }) => {
    bar.hidden = download === null;
    save.disabled = download !== null;
    original.disabled = download !== null;
    scores.disabled = download !== null;
    say(close, download ? 'Cancel' : 'Close');
    if (!download) return;
    bar.value = download.share;
    say(figures, `${bytes(download.bytes)} written, ${fixed(100 * download.share, 0)} %`);
  });
  store.watch(['threshold'], ({ threshold }) => {
    say(/** @type {Element} */ (dialog.querySelector('[for="save-scores"] span')), `Row number and the four columns. In both, prediction is 1 at p ≥ ${threshold}.`);
  });
  return () => {
    say(figures, '');
    dialog.showModal();
    put(close, 'Close');
    original.focus();
  };
}
