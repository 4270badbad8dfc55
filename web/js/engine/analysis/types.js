// @ts-check
// The types of drift and performance analysis: the documents that wasm/analysis/ writes (the same natively and here) and
// the client that runs it in workers of its own. Null stands for what is not known or has no meaning. Shares are 0..1,
// rows count from 0, intervals are 95 %.

/** @typedef {import('../types.js').Interval} Interval */
/** @typedef {import('../types.js').EngineError} EngineError */
/** @typedef {import('../types.js').ScoredFile} ScoredFile */
/** @typedef {import('../types.js').JobOptions} JobOptions */

/** @typedef {'drifted' | 'too small to matter' | 'stable' | 'too few rows'} Verdict */
/** @typedef {'BH' | 'BY' | 'Holm' | 'Bonferroni' | 'none'} Correction */
/** @typedef {'ks' | 'cvm' | 'ad' | 'mwu' | 'welch' | 'chi_square' | 'g'} NumericTest chi_square and g: over bins of the reference */
/** @typedef {'chi_square' | 'g' | 'fisher' | 'z'} CategoricalTest fisher and z: two categories only */

/**
 * A side of the comparison. `profile`: the model's training profile (counts). `reference`, `current`: a table, all of it
 * or the rows [first, end). `summary`: a summary file (counts).
 * @typedef {{from: 'profile' | 'reference' | 'current' | 'summary', rows?: [number, number] | null}} Side
 */

/**
 * @typedef {object} DriftRequest
 * @property {Side} reference
 * @property {Side} current
 * @property {number[]} [without] rows of the current table left out: "without these rows the verdict would be ..."
 * @property {string[] | null} [columns] by name; null: all
 * @property {NumericTest} [test] of numbers, default 'ks'; counts (profile, summary) are compared with 'chi_square' (default,
 *   and in place of tests that need the rows), 'g' or 'ks' (conservative: p_below where the rows could give less)
 * @property {CategoricalTest} [categorical_test] default 'chi_square'
 * @property {boolean} [all] every test and distance of every column, not only what the verdict needs: without it `tests` is
 *   null and so are the distances of numbers' rows (wasserstein, wasserstein_normalised, energy)
 * @property {number} [bins] of the reference's quantiles, for distances and charts; default 10; 2..200
 * @property {number} [level] default 0.05
 * @property {Correction} [correction] default 'BH'
 * @property {number | null} [effect_floor] null: the default of the test: ks 0.05, mwu 0.05, welch 0.1, others 0.1
 * @property {number} [min_rows] default 30; counts: 200
 * @property {number} [drift_share] default 0.5
 */

/**
 * How far a column has moved, in the unit of its test. ks, cvm, ad: `ks_distance` (largest distance of the distribution
 * functions); mwu: `auc_shift` (AUC of the column as a classifier, minus 0.5); welch: `mean_shift` (reference standard
 * deviations); chi_square, g, fisher, z: numbers in bins `psi_excess` (PSI less its expectation without drift),
 * categories `cramers_v`.
 * @typedef {object} Effect
 * @property {'ks_distance' | 'auc_shift' | 'mean_shift' | 'psi_excess' | 'cramers_v'} name
 * @property {number | null} value
 * @property {number | null} low
 * @property {number | null} high
 * @property {number} floor
 */

/**
 * Of counts: as the bins bound it, rows in the middle of their bin; least and greatest null.
 * @typedef {object} SideOfColumn
 * @property {number} rows with a value
 * @property {number} missing
 * @property {number | null} mean
 * @property {number | null} standard_deviation
 * @property {number | null} minimum
 * @property {number | null} lower_quartile
 * @property {number | null} median
 * @property {number | null} upper_quartile
 * @property {number | null} maximum
 */

/**
 * @typedef {object} TestOutcome
 * @property {number | null} statistic
 * @property {number | null} p_value null: none; `note` says why
 * @property {number | null} p_below the p-value is below this, which is the finest that can be stated (tables, counts)
 * @property {boolean} exact
 * @property {string} note empty, or one sentence
 */

/**
 * @typedef {object} ColumnVerdict
 * @property {string} name
 * @property {'numeric' | 'categorical'} kind
 * @property {NumericTest | CategoricalTest} test
 * @property {TestOutcome} outcome of that test
 * @property {number | null} p_corrected
 * @property {Effect} effect
 * @property {Interval} mean_shift current minus reference in reference standard deviations; numbers only
 * @property {Verdict} verdict
 * @property {SideOfColumn} reference
 * @property {SideOfColumn} current
 * @property {TestOutcome & {p_corrected: number | null, verdict: Verdict}} missing difference of the share of missing values:
 *   drifted where it changed by 0.01 or more, corrected over the columns that miss any
 * @property {Record<string, number | null>} distances psi, psi_expected, psi_bound, kl, js (base 2), hellinger, tv, linf;
 *   numbers also wasserstein, wasserstein_normalised, energy; zero rule: half a row per bin for psi and kl
 * @property {Record<string, TestOutcome> | null} tests of every kind, with request.all; else null
 * @property {{added: string[], gone: string[], rare_added: number, rare_gone: number} | null} categories new and missing ones:
 *   names of those of at least 10 rows, how many others; null for numbers
 */

/**
 * What a worker measured of its columns: as ColumnVerdict without p_corrected and verdict.
 * @typedef {{format: 'firetower-drift-measured', columns: object[], sides: object}} DriftMeasured
 */

/**
 * @typedef {object} SideOfReport
 * @property {'profile' | 'reference' | 'current' | 'summary'} from
 * @property {string} name file name, model name and version
 * @property {string | null} sha256 of the file (null: not worked out)
 * @property {number} rows
 * @property {number} aside
 * @property {[number, number] | null} window
 */

/**
 * @typedef {object} DriftReport
 * @property {'firetower-drift'} format
 * @property {1} version
 * @property {string} engine_version
 * @property {{name: string, version: string, sha256: string} | null} model
 * @property {SideOfReport} reference
 * @property {SideOfReport} current
 * @property {DriftRequest} settings every setting written out
 * @property {{verdict: 'moved' | 'not moved' | 'too few rows', sentence: string, judged: number, drifted: number,
 *   small: number, share: number | null, p_value: number | null, widespread: boolean, worst: string | null,
 *   missing_changed: number}} overall missing_changed: columns whose share of missing values drifted
 * @property {ColumnVerdict[]} columns drifted first, then by corrected p-value, then as given
 * @property {MultivariateDrift} [multivariate]
 * @property {object} [performance]
 * @property {object} [estimate]
 * @property {object} [detectors]
 * @property {Record<string, DriftColumn>} [charts] of the columns a report shows
 */

/**
 * One column in detail; contributions add up to `total`.
 * @typedef {object} DriftColumn
 * @property {string} name
 * @property {'numeric' | 'categorical'} kind
 * @property {string} score what is decomposed: 'psi'
 * @property {number | null} total
 * @property {{low: number | null, high: number | null, category: string | null, missing: boolean, reference: number, current: number, contribution: number | null}[]} bins
 *   numbers in [low, high), null: without end; a bin with neither, no category and not missing: the rarer categories; the
 *   missing rows come last, without a contribution: they have a test of their own
 */

/** @typedef {{windows: {first: number, last: number, value: number | null, verdict: Verdict}[]}} DriftTrend */

/**
 * @typedef {object} MultivariateDrift
 * @property {{reference: number, current: number}} rows
 * @property {{components: number, explained: number, reference_error: number, current_error: number, p_value: number | null} | null} pca
 * @property {{statistic: number, p_value: number | null, distance: number} | null} mahalanobis
 * @property {{auc: Interval, p_value: number | null, permutations: number, importances: {name: string, value: number}[]} | null} domain
 * @property {{mmd2: number, sigma: number, p_value: number, permutations: number, rows: number} | null} mmd
 */

/** Rows by their value of a column: numbers in [low, high), a category, or those without a value.
 * @typedef {{low?: number | null, high?: number | null, category?: string | null, missing?: boolean}} RowPlace */

/** @typedef {{scores: Float64Array, labels?: Float64Array | null, weights?: Float64Array | null, amounts?: Float64Array | null, times?: Float64Array | null}} ScoredRows */

/** aside: rows that could not be read, with reasons; sha256: of the file.
 * @typedef {{rows: number, aside: number, reasons: Record<string, number>, columns: {name: string, kind: 'numeric' | 'categorical'}[], labels: boolean, sha256: string | null}} TableInfo */

/** @typedef {{total: number, rows: {row: number, offset: number | null, value: number | string | null, ratio: number | null}[]}} DriftRows */

/**
 * @typedef {{file: Blob, name: string, overrides?: import('../types.js').ImportOverrides}} FileSource
 * @typedef {{summary: string, name: string}} SummarySource
 */

/**
 * The client. Two workers share the columns of a file, a third does what takes long and needs no columns, so that a
 * boundary can be dragged meanwhile; a file given again is not read again; a worker that dies is replaced, and given
 * its columns again. Rejections are EngineError, as those of the engine.
 * @typedef {object} DriftAnalysis
 * @property {(which: 'reference' | 'current', source: FileSource | SummarySource | null, options?: JobOptions) => Promise<TableInfo>} load
 *   null: forget it. A newer load of the same side makes the one before reject with ABORTED
 * @property {(request: DriftRequest, sections?: object) => Promise<DriftReport>} compare a newer call makes the one before reject with ABORTED
 * @property {(name: string, request: DriftRequest) => Promise<DriftColumn>} column
 * @property {(name: string, request: DriftRequest, windows: number) => Promise<DriftTrend>} trend of the request's current rows
 * @property {(name: string, where: RowPlace, request: DriftRequest, max: number) => Promise<DriftRows>} rows
 *   ranked by the domain classifier's density ratio once multivariate() has run for these sides (of the first 20,000 where there are more)
 * @property {(request: DriftRequest & {multivariate?: object}, options?: JobOptions) => Promise<MultivariateDrift>} multivariate
 *   of at most 5,000 rows of each side (multivariate.rows: another number, up to 50,000)
 * @property {() => Promise<object[]>} detectors
 * @property {(request: object, values: Float64Array, options?: JobOptions) => Promise<object>} detect
 * @property {(request: object, reference: Float64Array, options?: JobOptions) => Promise<object>} falseAlarms
 * @property {(request: object, drifts: Float64Array, options?: JobOptions) => Promise<object>} scoreDetector
 * @property {(rows: ScoredRows, request: object, options?: JobOptions) => Promise<object>} performance
 * @property {(reference: ScoredRows | null, current: ScoredRows, request: object, options?: JobOptions) => Promise<object>} estimate
 * @property {(rows: ScoredRows, request: object, options?: JobOptions) => Promise<object>} backTest
 * @property {(first: ScoredRows, second: Float64Array, request: object, options?: JobOptions) => Promise<object>} comparePerformance
 * @property {(report: DriftReport) => Promise<string>} reportJson its bytes as `firetower drift --json` writes them
 * @property {(report: DriftReport) => Promise<string>} reportHtml
 * @property {() => void} close
 */

export {};
