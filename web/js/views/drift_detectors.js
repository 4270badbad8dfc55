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
  const charts = h('div', { class: 'alarms' }, chart.element);
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
    h('div', null, run),
    problem,
    words,
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
    store.watch(['detectorProblem'], ({ detectorProblem }) => {
      say(problem, detectorProblem);
      problem.hidden = detectorProblem === '';
    }),
    store.watch(['detector'], ({ detector, loaded, settings }) => {
      charts.hidden = detector === null;
      words.hidden = detector === null;
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
