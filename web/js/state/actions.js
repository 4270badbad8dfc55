// @ts-check
// What a person can do, as functions that change the store and ask the engine. No DOM. Of every question that can be
// asked again before it is answered (row order, page of the table, figures at a threshold, ...) only the latest answer counts.

import { noResult, PAGE_ROWS } from './app_state.js';
import { nameInFile } from './columns.js';
import { defaultFilter, needsColumn, rowOrder, selectRows } from './filters.js';
import { count } from './format.js';
import { createPending } from './pending.js';
import { toProblem } from './problems.js';

/** @typedef {import('./app_state.js').State} State */
/** @typedef {import('./app_state.js').Order} Order */
/** @typedef {import('../engine/types.js').Engine} Engine */
/** @typedef {import('../engine/types.js').ImportOverrides} ImportOverrides */
/** @typedef {ReturnType<typeof createActions>} Actions */

const DEMO_ROWS = 50000;
const DEMO_SEED = 20130901;

/**
 * @param {object} options
 * @param {import('./store.js').Store<State>} options.store
 * @param {() => Promise<Engine>} options.createEngine
 */
export function createActions({ store, createEngine }) {
  /** @type {Promise<Engine> | null} */
  let engine = null;
  /** @type {Uint8Array | null} */
  let ownModel = null;
  /** @type {AbortController | null} */
  let job = null;
  /** @type {AbortController | null} */
  let download = null;
  /** @type {number | null} what the reader set; null: the model's own */
  let chosenThreshold = null;
  const { track, settled } = createPending();

  /**
   * A question of which only the latest answer counts.
   * @returns {{ask: <T>(run: (signal: AbortSignal) => Promise<T>, use: (answer: T) => unknown) => Promise<void>, drop: () => void}}
   */
  function latest() {
    /** @type {AbortController | null} */
    let current = null;
    return {
      async ask(run, use) {
        current?.abort();
        const own = new AbortController();
        current = own;
        try {
          const answer = await track(run(own.signal));
          if (current === own) await use(answer);
        } catch (error) {
          if (current === own) fail(error);
        }
      },
      drop() {
        current?.abort();
        current = null;
      },
    };
  }
  const orderQuestion = latest();
  const filterQuestion = latest();
  const cellsQuestion = latest();
  const rowQuestion = latest();
  const performanceQuestion = latest();
  const atQuestion = latest();

  /** The questions about the file in hand are of no interest any more. */
  function dropQuestions() {
    for (const question of [orderQuestion, filterQuestion, cellsQuestion, rowQuestion, performanceQuestion, atQuestion]) {
      question.drop();
    }
    download?.abort();
    download = null;
  }

  /**
   * @param {unknown} error
   * @param {{model?: boolean, about?: import('./problems.js').Problem['about']}} [context]
   */
  function fail(error, context = {}) {
    const { model } = store.get();
    const version = model ? `${model.name} ${model.version}, engine ${model.engine_version}` : undefined;
    const problem = toProblem(error, { ...context, version });
    store.set({ problem, job: null, tableBusy: '' });
  }

  /** @returns {Promise<Engine>} */
  function ready() {
    engine ??= createEngine();
    return engine;
  }

  async function start() {
    const own = ready();
    try {
      const started = await track(own);
      if (ownModel) await track(started.loadModel(ownModel));
      if (engine !== own) return false;
      store.set({ engine: 'ready' });
      showModel(started.model());
      return true;
    } catch (error) {
      if (engine === own) {
        engine = null;
        store.set({ engine: 'failed' });
        fail(error);
      }
      return false;
    }
  }

  /** @param {import('../engine/types.js').ModelCard} model */
  function showModel(model) {
    store.set({ model, threshold: chosenThreshold ?? model.threshold });
  }

  /**
   * A new engine with the same model, and the same file from its beginning.
   */
  async function restart() {
    const old = engine;
    engine = null;
    job?.abort();
    job = null;
    dropQuestions();
    old?.then((dead) => dead.close()).catch(() => undefined);
    store.set({ engine: 'starting', problem: null, job: null, note: '' });
    const { source } = store.get();
    if ((await start()) && source) await open(source);
  }

  /**
   * Reads and scores a file; what was on the page before goes.
   * @param {import('./app_state.js').Source} source
   * @param {State['view']} [view] that shows it
   */
  async function open(source, view = 'review') {
    job?.abort();
    const own = new AbortController();
    job = own;
    dropQuestions();
    store.set({
      ...noResult(),
      view,
      problem: null,
      note: '',
      source,
      job: { phase: 'reading', name: source.name, progress: null },
    });
    const { file, name, overrides } = source;
    try {
      const running = await track(ready());
      const report = await track(running.inspectFile(file, overrides));
      if (job !== own) return;
      store.set({ report, job: { phase: 'scoring', name, progress: null } });
      const scored = await track(
        running.scoreFile(file, {
          overrides,
          name,
          signal: own.signal,
          partial: true,
          onProgress: (progress) => {
            if (job === own) store.set({ job: { phase: 'scoring', name, progress } });
          },
        }),
      );
      if (job !== own) return;
      job = null;
      await show(scored);
    } catch (error) {
      if (job !== own) return;
      job = null;
      if (own.signal.aborted) {
        store.set({ job: null, note: `Cancelled before a first part of ${name} was finished: nothing is kept.`, source: null, report: null });
      } else {
        fail(error);
      }
    }
  }

  /** @param {import('../engine/types.js').ScoredFile} scored */
  async function show(scored) {
    if (scored.partial && scored.rows === 0) {
      store.set({ job: null, source: null, report: null, note: `Cancelled before a first part of ${scored.name} was finished: nothing is kept.` });
      return;
    }
    store.set({ job: null, report: scored.report, scored });
    if (scored.rows === 0) {
      const line = scored.report.dataLine;
      fail(named('EMPTY', `The file ends before line ${line}, where the first row of data would be.`));
      return;
    }
    if (scored.scored === 0) {
      const first = scored.badRows[0];
      fail(named('BAD_ROW', first ? first.message.replace(/^l/, 'L') : 'Every row was set aside.'));
      return;
    }
    const weighted = scored.weights !== null;
    store.set({
      weighted,
      filter: { ...defaultFilter(), level: 'flagged' },
      note: scored.partial ? `Cancelled: the ${count(scored.rows)} rows read so far are kept and marked partial.` : '',
    });
    await rank();
    await measure();
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  function named(code, message) {
    return Object.assign(new Error(message), { code });
  }

  /**
   * Generated rows, scored.
   * @param {{change?: ((rows: Blob) => Promise<Blob>) | null, view?: State['view']}} [options] change: of the generated rows before they are scored
   */
  async function demo({ change = null, view = 'review' } = {}) {
    job?.abort();
    const own = new AbortController();
    job = own;
    dropQuestions();
    const name = 'demo.csv';
    store.set({
      ...noResult(),
      view,
      problem: null,
      note: '',
      source: null,
      job: { phase: 'generating', name, progress: null },
    });
    try {
      const running = await track(ready());
      const file = await track(
        running.synthesize({
          rows: DEMO_ROWS,
          seed: DEMO_SEED,
          signal: own.signal,
          onProgress: (progress) => {
            if (job === own) store.set({ job: { phase: 'generating', name, progress } });
          },
        }),
      );
      const rows = change ? await track(change(file)) : file;
      if (job !== own) return;
      await open({ file: rows, name, overrides: {}, demo: true }, view);
    } catch (error) {
      if (job !== own) return;
      job = null;
      if (own.signal.aborted) store.set({ job: null, note: 'Cancelled: no rows were generated.' });
      else fail(error);
    }
  }

  /** The table's order, for the whole file. */
  async function rank() {
    const { scored, order } = store.get();
    if (!scored) return;
    const { key, column, descending } = order;
    if (key === 'row') {
      orderQuestion.drop();
      store.set({ ranked: rowOrder(scored.rows, descending), tableBusy: '' });
      await refilter();
      return;
    }
    store.set({ tableBusy: key === 'column' ? `Sorting by ${column} …` : 'Sorting by score …' });
    await orderQuestion.ask(
      async (signal) => {
        const running = await ready();
        const values = key === 'column' ? await running.column(scored, nameInFile(scored.report.columns, column), { signal }) : scored.probabilities;
        return running.rank(values, { descending });
      },
      (ranked) => {
        store.set({ ranked, tableBusy: '' });
        return refilter();
      },
    );
  }

  /** Applies the filter to the order; asks for a page of cells. */
  async function refilter() {
    const { scored, ranked, filter, threshold, model, found, filterColumn } = store.get();
    if (!scored || !ranked || !model) return;
    const shown = selectRows(ranked, filter, {
      probabilities: scored.probabilities,
      cuts: model.risk_cuts,
      threshold,
      column: filterColumn && filterColumn.column === filter.column ? filterColumn.values : null,
      matches: found && found.text === filter.text ? found.matches : null,
    });
    const pages = Math.max(1, Math.ceil(shown.length / PAGE_ROWS));
    store.set({ shown, page: Math.min(store.get().page, pages - 1) });
    await fetchPage();
  }

  async function fetchPage() {
    const { scored, shown, page, pageCells } = store.get();
    if (!scored || !shown) return;
    const rows = shown.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    if (pageCells && rows.length === pageCells.rows.length && rows.every((row, i) => row === pageCells.rows[i])) {
      cellsQuestion.drop();
      return;
    }
    const { openRow } = store.get();
    if (openRow !== null && !rows.includes(openRow)) closeRow();
    await cellsQuestion.ask(
      async () => (rows.length === 0 ? [] : (await ready()).cells(scored, rows)),
      (cells) => store.set({ pageCells: { rows, cells } }),
    );
  }

  /** @param {Partial<import('./filters.js').Filter>} patch */
  async function setFilter(patch) {
    const { scored } = store.get();
    if (!scored) return;
    const filter = { ...store.get().filter, ...patch };
    store.set({ filter, page: 0 });
    const wantsColumn = needsColumn(filter) && store.get().filterColumn?.column !== filter.column;
    const wantsText = filter.text !== '' && store.get().found?.text !== filter.text;
    if (!wantsColumn && !wantsText) {
      filterQuestion.drop();
      store.set({ tableBusy: '' });
      await refilter();
      return;
    }
    store.set({ tableBusy: wantsText ? `Looking for “${filter.text}” …` : `Reading ${filter.column} …` });
    await filterQuestion.ask(
      async (signal) => {
        const running = await ready();
        const name = nameInFile(scored.report.columns, filter.column);
        const values = wantsColumn ? await running.column(scored, name, { signal }) : null;
        const matches = wantsText ? await running.search(scored, filter.text, { signal }) : null;
        return { values, matches };
      },
      ({ values, matches }) => {
        if (values) store.set({ filterColumn: { column: filter.column, values } });
        if (matches) store.set({ found: { text: filter.text, matches } });
        store.set({ tableBusy: '' });
        return refilter();
      },
    );
  }

  /** @param {Order} order */
  async function sortBy(order) {
    store.set({ order, page: 0 });
    await rank();
  }

  /** @param {number} page */
  async function setPage(page) {
    const { shown } = store.get();
    const last = Math.max(0, Math.ceil((shown?.length ?? 0) / PAGE_ROWS) - 1);
    store.set({ page: Math.min(Math.max(0, Math.trunc(page) || 0), last) });
    await fetchPage();
  }

  /** @param {number} row */
  async function openRow(row) {
    const { scored } = store.get();
    if (!scored) return;
    store.set({ openRow: row, rowDetail: null });
    await rowQuestion.ask(
      async () => (await ready()).describeRow(scored, row),
      (rowDetail) => store.set({ rowDetail }),
    );
  }

  function closeRow() {
    rowQuestion.drop();
    store.set({ openRow: null, rowDetail: null });
  }

  /** Figures against the label column, weighted or not. */
  async function measure() {
    const { scored, weighted } = store.get();
    if (!scored?.labels) return;
    const classes = new Set();
    for (let i = 0; i < scored.rows && classes.size < 2; ++i) {
      if (!Number.isNaN(scored.labels[i]) && !Number.isNaN(scored.probabilities[i])) classes.add(scored.labels[i]);
    }
    if (classes.size < 2) {
      const what = classes.size === 0 ? 'no usable label (such as 0 or 1)' : 'only one class';
      store.set({ performanceNote: `Column ${scored.report.label} has ${what} among the scored rows, so nothing can be measured.` });
      return;
    }
    await performanceQuestion.ask(
      async () => {
        const running = await ready();
        const performance = await running.performance(scored, { weighted });
        return { performance, performanceAt: await running.performanceAt(store.get().threshold) };
      },
      (figures) => {
        store.set(figures);
        if (figures.performanceAt.threshold !== store.get().threshold) void measureAt();
      },
    );
  }

  async function measureAt() {
    const { threshold, performance } = store.get();
    if (!performance) return;
    await atQuestion.ask(
      async () => (await ready()).performanceAt(threshold),
      (performanceAt) => store.set({ performanceAt }),
    );
  }

  /** @param {number | null} value null: back to the model's own */
  function setThreshold(value) {
    const { model } = store.get();
    chosenThreshold = value === null || !(value >= 0 && value <= 1) ? null : value;
    const threshold = chosenThreshold ?? model?.threshold ?? 0.5;
    if (threshold === store.get().threshold) return;
    store.set({ threshold });
    if (store.get().filter.level === 'flagged') void refilter();
    void measureAt();
  }

  /** @param {boolean} weighted */
  async function setWeighted(weighted) {
    store.set({ weighted });
    await measure();
  }

  /**
   * @param {Blob} file
   * @param {string} name
   */
  async function loadModel(file, name) {
    store.set({ problem: null, note: '' });
    try {
      const bytes = new Uint8Array(await track(file.arrayBuffer()));
      const running = await track(ready());
      const model = await track(running.loadModel(bytes.slice()));
      ownModel = bytes;
      store.set({ modelFile: name, engine: 'ready', note: `${model.name} ${model.version} is now the model.` });
      showModel(model);
    } catch (error) {
      fail(error, { model: true, about: 'model' });
      return;
    }
    const { source } = store.get();
    if (source) await open(source);
  }

  /** @param {ImportOverrides} overrides */
  async function setOverrides(overrides) {
    const { source } = store.get();
    if (source) await open({ ...source, overrides });
  }

  /**
   * Writes the scored file, or the scores alone, into a sink, piece by piece.
   * @param {'original' | 'scores'} what
   * @param {import('../export/save.js').Sink} sink
   * @returns {Promise<boolean>} false: cancelled or failed; the sink was told
   */
  async function save(what, sink) {
    const { scored, threshold } = store.get();
    if (!scored) return false;
    download?.abort();
    const own = new AbortController();
    download = own;
    store.set({ download: { what, bytes: 0, share: 0 } });
    let written = 0;
    let share = 0;
    try {
      const running = await track(ready());
      await track(
        (async () => {
          const chunks = running.exportCsv(scored, {
            threshold,
            withInput: what === 'original',
            signal: own.signal,
            onProgress: ({ bytes, totalBytes }) => {
              share = totalBytes > 0 ? bytes / totalBytes : 0;
            },
          });
          for await (const chunk of chunks) {
            if (own.signal.aborted) break;
            await sink.write(chunk);
            written += chunk.length;
            if (download === own) store.set({ download: { what, bytes: written, share } });
          }
          if (own.signal.aborted) throw named('ABORTED', 'cancelled');
          await sink.close();
        })(),
      );
      return true;
    } catch (error) {
      await sink.abort().catch(() => undefined);
      if (!own.signal.aborted) {
        const code = /** @type {{code?: unknown}} */ (error).code;
        fail(typeof code === 'string' ? error : named('SAVE_FAILED', String(error)));
      }
      return false;
    } finally {
      if (download === own) {
        download = null;
        store.set({ download: null });
      }
    }
  }

  return {
    start,
    restart,
    /** The engine in use, started if it was not. */
    engine: ready,
    demo,
    /**
     * @param {Blob} file
     * @param {string} name
     * @param {State['view']} [view] that shows it
     */
    openFile: (file, name, view = 'review') => open({ file, name, overrides: {}, demo: false }, view),
    cancel: () => job?.abort(),
    cancelDownload: () => download?.abort(),
    /** Back to the first screen. */
    clear() {
      job?.abort();
      job = null;
      dropQuestions();
      store.set({ ...noResult(), job: null, source: null, problem: null, note: '' });
    },
    dismiss: () => store.set({ problem: null }),
    loadModel,
    /** The model in use as a file's bytes; null: the page's own. */
    modelBytes: () => ownModel,
    setOverrides,
    setThreshold,
    /** The threshold a person set, null for the model's own: what the address carries. */
    chosenThreshold: () => chosenThreshold,
    setWeighted,
    setFilter,
    sortBy,
    setPage,
    openRow,
    closeRow,
    save,
    /** @param {State['view']} view */
    setView: (view) => store.set({ view }),
    /** @param {Partial<import('./settings.js').Settings>} patch */
    setSettings: (patch) => store.set({ settings: { ...store.get().settings, ...patch } }),
    /** No request is under way. */
    idle: settled,
  };
}
