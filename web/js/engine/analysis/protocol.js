// @ts-check
// What the analysis client and its workers say to each other, in the form of ../protocol.js: {id, type, payload} is
// answered once, with {type: 'reply', id, ok, result | error}; `progress` comes in between, `cancel` asks for an end.

/** @typedef {import('./types.js').DriftRequest} DriftRequest */
/** @typedef {import('./types.js').ScoredRows} ScoredRows */
/** @typedef {import('./types.js').RowPlace} RowPlace */

/**
 * A file to read. hash: work out its SHA-256; columns: those to keep, null: all.
 * @typedef {{blob: Blob, name: string, overrides: import('../types.js').ImportOverrides, columns: string[] | null,
 *   hash: boolean}} TableFile
 */

/**
 * Every request by type, as [payload, result]. table: 0 the reference, 1 the current one.
 * @typedef {object} AnalysisRequests
 * @property {[{protocol: number, wasmBinary: Uint8Array}, null]} start
 * @property {[{}, {version: string, heapBytes: number, usedBytes: number}]} info
 * @property {[{bytes: Uint8Array}, null]} loadModel
 * @property {[{file: TableFile}, {columns: string[]}]} inspect
 * @property {[{table: number, file: TableFile}, import('./types.js').TableInfo]} load
 * @property {[{table: number}, null]} clear
 * @property {[{table: number, text: string, name: string}, null]} summary
 * @property {[{request: DriftRequest}, string]} measure
 * @property {[{measured: string[], request: DriftRequest, sections: object}, string]} judge
 * @property {[{name: string, request: DriftRequest}, import('./types.js').DriftColumn]} column
 * @property {[{name: string, request: DriftRequest, windows: number}, import('./types.js').DriftTrend]} trend
 * @property {[{name: string, where: RowPlace, request: DriftRequest}, Float64Array]} rowNumbers
 * @property {[{name: string, where: RowPlace, request: DriftRequest, max: number, ratios: Float64Array | null},
 *   import('./types.js').DriftRows]} rows
 * @property {[{table: number, request: DriftRequest, maxRows: number, seed: number}, Float64Array]} sampleRows
 * @property {[{table: number, names: string[], rows: Float64Array}, {columns: Float64Array[]}]} gather
 *   empty: a column of texts
 * @property {[{names: string[], matrix: Float64Array, rows: number, referenceRows: number, request: object},
 *   import('./types.js').MultivariateDrift]} multivariate
 * @property {[{matrix: Float64Array, rows: number, columns: number}, Float64Array]} densityRatios
 * @property {[{}, object[]]} detectors
 * @property {[{call: 'detect' | 'falseAlarms' | 'scoreDetector', request: object, numbers: Float64Array}, object]} series
 * @property {[{call: 'performance' | 'backTest', rows: ScoredRows, request: object}, object]} scored
 * @property {[{first: ScoredRows, second: Float64Array, request: object}, object]} comparePerformance
 * @property {[{reference: ScoredRows | null, current: ScoredRows, request: object}, object]} estimate
 * @property {[{report: string}, string]} reportHtml
 */

/** @typedef {keyof AnalysisRequests} AnalysisRequestType */

/** @typedef {{[T in AnalysisRequestType]: {id: number, type: T, payload: AnalysisRequests[T][0]}}[AnalysisRequestType]} AnalysisRequest */

export {};
