// @ts-check
// An analysis that answers at once, with documents of the right shape: V14 has drifted from `since` on, the rest is as it
// was. Counts what it was asked.

/** @typedef {import('../../web/js/engine/analysis/types.js').DriftAnalysis} DriftAnalysis */
/** @typedef {import('../../web/js/engine/analysis/types.js').DriftRequest} DriftRequest */
/** @typedef {import('../../web/js/engine/analysis/types.js').DriftReport} DriftReport */
/** @typedef {import('../../web/js/engine/analysis/types.js').ColumnVerdict} ColumnVerdict */

const NAMES = ['Time', ...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount', 'score'];

/** @param {number} rows */
const side = (rows, mean = 0) => ({ rows, missing: 0, mean, standard_deviation: 1, minimum: -3, lower_quartile: -0.7, median: mean, upper_quartile: 0.7, maximum: 3 });
const outcome = (/** @type {number} */ p) => ({ statistic: 1.5, p_value: p, p_below: null, exact: false, note: '' });

/**
 * @param {string} name
 * @param {boolean} drifted
 * @param {number} rows
 * @returns {ColumnVerdict}
 */
export function columnVerdict(name, drifted, rows = 1000) {
  const p = drifted ? 1e-40 : 0.4;
  return {
    name,
    kind: 'numeric',
    test: 'ks',
    outcome: outcome(p),
    p_corrected: p,
    effect: { name: 'ks_distance', value: drifted ? 0.42 : 0.011, low: drifted ? 0.4 : 0, high: drifted ? 0.44 : 0.02, floor: 0.05 },
    mean_shift: { value: drifted ? 0.62 : 0.01, low: drifted ? 0.58 : -0.01, high: drifted ? 0.66 : 0.03 },
    verdict: drifted ? 'drifted' : 'stable',
    reference: side(rows),
    current: side(rows, drifted ? 0.62 : 0),
    missing: { ...outcome(1), p_corrected: null, verdict: 'stable' },
    distances: { psi: drifted ? 0.8 : 0.002, psi_expected: 0.001, psi_bound: 0.003, js: 0.1 },
    tests: null,
    categories: null,
  };
}

/**
 * @param {object} [options]
 * @param {number} [options.rows] of the current file
 * @param {number} [options.since] row
 * @param {() => Promise<void>} [options.gate] waited for before a comparison is answered
 */
export function fakeAnalysis({ rows = 1000, since = 600, gate = async () => {} } = {}) {
  /** @type {{what: string, request?: any}[]} */
  const asked = [];
  let ratios = false;
  const bins = [
    { low: null, high: -1, reference: 300, current: 100, contribution: 0.2 },
    { low: -1, high: 1, reference: 400, current: 200, contribution: 0.1 },
    { low: 1, high: null, reference: 300, current: 700, contribution: 0.5 },
  ].map((bin) => ({ ...bin, category: null, missing: false }));
  /** @param {DriftRequest} request @returns {DriftReport} */
  const report = (request) => {
    const [first, end] = request.current.rows ?? [0, rows];
    const drifted = end > since && (request.without ?? []).length === 0;
    const columns = NAMES.map((name) => columnVerdict(name, drifted && name === 'V14', end - first)).sort((a, b) => Number(b.verdict === 'drifted') - Number(a.verdict === 'drifted'));
    const n = drifted ? 1 : 0;
    return {
      format: 'firetower-drift',
      version: 1,
      engine_version: '0',
      model: null,
      reference: { from: request.reference.from, name: 'fake 1.0', sha256: null, rows: 5000, aside: 0, window: request.reference.rows ?? null },
      current: { from: request.current.from, name: 'fake.csv', sha256: null, rows: end - first, aside: 0, window: request.current.rows ?? null },
      settings: request,
      overall: {
        verdict: drifted ? 'moved' : 'not moved',
        sentence: drifted ? 'The data has moved: 1 of 31 columns drifted, the worst is V14 (mean +0.62 σ).' : 'The data has not moved: none of 31 columns drifted.',
        judged: 31,
        drifted: n,
        small: 0,
        share: n / 31,
        p_value: drifted ? 1e-40 : 0.5,
        widespread: false,
        worst: drifted ? 'V14' : null,
        missing_changed: 0,
      },
      columns,
    };
  };
  const interval = (/** @type {number} */ value) => ({ value, low: value - 0.01, high: value + 0.01 });
  const figures = { auc: interval(0.95), average_precision: interval(0.8), precision: interval(0.7), recall: interval(0.75), specificity: interval(0.99), f1: interval(0.72) };
  const windows = [0, 1, 2, 3].map((i) => ({ first: 250 * i, last: 250 * i + 249, ...figures, auc: interval(0.97 - 0.03 * i) }));
  /** @type {DriftAnalysis} */
  const analysis = {
    async load(which, source) {
      asked.push({ what: `load ${which}`, request: source && ('file' in source ? source.name : 'summary') });
      if (source && source.name === 'bad.csv') throw Object.assign(new Error('Columns missing: V1.'), { code: 'SCHEMA_MISMATCH' });
      return { rows, aside: 0, reasons: {}, columns: NAMES.map((name) => ({ name, kind: 'numeric' })), labels: true, sha256: null };
    },
    async compare(request, sections = {}) {
      asked.push({ what: 'compare', request });
      await gate();
      return { ...report(request), ...sections };
    },
    async column(name, request) {
      asked.push({ what: `column ${name}`, request });
      return { name, kind: 'numeric', score: 'psi', total: 0.8, bins };
    },
    async trend(name, request, count) {
      const [first, end] = request.current.rows ?? [0, rows];
      const width = (end - first) / count;
      return {
        windows: Array.from({ length: count }, (_, i) => {
          const last = Math.round(first + width * (i + 1)) - 1;
          const drifted = name === 'V14' && last >= since;
          return { first: Math.round(first + width * i), last, value: drifted ? 0.4 : 0.01, verdict: drifted ? 'drifted' : 'stable' };
        }),
      };
    },
    async rows(name, where, request, max) {
      asked.push({ what: `rows ${name}`, request: where });
      const total = 7;
      return { total, rows: Array.from({ length: Math.min(max, total) }, (_, i) => ({ row: ratios ? 606 - i : 600 + i, offset: 0, value: 2, ratio: ratios ? 9 - i : null })) };
    },
    async multivariate(_request, { signal } = {}) {
      asked.push({ what: 'multivariate' });
      await gate();
      if (signal?.aborted) throw Object.assign(new Error('cancelled'), { code: 'ABORTED' });
      ratios = true;
      return {
        rows: { reference: 500, current: 500 },
        pca: { components: 20, explained: 0.66, reference_error: 1, current_error: 1.4, p_value: 0.001 },
        mahalanobis: { statistic: 812.3, p_value: 0, distance: 0.7 },
        domain: { auc: interval(0.81), p_value: 0.025, permutations: 39, importances: [{ name: 'V14', value: 0.5 }, { name: 'V12', value: 0.1 }] },
        mmd: { mmd2: 0.01, sigma: 5, p_value: 0.005, permutations: 199, rows: 1000 },
      };
    },
    async detectors() {
      return [
        { name: 'adwin', title: 'ADWIN', binary: false, source: 'Bifet and Gavaldà 2007', parameters: [{ name: 'delta', low: 0, high: 1, default: 0.002, choices: '', whole: false, meaning: 'Confidence.' }] },
        { name: 'ddm', title: 'DDM', binary: true, source: 'Gama 2004', parameters: [{ name: 'semantics', low: 0, high: 1, default: 'paper', choices: 'paper|river', whole: false, meaning: 'What it keeps.' }] },
      ];
    },
    async detect(request, values) {
      asked.push({ what: 'detect', request });
      return { ...request, alarms: [since + 20], warnings: [], values: values.length };
    },
    async scoreDetector(request, drifts) {
      asked.push({ what: 'scoreDetector', request: { ...request, drifts: [...drifts] } });
      return { drifts: drifts.length, horizon: /** @type {any} */ (request).horizon };
    },
    async falseAlarms(request, reference) {
      asked.push({ what: 'falseAlarms', request: { ...request, rows: reference.length } });
      return { per_10000: { value: 0.5, low: 0.1, high: 1.4 }, alarms: 3, rows: 60000, run_length: 20000, promised_run_length: null };
    },
    async performance(given, request) {
      asked.push({ what: 'performance', request: { ...request, rows: given.scores.length } });
      return {
        ...figures,
        rows: given.scores.length,
        matured: 900,
        share_matured: 0.9,
        positives: 12,
        weighted: false,
        brier: 0.001,
        log_loss: 0.01,
        calibration: { ece: 0.02, bins: [0.1, 0.5, 0.9].map((predicted) => ({ low: 0, high: 1, rows: 300, predicted, observed: interval(predicted - 0.02) })) },
        cost: { curve: [0.2, 0.5, 0.8].map((threshold) => ({ threshold, cost: 1000 * threshold, flagged: 10 })), best: { threshold: 0.2, cost: 200 }, at_threshold: { threshold: 0.5, cost: 500 } },
        budget: { alerts: 100, precision: interval(0.1), recall: interval(0.9), lift: 50, value_share: 0.8 },
        budget_per_window: null,
        undefined: {},
        windows,
      };
    },
    estimate: async () => ({ assumption: 'Holds while the link between data and fraud is as it was.', ...figures, windows }),
    backTest: async () => ({ windows: windows.map((window) => ({ ...window, estimated: figures, realised: { auc: 0.94 }, inside: { auc: true } })), error: { auc: 0.01 } }),
    comparePerformance: async () => ({}),
    reportHtml: async (document) => `<!doctype html><title>${document.overall.verdict}</title>`,
    reportJson: async (document) => `${JSON.stringify(document)}\n`,
    close: () => void asked.push({ what: 'close' }),
  };
  return { analysis, asked };
}
