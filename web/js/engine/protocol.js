// @ts-check
// What the client and an engine worker say to each other. Each request {id, type, payload} gets exactly one reply
// {id, ok: true, result} or {id, ok: false, error}; progress comes in between. Errors are plain data, since not
// every browser can clone an Error. `cancel` has no reply of its own: the request it names is answered with
// ABORTED, or with its result if that was already on its way. A worker's first message is `hello`.

/** Changes with every incompatible change of the messages: a page and a worker of two versions must not talk. */
export const PROTOCOL = 1;

/** Bytes read from a file, and fed to the engine, at a time. The engine's ingest buffer holds 4 MiB. */
export const SLICE_BYTES = 2 * 1024 * 1024;

/** Bytes of a file's beginning that the engine looks at to recognise it (csv::kSniffBytes). */
export const HEAD_BYTES = 1024 * 1024;

/** session::JobKind. */
export const JobKind = Object.freeze({ score: 0, column: 1, search: 2, export: 3 });

/**
 * A file as a worker needs it to read ranges: `key` tells files (with their overrides) apart.
 * @typedef {{key: number, blob: Blob, overrides: import('./types.js').ImportOverrides}} FileRef
 */

/**
 * @typedef {object} RangeRequest
 * @property {keyof typeof JobKind} job
 * @property {FileRef} file
 * @property {number} begin
 * @property {number} end
 * @property {number} line physical line at begin, 0 where unknown
 * @property {boolean} guessStart begin may be inside a record
 * @property {string} [text] column: its name. search: the text.
 * @property {Float64Array} [scores] export: the probabilities of the range's rows
 * @property {number} [firstRow] export: the row of scores[0]
 * @property {number} [threshold] export
 */

/**
 * @typedef {object} RangeResult
 * @property {number} rows
 * @property {number} badRowCount
 * @property {number} firstRecordOffset
 * @property {number} nextRecordOffset
 * @property {number} firstLine
 * @property {number} nextLine
 * @property {Float64Array} [offsets]
 * @property {Float64Array} [probabilities]
 * @property {Float64Array} [labels] empty without a label column
 * @property {Float64Array} [weights]
 * @property {import('./types.js').BadRow[]} [badRows] rows and lines of the range
 * @property {Record<string, number>} [missing]
 * @property {Float64Array} [column]
 * @property {Uint8Array} [matches]
 * @property {Uint8Array[]} [output]
 */

/** @typedef {{version: string, formatVersion: number, heapBytes: number, usedBytes: number}} EngineInfo */

/**
 * Every request by type, as [payload, result].
 * @typedef {object} Requests
 * @property {[{protocol: number, wasmBinary: Uint8Array}, EngineInfo]} start
 * @property {[{}, EngineInfo]} info
 * @property {[{bytes: Uint8Array}, import('./types.js').ModelCard]} loadModel
 * @property {[{file: FileRef}, import('./types.js').ImportReport]} inspect
 * @property {[RangeRequest, RangeResult]} range
 * @property {[{scores: Float64Array, firstRow: number, threshold: number}, Uint8Array]} exportScores
 * @property {[{file: FileRef | null}, Uint8Array]} exportHeader of scores only where file is null
 * @property {[{values: Float64Array, keep: Uint8Array | null, descending: boolean}, Uint32Array]} rank
 * @property {[{scores: Float64Array, labels: Float64Array, weights: Float64Array | null}, null]} setLabels
 * @property {[{curvePoints: number}, import('./types.js').Performance]} performance
 * @property {[{threshold: number}, import('./types.js').PerformanceAt]} performanceAt
 * @property {[{file: FileRef, places: [number, number][]}, string[][]]} cells
 * @property {[{file: FileRef, begin: number, end: number, countFrom: number}, {text: string, lineEnds: number,
 *   cells: string[], features: import('./types.js').RowDetail['features']}]} describe
 * @property {[{columns: Float64Array, rows: number, inputs: number}, {probabilities: Float64Array,
 *   statuses: Int32Array, statusInputs: Int32Array}]} predict
 * @property {[{text: string}, null]} loadGenerator
 * @property {[{rows: number, seed: number, fraudRate: number}, null]} beginSynth
 * @property {[{maxRows: number}, {rows: number, bytes: Uint8Array}]} synthRows
 */

/** @typedef {keyof Requests} RequestType */

/**
 * Client to worker.
 * @typedef {{[T in RequestType]: {id: number, type: T, payload: Requests[T][0]}}[RequestType]
 *   | {id: number, type: 'cancel'}} ToWorker
 */

/** @typedef {{code: string, message: string, row?: number, line?: number, column?: number, byteOffset?: number,
 *   detail?: string}} ErrorData */

/**
 * Worker to client. `failed`: the worker could not start.
 * @typedef {{type: 'hello', protocol: number}
 *   | {type: 'failed', message: string}
 *   | {type: 'progress', id: number, bytes: number, rows: number}
 *   | {type: 'reply', id: number, ok: true, result: any}
 *   | {type: 'reply', id: number, ok: false, error: ErrorData}} FromWorker
 */
