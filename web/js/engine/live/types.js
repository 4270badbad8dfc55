// @ts-check
// The types of the live monitor's API. `engine.monitor()` gives a Monitor: one engine worker of its own that scores a
// stream, counts it and says what is going on. Times of the clock are ms since 1970, of the data seconds.

/** @typedef {import('../types.js').EngineError} EngineError */
/** @typedef {import('../types.js').Prediction} Prediction */
/** @typedef {import('../types.js').RiskLevelName} RiskLevelName */
/** @typedef {import('../types.js').Interval} Interval */

/** @typedef {'calm' | 'shift' | 'fraud_wave' | 'cents' | 'missing_column' | 'slow_drift' | 'label_flip'} Scenario */

/**
 * Where rows come from.
 * `demo`: generated rows without end. `replay`: a CSV file's rows; rate in rows a second, or pace 'time': by the
 * file's time column, `speed` times as fast. `push`: only what Monitor.push() is given (embedding page, API).
 * `events`, `socket`: a same-origin EventSource or WebSocket whose messages are rows (see live/README.md).
 * @typedef {{kind: 'demo', rate?: number, scenario?: Scenario, seed?: number}
 *   | {kind: 'replay', file: Blob, name: string, overrides?: import('../types.js').ImportOverrides, pace?: 'rate' | 'time',
 *      rate?: number, speed?: number, timeColumn?: string, loop?: boolean}
 *   | {kind: 'push', name?: string}
 *   | {kind: 'events', url: string}
 *   | {kind: 'socket', url: string}} StreamSource
 */

/**
 * @typedef {object} SourceState
 * @property {StreamSource['kind']} kind
 * @property {string} name for people and the log: "demo", "replay: file.csv", "events: /stream"
 * @property {'waiting' | 'running' | 'paused' | 'reconnecting' | 'ended' | 'stopped' | 'failed'} state
 * @property {string} message why it is reconnecting or has failed; else empty
 * @property {number} offered rows that the source has had to give so far (a paced source: that are due)
 * @property {number} taken rows handed to the engine: scored, set aside
 * @property {number} waiting rows received and not scored yet (paused, or behind)
 * @property {number} malformed messages that were no rows
 * @property {number} rate asked for, rows a second; 0: as they come
 * @property {Scenario | ''} scenario
 * @property {number | null} position share of a replayed file, 0..1
 * @property {number} retryAt ms; when the next attempt to connect is made; 0: none
 */

/**
 * @typedef {object} ScopeStats statistics of a window or of everything since the start
 * @property {number} rows scored
 * @property {number} aside rows set aside
 * @property {number} flagged
 * @property {Interval} fraud_rate share flagged, Wilson's interval
 * @property {number | null} average_probability
 * @property {number} high_risk_count HIGH and CRITICAL
 * @property {number[]} levels MINIMAL to CRITICAL
 * @property {number} missing_rate share of missing cells
 * @property {number} aside_rate
 * @property {number | null} first_time seconds of the data's clock
 * @property {number | null} last_time
 * @property {{rows: number, positives: number, true_positive: number, false_positive: number, true_negative: number,
 *   false_negative: number, precision: Interval, recall: Interval} | null} labelled null: no labels
 * @property {number | null} drifted_columns null: too few rows to say
 * @property {number | null} score_psi null: too few rows
 */

/**
 * @typedef {object} ColumnDrift
 * @property {string} name
 * @property {'too few rows' | 'stable' | 'too small to matter' | 'drifted'} verdict
 * @property {number | null} psi
 * @property {number | null} psi_noise
 * @property {number | null} p
 * @property {number | null} p_corrected
 * @property {number} missing_rate
 * @property {number} reference_missing_rate
 */

/**
 * @typedef {object} RecentPrediction
 * @property {number} sequence
 * @property {number} timestamp
 * @property {number | null} row of the source
 * @property {string} reference
 * @property {number | null} time of the data's clock
 * @property {number | null} probability null: set aside
 * @property {RiskLevelName | null} risk_level
 * @property {string} message what is wrong with a row set aside
 */

/**
 * @typedef {object} AlertEpisode see core/monitor/alerts.h
 * @property {number} number
 * @property {string} rule
 * @property {string} name
 * @property {string} statistic
 * @property {'info' | 'warning' | 'alert'} severity
 * @property {number} since_ms
 * @property {number} last_ms
 * @property {number} ended_ms -1: still firing
 * @property {number} count
 * @property {number} first_value
 * @property {number} last_value
 * @property {number} worst_value
 * @property {number} acknowledged_ms -1: not
 * @property {boolean} silenced
 */

/**
 * @typedef {object} Alerts
 * @property {number} firing
 * @property {number} pending
 * @property {number} acknowledged firing ones that were acknowledged
 * @property {{id: string, state: 'idle' | 'pending' | 'firing' | 'cooling', since_ms: number, value: number | null,
 *   silenced_until_ms: number}[]} rules
 * @property {AlertEpisode[]} episodes newest first
 * @property {number} forgotten
 * @property {number[]} began numbers of the episodes that began since the last tick
 */

/**
 * The whole of what a view shows; at most ten a second.
 * @typedef {object} LiveTick
 * @property {number} now
 * @property {number} total rows since the start, scored or set aside
 * @property {number} threshold
 * @property {SourceState} source
 * @property {ScopeStats} window
 * @property {ScopeStats} overall
 * @property {{complete: boolean, late: number, restarts: number}} window_state
 * @property {number} throughput rows a second, over the last few seconds
 * @property {{p50: number | null, p99: number | null}} latency scoring time per row, microseconds
 * @property {{p50: number | null, p99: number | null}} delay from a row's arrival to the tick that counts it, ms
 * @property {number} malformed
 * @property {{reason: string, sample: string}[]} malformed_last the last few
 * @property {{rate: number | null, sum: number, threshold: number, alarms: number, learning: number}} detector
 *   Bernoulli CUSUM on flagged rows; learning: rows still needed to learn the usual rate, 0: at work
 * @property {Alerts} alerts
 * @property {RecentPrediction[]} recent newest first
 * @property {LogState} log
 * @property {number} generation of the charts; those below are there only when it is a new one
 * @property {{width_ms: number, begin_ms: number[], scored: number[], fraud_rate: number[], average_probability: number[],
 *   levels: number[][]}} [series] levels[l][i]: share of level l at point i
 * @property {ColumnDrift[]} [columns] drifted ones first
 * @property {{edges: number[], reference: number[] | null, window: number[]}} [histogram] of scores; 50 bins; shares
 */

/**
 * @typedef {object} LogState the prediction log
 * @property {boolean} remembered kept on this device
 * @property {'none' | 'opfs' | 'indexeddb'} store
 * @property {number} bytes on the device
 * @property {number} cap bytes; the oldest blocks go beyond it
 * @property {number} rows on the device
 * @property {number} durable sequence numbers below this are safe on the device
 * @property {number} next sequence number of the next row
 * @property {string} problem what keeps it from being kept (quota, private mode), with what to do; empty: nothing
 */

/**
 * @typedef {object} MonitorSettings all may be left out
 * @property {{kind: 'start' | 'rows' | 'time', tumbling?: boolean, rows?: number, seconds?: number}} [window]
 * @property {{version: 1, rules: AlertRule[]}} [rules]
 * @property {number | null} [threshold] null: the model's
 * @property {{level?: number, floor?: number}} [drift]
 * @property {{rate?: number | null, factor?: number, run_length?: number}} [detector]
 * @property {number} [points] most points of a series: as many as the chart has pixels
 */

/**
 * @typedef {object} AlertRule
 * @property {string} id
 * @property {string} name
 * @property {string} statistic
 * @property {'window' | 'overall'} [scope]
 * @property {number} [above]
 * @property {number} [below]
 * @property {number} [for_seconds]
 * @property {number} [cooldown_seconds]
 * @property {number} [min_rows]
 * @property {'info' | 'warning' | 'alert'} [severity]
 * @property {boolean} [enabled]
 */

/**
 * @typedef {object} MonitorOptions
 * @property {MonitorSettings} [settings]
 * @property {(tick: LiveTick) => void} [onTick]
 * @property {(event: MonitorEvent) => void} [onEvent]
 * @property {boolean} [remember] keep the prediction log on this device. Default: false.
 * @property {number} [cap] bytes of the log on the device. Default: 64 MiB.
 */

/**
 * `restarted`: the engine died and goes on from its last checkpoint (since: overall statistics are complete, the window
 * begins anew). `model`: another model; statistics begin anew, `summary` is what was counted with the old one.
 * @typedef {{type: 'restarted', message: string}
 *   | {type: 'model', version: string, summary: Uint8Array}
 *   | {type: 'failed', error: EngineError}} MonitorEvent
 */

/**
 * @typedef {object} PushResult
 * @property {number} accepted
 * @property {number} malformed
 * @property {(Prediction | null)[]} predictions one per row accepted, null: set aside. Empty unless asked for.
 */

/**
 * @typedef {object} Monitor
 * @property {(source: StreamSource) => Promise<void>} start another source; the one before is stopped, its waiting rows are scored first
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} pause rows that arrive meanwhile wait; none is lost
 * @property {() => Promise<void>} resume
 * @property {(rows?: number) => Promise<void>} step while paused: scores that many rows. Default: 1.
 * @property {(change: {rate?: number, speed?: number, pace?: 'rate' | 'time', scenario?: Scenario}) => Promise<void>} adjust
 * @property {(messages: unknown[], options?: {predictions?: boolean}) => Promise<PushResult>} push messages as of an
 *   embedding page; resolves when they are counted (at once, even while paused, if predictions are asked for)
 * @property {(settings: MonitorSettings) => Promise<void>} configure rejects with BAD_ARGUMENT naming the key
 * @property {() => LiveTick | null} tick the latest
 * @property {() => Promise<StatsDocument>} stats the document of GET api/stats
 * @property {(feature: string) => Promise<ColumnDetail>} column
 * @property {(feature: string, range: {low: number, high: number, max?: number}) => Promise<RecentRow[]>} rows
 * @property {(scope: 'window' | 'overall') => Promise<Uint8Array>} summary
 * @property {(bytes: Uint8Array) => Promise<void>} merge adds a summary that was saved
 * @property {(episode: number) => Promise<void>} acknowledge 0: all
 * @property {(rule: string, until: number) => Promise<void>} silence ms since 1970; 0 ends it
 * @property {() => Promise<{version: 1, rules: AlertRule[]}>} rules
 * @property {{remember: (on: boolean, cap?: number) => Promise<void>, clear: () => Promise<void>,
 *   export: (format: 'ndjson' | 'csv') => AsyncIterable<Uint8Array>}} log export: what is on the device, else the recent ones
 * @property {() => Promise<void>} reset statistics from zero; the log stays
 * @property {() => Promise<void>} close
 */

/**
 * The document of GET api/stats.
 * @typedef {object} StatsDocument
 * @property {number} total_predictions rows scored
 * @property {number | null} fraud_rate share flagged
 * @property {number | null} avg_probability
 * @property {number} high_risk_count HIGH and CRITICAL
 * @property {object} model_performance
 * @property {(Prediction & {row: number | null, reference: string})[]} recent_predictions newest first, at most 200
 * @property {Record<RiskLevelName, number>} risk_levels
 * @property {number} rows_set_aside
 * @property {number} malformed
 * @property {number} threshold
 * @property {string} model_version
 * @property {string | null} since ISO 8601, when the first row was scored
 */

/**
 * @typedef {object} ColumnDetail
 * @property {string} name
 * @property {number[]} edges
 * @property {number[]} reference share of rows per bin; the first and last also hold what is beyond
 * @property {number[]} current
 * @property {number[]} contribution of each bin to the PSI
 * @property {ColumnDrift} drift
 */

/**
 * @typedef {object} RecentRow
 * @property {number | null} row
 * @property {string} reference
 * @property {number | null} time
 * @property {number} timestamp
 * @property {number} probability
 * @property {RiskLevelName} risk_level
 * @property {number | null} value of the feature
 * @property {(number | null)[]} inputs in the model's order
 */

export {};
