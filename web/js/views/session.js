// @ts-check
// The menu of the session: save it to a file, load it from one, copy a link; and the line that says what became of it.

import { writeLink } from '../state/hash.js';
import { MAX_SESSION_BYTES, writeSession } from '../state/session.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

export const SESSION_FILE = 'session.firetower.json';

/**
 * Restores the session of a file; the line below the bar says what became of it.
 * @param {Blob} file
 * @param {string} name
 * @param {Pick<App, 'store' | 'restore'>} app
 */
export async function loadSession(file, name, { store, restore }) {
  try {
    restore.fromFile(file.size > MAX_SESSION_BYTES ? '' : await file.text(), name);
  } catch {
    store.set({ sessionNote: `${name} could not be read. It may have been moved or changed since you chose it: choose it again.` });
  }
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, restore } = app;
  const input = h('input', { type: 'file', accept: '.json,application/json', hidden: true, 'aria-label': 'Session file' });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void loadSession(file, file.name, app);
    input.value = '';
    close();
  });
  const link = h('input', { type: 'text', readonly: true, 'aria-label': 'Link to this view', hidden: true, onfocus: () => link.select() });
  const summary = h('summary', { class: 'quiet' }, 'Session');
  const menu = h(
    'details',
    { class: 'menu' },
    summary,
    h(
      'div',
      { class: 'menu-body' },
      h('p', null, 'A session is your choices: view, threshold, filter, columns, window, alert rules, theme. Never your data.'),
      h('button', { type: 'button', onclick: save }, 'Save session'),
      h('button', { type: 'button', onclick: () => input.click() }, 'Load session'),
      h('button', { type: 'button', onclick: copy }, 'Copy link'),
      link,
      h('p', { class: 'hint' }, 'A session file can be dropped on the page, too. A link leaves out what you typed to look for and names of columns that are not the model’s.'),
    ),
  );
  put(element, menu, input);

  function close() {
    menu.open = false;
    link.hidden = true;
  }

  function save() {
    const url = URL.createObjectURL(new Blob([writeSession(restore.session())], { type: 'application/json' }));
    h('a', { href: url, download: SESSION_FILE }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    store.set({ sessionNote: `The session is saved as ${SESSION_FILE}.` });
    close();
    summary.focus();
  }

  async function copy() {
    const { hash, left } = writeLink(restore.shared());
    link.value = `${location.origin}${location.pathname}${hash}`;
    link.hidden = false;
    const without = left.length > 0 ? ` It would be too long with these, so they are left out: ${left.join(', ')}. Save the session to keep them.` : '';
    try {
      await navigator.clipboard.writeText(link.value);
      store.set({ sessionNote: `The link is copied.${without}` });
    } catch {
      link.focus();
      store.set({ sessionNote: `The browser does not let the page copy: copy the link from the field.${without}` });
    }
  }

  const away = (/** @type {Event} */ event) => {
    if (menu.open && event.target instanceof Node && !menu.contains(event.target)) close();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    close();
    summary.focus();
  };
  document.addEventListener('pointerdown', away);
  menu.addEventListener('keydown', key);
  return () => document.removeEventListener('pointerdown', away);
}

/**
 * The line that says what was saved, restored, dropped.
 * @param {HTMLElement} bar
 * @param {App} app
 */
export function mountNotice(bar, { store }) {
  const text = h('span');
  const line = h('div', { class: 'session-notice' }, text, h('button', { type: 'button', class: 'quiet', onclick: () => store.set({ sessionNote: '' }) }, 'Dismiss'));
  const place = h('div', { role: 'status' }, line);
  bar.after(place);
  return store.watch(['sessionNote'], ({ sessionNote }) => {
    line.hidden = sessionNote === '';
    say(text, sessionNote);
  });
}
