// @ts-check
// The charts of the review: scores, then either figures against labels or the rows each threshold would flag.

import { createFigure } from '../charts/figure.js';
import { precisionRecallContent, rocContent, thresholdContent } from '../charts/curves.js';
import { flaggedContent, histogramContent } from '../charts/histogram.js';
import { count, fixed, interval, rate } from '../state/format.js';
import { countFlagged, flaggedCurve, histogram } from '../state/scores.js';
import { put } from './dom.js';
import { inOwnTask } from './later.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/app_state.js').State} State */

const BINS = 40;
const STEPS = 100;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store } = app;
  const scores = createFigure('Scores');
  const flagged = createFigure('Rows flagged by threshold');
  const byThreshold = createFigure('Precision and recall by threshold');
  const roc = createFigure('ROC curve');
  const pr = createFigure('Precision by recall');
  const labelled = [byThreshold, roc, pr];
  const threshold = () => store.get().threshold;
  const at = () => store.get().performanceAt;

  // Both go through all rows.
  const drawFlagged = inOwnTask(() => {
    const state = store.get();
    const { scored } = state;
    if (!scored || flagged.element.parentElement !== element) return;
    flagged.show(
      flaggedContent({ curve: flaggedCurve(scored.probabilities, STEPS), rows: scored.scored, threshold, finding: flaggedFinding(state) }),
    );
  });
  const drawScores = inOwnTask(() => {
    const state = store.get();
    const { scored, model } = state;
    if (!scored || !model || scored.scored === 0) return;
    scores.show(
      histogramContent({ counts: histogram(scored.probabilities, BINS), cuts: model.risk_cuts, threshold, finding: scoresFinding(state) }),
    );
  });

  const stops = [
    store.watch(['scored', 'performance', 'performanceNote', 'model'], (state) => {
      const { scored, performance, model } = state;
      if (!scored || !model || scored.scored === 0) {
        put(element);
        return;
      }
      const waiting = scored.labels !== null && state.performanceNote === '';
      const figures = performance || waiting ? [scores, ...labelled] : [scores, flagged];
      if (figures.some((figure) => figure.element.parentElement !== element) || element.childElementCount !== figures.length) {
        put(element, ...figures.map((figure) => figure.element));
        element.classList.toggle('two', figures.length === 2);
      }
      if (figures.includes(flagged)) drawFlagged();
    }),
    store.watch(['scored', 'model'], drawScores),
    store.watch(['performance'], (state) => {
      const { performance } = state;
      if (!performance) return;
      const { curve } = performance;
      byThreshold.show(thresholdContent({ curve, threshold, finding: thresholdFinding(state) }));
      roc.show(rocContent({ curve, at, finding: rocFinding(state) }));
      pr.show(precisionRecallContent({ curve, at, share: chance(curve), finding: prFinding(state) }));
    }),
    store.watch(['threshold', 'performanceAt'], (state) => {
      if (!state.scored || state.scored.scored === 0) return;
      if (scores.element.parentElement === element) scores.retell(scoresFinding(state));
      if (flagged.element.parentElement === element) flagged.retell(flaggedFinding(state));
      if (state.performance) {
        byThreshold.retell(thresholdFinding(state));
        roc.retell(rocFinding(state));
        pr.retell(prFinding(state));
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    for (const figure of [scores, flagged, ...labelled]) figure.close();
  };
}

/** @param {State} state */
function scoresFinding({ scored, threshold }) {
  if (!scored) return '';
  const over = countFlagged(scored.probabilities, threshold);
  return `${count(over)} of ${count(scored.scored)} rows score ${fixed(threshold, 2)} or more. Rows on a log scale.`;
}

/** @param {State} state */
function flaggedFinding({ scored, threshold, performanceNote, model }) {
  if (!scored) return '';
  const over = countFlagged(scored.probabilities, threshold);
  const name = model?.label_column;
  const teach = name ? `With a ${name} column (0 or 1) in the file, precision and recall appear here.` : 'This model names no label column.';
  return `A threshold of ${fixed(threshold, 2)} flags ${rate(over, scored.scored)}. ${scored.labels === null ? teach : performanceNote}`;
}

/** @param {State} state */
function thresholdFinding({ performanceAt, threshold }) {
  if (!performanceAt) return '';
  const { precision, recall } = performanceAt;
  return `At ${fixed(threshold, 2)}, precision is ${interval(precision).value} and recall ${interval(recall).value}.`;
}

/** @param {State} state */
function rocFinding({ performance, performanceAt }) {
  if (!performance) return '';
  const { value, range } = interval(performance.auc);
  const now =
    performanceAt && performanceAt.specificity.value !== null
      ? ` The ring: recall ${interval(performanceAt.recall).value} at a false positive rate of ${fixed(1 - performanceAt.specificity.value, 5)}.`
      : '';
  return `Area under the curve ${value} ${range}.${now}`;
}

/**
 * The share of positives: the precision of flagging every row.
 * @param {import('../charts/curves.js').Curve} curve
 */
function chance(curve) {
  return curve.reduce((last, point) => (point.fpr >= last.fpr ? point : last), curve[0])?.precision ?? NaN;
}

/** @param {State} state */
function prFinding({ performance }) {
  if (!performance) return '';
  const { value, range } = interval(performance.average_precision);
  return `Average precision ${value} ${range}; chance would give ${fixed(chance(performance.curve), 4)}. The ring: your threshold.`;
}
