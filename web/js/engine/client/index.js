// @ts-check
// The public JavaScript API: createEngine gives an Engine (see ../types.js for every function, ../README.md for
// examples). No DOM: the same code runs in a page and, through ../node.js, in Node.

import { engineError } from '../errors.js';
import { Pool } from '../pool.js';
import { workerTransport } from '../transport.js';
import { badArgument, checkBytes, checkFile, checkObject, checkOverrides, checkThreshold, isA } from './check.js';
import { exportCsv } from './export_csv.js';
import { Files } from './files.js';
import { columnsOf, predictionsOf } from './predict.js';
import { cells, column, describeRow, search } from './rows.js';
import { scoreFile } from './score_file.js';
import { synthesize } from './synthesize.js';

/** @typedef {import('../types.js').Engine} Engine */
/** @typedef {import('../types.js').ModelCard} ModelCard */
/** @typedef {import('../types.js').ScoredFile} ScoredFile */

/** Points of the curves that performance() gives: more than two per pixel of a wide chart would not be seen. */
const CURVE_POINTS = 600;

/** The workers but the first start so long after it, unless there is work for them: they would only be in its way. Milliseconds. */
const WARM_AFTER = 300;

/** More workers than this gain little and each holds an engine and a model. */
const MAX_DEFAULT_WORKERS = 4;

/**
 * What the parts of the API share.
 * @typedef {object} Context
 * @property {Pool} pool
 * @property {Files} files
 * @property {() => ModelCard} model
 * @property {AbortSignal} modelSignal aborts when another model is loaded
 * @property {() => Promise<string | null>} generator loaded when it is first wanted; null: there is none
 */

/**
 * @typedef {object} EngineOptions
 * @property {Uint8Array | URL} [model] a model file's bytes, or where it is. Default: the shipped model.
 * @property {Uint8Array | URL} [wasmBinary] default: beside the page's engine
 * @property {Uint8Array | URL} [monitorBinary] of monitor(), loaded when it is first wanted. Default: likewise.
 * @property {() => Promise<typeof import('./monitor.js')>} [monitorClient] what runs a monitor, loaded when it is first wanted. A
 *   service worker, which can load nothing later, gives it.
 * @property {string | URL | null} [generator] text of generator.json, or where it is; null: no demo traffic
 * @property {number} [workers] default: one per processor, at most 4
 * @property {import('../transport.js').CreateTransport} [createTransport] where engines run. Default: workers.
 */

/**
 * Starts the engine and loads the model. Rejects with LOAD_FAILED, MODEL_INVALID or PROTOCOL_MISMATCH.
 * @param {EngineOptions} [options]
 * @returns {Promise<Engine>}
 */
export async function createEngine(options = {}) {
  checkObject(options, 'options');
  const { workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0)) {
    throw badArgument('workers must be a whole number from 1 on');
  }
  const site = new URL('../../../', import.meta.url);
  const wasmBinary = programOf(options.wasmBinary ?? new URL('engine/firetower.wasm', site), 'wasmBinary');
  const modelBytes = bytesOf(options.model ?? new URL('models/creditcard/creditcard-rf.safetensors', site), 'model');
  const generator = options.generator === undefined ? new URL('models/creditcard/generator.json', site) : options.generator;
  const processors = globalThis.navigator?.hardwareConcurrency ?? 2;
  const createTransport =
    options.createTransport ??
    workerTransport({
      engine: new URL('js/engine/worker.js', site).href,
      monitor: new URL('js/engine/live/worker.js', site).href,
    });
  const monitorBinary = options.monitorBinary ?? new URL('engine/firetower_live.wasm', site);
  const monitorClient = options.monitorClient ?? (() => import('./monitor.js'));
  const pool = new Pool({
    createTransport,
    wasmBinary,
    workers: workers ?? Math.max(1, Math.min(processors, MAX_DEFAULT_WORKERS)),
  });
  // The first worker starts while the rest is loaded, the others do not stand in its way.
  pool.warm(1);
  try {
    const [bytes] = await Promise.all([modelBytes, wasmBinary]);
    const card = await pool.loadModel(bytes);
    if (pool.size > 1) setTimeout(() => pool.warm(), WARM_AFTER);
    return makeEngine(pool, card, generator, { createTransport, monitorBinary, monitorClient, modelBytes: bytes });
  } catch (error) {
    pool.close();
    throw error;
  }
}

/**
 * @param {Pool} pool
 * @param {ModelCard} firstCard
 * @param {string | URL | null} generatorSource
 * @param {{createTransport: import('../transport.js').CreateTransport, monitorBinary: Uint8Array | URL,
 *   monitorClient: () => Promise<typeof import('./monitor.js')>, modelBytes: Uint8Array}} start what a monitor needs
 * @returns {Engine}
 */
function makeEngine(pool, firstCard, generatorSource, { createTransport, monitorBinary, monitorClient, modelBytes: firstModel }) {
  let card = firstCard;
  let modelBytes = firstModel;
  /** @type {Map<import('./monitor.js').MonitorClient, import('../live/types.js').Monitor>} open ones, the newest last */
  const monitors = new Map();
  let closed = false;
  /** @type {Promise<string | null> | null} */
  let generatorText = null;
  const generator = async () => {
    generatorText ??= textOf(generatorSource);
    const text = await generatorText;
    // Asked for again by the next who wants it.
    if (text === null) generatorText = null;
    return text;
  };
  let modelChange = new AbortController();
  /** @type {{scores: Float64Array, labels: Float64Array, weights: Float64Array | null} | null} */
  let labelled = null;
  /** @type {Context} */
  const context = {
    pool,
    files: new Files(),
    model: () => card,
    get modelSignal() {
      return modelChange.signal;
    },
    generator,
  };

  /**
   * Runs on the first engine, which keeps the labelled scores; they are given again to one that was restarted.
   * @template T
   * @param {(connection: import('../pool.js').Connection) => Promise<T>} run
   */
  const withLabels = (run) =>
    pool.run(
      async (connection) => {
        if (labelled === null) throw engineError({ code: 'NOT_READY', message: 'no labelled file has been given' });
        if (connection.notes.labelled !== labelled) {
          const given = labelled;
          await connection.request('setLabels', given);
          connection.notes.labelled = given;
        }
        return run(connection);
      },
      { slot: 0, urgent: true },
    );

  return {
    async status() {
      const infos = await Promise.all(
        Array.from({ length: pool.size }, (_, slot) =>
          pool.run((connection) => connection.request('info', {}), { urgent: true, slot }),
        ),
      );
      return {
        status: 'ok',
        model_loaded: true,
        model_version: card.version,
        model_performance: card.training.metrics ?? {},
        engine_version: infos[0].version,
        heap_bytes: infos.reduce((sum, info) => sum + info.heapBytes, 0),
        workers: pool.size,
      };
    },

    async predict(rows) {
      const list = Array.isArray(rows) ? rows : [rows];
      const model = card;
      const columns = columnsOf(list, model);
      const inputs = model.inputs.length;
      const scored = await pool.ask('predict', { columns, rows: list.length, inputs }, modelChange.signal);
      return predictionsOf(scored, model);
    },

    model: () => card,

    async loadModel(bytes) {
      checkBytes(bytes, 'the model');
      const next = await pool.loadModel(bytes);
      card = next;
      modelBytes = bytes;
      modelChange.abort(new Error('another model was loaded'));
      modelChange = new AbortController();
      context.files.forget();
      // What a monitor has against it, it says itself.
      await Promise.allSettled([...monitors.keys()].map((monitor) => monitor.changeModel(bytes, next)));
      return next;
    },

    async monitor(monitorOptions = {}) {
      checkObject(monitorOptions, 'options');
      const [{ MonitorClient }, wasmBinary, generatorGiven] = await Promise.all([
        monitorClient(),
        programOf(monitorBinary, 'monitorBinary'),
        generator(),
      ]);
      if (closed) throw engineError({ code: 'ENGINE_CRASHED', message: 'the engine has been closed' });
      const client = new MonitorClient(
        { createTransport, wasmBinary, model: () => modelBytes, generator: generatorGiven, closed: (ended) => void monitors.delete(ended) },
        monitorOptions,
      );
      const monitor = client.api();
      monitors.set(client, monitor);
      await client.opened();
      return monitor;
    },

    async stats() {
      const monitor = [...monitors.values()].at(-1);
      return monitor === undefined ? noStats(card) : monitor.stats();
    },

    async inspectFile(file, overrides = {}) {
      checkFile(file);
      checkOverrides(overrides);
      const ref = context.files.ref(file, overrides);
      return context.files.report(ref, () => pool.run((connection) => connection.request('inspect', { file: ref }), { urgent: true }));
    },

    scoreFile: (file, jobOptions = {}) => scoreFile(context, file, jobOptions),

    async rank(values, rankOptions = {}) {
      checkObject(rankOptions, 'options');
      const { keep = null, descending = false } = rankOptions;
      if (!isA(values, 'Float64Array')) throw badArgument('the values must be a Float64Array');
      if (keep !== null && !(isA(keep, 'Uint8Array') && keep.length === values.length)) {
        throw badArgument('keep must be a Uint8Array with one element per value');
      }
      return pool.run((connection) => connection.request('rank', { values, keep, descending }), { urgent: true });
    },

    column: (scored, name, jobOptions = {}) => column(context, scored, name, jobOptions),
    search: (scored, text, jobOptions = {}) => search(context, scored, text, jobOptions),
    cells: (scored, rows) => cells(context, scored, rows),
    describeRow: (scored, row) => describeRow(context, scored, row),

    async performance(scored, performanceOptions = {}) {
      checkObject(scored, 'the scored file');
      checkObject(performanceOptions, 'options');
      const { weighted = true } = performanceOptions;
      if (scored.labels === null) {
        throw engineError({ code: 'NOT_READY', message: 'the file has no label column to measure against' });
      }
      labelled = {
        scores: scored.probabilities,
        labels: scored.labels,
        weights: weighted ? scored.weights : null,
      };
      return withLabels((connection) => connection.request('performance', { curvePoints: CURVE_POINTS }));
    },

    async performanceAt(threshold) {
      checkThreshold(threshold);
      return withLabels((connection) => connection.request('performanceAt', { threshold }));
    },

    exportCsv: (scored, exportOptions) => exportCsv(context, scored, exportOptions),
    synthesize: (synthOptions) => synthesize(context, synthOptions),
    close() {
      closed = true;
      const error = engineError({ code: 'ENGINE_CRASHED', message: 'the engine has been closed' });
      for (const monitor of [...monitors.keys()]) monitor.kill(error);
      pool.close();
    },
  };
}

/**
 * What stats() says where nothing was monitored.
 * @param {ModelCard} card
 * @returns {import('../live/types.js').StatsDocument}
 */
function noStats(card) {
  return {
    total_predictions: 0,
    fraud_rate: null,
    avg_probability: null,
    high_risk_count: 0,
    model_performance: card.training.metrics ?? {},
    recent_predictions: [],
    risk_levels: { MINIMAL: 0, LOW: 0, MEDIUM: 0, HIGH: 0, CRITICAL: 0 },
    rows_set_aside: 0,
    malformed: 0,
    threshold: card.threshold,
    model_version: card.version,
    since: null,
  };
}

/** @param {URL} url */
async function load(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (thrown) {
    throw engineError({
      code: 'LOAD_FAILED',
      message: `${url.pathname} could not be loaded; check the connection and reload the page`,
      detail: String(thrown),
    });
  }
  if (!response.ok) {
    throw engineError({
      code: 'LOAD_FAILED',
      message: `${url.pathname} could not be loaded: the server answered ${response.status}`,
    });
  }
  return response;
}

/**
 * A WebAssembly module for all workers: compiled once, while it is being loaded.
 * @param {Uint8Array | URL} source
 * @param {string} name
 * @returns {Promise<import('../boundary.js').Program>}
 */
async function programOf(source, name) {
  if (!(source instanceof URL)) return bytesOf(source, name);
  const response = await load(source);
  const type = response.headers.get('Content-Type');
  // A host that does not know the type of .wasm.
  if (type !== 'application/wasm') return new Uint8Array(await response.arrayBuffer());
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (thrown) {
    throw engineError({ code: 'LOAD_FAILED', message: `${source.pathname} could not be loaded; reload the page`, detail: String(thrown) });
  }
}

/**
 * @param {Uint8Array | URL} source
 * @param {string} name
 */
async function bytesOf(source, name) {
  if (source instanceof URL) return new Uint8Array(await (await load(source)).arrayBuffer());
  if (!isA(source, 'Uint8Array')) throw badArgument(`${name} must be a Uint8Array or a URL`);
  return source;
}

/**
 * Without it everything but the demo works, so that a site may leave it out.
 * @param {string | URL | null} source
 */
async function textOf(source) {
  if (!(source instanceof URL)) return source;
  try {
    return await (await load(source)).text();
  } catch {
    return null;
  }
}
