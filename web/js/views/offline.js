// @ts-check
// The offline copy: the notice that another version is ready, and what the help says of the copy.

import { bytes as size } from '../state/format.js';
import { h, put } from './dom.js';

/** @typedef {import('../state/offline.js').Offline} Offline */

/**
 * A line below the bar. Nothing is replaced until the person asks for it.
 * @param {HTMLElement} bar
 * @param {Offline} offline
 */
export function mountNotice(bar, offline) {
  const place = h('div', { role: 'status', class: 'offline-notice' });
  bar.after(place);
  const stop = offline.store.watch(['state', 'dismissed'], ({ state, dismissed }) => {
    if (dismissed || (state !== 'update' && state !== 'replaced')) return put(place);
    const text =
      state === 'update'
        ? 'A new version of the page is ready. Reloading closes the file and the stream that are open here.'
        : 'Another tab has put a new version of the page in place. Reload this one when you are done with what is open here.';
    put(
      place,
      h('span', null, text),
      h('button', { type: 'button', onclick: () => offline.apply() }, 'Reload'),
      h('button', { type: 'button', class: 'quiet', onclick: () => offline.dismiss() }, 'Later'),
    );
  });
  return () => {
    stop();
    place.remove();
  };
}

/** @type {Record<import('../state/offline.js').OfflineState['state'], string>} */
const WORDS = {
  off: 'No copy of the page is kept in this browser: without a network it does not open.',
  unsupported: 'This browser cannot keep a copy of the page, or not at this address: without a network it does not open.',
  failed: 'A copy of the page could not be kept: without a network it does not open. The next visit tries again.',
  keeping: 'A copy of the page is being kept for use without a network.',
  kept: 'The page, its engine and its model are kept in this browser, and work without a network.',
  update: 'A copy of the page is kept in this browser; a new version of it is ready.',
  replaced: 'A newer version of the page is kept in this browser; it appears on reload.',
};

/**
 * @param {Offline} offline
 * @returns {HTMLElement} a section for the help
 */
export function offlineSection(offline) {
  const section = h('section', { class: 'offline' });
  offline.store.watch(['state', 'version', 'bytes'], ({ state, version, bytes }) => {
    const kept = version !== '';
    put(
      section,
      h('h3', null, 'Offline'),
      h('p', null, WORDS[state], kept && ` Version ${version}, ${size(bytes)}.`),
      kept && h('button', { type: 'button', onclick: () => void offline.remove() }, 'Remove offline copy'),
      state === 'off' && h('button', { type: 'button', onclick: () => void offline.keep() }, 'Keep an offline copy'),
    );
  });
  return section;
}
