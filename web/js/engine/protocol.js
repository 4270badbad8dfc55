// @ts-check
// What the client and an engine worker say to each other. Each request {id, type, payload} gets exactly one reply
// {id, ok: true, result} or {id, ok: false, error}; progress comes in between. Errors are plain data, since not
// every browser can clone an Error. `cancel` has no reply of its own: the request it names is answered with
// ABORTED, or with its result if that was already on its way. A worker's first message is `hello`.

/** Changes with every incompatible change of the messages: a page and a worker of two versions must not talk. */
export const PROTOCOL = 2;

/** Bytes read from a file, and fed to the engine, at a time. The engine's ingest buffer holds 4 MiB. */
export const SLICE_BYTES = 4 * 1024 * 1024;

/** Bytes of a file's beginning that the engine looks at to recognise it (csv::kSniffBytes). */
export const HEAD_BYTES = 1024 * 1024;

/** session::JobKind. */
export const JobKind = Object.freeze({ score: 0, column: 1, search: 2, export: 3, rows: 4 });

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
 * @property {Uint8Array} [summary] of the range's rows, for mergeSummaries
 * @property {Float64Array} [column]
 * @property {Uint8Array} [matches]
 * @property {Uint8Array[]} [output]
 */

/** @typedef {{version: string, formatVersion: number, heapBytes: number, usedBytes: number}} EngineInfo */

/**
 * Every request by type, as [payload, result].
 * @typedef {object} PoolRequests
 * @property {[{protocol: number, wasmBinary: import('./boundary.js').Program}, EngineInfo]} start
 * @property {[{}, EngineInfo]} info
 * @property {[{bytes: Uint8Array}, import('./types.js').ModelCard]} loadModel
 * @property {[{file: FileRef}, import('./types.js').ImportReport]} inspect
 * @property {[RangeRequest, RangeResult]} range
 * @property {[{summaries: Uint8Array[]}, Uint8Array]} mergeSummaries
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
 *   statuses?: Int32Array, statusInputs?: Int32Array}]} predict without statuses where every row has its score
 * @property {[{text: string}, null]} loadGenerator
 * @property {[{rows: number, seed: number, fraudRate: number}, null]} beginSynth
 * @property {[{maxRows: number}, {rows: number, bytes: Uint8Array}]} synthRows
 */

/** @typedef {PoolRequests & LiveRequests} Requests */

/**
 * A monitor's requests. They are answered while a stream runs, and not in the order they were made in.
 * @typedef {object} LiveRequests
 * @property {[{settings: MonitorSettings, generator: string | null, checkpoint: string | null, resumable: boolean,
 *   remember: boolean, cap: number | undefined, model: number, paused: boolean}, null]} liveOpen resumable: the source gives the rows after
 *   the checkpoint again; model: comes back with every checkpoint
 * @property {[{settings: MonitorSettings}, null]} liveConfigure
 * @property {[{source: import('./live/types.js').StreamSource, position: unknown, resume: boolean}, null]} liveStart
 *   position: of a checkpoint, null: from the beginning; resume: after a restart, paused if it was
 * @property {[{}, null]} liveStop
 * @property {[{}, null]} livePause
 * @property {[{}, null]} liveResume
 * @property {[{rows: number}, null]} liveStep
 * @property {[{change: {rate?: number, speed?: number, pace?: 'rate' | 'time', scenario?: Scenario}}, null]} liveAdjust
 * @property {[{number: number, messages: unknown[], predictions: boolean, at: number, skip: PushPart | null},
 *   import('./live/types.js').PushResult]} livePush number: rising; at: when it was made, skip: what is counted already
 * @property {[{}, import('./live/types.js').StatsDocument]} liveStats
 * @property {[{feature: string}, import('./live/types.js').ColumnDetail]} liveColumn
 * @property {[{feature: string, range: {low: number, high: number, max: number}}, import('./live/types.js').RecentRow[]]} liveRows
 * @property {[{scope: 'window' | 'overall'}, Uint8Array]} liveSummary
 * @property {[{number: number, bytes: Uint8Array}, null]} liveMerge number: one of those of pushes
 * @property {[{episode: number}, null]} liveAcknowledge
 * @property {[{rule: string, until: number}, null]} liveSilence
 * @property {[{}, {version: 1, rules: import('./live/types.js').AlertRule[]}]} liveRules
 * @property {[{}, null]} liveReset
 * @property {[{bytes: Uint8Array, model: number}, {card: import('./types.js').ModelCard, summary: Uint8Array}]} liveModel
 * @property {[{on: boolean, cap: number | undefined}, null]} liveRemember
 * @property {[{}, null]} liveLogClear
 * @property {[{id: number, format: 'ndjson' | 'csv', end: boolean}, {id: number, bytes: Uint8Array, done: boolean}]} liveLogExport
 *   the next piece; id 0: a new export; end: no more of it is wanted
 * @property {[{}, null]} liveClose what waits is counted and the log closed; there is no more to ask
 */

/** @typedef {import('./live/types.js').MonitorSettings} MonitorSettings */
/** @typedef {import('./live/types.js').Scenario} Scenario */

/** A push that was counted. @typedef {{number: number, accepted: number, malformed: number}} PushDone */

/** How much of a push was counted; done: messages. @typedef {{done: number, accepted: number, malformed: number}} PushPart */

/** @typedef {keyof Requests} RequestType */

/**
 * Client to worker. tickSeen has no reply: a tick was shown, the next may come.
 * @typedef {{[T in RequestType]: {id: number, type: T, payload: Requests[T][0]}}[RequestType]
 *   | {id: number, type: 'cancel'}
 *   | {type: 'tickSeen', number: number, at: number}} ToWorker
 */

/** @typedef {{code: string, message: string, row?: number, line?: number, column?: number, byteOffset?: number,
 *   detail?: string}} ErrorData */

/**
 * Worker to client. `failed`: the worker could not start. `tick` and `checkpoint` come from a monitor as it runs (what a
 * checkpoint says was pushed need not be pushed again; counted: rows this engine has counted itself), `crashed` when its engine died without a request to answer.
 * @typedef {{type: 'hello', protocol: number}
 *   | {type: 'failed', message: string}
 *   | {type: 'tick', number: number, counted: number, tick: import('./live/types.js').LiveTick}
 *   | {type: 'checkpoint', model: number, counted: number, checkpoint: string, position: unknown, pushed: PushDone[], partly: (PushPart & {number: number}) | null}
 *   | {type: 'crashed', error: ErrorData}
 *   | {type: 'progress', id: number, bytes: number, rows: number}
 *   | {type: 'reply', id: number, ok: true, result: any}
 *   | {type: 'reply', id: number, ok: false, error: ErrorData}} FromWorker
 */
