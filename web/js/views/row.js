// @ts-check
// One row opened: its line as in the file, its features with their place in the reference, its cells.

import { namedColumns } from '../state/columns.js';
import { count, full, measure, percentile, probability } from '../state/format.js';
import { LEVELS, levelOf } from '../state/scores.js';
import { badge, exact, h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/app_state.js').State} State */

/** Beyond these a feature is far out in the reference. */
const TAIL = 0.01;

/**
 * @param {State} state
 * @param {App} app
 */
export function rowDetail(state, app) {
  const { rowDetail: detail, scored, openRow, model, threshold } = state;
  const box = h('div', { class: 'row-detail' });
  if (!detail || !scored || !model || detail.row !== openRow) {
    put(box, h('p', { class: 'hint' }, 'Reading the row …'));
    return box;
  }
  const p = scored.probabilities[detail.row];
  const level = levelOf(p, model.risk_cuts);
  const columns = namedColumns(scored.report.columns);
  const copied = h('span', { class: 'hint', role: 'status' });
  const line = h('pre', { tabindex: 0, 'aria-label': `Line ${detail.line} as in the file` }, detail.text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(detail.text);
      say(copied, 'Copied.');
    } catch {
      document.getSelection()?.selectAllChildren(line);
      say(copied, 'Selected: copy it with your keyboard.');
    }
  };
  put(
    box,
    h(
      'div',
      { class: 'row' },
      h('h2', null, `Row ${detail.row}, line ${count(detail.line)} of ${scored.name}`),
      h('span', { class: 'push' }),
      copied,
      h('button', { type: 'button', class: 'quiet', onclick: copy }, 'Copy line'),
      h('button', { type: 'button', class: 'quiet', onclick: () => app.actions.closeRow() }, 'Close'),
    ),
    detail.badRow
      ? h('p', { class: 'strong' }, `Set aside: ${detail.badRow.message}`)
      : h(
          'p',
          { class: 'verdict' },
          level >= 0 && badge(LEVELS[level]),
          ' probability ',
          h('strong', null, exact(p, probability(p), full(p))),
          h('span', { class: 'soft' }, ` (${full(p)})`),
          `, ${p >= threshold ? 'flagged' : 'not flagged'}, confidence ${probability(Math.max(p, 1 - p))}`,
        ),
    line,
    detail.features.length > 0 &&
      h(
        'section',
        null,
        h('h3', null, 'Features, with their percentile in the model’s reference rows'),
        h(
          'dl',
          { class: 'features' },
          ...detail.features.map(({ name, value, unit, percentile: place }) => {
            const far = place !== null && (place < TAIL || place > 1 - TAIL);
            const mark = h('span', { class: 'mark' });
            mark.style.left = `${100 * Math.min(1, Math.max(0, place ?? 0))}%`;
            return h(
              'div',
              { class: far ? 'far' : null },
              h('dt', null, name),
              h('dd', { class: 'num' }, value === null ? 'missing' : exact(value, measure(value), full(value)), unit !== '' && h('span', { class: 'soft' }, ` ${unit}`)),
              h('dd', { class: 'num soft' }, percentile(place)),
              h('dd', { class: 'track', 'aria-hidden': 'true' }, place !== null && mark),
            );
          }),
        ),
        h('p', { class: 'hint' }, `Set in bold: beyond the ${100 * TAIL} % or ${100 - 100 * TAIL} % mark.`),
      ),
    h(
      'details',
      null,
      h('summary', null, 'Cells as in the file'),
      h('dl', { class: 'cells' }, ...detail.cells.map(({ column, text }, i) => h('div', null, h('dt', null, columns[i]?.name ?? column), h('dd', null, text === '' ? '(empty)' : text)))),
    ),
  );
  return box;
}
