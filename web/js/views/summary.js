// @ts-check
// The strip over the results: flagged at the threshold, risk levels, what was set aside, figures against labels.

import { setAside } from '../state/app_state.js';
import { count, duration, fixed, full, interval, percent, rate } from '../state/format.js';
import { LEVELS, countFlagged, countLevels } from '../state/scores.js';
import { badge, exact, h, put, say, withRange } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/app_state.js').State} State */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app;
  const flagged = h('p', { class: 'big' });
  const share = h('p', { class: 'sub' });
  const slider = h('input', { type: 'range', min: 0, max: 1, step: 0.001, 'aria-label': 'Threshold' });
  const number = h('input', { type: 'number', id: 'threshold', min: 0, max: 1, step: 0.01, inputmode: 'decimal' });
  const reset = h('button', { type: 'button', class: 'linklike', onclick: () => actions.setThreshold(null) }, 'model’s own');
  slider.addEventListener('input', () => actions.setThreshold(Number(slider.value)));
  number.addEventListener('input', () => {
    if (number.value !== '' && number.validity.rangeOverflow === false && number.validity.rangeUnderflow === false) {
      actions.setThreshold(Number(number.value));
    }
  });
  number.addEventListener('change', () => {
    number.value = String(store.get().threshold);
  });
  const levels = h('ul', { class: 'levels' });
  const rows = h('dl', { class: 'pairs tight' });
  const measured = h('div', { class: 'measured' });
  const fit = h('div', { class: 'measured' });
  const matrix = h('div', { class: 'measured' });
  const cell = (/** @type {string} */ title, /** @type {import('./dom.js').Child[]} */ ...children) =>
    h('section', { class: 'cell', 'aria-label': title }, h('h2', null, title), ...children);
  const matrixCell = cell('Confusion at the threshold', matrix);

  put(
    element,
    cell(
      'Flagged',
      flagged,
      share,
      h(
        'div',
        { class: 'threshold' },
        h('label', { for: 'threshold' }, 'p ≥'),
        number,
        slider,
      ),
      reset,
    ),
    cell('Risk', levels),
    cell('Rows', rows),
    cell('Model fit', fit),
    cell('Measured', measured),
    matrixCell,
  );

  async function drawFit() {
    const { fit: found } = app.drift.store.get();
    // The Drift view's words, not needed before.
    const { line, names } = found
      ? (await import('../state/drift_words.js')).fitWords(found)
      : { line: 'Comparing with the training data …', names: '' };
    const { fit: latest, fitProblem } = app.drift.store.get();
    if (latest !== found) return;
    put(
      fit,
      h('p', { class: found && found.names.length > 0 ? 'strong' : null }, fitProblem === '' ? line : 'Could not be checked.'),
      names !== '' && h('p', null, names),
      h('button', { type: 'button', class: 'linklike', onclick: () => actions.setView('drift') }, found && found.names.length > 0 ? 'See what moved' : 'See the columns'),
    );
  }

  const stops = [
    store.watch(['scored', 'threshold', 'model'], ({ scored, threshold, model }) => {
      if (!scored || !model) return;
      const n = countFlagged(scored.probabilities, threshold);
      say(flagged, count(n));
      say(share, scored.scored > 0 ? rate(n, scored.scored) : 'no row was scored');
      slider.value = String(threshold);
      if (document.activeElement !== number) number.value = String(threshold);
      reset.hidden = threshold === model.threshold;
      say(reset, `Back to the model’s own ${fixed(model.threshold, 2)}`);
    }),
    store.watch(['scored', 'model', 'filter'], ({ scored, model, filter }) => {
      if (!scored || !model) return;
      const counts = countLevels(scored.probabilities, model.risk_cuts);
      put(
        levels,
        ...[...LEVELS].reverse().map((name) => {
          const n = counts[LEVELS.indexOf(name)];
          const chosen = filter.level === name;
          return h(
            'li',
            null,
            h(
              'button',
              {
                type: 'button',
                class: 'level',
                'aria-pressed': chosen,
                'aria-label': `${name}: ${count(n)} rows, show them in the table`,
                onclick: () => actions.setFilter({ level: chosen ? 'flagged' : name }),
              },
              badge(name),
              h('span', { class: 'num' }, count(n)),
              h('span', { class: 'num soft' }, percent(n, scored.scored)),
            ),
          );
        }),
      );
    }),
    store.watch(['scored'], ({ scored }) => {
      if (!scored) return;
      const missing = Object.values(scored.missing).reduce((sum, n) => sum + n, 0);
      const speed = scored.seconds > 0 ? Math.round(scored.rows / scored.seconds) : NaN;
      put(
        rows,
        ...pair('Scored', count(scored.scored)),
        ...pair('Set aside', count(setAside(scored))),
        ...pair('Missing cells', count(missing)),
        ...pair('Took', duration(scored.seconds)),
        ...pair('Rows/s', count(speed)),
      );
    }),
    app.drift.store.watch(['fit', 'fitProblem'], () => void drawFit()),
    store.watch(['scored', 'performance', 'performanceAt', 'performanceNote', 'weighted', 'model'], (state) => {
      put(measured, ...figures(state, app));
      const shown = state.performanceAt !== null;
      matrixCell.hidden = !shown;
      if (state.performanceAt) put(matrix, ...confusion(state.performanceAt, state));
      element.classList.toggle('four', !shown);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {string} name
 * @param {...import('./dom.js').Child} value
 */
function pair(name, ...value) {
  return [h('dt', null, name), h('dd', { class: 'num' }, ...value)];
}

/**
 * @param {State} state
 * @param {App} app
 * @returns {import('./dom.js').Child[]}
 */
function figures(state, app) {
  const { scored, performance, performanceAt, performanceNote, weighted, model } = state;
  if (!scored) return [];
  if (!scored.labels) {
    const name = model?.label_column;
    return [
      h(
        'p',
        { class: 'hint' },
        name
          ? `AUC, precision and recall appear here when the file has a ${name} column (0 or 1).`
          : 'This model names no label column, so nothing can be measured.',
      ),
    ];
  }
  if (performanceNote !== '') return [h('p', { class: 'hint' }, performanceNote)];
  if (!performance) return [h('p', { class: 'hint' }, 'Measuring …')];
  const toggle = h('input', {
    type: 'checkbox',
    id: 'weighted',
    checked: weighted,
    onchange: () => app.actions.setWeighted(toggle.checked),
  });
  /**
   * @param {string} name
   * @param {import('../engine/types.js').Interval} figure
   */
  const line = (name, figure) => pair(name, ...withRangeExact(figure));
  return [
    h(
      'dl',
      { class: 'pairs tight' },
      ...line('AUC', performance.auc),
      ...line('Avg. precision', performance.average_precision),
      ...(performanceAt
        ? [
            ...line('Precision', performanceAt.precision),
            ...line('Recall', performanceAt.recall),
            ...line('Specificity', performanceAt.specificity),
          ]
        : []),
    ),
    h('p', { class: 'hint' }, '95 % intervals: DeLong (AUC), logit (average precision), Wilson.'),
    scored.weights && h('div', { class: 'check' }, toggle, h('label', { for: 'weighted' }, `weighted by ${scored.report.weight}`)),
    performance.left_out > 0 && h('p', { class: 'hint' }, `Left out: ${count(performance.left_out)} without a usable score or label.`),
  ];
}

/**
 * @param {import('../engine/types.js').Interval} figure
 * @returns {import('./dom.js').Child[]}
 */
function withRangeExact(figure) {
  const { value, range } = interval(figure);
  if (figure.value === null) return [value];
  const parts = withRange({ value, range });
  return [exact(figure.value, value, full(figure.value)), ...parts.slice(1)];
}

/**
 * @param {string} name
 * @param {number} value
 * @param {number} digits
 * @returns {import('./dom.js').Child[]}
 */
function small(name, value, digits) {
  return [h('span', { class: 'soft' }, `${name} `), exact(value, fixed(value, digits), full(value))];
}

/**
 * @param {import('../engine/types.js').PerformanceAt} at
 * @param {State} state
 * @returns {import('./dom.js').Child[]}
 */
function confusion(at, { scored, weighted, performance }) {
  const label = scored?.report.label ?? 'label';
  const number = (/** @type {number} */ n) => h('td', { class: 'num' }, count(n));
  return [
    h(
      'table',
      { class: 'matrix' },
      h('caption', { class: 'unseen' }, `Confusion matrix at p ≥ ${fixed(at.threshold, 4)}${weighted ? ', weighted' : ''}`),
      h(
        'thead',
        null,
        h('tr', null, h('td', null), h('th', { scope: 'col' }, 'flagged'), h('th', { scope: 'col' }, 'not flagged')),
      ),
      h(
        'tbody',
        null,
        h('tr', null, h('th', { scope: 'row' }, `${label} = 1`), number(at.true_positive), number(at.false_negative)),
        h('tr', null, h('th', { scope: 'row' }, `${label} = 0`), number(at.false_positive), number(at.true_negative)),
      ),
    ),
    performance &&
      h(
        'p',
        null,
        ...small('F1', at.f1, 4),
        ' · ',
        ...small('Brier', performance.brier, 5),
        ' · ',
        ...small('log loss', performance.log_loss, 4),
      ),
    h(
      'p',
      { class: 'hint' },
      at.true_positive + at.false_positive > 0 && at.true_positive > 0
        ? `${fixed((at.true_positive + at.false_positive) / at.true_positive, 1)} alerts per fraud found.`
        : 'No fraud is found at this threshold.',
      weighted && scored?.weights ? ' Weighted counts.' : '',
    ),
  ];
}
