// @ts-check
// Sequential detectors over the file: choose one, what it watches, its parameters; alarms on a chart, false alarms on the
// shuffled reference beside them.

import { createFigure } from '../charts/figure.js';
import { alarmsContent } from '../charts/rows.js';
import { hasBoundary, places } from '../state/drift_state.js';
import { seriesName, watchable } from '../state/drift_series.js';
import { figure } from '../state/drift_words.js';
import { count } from '../state/format.js';
import { h, newId, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {{name: string, low: number | null, high: number | null, default: number | string | null, choices?: string[] | string | null, whole?: boolean, meaning: string}} Parameter */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.drift;
  const change = (/** @type {Partial<import('../state/drift_state.js').DetectorSettings>} */ patch) =>
    actions.set({ detector: { ...store.get().settings.detector, ...patch } });
  const nameId = newId('detector');
  const seriesId = newId('series');
  const name = h('select', { id: nameId, onchange: () => change({ name: name.value, set: {} }) });
  const series = h('select', { id: seriesId, onchange: () => change({ series: series.value }) });
  const run = h('button', { type: 'button', onclick: () => void actions.detect() }, 'Run');
  const parameters = h('div', { class: 'fields' });
  const about = h('p', { class: 'hint' });
  const problem = h('p', { role: 'alert' });
  const words = h('p', { role: 'status' });
  const chart = createFigure('Alarms');
  const scores = h('div');
  const charts = h('div', { class: 'alarms' }, chart.element);
  const knownId = newId('known');
  const knownHint = newId('known-hint');
  const horizonId = newId('horizon');
  const known = h('input', { id: knownId, inputmode: 'numeric', autocomplete: 'off', placeholder: 'none', 'aria-describedby': knownHint });
  const horizon = h('input', { id: horizonId, type: 'number', inputmode: 'numeric', min: 0, max: 1e9, step: 1, required: true });
  const know = () => {
    const { loaded } = store.get();
    const { rows, wrong } = rowsIn(known.value, loaded?.rows ?? 0);
    known.setCustomValidity(wrong === null ? '' : `“${wrong}” is not a row of this file: whole numbers from 0 to ${count((loaded?.rows ?? 1) - 1)}, apart by commas.`);
    if (known.reportValidity() && horizon.reportValidity()) actions.know(rows, Number(horizon.value));
  };
  known.addEventListener('change', know);
  horizon.addEventListener('change', know);
  put(
    element,
    h('div', { class: 'section-title' }, h('h2', { id: 'drift-detectors-title' }, 'Detectors')),
    h('p', { class: 'hint' }, 'A detector reads the rows one after the other and says when something has changed.'),
    h(
      'div',
      { class: 'fields' },
      h('div', { class: 'field' }, h('label', { for: nameId }, 'Detector'), name),
      h('div', { class: 'field' }, h('label', { for: seriesId }, 'Watches'), series),
    ),
    about,
    h('details', { class: 'parameters' }, h('summary', null, 'Parameters'), parameters),
    h(
      'details',
      { class: 'parameters' },
      h('summary', null, 'Known drifts'),
      h(
        'div',
        { class: 'fields' },
        h('div', { class: 'field parameter' }, h('label', { for: knownId }, 'Rows where one begins'), known, h('span', { class: 'hint', id: knownHint }, 'Such as 30000, 41000. The alarms are then scored against them.')),
        h('div', { class: 'field parameter' }, h('label', { for: horizonId }, 'Found within, rows'), horizon, h('span', { class: 'hint' }, 'A later alarm is a false one.')),
      ),
    ),
    h('div', null, run),
    problem,
    words,
    scores,
    charts,
  );
  let shownFor = '';
  const stops = [
    store.watch(['report'], ({ report, detectors }) => {
      if (report && detectors.length === 0) void actions.listDetectors();
    }),
    store.watch(['detectors', 'settings', 'loaded'], ({ detectors, settings, loaded }) => {
      const { name: chosen, series: watched, set } = settings.detector;
      put(name, ...detectors.map((each) => h('option', { value: each.name }, each.title ?? each.name)));
      name.value = chosen;
      const columns = loaded ? watchable(loaded.report.columns) : [];
      put(
        series,
        h('option', { value: 'score' }, 'score'),
        h('option', { value: 'flagged' }, 'flagged rows (0 or 1)'),
        loaded?.labels ? h('option', { value: 'label' }, `label ${loaded.report.label}`) : null,
        ...columns.map((column) => h('option', { value: `column:${column}` }, column)),
      );
      series.value = watched;
      if (series.selectedIndex < 0) series.value = 'score';
      const found = detectors.find((each) => each.name === chosen);
      say(about, found ? `${found.source ?? ''}${found.binary ? ' Watches 0 and 1 only, such as flagged rows or labels.' : ''}`.trim() : '');
      const key = `${chosen} ${JSON.stringify(found?.parameters?.length ?? 0)}`;
      if (key !== shownFor) {
        shownFor = key;
        put(parameters, ...(found?.parameters ?? []).map((/** @type {Parameter} */ each) => parameter(each, set)));
      }
    }),
    store.watch(['job', 'loaded', 'settings'], ({ job, loaded, settings }) => {
      run.disabled = job !== null || !loaded || settings.current === 'live';
    }),
    store.watch(['known'], ({ known: { rows, horizon: within } }) => {
      if (document.activeElement !== known) known.value = rows.join(', ');
      if (document.activeElement !== horizon) horizon.value = String(within);
    }),
    store.watch(['detectorProblem'], ({ detectorProblem }) => {
      say(problem, detectorProblem);
      problem.hidden = detectorProblem === '';
    }),
    store.watch(['detector'], ({ detector, loaded, settings }) => {
      charts.hidden = detector === null;
      words.hidden = detector === null;
      put(scores, detector?.score ? scoreTable(detector.score) : null);
      if (!detector || !loaded) {
        say(words, '');
        return;
      }
      const { alarms } = detector.found;
      put(words, ...falseWords(detector));
      chart.show(
        alarmsContent({
          line: detector.line,
          name: seriesName(detector.series),
          alarms,
          boundary: hasBoundary(settings) ? places(settings, loaded.rows).boundary : null,
          rows: loaded.rows,
          when: () => '',
          finding: alarms.length === 0 ? `No alarm in ${count(detector.values)} rows.` : `${count(alarms.length)} ${alarms.length === 1 ? 'alarm' : 'alarms'} in ${count(detector.values)} rows, the first at row ${count(alarms[0])}. The line: means of even stretches.`,
        }),
      );
    }),
  ];

  /**
   * @param {Parameter} each
   * @param {Record<string, number | string>} set
   */
  function parameter(each, set) {
    const id = newId('parameter');
    const hintId = newId('meaning');
    const use = (/** @type {number | string | null} */ value) => {
      const next = { ...store.get().settings.detector.set };
      if (value === null || value === each.default) delete next[each.name];
      else next[each.name] = value;
      change({ set: next });
    };
    const choices = typeof each.choices === 'string' ? each.choices.split('|').filter((text) => text !== '') : (each.choices ?? []);
    /** @type {HTMLInputElement | HTMLSelectElement} */
    let control;
    if (choices.length > 0) {
      const select = h('select', { id, 'aria-describedby': hintId, onchange: () => use(select.value) }, ...choices.map((value) => h('option', { value }, value)));
      select.value = String(set[each.name] ?? each.default ?? choices[0]);
      control = select;
    } else {
      const input = h('input', { id, type: 'number', inputmode: 'decimal', min: each.low, max: each.high, step: each.whole ? 1 : 'any', placeholder: String(each.default ?? ''), value: String(set[each.name] ?? ''), 'aria-describedby': hintId });
      input.addEventListener('change', () => {
        if (input.validity.valid) use(input.value === '' ? null : Number(input.value));
        else input.reportValidity();
      });
      control = input;
    }
    return h('div', { class: 'field parameter' }, h('label', { for: id }, each.name), control, h('span', { class: 'hint', id: hintId }, each.meaning));
  }
  return () => {
    stops.forEach((stop) => stop());
    chart.close();
  };
}

/**
 * Rows of a file, apart by commas or blanks.
 * @param {string} text
 * @param {number} rows of the file
 * @returns {{rows: number[], wrong: string | null}} wrong: the first that is none
 */
export function rowsIn(text, rows) {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  const wrong = parts.find((part) => !/^\d+$/.test(part) || Number(part) >= rows) ?? null;
  return { rows: wrong === null ? parts.map(Number) : [], wrong };
}

/** What the alarms are worth beside firing at every row and never firing. @param {any} score */
function scoreTable(score) {
  const number = (/** @type {number | null} */ value) => (typeof value === 'number' ? figure(value) : '–');
  const whole = (/** @type {number | null} */ value) => (typeof value === 'number' ? count(Math.round(value)) : '–');
  /** @type {[string, any][]} */
  const lines = [
    ['This detector', score.detector],
    ['Always fires', score.always],
    ['Never fires', score.never],
  ];
  const heads = ['', 'Alarms', 'Precision', 'Recall', 'Delay, mean', 'Delay, most', 'False per 10,000', 'Rows per false alarm'];
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Score against known drifts' },
    h(
      'table',
      { class: 'grid' },
      h('caption', null, `Against ${count(score.drifts)} known ${score.drifts === 1 ? 'drift' : 'drifts'}: an alarm up to ${count(score.horizon)} rows after one finds it`),
      h('thead', null, h('tr', null, ...heads.map((head, i) => (i === 0 ? h('td') : h('th', { scope: 'col', class: 'num' }, head))))),
      h(
        'tbody',
        null,
        ...lines.map(([name, line]) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, name),
            ...[whole(line.alarms), number(line.precision), number(line.recall), whole(line.delay.mean), whole(line.delay.max), number(line.false_alarm_rate), whole(line.mtbfa)].map((text) => h('td', { class: 'num' }, text)),
          ),
        ),
      ),
    ),
  );
}

/** @param {import('../state/drift_state.js').DetectorRun} run */
function falseWords({ falseAlarms, reference }) {
  const { value, low, high } = falseAlarms?.per_10000 ?? {};
  if (typeof value !== 'number') return [];
  const promised = typeof falseAlarms.promised_run_length === 'number' ? ` It promises a false alarm every ${count(Math.round(falseAlarms.promised_run_length))} rows${typeof falseAlarms.run_length === 'number' ? `; measured, one every ${count(Math.round(falseAlarms.run_length))}` : ''}.` : '';
  return [
    'Where nothing happens it would give ',
    h('strong', null, `${figure(value)} false alarms per 10,000 rows `),
    h('span', { class: 'range' }, `[${figure(low)}, ${figure(high)}]`),
    ` (${reference}).${promised}`,
  ];
}
