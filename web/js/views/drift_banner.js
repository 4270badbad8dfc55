// @ts-check
// The verdict in plain words: whether the data has moved, what changed since when, what was compared.

import { timeColumn } from '../state/drift_series.js';
import { pWords, scoreWords, settingsWords, sideWords, sinceWords, timeWords } from '../state/drift_words.js';
import { count, percent } from '../state/format.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

const SINCE = 6;

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store } = app.drift;
  const sentence = h('h2', { class: 'drift-sentence' });
  const facts = h('p', { class: 'soft' });
  const since = h('ul', { class: 'since' });
  const sides = h('p', { class: 'hint' });
  const spoken = h('p', { class: 'unseen', role: 'status' });
  const scores = h('p');
  put(element, sentence, scores, since, facts, sides, spoken);
  const stops = [
    store.watch(['report', 'moving'], ({ report, moving }) => {
      if (!report) return;
      const { overall } = report;
      say(sentence, overall.sentence);
      element.classList.toggle('moved', overall.verdict === 'moved');
      const smallest = report.columns.find(({ p_corrected: p }) => p === overall.p_value);
      const whole = overall.p_value === null ? '' : `All columns as one test: p ${pWords(overall.p_value, smallest?.outcome.p_below)}.`;
      const spread = overall.share === null ? '' : `${percent(overall.share, 1)} of the columns drifted${overall.widespread ? ', which is widespread' : ''}${overall.small > 0 ? `; ${count(overall.small)} moved too little to matter` : ''}.`;
      say(facts, [spread, `${whole}`.trim()].filter((part) => part !== '').join(' '));
      put(sides, `${settingsWords(report)} Reference: ${sideWords(report.reference)}. Current: ${sideWords(report.current)}.`);
      // What is dragged is read out when it stands.
      if (!moving) say(spoken, overall.sentence);
    }),
    store.watch(['report', 'performance'], ({ report, performance }) => {
      if (!report) return;
      const words = scoreWords(report, performance?.estimate?.auc);
      say(scores, words);
      scores.hidden = words === '';
    }),
    store.watch(['report', 'trends', 'times', 'moving'], ({ report, trends, times, loaded, moving }) => {
      if (!report || moving) return;
      const column = loaded ? timeColumn(loaded.report.columns) : null;
      const lines = sinceWords(report, trends, (row) => (column ? timeWords(times.get(row) ?? '', column.name) : ''));
      since.hidden = lines.length === 0;
      const more = lines.length - SINCE;
      put(since, ...lines.slice(0, SINCE).map((line) => h('li', null, line)), more > 0 && h('li', null, `And ${count(more)} more changes.`));
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
