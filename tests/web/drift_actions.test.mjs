// @ts-check
// What a person can do in the Drift view, with an analysis that answers as told: what it is asked, what the store says, and
// that a boundary that is dragged never queues questions.

import assert from 'node:assert/strict';
import test from 'node:test';

import { initialState } from '../../web/js/state/app_state.js';
import { createDriftActions } from '../../web/js/state/drift_actions.js';
import { drifting } from '../../web/js/state/drift_demo.js';
import { initialDriftState } from '../../web/js/state/drift_state.js';
import { createStore } from '../../web/js/state/store.js';
import { fakeAnalysis } from './drift_fake.mjs';

const ROWS = 1000;

/** @returns {import('../../web/js/engine/types.js').ScoredFile} */
function scoredFile(name = 'a.csv') {
  const columns = ['Time', 'V14', 'Amount', 'Class'];
  return /** @type {any} */ ({
    file: new Blob(['x']),
    name,
    report: { columns, label: 'Class', decimal: '.' },
    overrides: {},
    rows: ROWS,
    scored: ROWS,
    probabilities: Float64Array.from({ length: ROWS }, (_, i) => (i === 3 ? NaN : (i % 10) / 10)),
    labels: Float64Array.from({ length: ROWS }, (_, i) => (i > 900 ? NaN : i % 7 === 0 ? 1 : 0)),
    weights: null,
    summary: new TextEncoder().encode('{"format": "summary"}'),
    badRows: [],
    missing: {},
    seconds: 1,
    partial: false,
  });
}

/** @param {Parameters<typeof fakeAnalysis>[0]} [options] */
function page(options) {
  const { analysis, asked } = fakeAnalysis({ rows: ROWS, ...options });
  const app = createStore(initialState());
  app.set({ view: 'drift' });
  const store = createStore(initialDriftState());
  const engine = /** @type {any} */ ({
    /** @param {unknown} _ @param {number[]} rows */
    cells: async (_, rows) => rows.map((row) => [String(row * 60), '1', '2', '0']),
    /** @param {unknown} _ @param {string} name */
    column: async (_, name) => Float64Array.from({ length: ROWS }, (_value, i) => (name === 'Time' ? i * 60 : 1)),
  });
  let made = 0;
  const actions = createDriftActions({
    store,
    app,
    engine: async () => engine,
    createAnalysis: async () => {
      made += 1;
      return analysis;
    },
    liveSummary: async () => ({ summary: '{}', name: 'live stream' }),
  });
  const idle = async () => {
    do await new Promise((resolve) => setTimeout(resolve, 5));
    while (!actions.idle());
  };
  const what = () => asked.map((each) => each.what);
  const last = (/** @type {string} */ name) => asked.filter((each) => each.what === name).at(-1)?.request;
  return { store, app, actions, analysis, asked, idle, what, last, made: () => made };
}

test('nothing is loaded before there is something to compare', async () => {
  const { store, idle, made } = page();
  await idle();
  assert.equal(made(), 0);
  assert.equal(store.get().report, null);
  assert.equal(store.get().problem, null);
});

test('a scored file is compared with the profile: verdict, trends, since when, and when that was', async () => {
  const { store, app, idle, what, last } = page();
  app.set({ scored: scoredFile() });
  await idle();
  const { report, trends, times } = store.get();
  assert.deepEqual(what().slice(0, 2), ['load current', 'compare']);
  assert.deepEqual(last('compare'), { reference: { from: 'profile' }, current: { from: 'current' }, test: 'chi_square', correction: 'BH', level: 0.05 });
  assert.equal(report?.columns[0].name, 'V14');
  assert.equal(trends.size, report?.columns.length);
  assert.deepEqual([...times], [[600, '36000']]);
});

test('while the boundary is dragged, at most one question waits; the last place is answered', async () => {
  /** @type {(() => void)[]} */
  const waiting = [];
  let held = false;
  const { store, app, actions, asked, idle } = page({ gate: () => (held ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()) });
  actions.set({ reference: 'before' });
  app.set({ scored: scoredFile() });
  await idle();
  const before = asked.filter(({ what }) => what === 'compare').length;
  held = true;
  for (let i = 1; i <= 50; ++i) {
    actions.move('boundary', i / 100);
    await Promise.resolve();
  }
  assert.equal(store.get().moving, true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(waiting.length, 1, 'one question is asked');
  held = false;
  waiting[0]();
  await idle();
  const places = asked.filter(({ what }) => what === 'compare').slice(before).map(({ request }) => request.current.rows[0]);
  assert.equal(places.length, 2);
  assert.ok(!asked.at(-1)?.request?.columns?.includes('Time'), 'the time is no column to compare windows by');
  assert.ok(asked.filter(({ what }) => what === 'compare').at(-1)?.request.columns.includes('V14'));
  assert.equal(places.at(-1), 500);
  assert.deepEqual(store.get().report?.current.window, [500, ROWS]);
  assert.deepEqual(store.get().boundaryTime, { row: 500, text: '30000' });
  assert.equal(store.get().moving, false);
});

test('boundary and end never pass each other', async () => {
  const { store, actions } = page();
  actions.set({ current: 'window', boundary: 0.2, end: 0.6 });
  actions.move('boundary', 0.9);
  assert.deepEqual([store.get().settings.boundary, store.get().settings.end], [0.9, 0.9]);
  actions.move('end', 0.1);
  assert.deepEqual([store.get().settings.boundary, store.get().settings.end], [0.1, 0.1]);
  actions.move('end', 7);
  assert.equal(store.get().settings.end, 1);
});

test('column, bin, rows with their text; without them; ranked once all columns were looked at', async () => {
  const { store, app, actions, idle, last } = page();
  actions.set({ reference: 'before' });
  app.set({ scored: scoredFile() });
  await idle();
  await actions.openColumn('V14');
  assert.equal(store.get().column?.total, 0.8);
  assert.equal(store.get().openBin, 2, 'a drifted column shows the rows of the bin that grew');
  assert.deepEqual(last('rows V14'), { low: 1, high: null });
  await actions.openBin(0);
  assert.deepEqual(last('rows V14'), { low: null, high: -1 });
  await actions.openBin(2);
  assert.deepEqual(last('rows V14'), { low: 1, high: null });
  assert.equal(store.get().binRows?.found.total, 7);
  assert.deepEqual(store.get().binRows?.cells[0], ['36000', '1', '2', '0']);
  await actions.leaveOut();
  assert.equal(last('compare').without.length, 7);
  assert.equal(store.get().without?.column?.verdict, 'stable');
  assert.equal(store.get().report?.overall.verdict, 'moved', 'the verdict with all rows stays');
  assert.equal(store.get().binRows?.found.rows[0].ratio, null);
  await actions.together();
  assert.deepEqual(store.get().binRows?.found.rows.map(({ ratio }) => ratio), [9, 8, 7, 6, 5, 4, 3]);
  // Other rows: what was worked out for these goes.
  actions.move('boundary', 0.7);
  await idle();
  assert.equal(store.get().together, null);
  assert.equal(store.get().without, null);
});

test('all columns together can be cancelled', async () => {
  /** @type {() => void} */
  let release = () => undefined;
  let held = false;
  const { store, app, actions, idle } = page({ gate: () => (held ? new Promise((resolve) => (release = () => resolve(undefined))) : Promise.resolve()) });
  actions.set({ reference: 'before' });
  app.set({ scored: scoredFile() });
  await idle();
  held = true;
  const done = actions.together();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(store.get().job?.what, 'together');
  actions.cancel();
  release();
  await done;
  assert.equal(store.get().job, null);
  assert.equal(store.get().together, null);
  assert.match(store.get().note, /^Cancelled/);
  assert.equal(store.get().problem, null);
});

test('performance over the current rows, past labels as the reference of the estimate', async () => {
  const { store, app, actions, idle, last } = page();
  actions.set({ reference: 'before', performance: { windows: 4, budget: 20, falsePositive: 3, falseNegative: null, delay: 60 } });
  app.set({ scored: scoredFile(), threshold: 0.4 });
  await idle();
  await actions.measure();
  const { performance } = store.get();
  assert.deepEqual(last('performance'), { threshold: 0.4, windows: { kind: 'count', size: 4 }, budget: 20, cost: { false_positive: 3, amount: true }, seed: 20130901, bootstrap: 200, maturity: { delay: 60 }, rows: 500 });
  assert.equal(performance?.labelled, 401);
  assert.ok(performance?.estimate && performance?.backTest);
  app.set({ threshold: 0.5 });
  assert.equal(store.get().performance, null, 'another threshold: not these figures any more');
});

test('a detector watches what is finite; its alarms are rows of the file; the reference is shuffled beside', async () => {
  const { store, app, actions, idle, last } = page();
  actions.set({ reference: 'before', detector: { name: 'adwin', series: 'score', set: { delta: 0.01 } } });
  app.set({ scored: scoredFile() });
  await idle();
  await actions.detect();
  const { detector } = store.get();
  assert.deepEqual(last('detect'), { detector: 'adwin', set: { delta: 0.01 } });
  assert.equal(detector?.values, ROWS - 1);
  assert.deepEqual(detector?.found.alarms, [621], 'row 3 was set aside: place 620 is row 621');
  assert.equal(last('falseAlarms').rows, 499);
  assert.equal(detector?.score, null);
  actions.know([700, 600, 600], 50);
  assert.equal(store.get().detector, null);
  await actions.detect();
  assert.deepEqual(last('scoreDetector'), { rows: ROWS, horizon: 50, alarms: [621], drifts: [600, 700] });
  assert.deepEqual(store.get().detector?.score, { drifts: 2, horizon: 50 });
  assert.deepEqual(store.get().detector?.document.results[0].alarms, [621]);
  actions.set({ detector: { name: 'ddm', series: 'column:Amount', set: {} } });
  assert.equal(store.get().detector, null);
});

test('the report holds what was worked out; run again gives the same text', async () => {
  const { store, app, actions, idle, asked } = page();
  actions.set({ reference: 'before' });
  app.set({ scored: scoredFile() });
  await idle();
  await actions.together();
  await actions.measure();
  const text = await actions.saveReport('json');
  const report = JSON.parse(text ?? '');
  assert.equal(report.format, 'firetower-drift');
  assert.equal(report.multivariate.domain.auc.value, 0.81);
  assert.equal(report.performance.positives, 12);
  assert.equal(report.detectors, undefined);
  assert.equal(report.charts, undefined);
  const looks = asked.filter(({ what }) => what === 'multivariate').length;
  await actions.runAgain();
  assert.match(store.get().saved, /^The same JSON again/);
  assert.equal(asked.filter(({ what }) => what === 'multivariate').length, looks + 1, 'worked out again, not remembered');
  assert.match((await actions.saveReport('html')) ?? '', /^<!doctype html>/);
});

test('a second file, a summary, the live window as sides; what is missing is said', async () => {
  const { store, app, actions, idle, what, last } = page();
  app.set({ scored: scoredFile() });
  actions.set({ reference: 'file' });
  await idle();
  assert.equal(store.get().waiting, 'Choose the file to compare with.');
  assert.equal(store.get().report, null);
  await actions.useReference(new Blob(['a,b\n1,2\n']), 'past.csv');
  await idle();
  assert.deepEqual(last('compare').reference, { from: 'reference' });
  assert.equal(last('compare').test, 'ks');
  await actions.useReference(new Blob([' {"format": 1}']), 'past.json');
  await idle();
  assert.deepEqual([store.get().settings.reference, store.get().second], ['summary', { kind: 'summary', name: 'past.json' }]);
  assert.deepEqual([last('compare').reference, last('compare').test], [{ from: 'summary' }, 'chi_square']);
  await actions.useReference(new Blob(['a,b\n1,2\n']), 'bad.csv');
  await idle();
  const { problem, report } = store.get();
  assert.deepEqual([problem?.title, problem?.cause], ['bad.csv cannot be compared with', 'Columns missing: V1.']);
  assert.equal(report, null, 'what was found for the summary is no answer about this file');
  await actions.useReference(new Blob(['a,b\n1,2\n']), 'past.csv');
  await idle();
  assert.deepEqual(store.get().second, { kind: 'file', name: 'past.csv' }, 'what it is, not what the last one was');
  actions.set({ reference: 'profile', current: 'live' });
  await idle();
  assert.deepEqual(last('compare').current, { from: 'summary' });
  actions.set({ reference: 'before' });
  await idle();
  assert.match(store.get().waiting, /^A live stream has no rows/);
  const loads = what().filter((each) => each === 'load current').length;
  actions.set({ current: 'file' });
  await idle();
  assert.equal(what().filter((each) => each === 'load current').length, loads + 1, 'the file takes the place of the summary');
});

test('the fit of a reviewed file comes from its counts; another model begins anew', async () => {
  const { store, app, idle, what, last, made } = page();
  app.set({ view: 'review', model: /** @type {any} */ ({ name: 'a', version: '1', engine_version: '0' }) });
  app.set({ scored: scoredFile() });
  await idle();
  assert.deepEqual(what(), ['load current', 'compare']);
  assert.equal(last('load current'), 'summary');
  assert.deepEqual(store.get().fit, { judged: 31, names: ['V14'], few: false });
  assert.equal(store.get().report, null);
  app.set({ view: 'drift' });
  await idle();
  app.set({ view: 'review' });
  await idle();
  assert.equal(what().filter((each) => each === 'compare').length, 2, 'checked once');
  app.set({ model: /** @type {any} */ ({ name: 'b', version: '1', engine_version: '0' }) });
  await idle();
  assert.equal(store.get().fit, null);
  app.set({ scored: scoredFile('b.csv') });
  await idle();
  assert.equal(made(), 2);
});

test('reading that is cancelled can be asked again; a partial file is read as far as it was scored', async () => {
  const { store, app, actions, analysis, idle, last } = page();
  const { load } = analysis;
  /** @type {number[]} */
  const sizes = [];
  analysis.load = async (which, source, { signal } = {}) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (signal?.aborted) throw Object.assign(new Error('cancelled'), { code: 'ABORTED' });
    sizes.push(/** @type {{file: Blob}} */ (source).file.size);
    return load(which, source);
  };
  app.set({ scored: { ...scoredFile(), file: new Blob(['0123456789']), partial: true, offsets: Float64Array.from({ length: ROWS + 1 }, (_, i) => (i === ROWS ? 7 : 0)) } });
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(store.get().job?.what, 'current');
  actions.cancel();
  await idle();
  assert.deepEqual([store.get().stopped, store.get().report, store.get().problem], [true, null, null]);
  await actions.ask();
  assert.equal(store.get().report?.overall.verdict, 'moved');
  assert.equal(store.get().stopped, false);
  assert.deepEqual(sizes, [7]);
  assert.ok(last('compare'));
});

test('a failure is told, and a restart asks again', async () => {
  let broken = true;
  const { store, app, actions, idle } = page({
    gate: async () => {
      if (broken) throw Object.assign(new Error('the engine stopped'), { code: 'ENGINE_CRASHED' });
    },
  });
  app.set({ scored: scoredFile() });
  await idle();
  assert.equal(store.get().problem?.code, 'ENGINE_CRASHED');
  broken = false;
  actions.restart();
  await idle();
  assert.equal(store.get().problem, null);
  assert.equal(store.get().report?.overall.verdict, 'moved');
});

test('demo rows drift from three fifths on: V14 at once, V12 slowly, nothing else', () => {
  const rows = Array.from({ length: 10 }, (_, i) => `${i},1,2,3`);
  const lines = drifting(['Time,V12,V14,Class', ...rows, ''].join('\n')).split('\n');
  assert.equal(lines[6], '5,1,2,3');
  assert.equal(lines[7], '6,1,4,3');
  assert.equal(lines[9], '8,1.5,4,3');
  assert.equal(lines.length, 12);
});
