// @ts-check
// The whole view state as one JSON object with a version: what a session file holds, what an address carries and what
// the page remembers. Settings only, never data: no file name, no row, no score. Reading is tolerant: unknown keys are
// ignored, bad values fall back one by one and are named. Pure.
//
//   const { session, dropped } = readSession(anything);   // never throws
//   writeSession(session)                                 // text; reading it gives the same session, nothing dropped

import { CORRECTIONS, CURRENTS, defaultDriftSettings, REFERENCES, TESTS } from './drift_state.js';
import { defaultFilter } from './filters.js';
import { DEFAULT_RATE, defaultLiveSettings, MAX_RATE, SCENARIOS } from './live_state.js';
import { LEVELS } from './scores.js';

/** @typedef {import('../engine/live/types.js').AlertRule} AlertRule */

/** @typedef {import('./live_state.js').LiveSettings} LiveSettings */
/** @typedef {Pick<LiveSettings, 'window' | 'scope' | 'rules' | 'source'>} Live what of the live view is no consent of this device's owner */

/**
 * @typedef {object} Session
 * @property {1} version
 * @property {'firetower'} exporter
 * @property {View} view
 * @property {'system' | 'light' | 'dark'} theme
 * @property {number | null} threshold null: the model's own
 * @property {{filter: import('./filters.js').Filter, order: import('./app_state.js').Order, columns: string[] | null, weighted: boolean}} review
 * @property {Live} live
 * @property {import('./drift_state.js').DriftSettings} drift
 */

/** @typedef {'review' | 'live' | 'drift' | 'model'} View */

export const SESSION_VERSION = 1;
export const VIEWS = /** @type {const} */ (['review', 'live', 'drift', 'model']);
export const THEMES = /** @type {const} */ (['system', 'light', 'dark']);
/** Bytes of a session file that are read at most. */
export const MAX_SESSION_BYTES = 2 << 20;
export const MAX_RULES = 200;
const MAX_NAMES = 2000;
const MAX_TEXT = 1000;

/** @returns {Live} */
function defaultLive() {
  const { window, scope, rules, source } = defaultLiveSettings();
  return { window, scope, rules, source };
}

/** @returns {Session} */
export function defaultSession() {
  return {
    version: SESSION_VERSION,
    exporter: 'firetower',
    view: 'review',
    theme: 'system',
    threshold: null,
    review: {
      filter: defaultFilter(),
      order: { key: 'score', column: '', descending: true },
      columns: null,
      weighted: true,
    },
    live: defaultLive(),
    drift: defaultDriftSettings(),
  };
}

// --- reading: a reader gives the value to use, or nothing for a bad one

/** @typedef {(value: unknown, path: string, dropped: string[]) => any} Reader */

/** @param {readonly unknown[]} values @returns {Reader} */
const oneOf = (values) => (value) => (values.includes(value) ? value : undefined);

/**
 * @param {number} least
 * @param {number} most
 * @param {{whole?: boolean}} [options]
 * @returns {Reader}
 */
const number =
  (least, most, { whole = false } = {}) =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isSafeInteger(value))
      ? value + 0 // -0 is written as 0
      : undefined;

/** @type {Reader} */
const flag = (value) => (typeof value === 'boolean' ? value : undefined);

/** @param {number} [most] characters @returns {Reader} */
const text =
  (most = MAX_TEXT) =>
  (value) =>
    typeof value === 'string' && value.length <= most && !/\p{Surrogate}/u.test(value) ? value : undefined; // no half of a character

/** @param {Reader} read @returns {Reader} */
const orNull = (read) => (value, path, dropped) => (value === null ? null : read(value, path, dropped));

/**
 * A path on the page's own origin, with a query at most.
 * @type {Reader}
 */
export const ownPath = (value) =>
  typeof value === 'string' && value.length <= MAX_TEXT && /^(?!\/\/)[A-Za-z0-9._~\/-]+(\?[A-Za-z0-9._~\/?=&%-]*)?$/.test(value) ? value : undefined;

/**
 * An object key by key: what is missing stays as in `base`, what is bad too, and is named.
 * @param {Record<string, Reader>} readers
 * @param {Record<string, any>} base
 * @returns {Reader}
 */
const object = (readers, base) => (value, path, dropped) => {
  const result = { ...base };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  for (const [key, read] of Object.entries(readers)) {
    if (!Object.hasOwn(value, key)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const found = read(/** @type {Record<string, unknown>} */ (value)[key], at, dropped);
    if (found === undefined) dropped.push(at);
    else result[key] = found;
  }
  return result;
};

/**
 * A list element by element: bad ones are left out and named.
 * @param {Reader} read
 * @param {number} most
 * @returns {Reader}
 */
const list = (read, most) => (value, path, dropped) => {
  if (!Array.isArray(value)) return undefined;
  const result = [];
  for (let i = 0; i < value.length; ++i) {
    if (i >= most) {
      dropped.push(`${path}[${most}] and after`);
      break;
    }
    const at = `${path}[${i}]`;
    const found = read(value[i], at, dropped);
    if (found === undefined) dropped.push(at);
    else result.push(found);
  }
  return result;
};

const limit = number(-Number.MAX_VALUE, Number.MAX_VALUE);
const RULE = /** @type {Record<string, Reader>} */ ({
  id: (value) => (typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined),
  name: (value) => (value === '' ? undefined : text(200)(value, '', [])),
  statistic: (value) => (typeof value === 'string' && /^[a-z][a-z0-9_]*(\..{1,200})?$/s.test(value) ? text()(value, '', []) : undefined),
  scope: oneOf(['window', 'overall']),
  above: limit,
  below: limit,
  for_seconds: number(0, 86400),
  cooldown_seconds: number(0, 86400),
  min_rows: number(0, Number.MAX_SAFE_INTEGER, { whole: true }),
  severity: oneOf(['info', 'warning', 'alert']),
  enabled: flag,
});

/**
 * A rule whose meaning would change is left out as a whole; how it is shown and timed falls back.
 * @type {Reader}
 */
const rule = (value, path, dropped) => {
  /** @type {string[]} */
  const bad = [];
  const found = object(RULE, {})(value, path, bad);
  if (!found) return undefined;
  const { id, name, statistic, above, below } = found;
  const wrong = ['above', 'below', 'scope'].some((key) => bad.includes(`${path}.${key}`));
  const sensible = above === undefined ? below !== undefined : below === undefined || below < above;
  if (wrong || !sensible || id === undefined || name === undefined || statistic === undefined) return undefined;
  dropped.push(...bad);
  return found;
};

/** @type {Reader} */
const rules = (value, path, dropped) => {
  /** @type {AlertRule[] | undefined} */
  const found = list(rule, MAX_RULES)(value, path, dropped);
  const ids = new Set();
  return found?.filter(({ id }) => {
    if (ids.has(id)) dropped.push(`${path}: a second rule “${id}”`);
    return !ids.has(id) && ids.add(id);
  });
};

/** @type {Reader} */
const source = (value, path, dropped) => {
  const kind = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  if (kind === 'demo') {
    const readers = { rate: number(1, MAX_RATE), scenario: oneOf(SCENARIOS.map(({ name }) => name)) };
    return object(readers, { kind, rate: DEFAULT_RATE, scenario: 'calm' })(value, path, dropped);
  }
  if (kind !== 'events' && kind !== 'socket') return undefined;
  const url = ownPath(Reflect.get(/** @type {object} */ (value), 'url'), path, dropped);
  return url === undefined ? undefined : { kind, url };
};

const LIVE = object(
  {
    window: object(
      {
        kind: oneOf(['start', 'rows', 'time']),
        tumbling: flag,
        rows: number(1, 2 ** 24, { whole: true }),
        seconds: number(0.001, 1e9),
      },
      defaultLive().window,
    ),
    scope: oneOf(['window', 'overall']),
    rules: orNull(rules),
    source: orNull(source),
  },
  defaultLive(),
);

const MAX_PARAMETERS = 40;
/** Values of a detector's parameters by name; the detector says which it knows. @type {Reader} */
const parameters = (value, path, dropped) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = /** @type {Record<string, number | string>} */ ({});
  Object.entries(value).forEach(([key, given], i) => {
    const usable = typeof given === 'string' ? text(100)(given, path, dropped) : limit(given, path, dropped);
    if (i >= MAX_PARAMETERS || !/^[a-z][a-z0-9_]{0,40}$/.test(key) || usable === undefined) dropped.push(`${path}.${key.slice(0, 40)}`);
    else found[key] = usable;
  });
  return found;
};

const usualDrift = defaultDriftSettings();
const DRIFT = object(
  {
    reference: oneOf(REFERENCES),
    current: oneOf(CURRENTS),
    boundary: number(0, 1),
    end: number(0, 1),
    test: oneOf(TESTS),
    correction: oneOf(CORRECTIONS),
    level: number(1e-6, 0.5),
    floor: orNull(number(0, 10)),
    minRows: orNull(number(1, 1e9, { whole: true })),
    performance: object(
      {
        windows: number(1, 100, { whole: true }),
        budget: number(1, 1e9, { whole: true }),
        falsePositive: number(0, 1e12),
        falseNegative: orNull(number(0, 1e12)),
        delay: orNull(number(0, 1e12)),
      },
      usualDrift.performance,
    ),
    detector: object(
      {
        name: (value) => (typeof value === 'string' && /^[a-z][a-z0-9_]{0,40}$/.test(value) ? value : undefined),
        series: (value) => (typeof value === 'string' && /^(score|flagged|label|column:.+)$/s.test(value) ? text()(value, '', []) : undefined),
        set: parameters,
      },
      usualDrift.detector,
    ),
  },
  usualDrift,
);

const base = defaultSession();
const SESSION = object(
  {
    view: oneOf(VIEWS),
    theme: oneOf(THEMES),
    threshold: orNull(number(0, 1)),
    review: object(
      {
        filter: object(
          {
            level: oneOf(['flagged', 'all', 'set aside', ...LEVELS]),
            minScore: orNull(number(0, 1)),
            rowFrom: orNull(number(0, Number.MAX_SAFE_INTEGER, { whole: true })),
            rowTo: orNull(number(0, Number.MAX_SAFE_INTEGER, { whole: true })),
            column: text(),
            op: oneOf(['>=', '<=', '=', 'missing']),
            value: orNull(limit),
            text: text(),
          },
          base.review.filter,
        ),
        order: object({ key: oneOf(['score', 'row', 'column']), column: text(), descending: flag }, base.review.order),
        columns: orNull(list(text(), MAX_NAMES)),
        weighted: flag,
      },
      base.review,
    ),
    live: LIVE,
    drift: DRIFT,
  },
  base,
);

/**
 * @typedef {object} Reading
 * @property {Session} session
 * @property {string[]} dropped places of values that could not be used, "live.window.rows"; "" alone: none of it
 * @property {boolean} newer written by a later version: what it knew more of is not here
 */

/**
 * A session from what writeSession() wrote, or anything else. Never throws.
 * @param {unknown} value text of JSON, or what JSON.parse gave
 * @returns {Reading}
 */
export function readSession(value) {
  /** @type {string[]} */
  const dropped = [];
  let parsed = value;
  if (typeof value === 'string') {
    try {
      parsed = value.length > MAX_SESSION_BYTES ? undefined : JSON.parse(value);
    } catch {
      parsed = undefined;
    }
  }
  const session = structuredClone(SESSION(parsed, '', dropped) ?? undefined);
  if (!session) return { session: defaultSession(), dropped: [''], newer: false };
  const version = /** @type {Record<string, unknown>} */ (parsed).version;
  return { session, dropped, newer: typeof version === 'number' && version > SESSION_VERSION };
}

/**
 * Whether a value claims to be a session, however broken: of a file, before it replaces the settings in use.
 * @param {string} text
 */
export function isSession(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && value.exporter === 'firetower' && 'version' in value;
  } catch {
    return false;
  }
}

/**
 * @param {Session} session
 * @returns {string} JSON for people to read, with a line end
 */
export function writeSession(session) {
  return `${JSON.stringify(session, null, 2)}\n`;
}

/**
 * @param {Readonly<import('./app_state.js').State>} state
 * @param {LiveSettings} live
 * @param {import('./drift_state.js').DriftSettings} drift
 * @param {number | null} threshold the one a person chose
 * @returns {Session}
 */
export function sessionOf(state, live, drift, threshold) {
  const { settings, filter, order, weighted } = state;
  const { window, scope, rules: own, source: last } = live;
  return {
    version: SESSION_VERSION,
    exporter: 'firetower',
    view: state.view,
    theme: settings.theme,
    threshold,
    review: { filter, order, columns: settings.columns, weighted },
    live: { window, scope, rules: own, source: last },
    drift,
  };
}

/**
 * What an address may carry of it: no text that somebody looked for, no value looked up in a column, no name of a column
 * that is not the model's, no query of a source.
 * @param {Session} session
 * @param {string[]} names columns that are no secret: the model's
 * @returns {Session}
 */
export function shareable(session, names) {
  const shared = structuredClone(session);
  const { filter, order } = shared.review;
  const last = shared.live.source;
  const { detector } = shared.drift;
  if (detector.series.startsWith('column:') && !names.includes(detector.series.slice('column:'.length))) detector.series = 'score';
  if (last && 'url' in last) last.url = last.url.replace(/\?.*$/s, '');
  filter.text = '';
  if (!names.includes(filter.column) || filter.op === '=') Object.assign(filter, { column: '', op: '>=', value: null });
  if (order.key === 'column' && !names.includes(order.column)) shared.review.order = defaultSession().review.order;
  else if (order.key !== 'column') order.column = '';
  if (shared.review.columns) {
    shared.review.columns = shared.review.columns.filter((name) => names.includes(name));
    if (shared.review.columns.length === 0) shared.review.columns = null;
  }
  return shared;
}

/**
 * What differs from `base`, as nested keys; undefined: nothing. Lists differ as a whole.
 * @param {unknown} value
 * @param {unknown} from
 * @returns {any}
 */
export function difference(value, from) {
  if (Object.is(value, from)) return undefined;
  const plain = (/** @type {unknown} */ x) => typeof x === 'object' && x !== null && !Array.isArray(x);
  if (plain(value) && plain(from)) {
    const result = /** @type {Record<string, unknown>} */ ({});
    for (const [key, inner] of Object.entries(/** @type {object} */ (value))) {
      const changed = difference(inner, /** @type {Record<string, unknown>} */ (from)[key]);
      if (changed !== undefined) result[key] = changed;
    }
    return Object.keys(result).length > 0 ? result : undefined;
  }
  return JSON.stringify(value) === JSON.stringify(from) ? undefined : value;
}

/**
 * One sentence on what could not be used; empty: everything was.
 * @param {Reading} reading
 * @param {string} what "The session file", "The link"
 */
export function droppedNote({ dropped, newer }, what) {
  if (dropped.includes('')) return `${what} holds no session: nothing was changed.`;
  const MOST = 5;
  const more = dropped.length > MOST ? ` and ${dropped.length - MOST} more` : '';
  const parts = [];
  if (newer) parts.push('was written by a later version of this page');
  if (dropped.length > 0) parts.push(`has values that cannot be used and were left as usual: ${dropped.slice(0, MOST).join(', ')}${more}`);
  return parts.length === 0 ? '' : `${what} ${parts.join(' and ')}.`;
}
