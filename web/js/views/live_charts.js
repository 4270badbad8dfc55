// @ts-check
// The charts of the stream: fraud rate with alert marks, mean score, risk mix, scores against the reference.

import { scoresContent } from '../charts/compare.js';
import { createFigure } from '../charts/figure.js';
import { lineContent, mixContent } from '../charts/series.js';
import { fixed, percent, probability } from '../state/format.js';
import { lasting, windowLabel } from '../state/live_words.js';
import { h, put } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/live_state.js').LiveState} LiveState */
/** @typedef {import('../charts/series.js').Mark} Mark */

const EVERY_MS = 500;
const MARKS = 200;

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const { store, actions } = app.live;
  const rate = createFigure('Fraud rate over time');
  const mean = createFigure('Mean score over time');
  const mix = createFigure('Risk mix over time');
  const scores = createFigure('Scores: now and at first');
  const figures = [rate, mean, mix, scores];
  const empty = h('p', { class: 'hint' }, 'Charts appear with the first rows.');
  put(element, empty, ...figures.map((figure) => figure.element));

  /** @returns {Mark[]} */
  const marks = () =>
    (store.get().tick?.alerts.episodes ?? [])
      .slice(0, MARKS)
      .map(({ since_ms, severity }) => ({ at: since_ms, severity }))
      .reverse();
  /** @param {string} statistic */
  const marksOf = (statistic) => () => {
    const rules = new Set((store.get().tick?.alerts.episodes ?? []).filter((episode) => episode.statistic === statistic).map(({ since_ms }) => since_ms));
    return marks().filter(({ at }) => rules.has(at));
  };
  const threshold = () => store.get().tick?.threshold ?? 0.5;

  const drawn = new Set();
  /**
   * The first drawing is made, later ones only get new numbers.
   * @param {import('../charts/figure.js').Figure} figure
   * @param {import('../charts/figure.js').Content} content
   */
  function draw(figure, content) {
    if (drawn.has(figure)) figure.update(content);
    else figure.show(content);
    drawn.add(figure);
  }

  const pieces = [
    pacer.piece(EVERY_MS, () => {
      const state = store.get();
      if (state.series && state.series.begin_ms.length > 0) {
        draw(rate, lineContent({ series: state.series, what: 'fraud_rate', marks, finding: lineFinding(state, 'fraud_rate') }));
        // The drawing is as wide as all four; more points than this no chart can show.
        actions.setPoints(rate.element.clientWidth);
      }
    }),
    pacer.piece(EVERY_MS, () => {
      const state = store.get();
      if (state.series && state.series.begin_ms.length > 0) {
        draw(
          mean,
          lineContent({ series: state.series, what: 'average_probability', marks: marksOf('average_probability'), finding: lineFinding(state, 'average_probability') }),
        );
      }
    }),
    pacer.piece(EVERY_MS, () => {
      const state = store.get();
      if (state.series && state.series.begin_ms.length > 0) draw(mix, mixContent({ series: state.series, finding: mixFinding(state) }));
    }),
    pacer.piece(EVERY_MS, () => {
      const state = store.get();
      const cuts = app.store.get().model?.risk_cuts;
      if (state.histogram && cuts) draw(scores, scoresContent({ histogram: state.histogram, cuts, threshold, finding: scoresFinding(state) }));
    }),
  ];

  const stops = [
    store.watch(['series', 'histogram'], ({ series, histogram }) => {
      const some = series !== null && series !== undefined && series.begin_ms.length > 0;
      empty.hidden = some;
      for (const figure of [rate, mean, mix]) figure.element.hidden = !some;
      scores.element.hidden = !histogram;
    }),
    store.watch(['series'], () => pieces.slice(0, 3).forEach((ask) => ask())),
    store.watch(['histogram'], () => pieces[3]()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    for (const figure of figures) figure.close();
  };
}

/**
 * @param {LiveState} state
 * @param {'fraud_rate' | 'average_probability'} what
 */
function lineFinding({ series }, what) {
  if (!series) return '';
  const share = what === 'fraud_rate';
  const words = (/** @type {number} */ value) => (share ? percent(value, 1) : probability(value));
  let most = -1;
  let last = -1;
  series.scored.forEach((rows, i) => {
    if (!(rows > 0)) return;
    last = i;
    if (most < 0 || series[what][i] > series[what][most]) most = i;
  });
  if (last < 0) return 'No row was scored yet.';
  const width = lasting(Math.max(1000, series.width_ms));
  return `Now ${words(series[what][last])}, highest ${words(series[what][most])}; a point is ${series.width_ms < 1000 ? 'less than 1\u00a0s' : width}.${share ? ' Marks: alerts.' : ''}`;
}

/** @param {LiveState} state */
function mixFinding({ tick, settings }) {
  const stats = settings.scope === 'overall' ? tick?.overall : tick?.window;
  if (!stats || stats.rows === 0) return 'No row was scored yet.';
  return `From the bottom CRITICAL, HIGH, MEDIUM, LOW; the rest, ${percent(stats.levels[0], stats.rows)}, is MINIMAL.`;
}

/** @param {LiveState} state */
function scoresFinding({ tick, settings, histogram }) {
  const psi = tick?.window.score_psi ?? null;
  const where = windowLabel(settings.window);
  const dashes = histogram?.reference ? ' Dashes: the first 5,000 rows.' : ' The first 5,000 rows become what later ones are compared with.';
  return `${psi === null ? `Bars: ${where}.` : `PSI ${fixed(psi, 3)}, bars: ${where}.`}${dashes} Log scale.`;
}
