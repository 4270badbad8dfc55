// @ts-check
// The strip of figures: total, fraud rate, scores, speed, and whether the data is still what it was.

import { count, duration, fixed, interval, percent } from '../state/format.js';
import { detectorWords, oneIn, shareInterval, statisticValue, windowLabel, dataTime } from '../state/live_words.js';
import { LEVELS } from '../state/scores.js';
import { badge, h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */

/**
 * A list of names and values whose values are set again and again.
 * @returns {{element: HTMLElement, set: (name: string, value: string, range?: string) => void, hide: (name: string, hidden: boolean) => void}}
 */
function pairs() {
  const element = h('dl', { class: 'pairs tight' });
  /** @type {Map<string, {term: HTMLElement, value: HTMLElement, text: HTMLElement, range: HTMLElement}>} */
  const lines = new Map();
  return {
    element,
    set(name, value, range = '') {
      let line = lines.get(name);
      if (!line) {
        const text = h('span', null);
        const light = h('span', { class: 'range' });
        line = { term: h('dt', null, name), value: h('dd', null, text, ' ', light), text, range: light };
        lines.set(name, line);
        element.append(line.term, line.value);
      }
      say(line.text, value);
      say(line.range, range);
    },
    hide(name, hidden) {
      const line = lines.get(name);
      if (!line) return;
      line.term.hidden = hidden;
      line.value.hidden = hidden;
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const { store } = app.live;
  const cell = (/** @type {string} */ title, /** @type {import('./dom.js').Child[]} */ ...children) =>
    h('section', { class: 'cell', 'aria-label': title }, h('h2', null, title), ...children);

  const total = h('p', { class: 'big' });
  const totalSub = h('p', { class: 'sub' });
  const rows = pairs();
  const malformed = h('ul', { class: 'malformed hint' });
  const malformedBox = h('details', { hidden: true }, h('summary', null, 'The last malformed ones'), malformed);

  const fraud = h('p', { class: 'big' });
  const fraudRange = h('p', { class: 'sub' });
  const scores = pairs();

  const levels = LEVELS.map((name) => ({ name, number: h('span', { class: 'num' }), share: h('span', { class: 'num soft' }) }));
  const mix = h(
    'ul',
    { class: 'levels mix' },
    ...[...levels].reverse().map(({ name, number, share }) => h('li', null, badge(name), number, share)),
  );

  const speed = pairs();
  const still = pairs();

  put(
    element,
    cell('Transactions', total, totalSub, rows.element, malformedBox),
    cell('Fraud rate', fraud, fraudRange, scores.element),
    cell('Risk', mix),
    cell('Throughput', speed.element),
    cell('Still the same?', still.element),
  );

  let shownMalformed = '';
  function show() {
    const { tick, settings } = store.get();
    if (!tick) return;
    const overall = settings.scope === 'overall';
    const stats = overall ? tick.overall : tick.window;
    const state = tick.window_state;
    say(total, count(tick.total));
    const fill = overall || settings.window.kind === 'start' || state.complete ? '' : ', not full yet';
    say(totalSub, `Figures: ${overall ? 'since the start' : windowLabel(settings.window)}${fill}`);
    rows.set('Looked at', count(stats.rows));
    rows.set('Set aside', count(stats.aside), stats.aside > 0 ? percent(stats.aside_rate, 1) : '');
    rows.set('Malformed', count(tick.malformed));
    const times = stats.first_time !== null && stats.last_time !== null;
    rows.set('Data’s time', times ? `${dataTime(/** @type {number} */ (stats.first_time))} to ${dataTime(/** @type {number} */ (stats.last_time))}` : '–');
    rows.hide('Data’s time', !times);
    rows.set('Came too late', count(state.late));
    rows.hide('Came too late', state.late === 0);
    rows.set('Clock set back', count(state.restarts));
    rows.hide('Clock set back', state.restarts === 0);
    malformedBox.hidden = tick.malformed_last.length === 0;
    const key = JSON.stringify(tick.malformed_last);
    if (key !== shownMalformed) {
      shownMalformed = key;
      put(malformed, ...tick.malformed_last.map(({ reason, sample }) => h('li', null, `${reason} `, sample !== '' && h('code', null, sample))));
    }

    const { value, range } = shareInterval(stats.fraud_rate);
    say(fraud, value);
    say(fraudRange, [range, oneIn(stats)].filter((part) => part !== '').join(' · '));
    scores.set('Flagged', count(stats.flagged), `p ≥ ${fixed(tick.threshold, 2)}`);
    scores.set('High risk', count(stats.high_risk_count));
    scores.set('Mean score', statisticValue('average_probability', stats.average_probability));
    const precision = interval(stats.labelled?.precision);
    const recall = interval(stats.labelled?.recall);
    scores.set('Precision', precision.value, precision.range);
    scores.set('Recall', recall.value, recall.range);
    scores.hide('Precision', stats.labelled === null);
    scores.hide('Recall', stats.labelled === null);

    levels.forEach(({ number, share }, i) => {
      say(number, count(stats.levels[i]));
      say(share, percent(stats.levels[i], stats.rows));
    });

    const micros = (/** @type {number | null} */ n) => (n === null ? '–' : `${fixed(n, n < 10 ? 1 : 0)} µs`);
    const millis = (/** @type {number | null} */ n) => (n === null ? '–' : duration(n / 1000));
    speed.set('Rows a second', count(Math.round(tick.throughput)));
    speed.set('Scoring, p50', micros(tick.latency.p50));
    speed.set('Scoring, p99', micros(tick.latency.p99));
    speed.set('Shown after, p50', millis(tick.delay.p50));
    speed.set('Shown after, p99', millis(tick.delay.p99));
    speed.set('Waiting', count(tick.source.waiting));

    const columns = store.get().columns;
    const drifted = stats.drifted_columns;
    still.set('Drifted columns', drifted === null ? 'too few rows' : columns ? `${count(drifted)} of ${count(columns.length)}` : count(drifted));
    still.set('PSI of the scores', stats.score_psi === null ? 'too few rows' : fixed(stats.score_psi, 3));
    still.set('Missing cells', stats.rows > 0 ? percent(stats.missing_rate, 1) : '–');
    const detector = detectorWords(tick.detector);
    still.set('Rate detector', detector.word, detector.rest);
  }

  const ask = pacer.piece(50, show);
  return store.watch(['tick', 'settings'], ask);
}
