// @ts-check
// The part of the view that an address can carry: #view=live&threshold=0.4&window=rows:10000&scenario=shift, #demo, and
// with session= the rest of the settings. Never data. Unknown keys are ignored, bad values dropped. Pure.

import { DEFAULT_RATE, MAX_RATE, SCENARIOS } from './live_state.js';
import { defaultSession, difference, ownPath, readSession, THEMES, VIEWS } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Live} Live */
/** @typedef {import('./live_state.js').Window} Window */

/**
 * What an address says about the live view; the rest stays as it is.
 * @typedef {object} LiveLink
 * @property {Partial<Window> & Pick<Window, 'kind'>} [window]
 * @property {number} [rate] of demo traffic
 * @property {import('./live_state.js').Scenario} [scenario] of demo traffic
 * @property {Live['source']} [source]
 */

/**
 * @typedef {object} Link
 * @property {import('./session.js').View} view
 * @property {number | null} threshold null: the model's own
 * @property {import('./settings.js').Settings['theme'] | null} theme null: as remembered
 * @property {LiveLink} live
 * @property {import('./session.js').Reading | null} session null: the address has none
 * @property {boolean} demo the story is asked for
 */

/** Characters of an address at most; longer ones are cut by programs that pass them on. */
export const MAX_LINK = 8000;

/**
 * @param {string} hash with or without the leading #
 * @returns {Link}
 */
export function readHash(hash) {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const encoded = params.get('session');
  const session = encoded === null ? null : readSession(decode(encoded));
  const usable = session !== null && !session.dropped.includes('') ? session.session : null;
  return {
    view: among(VIEWS, params.get('view')) ?? usable?.view ?? (params.has('demo') ? 'live' : 'review'),
    threshold: inRange(params.get('threshold'), 0, 1) ?? usable?.threshold ?? null,
    theme: among(THEMES, params.get('theme')),
    live: readLive(params),
    session,
    demo: params.has('demo'),
  };
}

/**
 * @template {string} T
 * @param {readonly T[]} values
 * @param {string | null | undefined} text
 * @returns {T | null}
 */
function among(values, text) {
  return values.find((value) => value === text) ?? null;
}

/**
 * @param {string | null | undefined} text
 * @param {number} least
 * @param {number} most
 * @returns {number | null}
 */
function inRange(text, least, most) {
  const value = text === null || text === undefined || text.trim() === '' ? NaN : Number(text);
  return value >= least && value <= most ? value : null;
}

/**
 * @param {URLSearchParams} params
 * @returns {LiveLink}
 */
function readLive(params) {
  const live = /** @type {LiveLink} */ ({});
  const [name, ...rest] = (params.get('window') ?? '').split(':');
  const kind = among(/** @type {const} */ (['start', 'rows', 'time']), name);
  const tumbling = rest[1] === 'tumbling';
  const rows = inRange(rest[0], 1, 2 ** 24);
  const seconds = inRange(rest[0], 0.001, 1e9);
  if (kind === 'start') live.window = { kind };
  else if (kind === 'rows' && rows !== null && Number.isInteger(rows)) live.window = { kind, tumbling, rows };
  else if (kind === 'time' && seconds !== null) live.window = { kind, tumbling, seconds };
  const [, stream, url] = /^(events|socket):(.*)$/s.exec(params.get('source') ?? '') ?? [];
  if (stream !== undefined && ownPath(url, '', []) !== undefined) live.source = { kind: /** @type {'events' | 'socket'} */ (stream), url };
  const rate = inRange(params.get('rate'), 1, MAX_RATE);
  if (rate !== null) live.rate = rate;
  const scenario = among(SCENARIOS.map((each) => each.name), params.get('scenario'));
  if (scenario !== null) live.scenario = scenario;
  return live;
}

/**
 * The live settings as an address changes them.
 * @param {Live} settings
 * @param {LiveLink} link
 * @returns {Partial<Live>} what is to be changed; empty: nothing
 */
export function linkChanges({ window, source }, link) {
  const changes = /** @type {Partial<Live>} */ ({});
  if (link.window) changes.window = { ...window, ...link.window };
  if (link.source) changes.source = link.source;
  else if (link.rate !== undefined || link.scenario !== undefined) {
    const now = source?.kind === 'demo' ? source : demo;
    changes.source = { kind: 'demo', rate: link.rate ?? now.rate, scenario: link.scenario ?? now.scenario };
  }
  return changes;
}

const demo = /** @type {const} */ ({ kind: 'demo', rate: DEFAULT_RATE, scenario: 'calm' });

/**
 * @param {Pick<Link, 'view' | 'threshold' | 'theme'> & {live?: Live | null}} link live: settings of which those that are not as
 *   usual are written
 * @returns {string} with the leading #; "#" alone for the first screen with nothing set
 */
export function writeHash({ view, threshold, theme, live = null }) {
  return `#${shortParams({ view, threshold, theme, live })}`;
}

/** @param {Parameters<typeof writeHash>[0]} link */
function shortParams({ view, threshold, theme, live }) {
  /** @type {[string, string][]} */
  const params = [];
  if (view !== 'review') params.push(['view', view]);
  if (threshold !== null) params.push(['threshold', String(threshold)]);
  if (theme !== null) params.push(['theme', theme]);
  if (live) {
    const { window, source } = live;
    const text = windowText(window);
    if (text !== windowText(defaultSession().live.window)) params.push(['window', text]);
    if (source?.kind === 'demo') {
      params.push(['scenario', source.scenario]);
      if (source.rate !== demo.rate) params.push(['rate', String(source.rate)]);
    } else if (source) {
      params.push(['source', `${source.kind}:${source.url}`]);
    }
  }
  return params.map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%(3A|2F)/g, decodeURIComponent)}`).join('&');
}

/** @param {Window} window */
function windowText({ kind, tumbling, rows, seconds }) {
  if (kind === 'start') return kind;
  return `${kind}:${kind === 'rows' ? rows : seconds}${tumbling ? ':tumbling' : ''}`;
}

/**
 * The whole session as an address: the common settings short and readable, what else is not as usual in session=.
 * @param {Session} session of shareable(): what an address may carry
 * @returns {{hash: string, left: string[]}} left: what did not fit
 */
export function writeLink(session) {
  const { view, threshold, theme, live } = session;
  const short = shortParams({ view, threshold, theme: theme === 'system' ? null : theme, live });
  const usual = defaultSession();
  const rest = structuredClone(session);
  Object.assign(rest, { view: usual.view, threshold: usual.threshold, theme: usual.theme });
  const { window } = rest.live;
  rest.live.window = {
    ...usual.live.window,
    ...(window.kind !== 'rows' && { rows: window.rows }),
    ...(window.kind !== 'time' && { seconds: window.seconds }),
    ...(window.kind === 'start' && { tumbling: window.tumbling }),
  };
  rest.live.source = usual.live.source;
  /** @type {string[]} */
  const left = [];
  for (;;) {
    const changed = difference(rest, usual);
    const encoded = changed === undefined ? '' : `session=${encode(JSON.stringify({ version: 1, exporter: 'firetower', ...changed }))}`;
    const hash = `#${[short, encoded].filter((part) => part !== '').join('&')}`;
    if (hash.length <= MAX_LINK) return { hash, left };
    if (rest.live.rules !== null) {
      rest.live.rules = null;
      left.push('alert rules');
    } else if (rest.review.columns !== null) {
      rest.review.columns = null;
      left.push('columns');
    } else {
      rest.review = usual.review;
      left.push('filter', 'order');
    }
  }
}

/** @param {string} text @returns {string} base64url of its UTF-8 */
function encode(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text @returns {string} empty where it is no base64url of UTF-8 */
function decode(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}
