// @ts-check
// Help: keyboard, privacy, what the words mean.

import { LEVELS } from '../state/scores.js';
import { badge, h, put } from './dom.js';

/**
 * @param {HTMLElement} parent
 * @param {import('../app.js').App['store']} store
 * @param {...HTMLElement} sections what others have to say
 * @returns {() => void} shows the dialog
 */
export function createHelp(parent, store, ...sections) {
  const levels = h('ul', { class: 'levels plain' });
  const close = h('button', { type: 'button', onclick: () => dialog.close() }, 'Close');
  /** @type {HTMLDialogElement} */
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, 'Help'),
    h('h3', null, 'Keyboard'),
    h(
      'dl',
      { class: 'pairs' },
      h('dt', null, 'Tab, Shift+Tab'),
      h('dd', null, 'from control to control'),
      h('dt', null, 'Ctrl+V'),
      h('dd', null, 'scores rows or a file copied elsewhere'),
      h('dt', null, 'Arrow keys'),
      h('dd', null, 'move the threshold by 0.001; Page Up and Page Down by 0.1; they scroll the table too; they move the boundary by a hundredth of the file, Page Up and Page Down by a twentieth, with Shift by a row'),
      h('dt', null, 'Enter, Space'),
      h('dd', null, 'open a row, sort by a column, press a button'),
      h('dt', null, 'Escape'),
      h('dd', null, 'closes a row, a list, a dialog'),
    ),
    h('h3', null, 'Words'),
    h(
      'p',
      null,
      'The score is the model’s probability of fraud. A row is flagged when its score reaches the threshold. Confidence is the larger of p and 1 − p. Brackets hold 95 % intervals. Rows count from 0, lines from 1.',
    ),
    levels,
    h(
      'p',
      null,
      'A column has drifted when its difference is significant after correction for the number of columns and its effect is at its floor or above; below the floor it is too small to matter. D is the largest distance of two distribution functions, PSI the population stability index with half a row added to every bin, σ a standard deviation of the reference.',
    ),
    h('h3', null, 'Privacy'),
    h(
      'p',
      null,
      'Files are read in this tab and go nowhere; the browser’s content policy forbids the page to reach any other address. There is no account, no counter, no cookie. Remembered in this browser: settings (theme, table columns, windows, alert rules, what the Drift view compares, the address of the last stream), origins you allowed to send rows, and a copy of the page for use without a network; the prediction log only if you switch it on.',
    ),
    ...sections,
    h('div', { class: 'row end' }, close),
  );
  parent.append(dialog);
  store.watch(['model'], ({ model }) => {
    const cuts = model?.risk_cuts ?? [];
    put(
      levels,
      ...LEVELS.map((name, i) => h('li', null, badge(name), h('span', null, i === 0 ? `below ${cuts[0] ?? '–'}` : `from ${cuts[i - 1] ?? '–'}`))).reverse(),
    );
  });
  return () => {
    dialog.showModal();
    close.focus();
  };
}
