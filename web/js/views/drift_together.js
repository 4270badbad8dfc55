// @ts-check
// All columns together: can a classifier tell current rows from reference rows, and three more tests. On a button, as it
// takes a while.

import { figure, pWords } from '../state/drift_words.js';
import { count, interval, percent } from '../state/format.js';
import { h, put, withRange } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/analysis/types.js').MultivariateDrift} MultivariateDrift */

const IMPORTANCES = 6;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  const run = h('button', { type: 'button', onclick: () => void actions.together() }, 'Look at all columns together');
  const body = h('div');
  put(element, h('div', { class: 'section-title' }, h('h2', { id: 'drift-together-title' }, 'All columns together'), run), body);
  return store.watch(['together', 'job', 'settings', 'report'], ({ together, job, settings, report }) => {
    const rows = settings.reference !== 'profile' && settings.reference !== 'summary' && settings.current !== 'live';
    run.hidden = !rows || together !== null;
    run.disabled = job !== null || report === null;
    put(
      body,
      ...(!rows
        ? [h('p', { class: 'hint' }, 'This needs rows on both sides. Choose “rows of this file before the boundary” or “another file” as the reference.')]
        : together
          ? shown(together)
          : [h('p', { class: 'hint' }, 'Columns can move together while each alone looks stable. This trains a small forest to tell current rows from reference rows, and ranks the rows by how much more likely they are now.')]),
    );
  });
}

/**
 * @param {MultivariateDrift} together
 * @returns {import('./dom.js').Child[]}
 */
function shown({ rows, pca, mahalanobis, domain, mmd }) {
  const line = (/** @type {string} */ name, /** @type {import('./dom.js').Child[]} */ value, /** @type {number | null} */ p, /** @type {string} */ words) =>
    h('tr', null, h('th', { scope: 'row' }, name), h('td', { class: 'num' }, ...value), h('td', { class: 'num' }, pWords(p)), h('td', { class: 'wrap' }, words));
  const best = domain ? [...domain.importances].sort((a, b) => b.value - a.value).slice(0, IMPORTANCES) : [];
  const most = best[0]?.value ?? 0;
  const auc = domain?.auc.value ?? null;
  return [
    auc !== null &&
      h(
        'p',
        null,
        auc < 0.55 ? 'A forest can hardly tell current rows from reference rows' : auc < 0.7 ? 'A forest can tell some current rows from reference rows' : 'A forest tells current rows from reference rows well',
        `: AUC ${interval(domain?.auc).value}, where 0.5 is a coin.`,
      ),
    h('p', { class: 'hint' }, `From ${count(rows.reference)} reference and ${count(rows.current)} current rows, evenly drawn.`),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'All columns together: tests' },
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'unseen' }, 'Tests of all columns together'),
        h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Test'), h('th', { scope: 'col', class: 'num' }, 'Value'), h('th', { scope: 'col', class: 'num' }, 'p'), h('th', { scope: 'col' }, 'In words'))),
        h(
          'tbody',
          null,
          domain && line('Forest, out-of-bag AUC', withRange(interval(domain.auc)), domain.p_value, `labels shuffled ${count(domain.permutations)} times`),
          pca && line('PCA reconstruction error', [`${figure(pca.reference_error)} → ${figure(pca.current_error)}`], pca.p_value, `${count(pca.components)} components keep ${percent(pca.explained, 1)} of the reference’s variance`),
          mahalanobis && line('Hotelling T²', [figure(mahalanobis.statistic)], mahalanobis.p_value, `the means are ${figure(mahalanobis.distance)} apart (Mahalanobis)`),
          mmd && line('MMD²', [figure(mmd.mmd2)], mmd.p_value, `${count(mmd.rows)} rows, kernel width ${figure(mmd.sigma)}, ${count(mmd.permutations)} permutations`),
        ),
      ),
    ),
    best.length > 0 &&
      h(
        'div',
        { class: 'importances' },
        h('h3', null, 'What tells them apart'),
        h(
          'dl',
          null,
          ...best.map(({ name, value }) => {
            const bar = h('span', { class: 'bar' });
            bar.style.width = `${most > 0 ? Math.max(1, (100 * value) / most) : 0}%`;
            return h('div', null, h('dt', null, name), h('dd', { class: 'track', 'aria-hidden': 'true' }, bar), h('dd', { class: 'num' }, figure(value)));
          }),
        ),
      ),
  ];
}
