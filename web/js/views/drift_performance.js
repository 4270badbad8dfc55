// @ts-check
// How well the scores do, window by window: against labels where there are some, estimated where there are none, and how
// far off such estimates were where both are known.

import { createFigure } from '../charts/figure.js';
import { calibrationContent, costContent, windowsContent } from '../charts/rows.js';
import { figure } from '../state/drift_words.js';
import { count, interval, percent } from '../state/format.js';
import { h, newId, put, withRange } from './dom.js';

/** @typedef {import('../app.js').App} App */

/** @type {[string, string][]} */
const MEASURES = [
  ['auc', 'AUC'],
  ['average_precision', 'Average precision'],
  ['precision', 'Precision'],
  ['recall', 'Recall'],
  ['specificity', 'Specificity'],
  ['f1', 'F1'],
];

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  const run = h('button', { type: 'button', onclick: () => void actions.measure() }, 'Measure');
  const hint = h('p', { class: 'hint' });
  /**
   * @param {string} label
   * @param {keyof import('../state/drift_state.js').PerformanceSettings} key
   * @param {object} attributes
   */
  const number = (label, key, attributes) => {
    const id = newId('measure');
    const input = h('input', { id, type: 'number', inputmode: 'decimal', ...attributes });
    input.addEventListener('change', () => {
      if (!input.validity.valid || (input.value === '' && key !== 'falseNegative' && key !== 'delay')) input.value = text(key);
      else actions.set({ performance: { ...store.get().settings.performance, [key]: input.value === '' ? null : Number(input.value) } });
    });
    return { key, input, field: h('div', { class: 'field small' }, h('label', { for: id }, label), input) };
  };
  const text = (/** @type {keyof import('../state/drift_state.js').PerformanceSettings} */ key) => String(store.get().settings.performance[key] ?? '');
  const fields = [
    number('Windows', 'windows', { min: 1, max: 100, step: 1 }),
    number('Alerts you can look at', 'budget', { min: 1, max: 1e9, step: 1 }),
    number('Cost of a false alarm', 'falsePositive', { min: 0, max: 1e12, step: 'any' }),
    number('Cost of a missed fraud', 'falseNegative', { min: 0, max: 1e12, step: 'any', placeholder: 'its amount' }),
    number('Labels take (seconds)', 'delay', { min: 0, max: 1e12, step: 'any', placeholder: 'all count' }),
  ];
  const summary = h('div', { class: 'stack' });
  const overTime = createFigure('AUC and average precision by window');
  const atThreshold = createFigure('Precision and recall by window');
  const calibration = createFigure('Calibration');
  const cost = createFigure('Cost by threshold');
  const estimated = createFigure('AUC by window, estimated');
  const charts = h('div', { class: 'charts many' });
  put(
    element,
    h('div', { class: 'section-title' }, h('h2', { id: 'drift-performance-title' }, 'Performance'), run),
    hint,
    h('div', { class: 'fields' }, ...fields.map(({ field }) => field)),
    summary,
    charts,
  );
  const figures = [overTime, atThreshold, calibration, cost, estimated];
  const stops = [
    store.watch(['settings'], () => {
      for (const { key, input } of fields) if (document.activeElement !== input) input.value = text(key);
    }),
    store.watch(['performance', 'job', 'settings', 'loaded'], ({ performance, job, settings, loaded }) => {
      const rows = settings.current !== 'live' && loaded !== null;
      run.hidden = !rows || performance !== null;
      run.disabled = job !== null;
      hint.hidden = performance !== null;
      put(
        hint,
        !rows
          ? 'Figures need the rows of a file.'
          : loaded?.labels
            ? `The file has labels (${loaded.report.label}): AUC, precision, recall and cost per window, over the rows whose label is known.`
            : 'The file has no labels. The figures can be estimated from how well the model’s probabilities held in the past, if the link between data and fraud has not changed.',
      );
    }),
    store.watch(['performance'], ({ performance, settings }) => {
      if (!performance) {
        put(summary);
        put(charts);
        return;
      }
      const { measured, estimate, estimateProblem, backTest } = performance;
      put(
        summary,
        table(performance),
        ...(measured ? measuredWords(measured, settings.performance) : []),
        ...(estimate ? [h('p', { class: 'assumption' }, h('strong', null, 'Estimated without labels. '), String(estimate.assumption ?? ''))] : []),
        estimateProblem !== '' && h('p', { class: 'hint' }, `No estimate without labels: ${estimateProblem}`),
        ...(backTest ? backTestPart(backTest, performance.backOffset) : []),
      );
      const shown = [];
      if (measured?.windows?.length > 0) shown.push(overTime, atThreshold);
      if (measured && bins(measured.calibration).length > 0) shown.push(calibration);
      if (measured?.cost?.curve?.length > 0) shown.push(cost);
      if (estimate?.windows?.length > 0) shown.push(estimated);
      put(charts, ...shown.map((each) => each.element));
      for (const each of shown) each.show(contentOf(each, performance));
    }),
  ];

  /**
   * @param {import('../charts/figure.js').Figure} chart
   * @param {import('../state/drift_state.js').PerformanceRun} run
   */
  function contentOf(chart, { measured, estimate, offset }) {
    const inFile = (/** @type {any[]} */ windows) => windows.map(({ first, last }) => ({ first: first + offset, last: last + offset }));
    const series = (/** @type {any[]} */ windows, /** @type {string} */ key) => windows.map((window) => window[key] ?? null);
    if (chart === overTime) {
      return windowsContent({
        windows: inFile(measured.windows),
        lines: [
          { label: 'AUC', values: series(measured.windows, 'auc') },
          { label: 'AP', values: series(measured.windows, 'average_precision') },
        ],
        finding: `AUC ${extent(series(measured.windows, 'auc'))} over ${count(measured.windows.length)} windows. The band: its 95 % interval.`,
      });
    }
    if (chart === atThreshold) {
      return windowsContent({
        windows: inFile(measured.windows),
        lines: [
          { label: 'recall', values: series(measured.windows, 'recall') },
          { label: 'precision', values: series(measured.windows, 'precision') },
        ],
        finding: `Recall ${extent(series(measured.windows, 'recall'))} at your threshold. The band: its 95 % interval.`,
      });
    }
    if (chart === calibration) {
      return calibrationContent({
        bins: bins(measured.calibration),
        finding: `Expected calibration error ${figure(measured.calibration.ece)}. On the diagonal, probabilities mean what they say.`,
      });
    }
    if (chart === cost) {
      const { best, at_threshold: now } = measured.cost;
      return costContent({
        curve: measured.cost.curve.filter((/** @type {{threshold: number | null}} */ point) => point.threshold !== null),
        threshold: () => app.store.get().threshold,
        finding: `${best ? `Least, ${figure(best.cost)}, ${best.threshold === null ? 'with nothing flagged' : `at ${figure(best.threshold)}`}. ` : ''}${now ? `Your threshold, the line: ${figure(now.cost ?? now)}.` : ''}`,
      });
    }
    return windowsContent({
      windows: inFile(estimate.windows),
      lines: [
        { label: 'estimated', values: series(estimate.windows, 'auc') },
        ...(measured?.windows?.length === estimate.windows.length ? [{ label: 'measured', values: series(measured.windows, 'auc') }] : []),
      ],
      finding: `Estimated AUC ${extent(series(estimate.windows, 'auc'))}, if the link between data and fraud has not changed.`,
    });
  }
  return () => {
    stops.forEach((stop) => stop());
    figures.forEach((each) => each.close());
  };
}

/**
 * The lowest and the highest value.
 * @param {({value: number | null} | null)[]} values
 */
function extent(values) {
  const known = values.flatMap((each) => each?.value ?? []);
  if (known.length === 0) return 'is not known';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `from ${figure(low)} to ${figure(high)}`;
}

/**
 * @param {any} calibration
 * @returns {{predicted: number, observed: number, rows: number}[]}
 */
function bins(calibration) {
  const found = /** @type {any[]} */ (calibration?.bins ?? []);
  return found.flatMap(({ predicted, observed, rows }) =>
    typeof predicted === 'number' && typeof observed?.value === 'number' ? { predicted, observed: observed.value, rows } : [],
  );
}

/** @param {import('../state/drift_state.js').PerformanceRun} run */
function table({ measured, estimate }) {
  const rows = MEASURES.filter(([key]) => measured?.[key] || estimate?.[key]);
  if (rows.length === 0) return null;
  const value = (/** @type {any} */ document, /** @type {string} */ key) => (document?.[key] ? withRange(interval(document[key])) : ['–']);
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Performance: figures' },
    h(
      'table',
      { class: 'grid' },
      h('caption', { class: 'unseen' }, 'Performance of the current rows, with 95 % intervals'),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Figure'), measured && h('th', { scope: 'col', class: 'num' }, 'Measured against labels'), estimate && h('th', { scope: 'col', class: 'num' }, 'Estimated without labels'))),
      h(
        'tbody',
        null,
        ...rows.map(([key, name]) =>
          h('tr', null, h('th', { scope: 'row' }, name), measured && h('td', { class: 'num' }, ...value(measured, key)), estimate && h('td', { class: 'num' }, ...value(estimate, key))),
        ),
      ),
    ),
  );
}

const names = new Map(MEASURES);

/** @param {{value: number | null} | null} figures */
const share = (figures) => (typeof figures?.value === 'number' ? percent(figures.value, 1) : '–');

/**
 * @param {any} measured
 * @param {import('../state/drift_state.js').PerformanceSettings} wish
 */
function measuredWords(measured, wish) {
  const { budget } = measured;
  const lines = [`${percent(measured.share_matured, 1)} of ${count(measured.rows)} rows have their label${measured.share_matured < 1 ? '; the others are left out' : ''}. ${count(measured.positives)} ${measured.positives === 1 ? 'is' : 'are'} fraud${measured.weighted ? '; rows count by their weight' : ''}. Brier ${figure(measured.brier)}, log loss ${figure(measured.log_loss)}.`];
  if (budget) {
    const value = typeof budget.value_share === 'number' ? ` and ${percent(budget.value_share, 1)} of its amount` : '';
    const lift = typeof budget.lift === 'number' ? `; ${figure(budget.lift)} times as many as by chance` : '';
    lines.push(`If people look at the ${count(budget.alerts)} highest scores: ${share(budget.precision)} of them are fraud, which finds ${share(budget.recall)} of the fraud${value}${lift}.`);
  }
  const each = measured.budget_per_window;
  if (each && each.windows > 1) {
    lines.push(`If they look at the ${count(wish.budget)} highest of every window: ${share(each.precision)} of them are fraud, which finds ${share(each.recall)} of the fraud.`);
  }
  for (const [key, why] of Object.entries(measured.undefined ?? {})) {
    lines.push(typeof measured[key]?.value === 'number' ? `${names.get(key) ?? key} has no interval: ${why.replace(/: no interval$/, '')}.` : `${names.get(key) ?? key} is not known: ${why}.`);
  }
  return lines.map((line) => h('p', null, line));
}

/** @param {any} backTest @param {number} offset */
function backTestPart(backTest, offset) {
  const windows = /** @type {any[]} */ (backTest.windows ?? []);
  const errors = Object.entries(backTest.error ?? {}).filter(([, value]) => typeof value === 'number');
  return [
    h(
      'details',
      null,
      h('summary', null, `How far off such estimates were: ${errors.map(([key, value]) => `${names.get(key) ?? key} by ${figure(Number(value))}`).join(', ') || 'not known'} on average`),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Back-test' },
        h(
          'table',
          { class: 'grid' },
          h('caption', { class: 'unseen' }, 'Estimates beside what was found, on windows whose labels are known'),
          h('thead', null, h('tr', null, ...['Rows', 'AUC estimated', 'AUC found', 'Inside the band'].map((name, i) => h('th', { scope: 'col', class: i === 0 ? null : 'num' }, name)))),
          h(
            'tbody',
            null,
            ...windows.map((window) =>
              h(
                'tr',
                null,
                h('th', { scope: 'row' }, `${count(window.first + offset)} to ${count(window.last + offset)}`),
                h('td', { class: 'num' }, ...withRange(interval(window.estimated?.auc))),
                h('td', { class: 'num' }, interval({ value: window.realised?.auc ?? null, low: null, high: null }).value),
                h('td', { class: 'num' }, window.inside?.auc === true ? 'yes' : window.inside?.auc === false ? 'no' : '–'),
              ),
            ),
          ),
        ),
      ),
    ),
  ];
}
