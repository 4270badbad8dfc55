// @ts-check
// What a person can do in the Drift view; the only code that changes its store and asks the analysis. No DOM. A question
// about the data is asked again when what it is about has changed and the answer before has come: a dragged boundary is
// answered as fast as the answers come, and never queues.

import { nameInFile } from './columns.js';
import { initialDriftState, nothingCompared, nothingOpened, places, requestOf, TREND_WINDOWS } from './drift_state.js';
import { amountColumn, clocks, finite, firstsOf, mapped, rowsOf, seriesName, swollen, thinned, timeColumn } from './drift_series.js';
import { createPending } from './pending.js';
import { toProblem } from './problems.js';

/** @typedef {import('./drift_state.js').DriftState} DriftState */
/** @typedef {import('./drift_state.js').DriftSettings} DriftSettings */
/** @typedef {import('../engine/analysis/types.js').DriftAnalysis} DriftAnalysis */
/** @typedef {import('../engine/types.js').ScoredFile} ScoredFile */
/** @typedef {ReturnType<typeof createDriftActions>} DriftActions */

/** Rows behind a bin that are shown. */
export const ROWS_SHOWN = 50;
/** Charts of columns that go into a report. */
const REPORT_CHARTS = 12;
const SETTLED_MS = 150;
const SEED = 20130901;
const BOOTSTRAP = 200;
const SHUFFLES = 20;

/**
 * @param {object} parts
 * @param {import('./store.js').Store<DriftState>} parts.store
 * @param {import('./store.js').Store<import('./app_state.js').State>} parts.app
 * @param {() => Promise<import('../engine/types.js').Engine>} parts.engine
 * @param {() => Promise<DriftAnalysis>} parts.createAnalysis with the model in use
 * @param {() => Promise<{summary: string, name: string}>} parts.liveSummary of the stream's window
 * @param {() => Promise<void>} [parts.calm] resolves when the page has nothing else to do: what nobody asked for begins then
 * @param {() => number} [parts.now] milliseconds
 */
export function createDriftActions({ store, app, engine, createAnalysis, liveSummary, calm = async () => {}, now = () => performance.now() }) {
  /** @type {Promise<DriftAnalysis> | null} */
  let analysis = null;
  /** @type {{current: unknown, reference: unknown}} what the analysis has been given */
  let holds = { current: null, reference: null };
  /** @type {{kind: 'file', file: Blob, name: string} | {kind: 'summary', summary: string, name: string} | null} */
  let second = null;
  /** @type {{summary: string, name: string} | null} */
  let live = null;
  /** @type {AbortController | null} */
  let job = null;
  const { track, settled } = createPending();
  let wanted = false;
  let running = false;
  /** Counts questions about the data: what belongs to an earlier one is not shown. */
  let round = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let settle = null;
  /** @type {Promise<unknown>} comparisons one after the other: a newer one would end the one before */
  let line = Promise.resolve();
  let answered = '';

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  function inTurn(run) {
    const own = line.then(run);
    line = own.catch(() => undefined);
    return track(own);
  }

  /** @param {unknown} error */
  const aborted = (error) => /** @type {{code?: unknown}} */ (error)?.code === 'ABORTED';

  /** @param {unknown} error */
  function fail(error) {
    if (aborted(error)) {
      const { report } = store.get();
      store.set({ job: null, stopped: report === null, note: report ? 'Cancelled. What was there before is kept.' : 'Cancelled: nothing was compared.' });
      return;
    }
    const { model } = app.get();
    const { reference } = /** @type {{reference?: {kind: string, name: string}}} */ (error);
    const problem = toProblem(error, { version: model ? `${model.name} ${model.version}, engine ${model.engine_version}` : undefined });
    const about = reference && {
      title: `${reference.name} cannot be compared with`,
      next: reference.kind === 'summary' ? 'Choose a summary that was made with this model.' : 'Choose a CSV file with the columns of the model.',
    };
    store.set({ problem: { ...problem, ...about }, job: null });
  }

  /** @param {unknown} error */
  const sentence = (error) => (error instanceof Error ? error.message : String(error));

  /** @returns {Promise<DriftAnalysis>} */
  function ready() {
    if (analysis) return analysis;
    store.set({ analysis: 'starting', job: { what: 'engine', share: null } });
    const own = createAnalysis();
    analysis = own;
    holds = { current: null, reference: null };
    own.then(
      () => analysis === own && store.set({ analysis: 'ready', job: null }),
      () => {
        if (analysis !== own) return;
        analysis = null;
        store.set({ analysis: 'failed', job: null });
      },
    );
    return track(own);
  }

  /** Another model, or a new start: nothing is known any more. */
  function forget() {
    const old = analysis;
    analysis = null;
    job?.abort();
    job = null;
    round += 1;
    answered = '';
    old?.then((running) => running.close()).catch(() => undefined);
    const { settings } = store.get();
    store.set({ ...initialDriftState(), settings, second: second && { kind: second.kind, name: second.name } });
  }

  /**
   * Work that takes a while and can be cancelled.
   * @template T
   * @param {import('./drift_state.js').DriftJob['what']} what
   * @param {(options: import('../engine/types.js').JobOptions & {signal: AbortSignal}) => Promise<T>} run
   * @returns {Promise<T>}
   */
  async function working(what, run) {
    const own = new AbortController();
    job?.abort();
    job = own;
    store.set({ job: { what, share: null }, note: '' });
    try {
      return await track(
        run({
          signal: own.signal,
          onProgress: ({ bytes, totalBytes }) => {
            if (job === own) store.set({ job: { what, share: totalBytes > 0 ? Math.min(1, bytes / totalBytes) : null } });
          },
        }),
      );
    } finally {
      if (job === own) {
        job = null;
        store.set({ job: null });
      }
    }
  }

  // --- what is compared

  /** @returns {string | null} what a person has to do first; empty: the page's own empty state says it; null: nothing */
  function lacking() {
    const { settings } = store.get();
    const { scored } = app.get();
    if (settings.current === 'live') {
      if (settings.reference === 'before') return 'A live stream has no rows before a boundary: choose another reference.';
    } else if (!scored || scored.scored === 0) {
      return '';
    }
    if (settings.reference === 'file' && second?.kind !== 'file') return 'Choose the file to compare with.';
    if (settings.reference === 'summary' && second?.kind !== 'summary') return 'Choose the summary file to compare with.';
    return null;
  }

  /**
   * Gives the analysis what it does not have yet.
   * @param {DriftAnalysis} running
   */
  async function provide(running) {
    const { settings } = store.get();
    const { scored } = app.get();
    if (settings.current === 'live') {
      live ??= await track(liveSummary());
      if (holds.current !== live) {
        await track(running.load('current', live));
        holds.current = live;
        store.set({ loaded: null, columns: [] });
      }
    } else if (scored && holds.current !== scored) {
      holds.current = null;
      const { name, overrides, partial, offsets } = scored;
      const file = partial ? scored.file.slice(0, offsets[scored.rows]) : scored.file;
      const { columns } = await working('current', (options) => running.load('current', { file, name, overrides }, options));
      if (app.get().scored !== scored) throw Object.assign(new Error('another file came'), { code: 'SUPERSEDED' });
      holds.current = scored;
      store.set({ loaded: scored, columns, note: '' });
    }
    const wants = settings.reference === 'file' || settings.reference === 'summary' ? second : null;
    if (wants && holds.reference !== wants) {
      holds.reference = null;
      try {
        await (wants.kind === 'file'
          ? working('reference', (options) => running.load('reference', { file: wants.file, name: wants.name }, options))
          : track(running.load('reference', { summary: wants.summary, name: wants.name })));
      } catch (error) {
        throw aborted(error) ? error : Object.assign(/** @type {Error} */ (error), { reference: wants });
      }
      holds.reference = wants;
    }
  }

  /** Names of the file's columns but those that tell the time; null: all of them. */
  function timeless() {
    const { columns, loaded } = store.get();
    const told = new Set(loaded ? clocks(app.get().model, loaded.report.columns) : []);
    const names = columns.map(({ name }) => name);
    const rest = names.filter((name) => !told.has(name));
    return rest.length === names.length ? null : rest;
  }

  /** The current rows as they are now asked about. Rows that came one after the other are not compared by when they came. */
  function request() {
    const { settings, loaded } = store.get();
    const asked = requestOf(settings, loaded?.rows ?? 0);
    const columns = settings.reference === 'before' ? timeless() : null;
    return columns ? { ...asked, columns } : asked;
  }

  async function answer() {
    const why = lacking();
    if (why !== null) {
      answered = '';
      store.set({ ...nothingCompared(), waiting: why });
      return;
    }
    const running = await ready();
    await inTurn(() => provide(running));
    const asked = request();
    const key = JSON.stringify(asked);
    if (key === answered && store.get().report) return;
    const started = now();
    const report = await inTurn(() => running.compare(asked));
    const answeredIn = now() - started;
    answered = key;
    round += 1;
    store.set({ report, answeredIn, waiting: '', problem: null, saved: '' });
    // What was worked out for other rows does not stay beside these.
    if (store.get().together || store.get().performance || store.get().detector || store.get().without) {
      store.set({ together: null, performance: null, detector: null, without: null });
    }
    void tellBoundary();
    const { openColumn } = store.get();
    if (openColumn !== null && report.columns.some(({ name }) => name === openColumn)) await readColumn(openColumn);
  }

  /** Asks again; a question under way is answered first, those between are left out. */
  async function ask() {
    wanted = true;
    if (settle) clearTimeout(settle);
    if (running) return;
    store.set({ stopped: false });
    running = true;
    try {
      while (wanted) {
        wanted = false;
        await track(answer());
      }
      settle = setTimeout(() => {
        settle = null;
        void track(details());
      }, SETTLED_MS);
    } catch (error) {
      answered = '';
      if (/** @type {{code?: unknown}} */ (error)?.code === 'SUPERSEDED') wanted = true;
      else if (!wanted || !aborted(error)) {
        wanted = false;
        // What was found for another question is no answer to this one.
        if (!aborted(error)) store.set(nothingCompared());
        fail(error);
      }
    } finally {
      running = false;
    }
    if (wanted) void ask();
  }

  /** Only while somebody looks. */
  function askIfSeen() {
    if (app.get().view === 'drift') void ask();
  }

  // --- what may come a moment later: trends, since when, rows behind a bin

  /** The question whose trends are all there. */
  let detailed = -1;
  async function details() {
    if (!analysis) return;
    const own = round;
    const running = await ready();
    store.set({ moving: false });
    const { report, settings, trends: before } = store.get();
    if (!report) return;
    try {
      const { openBin } = store.get();
      if (openBin !== null) await readRows(openBin);
      if (settings.current === 'live' || detailed === own) return;
      const asked = request();
      /** @type {Map<string, import('../engine/analysis/types.js').DriftTrend>} */
      const trends = new Map();
      for (const { name } of report.columns) {
        if (own !== round) return;
        trends.set(name, await track(running.trend(name, asked, TREND_WINDOWS)));
        if (own === round) store.set({ trends: new Map([...before, ...trends]) });
      }
      const firsts = firstsOf(report, trends);
      const texts = await timesOf(firsts);
      if (own !== round) return;
      detailed = own;
      store.set({ trends, times: new Map(firsts.map((row, i) => [row, texts[i]])) });
    } catch (error) {
      if (own === round && !aborted(error)) fail(error);
    }
  }

  /**
   * What the file says of when these rows were; empty where it has no such column.
   * @param {number[]} rows
   * @returns {Promise<string[]>}
   */
  async function timesOf(rows) {
    const { loaded } = store.get();
    const place = loaded ? timeColumn(loaded.report.columns) : null;
    if (!loaded || !place || rows.length === 0) return rows.map(() => '');
    const cells = await track(engine().then((running) => running.cells(loaded, rows)));
    return cells.map((row) => row[place.index] ?? '');
  }

  let telling = false;
  async function tellBoundary() {
    if (telling) return;
    telling = true;
    try {
      for (;;) {
        const { settings, loaded } = store.get();
        if (!loaded) return;
        const row = Math.min(places(settings, loaded.rows).boundary, loaded.rows - 1);
        const [text] = await timesOf([row]);
        store.set({ boundaryTime: { row, text } });
        if (Math.min(places(store.get().settings, loaded.rows).boundary, loaded.rows - 1) === row) return;
      }
    } catch {
      // The row is shown without its time.
    } finally {
      telling = false;
    }
  }

  /** @param {string} name */
  async function readColumn(name) {
    const running = await ready();
    try {
      const column = await track(running.column(name, request()));
      if (store.get().openColumn === name) store.set({ column, columnProblem: '' });
    } catch (error) {
      if (store.get().openColumn === name && !aborted(error)) store.set({ column: null, columnProblem: sentence(error) });
    }
  }

  /**
   * @param {number | 'all'} bin
   * @param {number} [most]
   */
  async function findRows(bin, most = ROWS_SHOWN) {
    const { openColumn, column } = store.get();
    if (openColumn === null || !column) return null;
    const chosen = bin === 'all' ? null : column.bins[bin];
    if (bin !== 'all' && !chosen) return null;
    const where = !chosen
      ? {}
      : chosen.missing
        ? { missing: true }
        : chosen.category !== null
          ? { category: chosen.category }
          : { low: chosen.low, high: chosen.high };
    const running = await ready();
    return track(running.rows(openColumn, where, request(), most));
  }

  /** @param {number | 'all'} bin */
  async function readRows(bin) {
    const own = store.get();
    if (own.settings.current === 'live' || !own.loaded) {
      store.set({ columnProblem: 'The stream’s window is known by its counts only: its rows are in the Live view.' });
      return;
    }
    try {
      const found = await findRows(bin);
      if (!found) return;
      const cells = found.rows.length === 0 ? [] : await track(engine().then((running) => running.cells(own.loaded ?? /** @type {any} */ (null), found.rows.map(({ row }) => row))));
      const { openColumn, openBin } = store.get();
      if (openColumn === own.openColumn && openBin === bin) {
        store.set({ binRows: { found, head: own.loaded.report.columns, cells }, columnProblem: '' });
      }
    } catch (error) {
      if (store.get().openColumn === own.openColumn && !aborted(error)) store.set({ columnProblem: sentence(error) });
    }
  }

  // --- sections on demand

  /** @param {(running: DriftAnalysis) => Promise<unknown>} run */
  async function section(run) {
    if (!store.get().report) return;
    try {
      await run(await ready());
    } catch (error) {
      fail(error);
    }
  }

  /** @param {DriftAnalysis} running */
  async function findTogether(running) {
    const columns = timeless();
    return working('together', (options) => running.multivariate({ ...request(), ...(columns && { columns }) }, options));
  }

  /** What the page asks of figures against labels. */
  function performanceRequest() {
    const { performance: wish } = store.get().settings;
    const cost =
      wish.falseNegative === null
        ? { false_positive: wish.falsePositive, amount: true }
        : { false_positive: wish.falsePositive, false_negative: wish.falseNegative };
    return {
      threshold: app.get().threshold,
      windows: { kind: 'count', size: wish.windows },
      budget: wish.budget,
      cost,
      seed: SEED,
      bootstrap: BOOTSTRAP,
      ...(wish.delay !== null && { maturity: { delay: wish.delay } }),
    };
  }

  /** A column of the file as numbers; null: the file has none. @param {ScoredFile} scored @param {{name: string} | null} column */
  async function numbers(scored, column) {
    return column ? (await engine()).column(scored, column.name) : null;
  }

  /**
   * @param {DriftAnalysis} running
   * @returns {Promise<import('./drift_state.js').PerformanceRun>}
   */
  async function findPerformance(running) {
    const { loaded, settings } = store.get();
    if (!loaded) throw new Error('figures need the rows of a file');
    return working('performance', async ({ signal }) => {
      const [amounts, times] = await Promise.all([
        numbers(loaded, amountColumn(loaded.report.columns)),
        numbers(loaded, timeColumn(loaded.report.columns)),
      ]);
      const asked = performanceRequest();
      if (!amounts && 'amount' in asked.cost) asked.cost = { false_positive: settings.performance.falsePositive, false_negative: 100 };
      const all = { scores: loaded.probabilities, labels: loaded.labels, weights: app.get().weighted ? loaded.weights : null, amounts, times };
      const { current, reference } = request();
      const rows = rowsOf(all, current.rows ?? null);
      const labelled = rows.labels ? rows.labels.reduce((sum, label) => sum + (Number.isNaN(label) ? 0 : 1), 0) : 0;
      const past = reference.from === 'current' ? rowsOf(all, reference.rows ?? null) : null;
      const measured = labelled > 0 ? await running.performance(rows, asked, { signal }) : null;
      stopIf(signal);
      let estimate = null;
      let estimateProblem = '';
      try {
        estimate = await running.estimate(past?.labels?.some((label) => !Number.isNaN(label)) ? past : null, rows, asked, { signal });
      } catch (error) {
        estimateProblem = sentence(error);
      }
      stopIf(signal);
      let backTest = null;
      if (labelled > 0 && estimate) {
        try {
          backTest = await running.backTest(past?.labels ? past : rows, asked, { signal });
        } catch (error) {
          estimateProblem = sentence(error);
        }
      }
      stopIf(signal);
      const offset = current.rows?.[0] ?? 0;
      return { measured, estimate, estimateProblem, backTest, labelled, offset, backOffset: past?.labels ? 0 : offset };
    });
  }

  /** @param {AbortSignal} signal */
  function stopIf(signal) {
    if (signal.aborted) throw Object.assign(new Error('cancelled'), { code: 'ABORTED' });
  }

  /** @param {DriftAnalysis} running @returns {Promise<import('./drift_state.js').DetectorRun>} */
  async function findAlarms(running) {
    const { loaded, settings, known } = store.get();
    if (!loaded) throw new Error('a detector needs the rows of a file');
    const { name, series, set } = settings.detector;
    return working('detector', async ({ signal }) => {
      const { threshold } = app.get();
      const values =
        series === 'score'
          ? loaded.probabilities
          : series === 'flagged'
            ? loaded.probabilities.map((p) => (Number.isNaN(p) ? NaN : p >= threshold ? 1 : 0))
            : series === 'label'
              ? (loaded.labels ?? new Float64Array(0))
              : await (await engine()).column(loaded, nameInFile(loaded.report.columns, series.slice('column:'.length)));
      const usable = finite(values);
      if (usable.values.length === 0) throw Object.assign(new Error(`${seriesName(series)} has no number in this file.`), { code: 'DETECTOR' });
      const asked = { detector: name, set };
      const document = /** @type {any} */ (await running.detect(asked, usable.values));
      stopIf(signal);
      const { boundary } = places(settings, loaded.rows);
      const before = settings.reference === 'before' && boundary > 0;
      const reference = before ? finite(values.slice(0, boundary)).values : usable.values;
      const falseAlarms = await running.falseAlarms({ ...asked, seed: SEED, shuffles: SHUFFLES }, reference, { signal });
      stopIf(signal);
      const found = { alarms: mapped(document.alarms, usable.rows), warnings: mapped(document.warnings ?? [], usable.rows) };
      const drifts = known.rows.filter((row) => row < loaded.rows);
      const score = drifts.length === 0 ? null : await running.scoreDetector({ rows: loaded.rows, horizon: known.horizon, alarms: found.alarms }, Float64Array.from(drifts), { signal });
      stopIf(signal);
      return {
        name,
        series,
        found,
        score,
        values: usable.values.length,
        line: thinned(values),
        falseAlarms,
        reference: before ? 'the rows before the boundary, shuffled' : 'all rows of the file, shuffled',
        document: { series: seriesName(series), rows: loaded.rows, results: [{ ...document, ...found, false_alarms: falseAlarms, ...(score ? { score } : {}) }] },
      };
    });
  }

  // --- report

  /**
   * The report with everything that has been worked out, worked out again.
   * @param {DriftAnalysis} running
   * @param {'html' | 'json'} kind HTML has charts of columns as well
   */
  async function build(running, kind) {
    const { together, performance: measured, detector, report } = store.get();
    if (!report) throw new Error('there is nothing to report yet');
    /** @type {Record<string, unknown>} */
    const sections = {};
    if (together) sections.multivariate = await findTogether(running);
    if (measured) {
      const again = await findPerformance(running);
      if (again.measured) sections.performance = again.measured;
      if (again.estimate) sections.estimate = again.estimate;
      if (again.backTest) sections.back_test = again.backTest;
    }
    if (detector) sections.detectors = (await findAlarms(running)).document;
    const asked = request();
    if (kind === 'html') {
      const names = report.columns.slice(0, REPORT_CHARTS).map(({ name }) => name);
      /** @type {Record<string, unknown>} */
      const charts = {};
      for (const name of names) charts[name] = await track(running.column(name, asked));
      sections.charts = charts;
      const { trends } = store.get();
      sections.trends = Object.fromEntries(names.flatMap((name) => (trends.has(name) ? [[name, trends.get(name)]] : [])));
    }
    return inTurn(() => running.compare(asked, sections));
  }

  /** @type {{key: string, text: string} | null} */
  let kept = null;

  /**
   * @param {'html' | 'json'} kind
   * @returns {Promise<string | null>} null: it failed; the problem is shown
   */
  async function saveReport(kind) {
    /** @type {string | null} */
    let text = null;
    await section(async (running) => {
      store.set({ saved: 'Making the report …' });
      const report = await build(running, kind);
      if (kind === 'json') kept = { key: answered, text: await reportText(running, report) };
      text = kind === 'json' && kept ? kept.text : await track(running.reportHtml(report));
      store.set({ saved: `The report has ${text.length.toLocaleString()} characters. It holds counts and figures, no rows.` });
    });
    if (text === null) store.set({ saved: '' });
    return text;
  }

  /** Makes the report again and says whether it is the same to the byte. */
  async function runAgain() {
    await section(async (running) => {
      const before = kept?.key === answered ? kept.text : null;
      store.set({ saved: 'Running again …' });
      const first = before ?? (await reportText(running, await build(running, 'json')));
      const text = await reportText(running, await build(running, 'json'));
      kept = { key: answered, text };
      const size = new TextEncoder().encode(text).length.toLocaleString();
      store.set({ saved: text === first ? `The same JSON again, all ${size} bytes.` : 'The JSON differs from the one before: please report this.' });
    });
  }

  /** @param {DriftAnalysis} running @param {import('../engine/analysis/types.js').DriftReport} report */
  const reportText = (running, report) => track(running.reportJson(report));

  // --- the reviewed file's fit, from its counts

  /** @type {ScoredFile | null} */
  let checked = null;
  /** @param {ScoredFile} scored */
  async function checkFit(scored) {
    if (checked === scored) return;
    checked = scored;
    try {
      await track(calm());
      if (app.get().scored !== scored) return;
      const running = await ready();
      // Behind whatever is asked now.
      const report = await inTurn(async () => {
        if (app.get().scored !== scored) return null;
        if (holds.current === scored) return running.compare({ reference: { from: 'profile' }, current: { from: 'current' }, test: 'chi_square' });
        holds.current = null;
        await running.load('current', { summary: new TextDecoder().decode(scored.summary), name: scored.name });
        return running.compare({ reference: { from: 'profile' }, current: { from: 'summary' }, test: 'chi_square' });
      });
      if (!report || app.get().scored !== scored) return;
      const { judged, verdict } = report.overall;
      const names = report.columns.filter((column) => column.verdict === 'drifted').map(({ name }) => name);
      store.set({ fit: { judged, names, few: verdict === 'too few rows' }, fitProblem: '' });
    } catch (error) {
      if (app.get().scored === scored) store.set({ fit: null, fitProblem: sentence(error) });
    }
  }

  // --- what others do that concerns this view

  /** @type {ScoredFile | null} */
  let seen = null;
  app.watch(['scored', 'job'], ({ scored, job: scoring }) => {
    if (scored === seen || scoring !== null) return;
    seen = scored;
    round += 1;
    answered = '';
    store.set({ ...nothingCompared(), loaded: null, columns: [], waiting: '', fit: null, fitProblem: '', problem: null, note: '' });
    if (!scored || scored.scored === 0) return;
    if (app.get().view === 'drift') void ask();
    else void checkFit(scored);
  });
  /** @type {unknown} */
  let model = null;
  app.watch(['model'], (state) => {
    if (model !== null && state.model !== model) {
      seen = null;
      checked = null;
      forget();
    }
    model = state.model;
  });
  app.watch(['view'], ({ view }) => {
    askIfSeen();
    if (view === 'review' && seen && seen.scored > 0) void checkFit(seen);
  });
  app.watch(['threshold', 'weighted'], () => {
    if (store.get().performance) store.set({ performance: null });
  });

  return {
    ask,
    /** @param {Partial<DriftSettings>} patch */
    set(patch) {
      const settings = { ...store.get().settings, ...patch };
      store.set({ settings });
      if (patch.performance && store.get().performance) store.set({ performance: null });
      if (patch.detector && store.get().detector) store.set({ detector: null, detectorProblem: '' });
      askIfSeen();
    },
    /**
     * The boundary or the end is at this share of the rows.
     * @param {'boundary' | 'end'} which
     * @param {number} share 0..1
     */
    move(which, share) {
      const { settings } = store.get();
      const next = { ...settings, [which]: Math.min(1, Math.max(0, share)) };
      if (next.current === 'window' && next.end < next.boundary) {
        if (which === 'boundary') next.end = next.boundary;
        else next.boundary = next.end;
      }
      store.set({ settings: next, moving: true });
      askIfSeen();
    },
    /**
     * A file, or a summary file, to compare with.
     * @param {Blob} file
     * @param {string} name
     */
    async useReference(file, name) {
      const start = new TextDecoder().decode(await track(file.slice(0, 64).arrayBuffer()));
      const summary = /^\s*\{/.test(start);
      second = summary ? { kind: 'summary', summary: await track(file.text()), name } : { kind: 'file', file, name };
      answered = '';
      store.set({ second: { kind: second.kind, name }, settings: { ...store.get().settings, reference: second.kind }, problem: null });
      askIfSeen();
    },
    /** The stream's window as it is now. */
    refreshLive() {
      live = null;
      answered = '';
      askIfSeen();
    },
    /** @param {string | null} name */
    async openColumn(name) {
      store.set({ openColumn: name, ...nothingOpened() });
      if (name === null) return;
      await readColumn(name);
      const { column, report, settings } = store.get();
      if (column?.name !== name || settings.current === 'live') return;
      const drifted = report?.columns.some((each) => each.name === name && each.verdict === 'drifted');
      const bin = drifted ? swollen(column) : null;
      if (bin === null) return;
      store.set({ openBin: bin });
      await readRows(bin);
    },
    /** @param {number | 'all' | null} bin */
    async openBin(bin) {
      store.set({ openBin: bin, binRows: null, without: null, columnProblem: '' });
      if (bin !== null) await readRows(bin);
    },
    /** The comparison without the rows behind the chosen bin. */
    leaveOut: () =>
      section(async (running) => {
        const { openBin, binRows, openColumn } = store.get();
        if (openBin === null || !binRows || openColumn === null) return;
        const found = await findRows(openBin, binRows.found.total);
        const without = (found?.rows ?? []).map(({ row }) => row);
        const { overall, columns } = await inTurn(() => running.compare({ ...request(), without }));
        if (store.get().openBin !== openBin || store.get().openColumn !== openColumn) return;
        store.set({ without: { rows: without.length, column: columns.find(({ name }) => name === openColumn) ?? null, overall } });
      }),
    together: () =>
      section(async (running) => {
        store.set({ together: await findTogether(running) });
        const { openBin } = store.get();
        if (openBin !== null) await readRows(openBin);
      }),
    measure: () => section(async (running) => store.set({ performance: await findPerformance(running) })),
    async listDetectors() {
      if (store.get().detectors.length > 0) return;
      await section(async (running) => store.set({ detectors: await track(running.detectors()) }));
    },
    /** The drifts that people know of. @param {number[]} rows @param {number} horizon */
    know(rows, horizon) {
      store.set({ known: { rows: [...new Set(rows)].sort((a, b) => a - b), horizon }, detector: null });
    },
    async detect() {
      store.set({ detectorProblem: '' });
      try {
        store.set({ detector: await findAlarms(await ready()) });
      } catch (error) {
        if (aborted(error)) fail(error);
        else store.set({ detectorProblem: sentence(error), detector: null });
      }
    },
    saveReport,
    runAgain,
    cancel: () => job?.abort(),
    dismiss: () => store.set({ problem: null }),
    /** After a failure: a new engine, the same question. */
    restart() {
      forget();
      seen = app.get().scored;
      void ask();
    },
    /** No request is under way. */
    idle: () => settled() && !running && settle === null,
  };
}

