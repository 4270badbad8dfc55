// @ts-check
// The types of the JavaScript API (see client/index.js for how to get an Engine, README.md for examples).
// Probabilities are float64 in 0..1; NaN marks a row that was set aside. Rows count from 0 in file order,
// lines and columns from 1, bytes from 0.

/**
 * An error as the API reports it. `code` is the name of an ErrorCode of core/base/result.h, or one of
 * ENGINE_CRASHED, ABORTED, PROTOCOL_MISMATCH, LOAD_FAILED, FILE_UNREADABLE (it changed, moved or went away), BUSY (too
 * many pushed rows wait: push again later).
 * `fields`: what predict() found wrong, field by field.
 * @typedef {Error & {code: string, row?: number, line?: number, column?: number, byteOffset?: number,
 *   detail?: string, fields?: {row: number, field: string, message: string}[]}} EngineError
 */

/**
 * @typedef {object} Prediction
 * @property {0 | 1} prediction probability >= threshold
 * @property {number} probability of the positive class
 * @property {RiskLevelName} risk_level
 * @property {number} confidence max(probability, 1 - probability)
 * @property {string} timestamp ISO 8601, when it was scored
 * @property {string} model_version
 */

/** @typedef {'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'} RiskLevelName */

/** @typedef {{value: number | null, low: number | null, high: number | null}} Interval a figure with its 95 % interval */

/**
 * @typedef {object} ModelCard
 * @property {string} name
 * @property {string} version
 * @property {string} description
 * @property {string} engine_version
 * @property {{name: string, unit: string}[]} inputs
 * @property {{name: string, op: string, input: string, missing: string}[]} features
 * @property {number} trees
 * @property {number} nodes
 * @property {number} max_depth
 * @property {number} threshold
 * @property {[number, number, number, number]} risk_cuts LOW, MEDIUM, HIGH, CRITICAL begin here
 * @property {string} label_column empty where none
 * @property {string} weight_column empty where none
 * @property {Record<string, any>} training provenance; metrics.auc and metrics.average_precision are Interval
 */

/**
 * What the page found out about a file before scoring it.
 * @typedef {object} ImportReport
 * @property {string} delimiter
 * @property {string} decimal
 * @property {boolean} header
 * @property {boolean} bom
 * @property {string} lineEnding
 * @property {number} dataOffset
 * @property {number} dataLine
 * @property {string[]} columns
 * @property {{input: string, column: string}[]} matched
 * @property {string[]} missing
 * @property {string[]} extra
 * @property {string | null} label the file's column used to measure
 * @property {string | null} weight
 */

/** @typedef {{delimiter?: ',' | ';' | '\t' | '|', decimal?: '.' | ',', header?: boolean}} ImportOverrides */

/**
 * @typedef {object} BadRow
 * @property {number} row
 * @property {number} line
 * @property {string | null} column the column's name
 * @property {number} character place in the line, from 1; 0 where none
 * @property {number} offset
 * @property {number} length
 * @property {number} reason csv::BadRowReason
 * @property {string} message one sentence
 */

/**
 * @typedef {object} Progress
 * @property {number} bytes done
 * @property {number} totalBytes
 * @property {number} rows scored so far
 * @property {number} rowsPerSecond
 * @property {number | null} secondsLeft
 */

/**
 * The result of scoring a file. The File itself is kept; its text is not.
 * @typedef {object} ScoredFile
 * @property {Blob} file
 * @property {string} name
 * @property {ImportReport} report
 * @property {ImportOverrides} overrides
 * @property {number} rows records in the file, those set aside too
 * @property {number} scored
 * @property {Float64Array} probabilities one per row; NaN: set aside
 * @property {Float64Array} offsets byte offset of every row, and one past the end as the last element
 * @property {Float64Array | null} labels 1 (the model's positive class), 0 (another) or NaN per row; null without a label column
 * @property {Float64Array | null} weights
 * @property {BadRow[]} badRows the first 10,000 rows set aside; rows - scored is how many there are
 * @property {Record<string, number>} missing missing cells per input
 * @property {Uint8Array} summary the rows counted, as a file (models/SUMMARY.md): summaries of one model can be added up
 * @property {number} seconds
 * @property {boolean} partial cancelled before the end: the rows up to there
 */

/**
 * @typedef {object} Performance
 * @property {number} rows
 * @property {number} positives
 * @property {number} left_out rows without a usable score or label
 * @property {boolean} weighted
 * @property {Interval} auc
 * @property {Interval} average_precision
 * @property {number} brier
 * @property {number} log_loss
 * @property {{threshold: number, fpr: number, tpr: number, precision: number}[]} curve thinned; recall is tpr
 */

/**
 * @typedef {object} PerformanceAt
 * @property {number} threshold
 * @property {number} true_positive
 * @property {number} false_positive
 * @property {number} true_negative
 * @property {number} false_negative
 * @property {Interval} precision
 * @property {Interval} recall
 * @property {Interval} specificity
 * @property {number} f1
 */

/**
 * @typedef {object} RowDetail
 * @property {number} row
 * @property {number} line physical line in the file
 * @property {string} text the record as in the file
 * @property {{column: string, text: string}[]} cells
 * @property {{name: string, value: number | null, unit: string, percentile: number | null}[]} features null: missing; percentile 0..1 in the reference profile
 * @property {BadRow | null} badRow
 */

/**
 * @typedef {object} JobOptions
 * @property {(progress: Progress) => void} [onProgress] at most 10 a second; what it throws ends the job with that error
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Engine
 * @property {() => Promise<{status: 'ok', model_loaded: boolean, model_version: string, model_performance: object, engine_version: string, heap_bytes: number, workers: number}>} status
 * @property {(rows: Record<string, unknown> | Record<string, unknown>[]) => Promise<Prediction[]>} predict values by input name;
 *   rejects with BAD_ARGUMENT naming every bad field of every row; a row with none of the inputs is bad
 * @property {() => ModelCard} model
 * @property {(bytes: Uint8Array) => Promise<ModelCard>} loadModel into every worker; the old model stays if it fails
 * @property {(file: Blob, overrides?: ImportOverrides) => Promise<ImportReport>} inspectFile
 * @property {(file: Blob, options?: JobOptions & {overrides?: ImportOverrides, name?: string, partial?: boolean}) => Promise<ScoredFile>} scoreFile
 *   partial: resolve with what was scored when the signal aborts, instead of rejecting with ABORTED
 * @property {(values: Float64Array, options?: {keep?: Uint8Array, descending?: boolean}) => Promise<Uint32Array>} rank row indexes by value, NaN last
 * @property {(scored: ScoredFile, column: string, options?: JobOptions) => Promise<Float64Array>} column any column of the file as numbers (NaN: text or missing)
 * @property {(scored: ScoredFile, text: string, options?: JobOptions) => Promise<Uint8Array>} search 1 for rows that contain the text
 * @property {(scored: ScoredFile, rows: ArrayLike<number>) => Promise<string[][]>} cells the cells of some rows, in the file's column order
 * @property {(scored: ScoredFile, row: number) => Promise<RowDetail>} describeRow
 * @property {(scored: ScoredFile, options?: {weighted?: boolean}) => Promise<Performance>} performance REQUIRES labels
 * @property {(threshold: number) => Promise<PerformanceAt>} performanceAt of the file last given to performance()
 * @property {(scored: ScoredFile, options: JobOptions & {threshold: number, withInput: boolean}) => AsyncIterable<Uint8Array>} exportCsv
 * @property {(options: {rows: number, seed: number, fraudRate?: number} & JobOptions) => Promise<Blob>} synthesize CSV in the Kaggle format
 * @property {(options?: import('./live/types.js').MonitorOptions) => Promise<import('./live/types.js').Monitor>} monitor
 *   watches a stream with an engine of its own; rejects with BAD_ARGUMENT naming the setting
 * @property {() => Promise<import('./live/types.js').StatsDocument>} stats of the monitor opened last; all zero without one
 * @property {() => void} close ends the workers; pending calls reject with ENGINE_CRASHED
 */

export {};
