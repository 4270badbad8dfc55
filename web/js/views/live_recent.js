// @ts-check
// The latest predictions. The table's cells stay, their text changes; it stands still while the stream is paused.

import { full, probability } from '../state/format.js';
import { clock } from '../state/live_words.js';
import { LEVELS } from '../state/scores.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/live/types.js').RecentPrediction} RecentPrediction */

const SHOWN = 100;

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const { store } = app.live;
  const state = h('span', { class: 'soft' });
  const empty = h('p', { class: 'hint' }, 'Each row’s score, level and time appear here, the newest on top.');
  const body = h('tbody');
  const table = h(
    'div',
    { class: 'scroll recent', tabindex: 0, role: 'region', 'aria-label': 'Rows of the latest predictions' },
    h(
      'table',
      { class: 'grid' },
      h('caption', { class: 'unseen' }, 'Latest predictions, the newest first'),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Time'), h('th', { scope: 'col' }, 'Row'), h('th', { scope: 'col', class: 'num' }, 'Score'), h('th', { scope: 'col' }, 'Level'))),
      body,
    ),
  );
  put(element, h('div', { class: 'section-title' }, h('h2', null, 'Latest predictions'), state), empty, table);

  /** @type {{element: HTMLElement, show: (prediction: RecentPrediction) => void, sequence: number}[]} */
  const lines = [];
  function line() {
    const time = h('td');
    const row = h('th', { scope: 'row' });
    const score = h('data', null);
    const level = h('span');
    const message = h('span', { class: 'soft' });
    const made = {
      element: h('tr', null, time, row, h('td', { class: 'num score' }, score), h('td', { class: 'level-cell' }, level, message)),
      sequence: -1,
      /** @param {RecentPrediction} prediction */
      show(prediction) {
        if (made.sequence === prediction.sequence) return;
        made.sequence = prediction.sequence;
        const { timestamp, row: number, reference, probability: p, risk_level, message: words } = prediction;
        say(time, clock(timestamp, true));
        say(row, reference !== '' ? reference : number !== null ? String(number) : '–');
        say(score, p === null ? '–' : probability(p));
        score.value = p === null ? '' : full(p);
        score.title = score.value;
        level.className = risk_level ? `badge risk-${LEVELS[LEVELS.indexOf(risk_level)].toLowerCase()}` : '';
        say(level, risk_level ?? '');
        say(message, words);
        message.title = words;
      },
    };
    return made;
  }

  function show() {
    const recent = (store.get().tick?.recent ?? []).slice(0, SHOWN);
    empty.hidden = recent.length > 0;
    table.hidden = recent.length === 0;
    while (lines.length < recent.length) {
      const made = line();
      lines.push(made);
      body.append(made.element);
    }
    lines.forEach(({ element: tr, show: fill }, i) => {
      tr.hidden = i >= recent.length;
      if (i < recent.length) fill(recent[i]);
    });
    const paused = store.get().tick?.source.state === 'paused';
    say(state, recent.length === 0 ? '' : paused ? 'paused, they stand still' : `the last ${recent.length}, several times a second`);
  }
  const ask = pacer.piece(400, show);
  return store.watch(['tick'], ask);
}
