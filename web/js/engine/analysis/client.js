// @ts-check
// The client of drift analysis: who holds which columns, what is loaded, and that every promise settles.

import { abortError, engineError, hasCode, throwIfAborted } from '../errors.js';
import { Connection } from '../pool.js';

/** @typedef {import('./protocol.js').AnalysisRequests} AnalysisRequests */
/** @typedef {import('./types.js').DriftAnalysis} DriftAnalysis */
/** @typedef {import('./types.js').DriftRequest} DriftRequest */
/** @typedef {import('./types.js').FileSource} FileSource */
/** @typedef {import('./types.js').SummarySource} SummarySource */
/** @typedef {import('./types.js').TableInfo} TableInfo */
/** @typedef {'reference' | 'current'} Which */
/** @typedef {{signal?: AbortSignal, onProgress?: (progress: {bytes: number, rows: number}) => void}} CallOptions */

const TABLES = Object.freeze({ reference: 0, current: 1 });
/** @type {Which[]} */
const SIDES = ['reference', 'current'];

/** Rows of each side that all columns together are compared on, unless the request says how many. */
const MULTIVARIATE_ROWS = 5000;
const MOST_MULTIVARIATE_ROWS = 50_000;

/** Rows behind a bin that are ranked. */
const MOST_RANKED_ROWS = 20_000;

const SCORE = 'score';

/**
 * What is to be loaded: on the page, so that a worker that died can be given it again. names: the file's columns; own:
 * those of each worker, null for a worker that has none of them.
 * @typedef {{source: FileSource, names: string[], own: (string[] | null)[], info: TableInfo | null}} FileTable
 * @typedef {{source: SummarySource, names: null, own: null, info: TableInfo}} SummaryTable
 * @typedef {FileTable | SummaryTable} SideTable
 */

/** An analysis worker, started when it is needed, and again when it has died. */
class Slot {
  /** @type {Connection | null} */
  connection = null;
  /** @type {Record<Which, SideTable | null>} what it has been given */
  loaded = { reference: null, current: null };
  /** @type {Promise<unknown>} */
  last = Promise.resolve();
}

/**
 * A typed request of a Connection, which knows only the engine's.
 * @template {keyof AnalysisRequests} T
 * @param {Connection} connection
 * @param {T} type
 * @param {AnalysisRequests[T][0]} payload
 * @param {CallOptions} [options]
 * @returns {Promise<AnalysisRequests[T][1]>}
 */
function ask(connection, type, payload, options) {
  return /** @type {Promise<any>} */ (connection.request(/** @type {any} */ (type), /** @type {any} */ (payload), options));
}

/** @param {SideTable | null} table @param {FileSource | SummarySource} source */
function isOf(table, source) {
  if (table === null || table.info === null) return false;
  const known = table.source;
  if ('summary' in source) return 'summary' in known && known.summary === source.summary && known.name === source.name;
  return (
    'file' in known &&
    known.file === source.file &&
    known.name === source.name &&
    JSON.stringify(known.overrides ?? {}) === JSON.stringify(source.overrides ?? {})
  );
}

/** @implements {DriftAnalysis} */
export class AnalysisClient {
  #createTransport;
  #wasmBinary;
  #model;
  /** @type {Slot[]} the workers that share the columns */
  #slots;
  /** For what takes long and needs no columns. */
  #helper = new Slot();
  /** @type {Record<Which, SideTable | null>} */
  #tables = { reference: null, current: null };
  /** @type {Record<Which, AbortController | null>} */
  #loading = { reference: null, current: null };
  /** @type {Map<string, number>} which worker has a column, in both tables */
  #owners = new Map();
  /** @type {{request: DriftRequest, sections: object, resolve: (report: any) => void, reject: (error: unknown) => void} | null} */
  #next = null;
  /** @type {((error: unknown) => void) | null} rejects the comparison that is being made */
  #current = null;
  /** @type {{names: string[], sides: string} | null} columns of the classifier that the helper holds, and what it tells apart */
  #classifier = null;
  /** @type {Error | null} */
  #closed = null;

  /**
   * @param {object} options
   * @param {import('../transport.js').CreateTransport} options.createTransport
   * @param {Uint8Array} options.wasmBinary
   * @param {Uint8Array | null} options.model null: columns as they are in the files
   * @param {number} [options.workers] that share the columns
   */
  constructor({ createTransport, wasmBinary, model, workers = 2 }) {
    this.#createTransport = createTransport;
    this.#wasmBinary = wasmBinary;
    this.#model = model;
    this.#slots = Array.from({ length: workers }, () => new Slot());
  }

  /** Starts the workers that share the columns. */
  async start() {
    await Promise.all(this.#slots.map((slot) => this.#on(slot, async () => {})));
  }

  // --- workers

  /**
   * Runs a task in a worker that has what it should have; tasks of a worker run one after the other. If the worker dies
   * the task is run once more in its successor.
   * @template T
   * @param {Slot} slot
   * @param {(connection: Connection) => Promise<T>} task
   * @param {CallOptions} [options] of loading, and whether to begin at all
   * @returns {Promise<T>}
   */
  #on(slot, task, options = {}) {
    const before = slot.last;
    const run = async () => {
      await before;
      for (let attempt = 1; ; ++attempt) {
        try {
          throwIfAborted(options.signal);
          return await task(await this.#ready(slot, options));
        } catch (thrown) {
          if (this.#closed !== null) throw this.#closed;
          if (attempt === 2 || !hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
        }
      }
    };
    const result = run();
    slot.last = result.catch(() => {});
    return result;
  }

  /**
   * @param {Slot} slot
   * @param {CallOptions} options
   */
  async #ready(slot, options) {
    if (this.#closed !== null) throw this.#closed;
    if (slot.connection === null || slot.connection.dead) {
      const connection = new Connection(this.#createTransport, { name: 'analysis' });
      slot.connection = connection;
      slot.loaded = { reference: null, current: null };
      if (slot === this.#helper) this.#classifier = null;
      await connection.start(this.#wasmBinary, this.#model);
    }
    const { connection } = slot;
    if (slot === this.#helper) return connection;
    const index = this.#slots.indexOf(slot);
    for (const which of SIDES) {
      const wanted = this.#tables[which];
      if (slot.loaded[which] === wanted) continue;
      slot.loaded[which] = null;
      const table = TABLES[which];
      if (wanted === null) {
        await ask(connection, 'clear', { table });
      } else if (wanted.own === null) {
        const { summary, name } = wanted.source;
        await ask(connection, 'clear', { table });
        await ask(connection, 'summary', { table, text: summary, name });
      } else if (wanted.own[index] === null) {
        await ask(connection, 'clear', { table });
      } else {
        const { file, name, overrides = {} } = wanted.source;
        const columns = wanted.own[index];
        const payload = { table, file: { blob: file, name, overrides, columns, hash: index === 0 } };
        const info = await ask(connection, 'load', payload, options);
        wanted.info = joined(wanted, info);
      }
      slot.loaded[which] = wanted;
    }
    return connection;
  }

  /**
   * @template T
   * @param {(connection: Connection) => Promise<T>} task
   * @param {CallOptions} [options]
   */
  #aside(task, options) {
    return this.#on(this.#helper, task, options);
  }

  // --- files

  /**
   * @param {Which} which
   * @param {FileSource | SummarySource | null} source
   * @param {import('../types.js').JobOptions} [options]
   * @returns {Promise<TableInfo>}
   */
  async load(which, source, { signal, onProgress } = {}) {
    throwIfAborted(signal);
    this.#loading[which]?.abort();
    this.#loading[which] = null;
    const none = { rows: 0, aside: 0, reasons: {}, columns: [], labels: false, sha256: null };
    if (source === null) {
      this.#tables[which] = null;
      return none;
    }
    const known = this.#tables[which];
    if (known !== null && isOf(known, source)) return /** @type {TableInfo} */ (known.info);
    this.#classifier = null;
    this.#tables[which] = null;
    const controller = new AbortController();
    this.#loading[which] = controller;
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return 'summary' in source
        ? await this.#loadSummary(which, source, none)
        : await this.#loadFile(which, source, controller.signal, onProgress);
    } catch (thrown) {
      // Not what a newer call has put there.
      if (this.#loading[which] === controller) this.#tables[which] = null;
      throw controller.signal.aborted ? abortError(signal?.reason) : thrown;
    } finally {
      signal?.removeEventListener('abort', abort);
      if (this.#loading[which] === controller) this.#loading[which] = null;
    }
  }

  /** @param {Which} which @param {SummarySource} source @param {TableInfo} info */
  async #loadSummary(which, source, info) {
    this.#tables[which] = { source, names: null, own: null, info };
    await Promise.all(this.#slots.map((slot) => this.#on(slot, async () => {})));
    return info;
  }

  /**
   * @param {Which} which
   * @param {FileSource} source
   * @param {AbortSignal} signal
   * @param {((progress: import('../types.js').Progress) => void) | undefined} onProgress
   */
  async #loadFile(which, source, signal, onProgress) {
    const { file: blob, name, overrides = {} } = source;
    const file = { blob, name, overrides, columns: null, hash: false };
    const { columns } = await this.#on(this.#slots[0], (connection) => ask(connection, 'inspect', { file }, { signal }));
    throwIfAborted(signal);
    const own = this.#share(columns);
    /** @type {FileTable} */
    const table = { source, names: columns, own, info: null };
    this.#tables[which] = table;
    const began = performance.now();
    const bytes = this.#slots.map(() => 0);
    await Promise.all(
      this.#slots.map((slot, index) =>
        this.#on(slot, async () => {}, {
          signal,
          onProgress: (progress) => {
            bytes[index] = progress.bytes;
            const readers = own.filter((columnsOfSlot) => columnsOfSlot !== null).length;
            const done = bytes.reduce((sum, count) => sum + count, 0) / readers;
            const share = done / Math.max(1, blob.size);
            const seconds = (performance.now() - began) / 1000;
            const secondsLeft = share > 0.01 ? (seconds * (1 - share)) / share : null;
            onProgress?.(/** @type {any} */ ({ bytes: done, totalBytes: blob.size, rows: progress.rows, secondsLeft }));
          },
        }),
      ),
    );
    throwIfAborted(signal);
    return /** @type {TableInfo} */ (/** @type {FileTable} */ (table).info);
  }

  /**
   * A column stays with the worker that has it in the other table; new ones go to the worker that has fewest.
   * @param {string[]} names
   */
  #share(names) {
    const counts = this.#slots.map((_, index) => names.filter((name) => this.#owners.get(name) === index).length);
    for (const name of names) {
      if (this.#owners.has(name)) continue;
      // Scores are for the first, which works out the file's hash too: both need the whole of it.
      const index = name === SCORE ? 0 : counts.indexOf(Math.min(...counts));
      this.#owners.set(name, index);
      ++counts[index];
    }
    return this.#slots.map((_, index) => {
      const own = names.filter((name) => this.#owners.get(name) === index);
      return own.length > 0 ? own : null;
    });
  }

  // --- comparison

  /**
   * The workers that a request needs: those with a column of it; of counts alone, one.
   * @param {DriftRequest} request
   */
  #workersOf(request) {
    if (request.current?.from === 'summary') return [this.#slots[0]];
    const names = this.#tables.current?.names ?? null;
    if (names === null) return [this.#slots[0]];
    const wanted = request.columns ?? names;
    const workers = this.#slots.filter((_, index) => wanted.some((name) => this.#owners.get(name) === index));
    return workers.length > 0 ? workers : [this.#slots[0]];
  }

  /** @param {string} name */
  #ownerOf(name) {
    return this.#slots[this.#owners.get(name) ?? 0];
  }

  /**
   * @param {DriftRequest} request
   * @param {object} [sections]
   * @returns {Promise<import('./types.js').DriftReport>}
   */
  compare(request, sections = {}) {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) return reject(this.#closed);
      this.#next?.reject(abortError());
      this.#next = { request, sections, resolve, reject };
      if (this.#current !== null) {
        // The workers finish what they have begun; nobody waits for it any more.
        this.#current(abortError());
        return;
      }
      void this.#compareNext();
    });
  }

  /** One comparison at a time, and after it the latest that was asked for. */
  async #compareNext() {
    while (this.#next !== null) {
      const { request, sections, resolve, reject } = this.#next;
      this.#next = null;
      this.#current = reject;
      try {
        const measured = await Promise.all(
          this.#workersOf(request).map((slot) =>
            this.#on(slot, (connection) => ask(connection, 'measure', { request })),
          ),
        );
        if (this.#next === null) {
          const payload = { measured, request, sections };
          resolve(JSON.parse(await this.#on(this.#slots[0], (connection) => ask(connection, 'judge', payload))));
        }
      } catch (thrown) {
        reject(thrown);
      }
      this.#current = null;
    }
  }

  /** @param {string} name @param {DriftRequest} request */
  column(name, request) {
    return this.#on(this.#ownerOf(name), (connection) => ask(connection, 'column', { name, request }));
  }

  /** @param {string} name @param {DriftRequest} request @param {number} windows */
  trend(name, request, windows) {
    return this.#on(this.#ownerOf(name), (connection) => ask(connection, 'trend', { name, request, windows }));
  }

  /**
   * @param {string} name
   * @param {import('./types.js').RowPlace} where
   * @param {DriftRequest} request
   * @param {number} max
   */
  async rows(name, where, request, max) {
    const owner = this.#ownerOf(name);
    /** @type {Float64Array | null} */
    let ratios = null;
    // What was told apart by a classifier of other sides says nothing of these.
    const classifier = this.#classifier?.sides === sidesOf(request) ? this.#classifier.names : null;
    if (classifier !== null) {
      const all = await this.#on(owner, (connection) => ask(connection, 'rowNumbers', { name, where, request }));
      const rows = all.subarray(0, MOST_RANKED_ROWS);
      const matrix = rows.length === 0 ? null : await this.#matrix([{ which: 'current', rows }], classifier);
      if (matrix !== null && matrix.names.length === classifier.length) {
        const payload = { matrix: matrix.values, rows: rows.length, columns: classifier.length };
        const found = await this.#aside((connection) => ask(connection, 'densityRatios', payload));
        ratios = new Float64Array(this.#tables.current?.info?.rows ?? 0).fill(NaN);
        for (let i = 0; i < rows.length; ++i) ratios[rows[i]] = found[i];
      }
    }
    const payload = { name, where, request, max, ratios };
    return this.#on(owner, (connection) => ask(connection, 'rows', payload));
  }

  // --- all columns together

  /**
   * Columns of numbers at some rows, the parts one below the other: values[c * rows + i].
   * @param {{which: Which, rows: Float64Array}[]} parts
   * @param {string[]} wanted
   */
  async #matrix(parts, wanted) {
    const length = parts.reduce((sum, { rows }) => sum + rows.length, 0);
    /** @type {Map<string, {values: Float64Array, parts: number}>} */
    const columns = new Map();
    await Promise.all(
      this.#slots.map(async (slot, index) => {
        const names = wanted.filter((name) => this.#owners.get(name) === index);
        if (names.length === 0) return;
        let place = 0;
        for (const { which, rows } of parts) {
          const payload = { table: TABLES[which], names, rows };
          const gathered = await this.#on(slot, (connection) => ask(connection, 'gather', payload));
          for (const [k, name] of names.entries()) {
            const values = gathered.columns[k];
            if (values.length !== rows.length) continue; // Texts, or not in this file.
            const column = columns.get(name) ?? { values: new Float64Array(length), parts: 0 };
            column.values.set(values, place);
            ++column.parts;
            columns.set(name, column);
          }
          place += rows.length;
        }
      }),
    );
    const names = wanted.filter((name) => columns.get(name)?.parts === parts.length);
    const values = new Float64Array(names.length * length);
    for (const [c, name] of names.entries()) values.set(columns.get(name)?.values ?? [], c * length);
    return { names, values, rows: length };
  }

  /**
   * @param {DriftRequest & {multivariate?: any}} request
   * @param {import('../types.js').JobOptions} [options]
   */
  async multivariate(request, { signal } = {}) {
    throwIfAborted(signal);
    const { rows = MULTIVARIATE_ROWS, ...settings } = request.multivariate ?? {};
    const { multivariate, ...sides } = request;
    const maxRows = Math.min(Math.max(1, rows), MOST_MULTIVARIATE_ROWS);
    const seed = Number.isInteger(settings.seed) ? settings.seed : 1;
    const tables = SIDES.map((side) => this.#tables[side]);
    const parts = [];
    for (const side of SIDES) {
      const payload = { table: TABLES[side], request: sides, maxRows, seed };
      const sample = await this.#on(this.#workersOf(sides)[0], (connection) => ask(connection, 'sampleRows', payload));
      const from = side === 'current' ? 'current' : (sides.reference?.from ?? 'reference');
      if (from !== 'current' && from !== 'reference') {
        const message = 'all columns together are compared row by row: choose rows of a file as the reference';
        throw engineError({ code: 'NOT_READY', message });
      }
      parts.push({ which: from, rows: sample });
    }
    throwIfAborted(signal);
    const names = (sides.columns ?? this.#tables.current?.names ?? []).filter((name) => name !== SCORE);
    const matrix = await this.#matrix(parts, names);
    this.#classifier = null;
    const payload = {
      names: matrix.names,
      matrix: matrix.values,
      rows: matrix.rows,
      referenceRows: parts[0].rows.length,
      request: { multivariate: settings },
    };
    const found = await this.#aside((connection) => ask(connection, 'multivariate', payload, { signal }), { signal });
    const same = tables.every((table, i) => table === this.#tables[SIDES[i]]);
    if (found.domain !== null && same) this.#classifier = { names: matrix.names, sides: sidesOf(sides) };
    return found;
  }

  // --- series, performance, reports

  detectors() {
    return this.#aside((connection) => ask(connection, 'detectors', {}));
  }

  /** @param {object} request @param {Float64Array} numbers @param {import('../types.js').JobOptions} [options] */
  detect(request, numbers, options) {
    return this.#series('detect', request, numbers, options);
  }

  /** @param {object} request @param {Float64Array} numbers @param {import('../types.js').JobOptions} [options] */
  falseAlarms(request, numbers, options) {
    return this.#series('falseAlarms', request, numbers, options);
  }

  /** @param {object} request @param {Float64Array} numbers @param {import('../types.js').JobOptions} [options] */
  scoreDetector(request, numbers, options) {
    return this.#series('scoreDetector', request, numbers, options);
  }

  /**
   * @param {'detect' | 'falseAlarms' | 'scoreDetector'} call
   * @param {object} request
   * @param {Float64Array} numbers
   * @param {import('../types.js').JobOptions} [options]
   */
  #series(call, request, numbers, { signal } = {}) {
    return this.#aside((connection) => ask(connection, 'series', { call, request, numbers }, { signal }), { signal });
  }

  /** @param {import('./types.js').ScoredRows} rows @param {object} request @param {import('../types.js').JobOptions} [options] */
  performance(rows, request, { signal } = {}) {
    const payload = { call: /** @type {const} */ ('performance'), rows, request };
    return this.#aside((connection) => ask(connection, 'scored', payload, { signal }), { signal });
  }

  /** @param {import('./types.js').ScoredRows} rows @param {object} request @param {import('../types.js').JobOptions} [options] */
  backTest(rows, request, { signal } = {}) {
    const payload = { call: /** @type {const} */ ('backTest'), rows, request };
    return this.#aside((connection) => ask(connection, 'scored', payload, { signal }), { signal });
  }

  /**
   * @param {import('./types.js').ScoredRows} first
   * @param {Float64Array} second
   * @param {object} request
   * @param {import('../types.js').JobOptions} [options]
   */
  comparePerformance(first, second, request, { signal } = {}) {
    const payload = { first, second, request };
    return this.#aside((connection) => ask(connection, 'comparePerformance', payload, { signal }), { signal });
  }

  /**
   * @param {import('./types.js').ScoredRows | null} reference
   * @param {import('./types.js').ScoredRows} current
   * @param {object} request
   * @param {import('../types.js').JobOptions} [options]
   */
  estimate(reference, current, request, { signal } = {}) {
    const payload = { reference, current, request };
    return this.#aside((connection) => ask(connection, 'estimate', payload, { signal }), { signal });
  }

  /** @param {import('./types.js').DriftReport} report */
  async reportJson(report) {
    // The engine writes numbers and texts as JSON.stringify does, and members in the order they keep.
    return `${JSON.stringify(report)}\n`;
  }

  /** @param {import('./types.js').DriftReport} report */
  reportHtml(report) {
    return this.#aside((connection) => ask(connection, 'reportHtml', { report: JSON.stringify(report) }));
  }

  /** Ends the workers; what waits or runs rejects with ENGINE_CRASHED. */
  close() {
    if (this.#closed !== null) return;
    this.#closed = engineError({ code: 'ENGINE_CRASHED', message: 'the analysis has been closed' });
    this.#next?.reject(this.#closed);
    this.#next = null;
    for (const which of SIDES) this.#loading[which]?.abort();
    for (const slot of [...this.#slots, this.#helper])
      slot.connection?.kill('ENGINE_CRASHED', 'the analysis has been closed');
  }
}

/** Which rows are compared with which. @param {DriftRequest} request */
const sidesOf = ({ reference, current }) => JSON.stringify([reference, current].map((side) => [side?.from ?? null, side?.rows ?? null]));

/**
 * What is known of a table from the workers that have read it.
 * @param {FileTable} table
 * @param {TableInfo} part
 * @returns {TableInfo}
 */
function joined(table, part) {
  const before = table.info;
  const kinds = new Map([...(before?.columns ?? []), ...part.columns].map((column) => [column.name, column]));
  const columns = table.names.flatMap((name) => kinds.get(name) ?? []);
  return { ...part, columns, sha256: part.sha256 ?? before?.sha256 ?? null };
}
