// @ts-check
// What every source of the live monitor looks like to the worker's loop (host.js): it is asked for rows that are due,
// never pushes them, so that a paused or busy loop loses nothing. One file per kind in sources/.

/**
 * Rows, column after column: columns[c * rows + i] = model input c of row i, NaN where missing.
 * @typedef {object} RowBatch
 * @property {number} rows
 * @property {Float64Array} columns
 * @property {Float64Array | null} labels 1 (the model's positive class), 0, NaN
 * @property {Float64Array | null} times the data's own clock, seconds
 * @property {Float64Array | null} sourceRows row of the source, from 0
 * @property {string[] | null} references
 * @property {Int32Array | null} statuses csv::BadRowReason; not 0: set aside by the reader
 * @property {Int32Array | null} statusInputs
 * @property {number} arrived ms since 1970, fractional: when the oldest of the rows arrived or was due
 */

/**
 * @typedef {object} Malformed
 * @property {number} count
 * @property {string} reason
 * @property {string} sample the beginning of the message, at most 200 characters
 */

/**
 * A source's clock is the `now` it is given: ms since 1970, fractional, never falling.
 * @typedef {object} Source
 * @property {(now: number, wake: () => void) => void} start wake: something has arrived, or the state has changed
 * @property {(most: number, now: number) => RowBatch | null | Promise<RowBatch | null>} take rows that are due, in order, at most
 *   `most`; null: none is due. Not called while an earlier call is pending.
 * @property {(now: number) => number} due ms until rows will be due; 0: now; Infinity: not before wake()
 * @property {(now: number) => void} pause the clock of a paced source stands still; what arrives waits
 * @property {(now: number) => void} resume
 * @property {(rows: number) => void} step makes that many rows due although paused
 * @property {(change: {rate?: number, speed?: number, pace?: 'rate' | 'time', scenario?: import('./types.js').Scenario}, now: number) => void} adjust
 *   throws BAD_ARGUMENT for what the source does not have
 * @property {() => Malformed[]} takeMalformed since the last call
 * @property {(now: number) => import('./types.js').SourceState} state
 * @property {() => unknown} position plain data from which `start` can go on after what was taken so far; null: it cannot
 * @property {() => void} stop
 */

/**
 * What a source may ask of the engine's worker.
 * @typedef {object} RowReader
 * @property {import('../types.js').ModelCard} model
 * @property {(bytes: Uint8Array, complete: boolean, overrides: import('../types.js').ImportOverrides) => import('../types.js').ImportReport} inspect
 * @property {(options: {begin: number, line: number}) => void} begin records from byte `begin` on, in the layout of the last inspect()
 * @property {(bytes: Uint8Array) => void} feed
 * @property {() => void} finish no more bytes
 * @property {() => Omit<RowBatch, 'arrived' | 'times' | 'sourceRows' | 'references'> & {offsets: Float64Array}} takeRows
 *   rows read since the last call, with the byte offset of each
 * @property {(scenario: import('./types.js').Scenario, since: number, rows: number, columns: Float64Array, labels: Float64Array | null) =>
 *   {columns: Float64Array, labels: Float64Array | null}} applyScenario
 * @property {(options: {rows: number, seed: number, fraudRate: number}) => void} beginSynth
 * @property {(most: number) => Uint8Array} synth CSV text: header first, then rows
 * @property {(scenario: import('./types.js').Scenario) => number} scenarioFraudRate
 * @property {boolean} hasGenerator
 */

export {};
