// @ts-check
// A Monitor without an engine: it counts made-up rows, says what it was asked, and fails where it is told to.

/** @typedef {import('../../web/js/engine/live/types.js').Monitor} Monitor */
/** @typedef {import('../../web/js/engine/live/types.js').MonitorOptions} MonitorOptions */
/** @typedef {import('../../web/js/engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../../web/js/engine/live/types.js').AlertEpisode} AlertEpisode */
/** @typedef {import('../../web/js/engine/live/types.js').AlertRule} AlertRule */

/** @type {AlertRule[]} */
export const DEFAULT_RULES = [
  { id: 'fraud_rate', name: 'fraud rate > 1 %', statistic: 'fraud_rate', scope: 'window', above: 0.01, for_seconds: 0, cooldown_seconds: 60, min_rows: 1000, severity: 'alert', enabled: true },
  { id: 'average_probability', name: 'mean score > 0.1', statistic: 'average_probability', scope: 'window', above: 0.1, for_seconds: 0, cooldown_seconds: 60, min_rows: 1000, severity: 'warning', enabled: true },
];

const NAMES = [...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount_scaled', 'Time_scaled', 'Time_hour'];
const LEVELS = /** @type {const} */ (['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']);
const SHARES = [0.977, 0.0206, 0.0011, 0.0002, 0.0011];

/**
 * @param {number} number
 * @param {Partial<AlertEpisode>} [more]
 * @returns {AlertEpisode}
 */
export function episode(number, more = {}) {
  return {
    number,
    rule: 'fraud_rate',
    name: 'fraud rate > 1 %',
    statistic: 'fraud_rate',
    severity: 'alert',
    since_ms: 1000,
    last_ms: 2000,
    ended_ms: -1,
    count: 1,
    first_value: 0.021,
    last_value: 0.03,
    worst_value: 0.04,
    acknowledged_ms: -1,
    silenced: false,
    ...more,
  };
}

/**
 * A tick after `rows` rows.
 * @param {number} rows
 * @param {Partial<LiveTick>} [more]
 * @returns {LiveTick}
 */
export function tickAfter(rows, more = {}) {
  const stats = () => {
    const levels = SHARES.map((share) => Math.round(share * rows));
    const flagged = levels[3] + levels[4];
    const value = rows > 0 ? flagged / rows : null;
    return {
      rows,
      aside: 0,
      flagged,
      fraud_rate: { value, low: value === null ? null : value * 0.85, high: value === null ? null : value * 1.18 },
      average_probability: rows > 0 ? 0.0061 : null,
      high_risk_count: flagged,
      levels,
      missing_rate: 0,
      aside_rate: 0,
      first_time: 0,
      last_time: rows / 2,
      labelled: null,
      drifted_columns: rows < 1000 ? null : 2,
      score_psi: rows < 1000 ? null : 0.012,
    };
  };
  return {
    now: 1_700_000_000_000 + rows,
    total: rows,
    threshold: 0.5,
    source: {
      kind: 'demo',
      name: 'demo',
      state: 'running',
      message: '',
      offered: rows,
      taken: rows,
      waiting: 0,
      malformed: 0,
      rate: 200,
      scenario: 'calm',
      position: null,
      retryAt: 0,
    },
    window: stats(),
    overall: stats(),
    window_state: { complete: rows >= 10000, late: 0, restarts: 0 },
    throughput: 200,
    latency: { p50: 11, p99: 41 },
    delay: { p50: 60, p99: 120 },
    malformed: 0,
    malformed_last: [],
    detector: { rate: 0.0017, sum: 1.2, threshold: 5, alarms: 0, learning: 0 },
    alerts: { firing: 0, pending: 0, acknowledged: 0, rules: [], episodes: [], forgotten: 0, began: [] },
    recent: [],
    log: { remembered: false, store: 'none', bytes: 0, cap: 67108864, rows: 0, durable: 0, next: rows, problem: '' },
    generation: rows,
    ...more,
  };
}

/** The charts of a tick, after `rows` rows. @param {number} rows */
export function chartsAfter(rows) {
  const points = Math.min(300, Math.floor(rows / 100));
  const each = Array.from({ length: points }, (_, i) => i);
  const wave = (/** @type {number} */ i) => 1 + 0.4 * Math.sin(i / 7) + 0.3 * Math.sin(i / 2.3);
  return {
    series: {
      width_ms: 500,
      begin_ms: each.map((i) => 1_700_000_000_000 + 500 * i),
      scored: each.map(() => 100),
      fraud_rate: each.map((i) => 0.0018 * wave(i)),
      average_probability: each.map((i) => 0.006 * wave(i + 3)),
      levels: SHARES.map((share, level) => each.map((i) => (level === 0 ? 1 - 0.023 * wave(i) : (share * wave(i) * 0.023) / 0.023))),
    },
    columns: NAMES.map((name, i) => ({
      name,
      verdict: /** @type {'drifted' | 'too small to matter' | 'stable'} */ (i < 2 ? 'drifted' : i < 4 ? 'too small to matter' : 'stable'),
      psi: 0.4 / (i + 1),
      psi_noise: 0.01,
      p: i < 2 ? 1e-14 : 0.2,
      p_corrected: i < 2 ? 1e-13 : 0.6,
      missing_rate: 0,
      reference_missing_rate: 0,
    })),
    histogram: {
      edges: Array.from({ length: 51 }, (_, i) => i / 50),
      reference: Array.from({ length: 50 }, (_, i) => (i === 0 ? 0.95 : 0.05 / 49)),
      window: Array.from({ length: 50 }, (_, i) => (i === 0 ? 0.94 : 0.06 / 49)),
    },
  };
}

/**
 * @param {MonitorOptions} options
 * @param {{fail?: Record<string, Error>, rowsPerTick?: number}} [behaviour] fail: method name -> what it rejects with
 */
export function createFakeMonitor(options, behaviour = {}) {
  const fail = behaviour.fail ?? {};
  /** @type {[string, ...unknown[]][]} */
  const calls = [];
  let rows = 0;
  let rules = DEFAULT_RULES;
  let log = tickAfter(0).log;
  /** @type {LiveTick | null} */
  let last = null;
  let source = tickAfter(0).source;
  source = { ...source, state: 'waiting', kind: 'push', name: 'nothing' };

  /**
   * @param {string} name
   * @param {...unknown} given
   */
  async function called(name, ...given) {
    calls.push([name, ...given]);
    await null;
    if (fail[name]) throw fail[name];
  }

  /** @param {Partial<LiveTick>} [more] */
  function tick(more = {}) {
    last = tickAfter(rows, { source: { ...source, offered: rows, taken: rows }, log: { ...log, next: rows }, ...more });
    options.onTick?.(last);
    return last;
  }

  /** @type {Monitor} */
  const monitor = {
    async start(next) {
      await called('start', next);
      const scenario = next.kind === 'demo' ? (next.scenario ?? 'calm') : '';
      const rate = 'rate' in next ? (next.rate ?? 0) : 0;
      source = { ...source, kind: next.kind, name: next.kind === 'replay' ? `replay: ${next.name}` : next.kind, state: 'running', rate, scenario };
      tick();
    },
    async stop() {
      await called('stop');
      source = { ...source, state: 'ended' };
      tick();
    },
    async pause() {
      await called('pause');
      source = { ...source, state: 'paused', waiting: 123 };
      tick();
    },
    async resume() {
      await called('resume');
      source = { ...source, state: 'running', waiting: 0 };
      tick();
    },
    async step(count = 1) {
      await called('step', count);
      rows += count;
      tick();
    },
    async adjust(change) {
      await called('adjust', change);
      source = { ...source, ...change };
      tick();
    },
    async push(messages) {
      await called('push', messages);
      return { accepted: messages.length, malformed: 0, predictions: [] };
    },
    async configure(settings) {
      await called('configure', settings);
      if (settings.rules) rules = settings.rules.rules;
    },
    tick: () => last,
    async stats() {
      await called('stats');
      return /** @type {any} */ ({});
    },
    async column(name) {
      await called('column', name);
      const each = Array.from({ length: 20 }, (_, i) => i);
      const bell = (/** @type {number} */ i, /** @type {number} */ at) => Math.exp(-((i - at) ** 2) / 14) / 6.63;
      const reference = each.map((i) => bell(i, 9));
      const current = each.map((i) => bell(i, 12));
      const [drift] = chartsAfter(rows).columns;
      return {
        name,
        edges: Array.from({ length: 21 }, (_, i) => (i - 10) / 2),
        reference,
        current,
        contribution: each.map((i) => (current[i] - reference[i]) * Math.log(current[i] / reference[i])),
        drift: { ...drift, name },
      };
    },
    async rows(name, range) {
      await called('rows', name, range);
      return [{ row: 12, reference: 'A-12', time: 6, timestamp: 1_700_000_000_000, probability: 0.93, risk_level: 'CRITICAL', value: 3.25, inputs: [1, 2, null] }];
    },
    async summary(scope) {
      await called('summary', scope);
      return new TextEncoder().encode(JSON.stringify({ scope, rows }));
    },
    async merge(bytes) {
      await called('merge', bytes.length);
    },
    async acknowledge(number) {
      await called('acknowledge', number);
    },
    async silence(rule, until) {
      await called('silence', rule, until);
    },
    async rules() {
      await called('rules');
      return { version: 1, rules };
    },
    log: {
      async remember(on, cap) {
        await called('remember', on, cap);
        log = { ...log, remembered: on, store: on ? 'opfs' : 'none', cap: cap ?? log.cap };
        tick();
      },
      async clear() {
        await called('clear');
        log = { ...log, rows: 0, bytes: 0 };
        tick();
      },
      async *export(format) {
        await called('export', format);
        yield new TextEncoder().encode('first\n');
        yield new TextEncoder().encode('second\n');
      },
    },
    async reset() {
      await called('reset');
      rows = 0;
      tick();
    },
    async close() {
      await called('close');
    },
  };
  return {
    monitor,
    calls,
    tick,
    /** @param {string} name @returns {unknown[][]} what it was called with */
    of: (name) => calls.filter(([called]) => called === name).map((call) => call.slice(1)),
    /** Rows come. @param {number} more */
    run(more) {
      if (source.state === 'running') rows += more;
      return rows;
    },
    /** @param {import('../../web/js/engine/live/types.js').MonitorEvent} event */
    event: (event) => options.onEvent?.(event),
  };
}
