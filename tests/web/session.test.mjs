// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { readHash, writeLink } from '../../web/js/state/hash.js';
import { defaultDriftSettings } from '../../web/js/state/drift_state.js';
import { defaultSession, droppedNote, isSession, readSession, sessionOf, shareable, writeSession } from '../../web/js/state/session.js';
import { readDrift, readLive, readSettings, writeSettings } from '../../web/js/state/settings.js';
import { initialState } from '../../web/js/state/app_state.js';
import { defaultLiveSettings } from '../../web/js/state/live_state.js';

/** @typedef {import('../../web/js/state/session.js').Session} Session */

/** @returns {Session} nothing as usual */
function full() {
  return {
    version: 1,
    exporter: 'firetower',
    view: 'live',
    theme: 'dark',
    threshold: 0.4,
    review: {
      filter: { level: 'HIGH', minScore: 0.25, rowFrom: 3, rowTo: 99, column: 'Amount', op: '<=', value: -1.5, text: 'Mary “x” 💶' },
      order: { key: 'column', column: 'V14', descending: false },
      columns: ['V14', 'Straße', 'Amount'],
      weighted: false,
    },
    live: {
      window: { kind: 'time', tumbling: true, rows: 500, seconds: 0.5 },
      scope: 'overall',
      rules: [
        { id: 'rate', name: 'Fraud rate', statistic: 'fraud_rate', above: 0.01, for_seconds: 120, severity: 'alert' },
        { id: 'band', name: 'V14 outside', statistic: 'psi.V14', scope: 'overall', above: 3, below: -0, min_rows: 100, enabled: false },
      ],
      source: { kind: 'demo', rate: 1000, scenario: 'shift' },
    },
    drift: {
      reference: 'before',
      current: 'window',
      boundary: 0.25,
      end: 0.75,
      test: 'mwu',
      correction: 'Holm',
      level: 0.01,
      floor: 0.2,
      minRows: 500,
      performance: { windows: 24, budget: 50, falsePositive: 2.5, falseNegative: 100, delay: 86400 },
      detector: { name: 'ddm', series: 'column:Amount', set: { semantics: 'river', warm_start: 100 } },
    },
  };
}

test('a session reads back as it was written, with nothing dropped', () => {
  for (const session of [full(), defaultSession()]) {
    const text = writeSession(session);
    const read = readSession(text);
    assert.deepEqual(read, { session: JSON.parse(text), dropped: [], newer: false });
    assert.equal(writeSession(read.session), text);
    assert.equal(isSession(text), true);
  }
});

test('bad values fall back one by one and are named; unknown keys are ignored', () => {
  const session = /** @type {any} */ (full());
  session.threshold = 1.5;
  session.later = { a: 1 };
  session.review.filter.op = '<';
  session.review.columns = ['V14', 7, 'Amount'];
  session.live.window.rows = 0;
  session.live.window.colour = 'red';
  session.live.rules[0].severity = 'deadly';
  session.live.rules[1].above = 'much';
  session.live.rules.push({ id: 'rate', name: 'again', statistic: 'rows', below: 1 }, null);
  session.live.source.rate = -1;
  const { session: read, dropped } = readSession(JSON.stringify(session));
  assert.deepEqual(dropped, [
    'threshold',
    'review.filter.op',
    'review.columns[1]',
    'live.window.rows',
    'live.rules[0].severity',
    'live.rules[1]',
    'live.rules[3]',
    'live.rules: a second rule “rate”',
    'live.source.rate',
  ]);
  assert.equal(read.threshold, null);
  assert.deepEqual(read.review.filter, { ...full().review.filter, op: '>=' });
  assert.deepEqual(read.review.columns, ['V14', 'Amount']);
  assert.deepEqual(read.live.window, { kind: 'time', tumbling: true, rows: 10000, seconds: 0.5 });
  assert.deepEqual(read.live.rules?.map(({ id, severity }) => [id, severity]), [['rate', undefined]]);
  assert.deepEqual(read.live.source, { kind: 'demo', rate: 200, scenario: 'shift' });
  assert.equal(
    droppedNote({ session: read, dropped, newer: true }, 'The link'),
    'The link was written by a later version of this page and has values that cannot be used and were left as usual: threshold, review.filter.op, review.columns[1], live.window.rows, live.rules[0].severity and 4 more.',
  );
});

test('what is no session changes nothing and says so', () => {
  for (const junk of ['', '{', '[]', 'null', '7', '"x"', undefined, null, 7, [], () => 1]) {
    const reading = readSession(junk);
    assert.deepEqual(reading, { session: defaultSession(), dropped: [''], newer: false }, String(junk));
    assert.match(droppedNote(reading, 'a.json'), /^a\.json holds no session/);
  }
  for (const text of ['{}', '{"version":1}', '[1]', 'x', '{"exporter":"other","version":1}']) assert.equal(isSession(text), false, text);
});

test('sources: own paths only', () => {
  for (const url of ['https://elsewhere.example/x', '//elsewhere.example/x', 'javascript:alert(1)', 'x y', '', '/a#b', '\\\\host\\x', 7]) {
    assert.deepEqual(readSession({ live: { source: { kind: 'events', url } } }).dropped, ['live.source'], String(url));
  }
  for (const url of ['/stream', 'demo/events?rate=20', './x', '../x']) {
    assert.deepEqual(readSession({ live: { source: { kind: 'socket', url } } }).session.live.source, { kind: 'socket', url });
  }
});

/** mulberry32 */
function random(/** @type {number} */ seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const JUNK = [null, true, -1, 0, 0.5, 1e308, 2 ** 53, '', 'x', 'V14', '\ud800', '=1+1', '<b>', [], [[]], {}, { a: 1 }, ['x', null], { version: 1, rules: [] }];

test('mutated sessions never throw, and what is read is a fixed point', () => {
  const next = random(42);
  const pick = (/** @type {any[]} */ list) => list[Math.floor(next() * list.length)];
  let dropped = 0;
  for (let round = 0; round < 20_000; ++round) {
    const value = /** @type {any} */ (full());
    for (let edits = 1 + Math.floor(next() * 4); edits > 0; --edits) {
      let node = value;
      for (;;) {
        const keys = Object.keys(node);
        const key = keys.length > 0 ? pick(keys) : 'added';
        const inner = node[key];
        if (typeof inner === 'object' && inner !== null && next() < 0.75) {
          node = inner;
          continue;
        }
        const what = next();
        if (what < 0.6) node[key] = structuredClone(pick(JUNK));
        else if (what < 0.75) delete node[key];
        else if (what < 0.85) node[pick(['__proto__x', 'constructor', 'toString', 'later'])] = structuredClone(pick(JUNK));
        else if (Array.isArray(node)) node.push(structuredClone(pick(JUNK)));
        else node[pick(keys.length > 0 ? keys : ['x'])] = structuredClone(full());
        break;
      }
    }
    let text = JSON.stringify(value);
    if (next() < 0.05) text = text.slice(0, Math.floor(next() * text.length));
    const first = readSession(text);
    dropped += Math.min(1, first.dropped.length);
    const again = readSession(writeSession(first.session));
    assert.deepEqual(again, { session: first.session, dropped: [], newer: false }, text);
    assert.deepEqual(Object.keys(first.session), Object.keys(defaultSession()));
    const { hash } = writeLink(shareable(first.session, ['V14', 'Amount']));
    const link = readHash(hash);
    assert.deepEqual(link.session?.dropped ?? [], [], hash);
  }
  assert.ok(dropped > 5_000, `${dropped} sessions were broken`);
});

test('whatever an address says, reading it never throws', () => {
  const next = random(7);
  const hash = writeLink(full()).hash;
  for (let round = 0; round < 5_000; ++round) {
    const letters = [...hash];
    for (let edits = Math.floor(next() * 6); edits >= 0; --edits) {
      letters[Math.floor(next() * letters.length)] = String.fromCharCode(Math.floor(next() * (next() < 0.9 ? 128 : 65536)));
    }
    const { view, threshold } = readHash(letters.join(''));
    assert.ok(['review', 'live', 'model'].includes(view));
    assert.ok(threshold === null || (threshold >= 0 && threshold <= 1));
  }
});

test('a link holds nothing of a file', () => {
  const session = full();
  session.review.filter = { ...session.review.filter, column: 'Customer of Mary', value: 149.62 };
  session.review.order = { key: 'column', column: 'Salary', descending: true };
  session.live.source = { kind: 'events', url: '/stream?token=secret' };
  const link = writeLink(shareable(session, ['V14', 'Amount']));
  const read = readHash(link.hash).session;
  const everything = decodeURIComponent(link.hash) + JSON.stringify(read);
  for (const secret of ['Mary', 'Salary', 'Straße', '149.62', 'secret', '💶']) assert.ok(!everything.includes(secret), secret);
  assert.deepEqual(read?.session.review.columns, ['V14', 'Amount']);
  const looked = full();
  looked.review.filter.op = '=';
  assert.equal(shareable(looked, ['Amount']).review.filter.value, null);
  assert.equal(session.review.filter.text, 'Mary “x” 💶', 'the session itself is as it was');
});

test('the session of the page has settings alone', () => {
  const live = { ...defaultLiveSettings(), remember: true, notify: true };
  const session = sessionOf(initialState(), live, defaultDriftSettings(), 0.3);
  assert.deepEqual(session, { ...defaultSession(), threshold: 0.3 });
  assert.ok(!writeSession(session).includes('remember'), 'consent belongs to a device');
});

test('memory: settings of the page and of the live view in one object; the old form is read', () => {
  const live = { ...defaultLiveSettings(), ...full().live, remember: true, cap: 2 ** 24, notify: true };
  const text = writeSettings({ theme: 'dark', columns: ['V14'] }, live, full().drift);
  assert.deepEqual(readSettings(text), { theme: 'dark', columns: ['V14'] });
  assert.deepEqual(readLive(text), JSON.parse(JSON.stringify(live)));
  assert.deepEqual(readDrift(text), full().drift);
  assert.deepEqual(Object.keys(JSON.parse(text)), ['version', 'exporter', 'theme', 'review', 'live', 'drift', 'device']);
  assert.deepEqual(readSession(text).dropped, []);
  const old = '{"version":1,"exporter":"firetower","theme":"light","columns":["Amount"]}';
  assert.deepEqual(readSettings(old), { theme: 'light', columns: ['Amount'] });
  for (const junk of [null, '', '{', '[]', '{"device":7}', '{"device":{"cap":-1,"remember":"yes"}}']) assert.deepEqual(readLive(junk), defaultLiveSettings());
});

test('drift settings: bad values fall back, names of columns that are not the model’s stay here', () => {
  const { session, dropped } = readSession({
    drift: { reference: 'moon', boundary: 1.5, level: 0, correction: 'BY', performance: { windows: 2.5, budget: 7 }, detector: { series: 'column:', set: { 'a b': 1, delta: NaN, mode: 'up' } } },
  });
  assert.deepEqual(dropped, ['drift.reference', 'drift.boundary', 'drift.level', 'drift.performance.windows', 'drift.detector.series', 'drift.detector.set.a b', 'drift.detector.set.delta']);
  const usual = defaultDriftSettings();
  assert.deepEqual(session.drift, { ...usual, correction: 'BY', performance: { ...usual.performance, budget: 7 }, detector: { ...usual.detector, set: { mode: 'up' } } });
  const secret = full();
  secret.drift.detector.series = 'column:Salary';
  assert.equal(shareable(secret, ['Amount']).drift.detector.series, 'score');
  assert.equal(shareable(full(), ['Amount']).drift.detector.series, 'column:Amount');
});
