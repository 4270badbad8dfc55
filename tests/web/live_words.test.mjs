// @ts-check
// The live monitor in words, its settings read from anything, and the axes of its charts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { defaultLiveSettings, readLiveSettings, sameStretch, sourceToRemember, WINDOWS } from '../../web/js/state/live_state.js';
import {
  alertsLine,
  announcement,
  conditionWords,
  dataTime,
  detectorWords,
  lasting,
  logLine,
  oneIn,
  shareInterval,
  sortEpisodes,
  sourceWords,
  STATISTICS,
  statisticLabel,
  statisticOf,
  statisticPhrase,
  statisticValue,
  summarySentence,
  windowLabel,
} from '../../web/js/state/live_words.js';
import { episode, tickAfter } from './fake_monitor.mjs';

const { source } = tickAfter(100);

test('the state of a source in a word and a sentence', () => {
  const say = (/** @type {Partial<typeof source>} */ more, now = 0) => {
    const { word, rest } = sourceWords({ ...source, ...more }, now);
    return `${word}: ${rest}`;
  };
  assert.equal(say({}), 'streaming: demo, 200/s');
  assert.equal(say({ rate: 0, kind: 'push', name: 'embedding page' }), 'streaming: embedding page');
  assert.equal(say({ state: 'paused', waiting: 1 }), 'paused: demo; 1 row waits, none is lost');
  assert.equal(say({ state: 'paused', waiting: 12345 }), 'paused: demo; 12,345 rows wait, none is lost');
  assert.equal(say({ state: 'paused' }), 'paused: demo; no row waits, none is lost');
  assert.equal(say({ state: 'reconnecting', retryAt: 3500, name: 'events: /s', message: 'connection lost' }, 1000), 'reconnecting in 3\u00a0s: events: /s: connection lost');
  assert.equal(say({ state: 'reconnecting', retryAt: 500, message: '' }, 1000), 'reconnecting now: demo');
  assert.equal(say({ state: 'failed', message: 'no such address' }), 'failed: demo: no such address');
});

test('shares with their interval; one in how many', () => {
  assert.deepEqual(shareInterval({ value: 0.0019, low: 0.0016, high: 0.0022 }, 'en'), { value: '0.19\u00a0%', range: '[0.16, 0.22]' });
  assert.deepEqual(shareInterval({ value: 0.0001, low: 0.00004, high: 0.00022 }, 'en'), { value: '0.01\u00a0%', range: '[0.004, 0.022]' });
  assert.deepEqual(shareInterval({ value: null, low: null, high: null }), { value: '–', range: '' });
  const stats = tickAfter(100_000).window;
  assert.equal(oneIn({ ...stats, flagged: 130, rows: 100_000 }, 'en'), '1 in 769');
  assert.equal(oneIn({ ...stats, flagged: 0, rows: 1000 }, 'en'), 'none of 1,000');
  assert.equal(oneIn({ ...stats, flagged: 0, rows: 0 }, 'en'), 'no row yet');
  assert.equal(oneIn({ ...stats, flagged: 50, rows: 100 }, 'en'), '50 of 100');
});

test('every statistic of the engine has its words', () => {
  const text = readFileSync(new URL('../../models/ALERTS.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('## Statistics'), text.indexOf('## States'));
  const names = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1].matchAll(/`([^`]+)`/g)].map((found) => found[1]));
  assert.ok(names.length >= 20);
  assert.deepEqual(
    names.filter((name) => statisticOf(name.replace('FEATURE', 'V14')).known === null),
    [],
  );
  assert.equal(STATISTICS.length, names.length);
  assert.equal(statisticLabel('psi.V14'), 'PSI of V14');
  assert.equal(statisticLabel('missing.a.b'), 'missing cells of a.b');
  assert.equal(statisticLabel('of_tomorrow'), 'of tomorrow');
  assert.equal(statisticValue('missing.V3', 0.25, 'en'), '25.00\u00a0%');
  assert.equal(statisticValue('drifted_columns', 3, 'en'), '3');
  assert.equal(statisticValue('psi.V1', 0.1234, 'en'), '0.123');
  assert.equal(statisticValue('fraud_rate', null), '–');
});

test('a rule as a sentence', () => {
  const rule = { id: 'a', name: 'n', statistic: 'fraud_rate', above: 0.01 };
  assert.equal(conditionWords(rule), 'fraud rate above 1.00\u00a0%');
  assert.equal(conditionWords({ ...rule, for_seconds: 120, scope: 'overall' }), 'fraud rate above 1.00\u00a0% for 2\u00a0min, since the start');
  assert.equal(conditionWords({ ...rule, below: 0.0005 }), 'fraud rate outside 0.05\u00a0% to 1.00\u00a0%');
  assert.equal(conditionWords({ id: 'a', name: 'n', statistic: 'psi.V14', below: 0.1 }), 'PSI of V14 below 0.100');
});

test('firing alerts come first: not acknowledged, most severe, newest', () => {
  const list = [
    episode(1, { severity: 'info' }),
    episode(2, { severity: 'alert', acknowledged_ms: 5 }),
    episode(3, { severity: 'warning' }),
    episode(4, { severity: 'alert' }),
    episode(5, { ended_ms: 9 }),
    episode(6, { severity: 'alert' }),
    episode(7, { ended_ms: 9 }),
  ];
  const { firing, ended } = sortEpisodes(list);
  assert.deepEqual(firing.map(({ number }) => number), [6, 4, 3, 1, 2]);
  assert.deepEqual(ended.map(({ number }) => number), [7, 5]);
  assert.equal(announcement([]), '');
  assert.match(announcement(list.slice(0, 4)), /^Alert: .*\. 3 more\.$/);
  assert.equal(alertsLine({ firing: 1, pending: 2, acknowledged: 3, rules: [], episodes: [], forgotten: 0, began: [] }), '1 firing, 3 acknowledged, 2 pending');
  assert.equal(alertsLine({ firing: 0, pending: 0, acknowledged: 0, rules: [], episodes: [], forgotten: 0, began: [] }), 'none firing');
});

test('durations, the data’s time, detector, log, summary', () => {
  assert.deepEqual([-5, 0, 59_999, 60_000, 3_600_000, 3_900_000, 172_800_000].map(lasting), ['0\u00a0s', '0\u00a0s', '59\u00a0s', '1\u00a0min', '1\u00a0h', '1\u00a0h 5\u00a0min', '2\u00a0days']);
  assert.equal(dataTime(172792.4), '172,792\u00a0s');
  assert.equal(dataTime(10_368_000), '120.00\u00a0d');
  assert.equal(statisticPhrase('drifted_columns', 4), '4 drifted columns');
  assert.equal(statisticPhrase('average_probability', 0.25), '0.2500');
  assert.equal(dataTime(1_700_000_000), '2023-11-14 22:13:20');
  assert.deepEqual(detectorWords({ rate: null, sum: 0, threshold: 5, alarms: 0, learning: 400 }), { word: 'learning', rest: '400 rows to go' });
  assert.equal(detectorWords({ rate: 0.002, sum: 9, threshold: 5, alarms: 2, learning: 0 }).rest, '2 alarms; 100\u00a0% of the way to one; usual rate at most 0.20\u00a0%');
  const log = { ...tickAfter(1).log, rows: 0 };
  assert.equal(logLine(log), 'Nothing is kept on this device; an export holds the latest predictions only.');
  assert.equal(logLine({ ...log, remembered: true, store: 'indexeddb', rows: 1, bytes: 900 }), '1 prediction, 900\u00a0bytes of at most 67\u00a0MB in this browser’s database.');
  assert.equal(summarySentence(tickAfter(10_000)), 'Streaming: 10,000 transactions, fraud rate 0.13\u00a0%.');
});

test('a stream that was stopped says so', () => {
  const { source } = tickAfter(10);
  assert.deepEqual(sourceWords({ ...source, state: 'stopped' }, 0), { tone: 'off', word: 'stopped', rest: source.name });
});

test('windows have names', () => {
  const { window } = defaultLiveSettings();
  assert.equal(windowLabel(window), 'last 10,000 rows');
  assert.equal(windowLabel({ ...window, rows: 777 }), 'last 777 rows');
  assert.equal(windowLabel({ ...window, kind: 'time', seconds: 86400 }), 'last day of the data’s time');
  assert.equal(windowLabel({ ...window, kind: 'start', rows: 5 }), 'since the start');
  for (const { window: each } of WINDOWS) assert.equal(WINDOWS.filter((other) => sameStretch({ ...each, tumbling: false }, other.window)).length, 1);
});

test('settings are read from anything', () => {
  const usual = defaultLiveSettings();
  for (const junk of [undefined, null, 5, 'x', [], { window: 'x', scope: 1, rules: {}, source: [], remember: 'yes', cap: -1, notify: 1 }]) {
    assert.deepEqual(readLiveSettings(junk), usual);
  }
  assert.deepEqual(readLiveSettings({ window: { kind: 'time', tumbling: true, rows: 0, seconds: Infinity } }).window, { ...usual.window, kind: 'time', tumbling: true });
  assert.deepEqual(readLiveSettings({ source: { kind: 'demo', rate: 1e9, scenario: 'earthquake' } }).source, { kind: 'demo', rate: 200, scenario: 'calm' });
  const own = { ...usual, scope: 'overall', remember: true, cap: 2 ** 20, source: { kind: 'events', url: '/stream' }, rules: [{ id: 'a', name: 'b', statistic: 'rows', above: 1 }] };
  assert.deepEqual(readLiveSettings(JSON.parse(JSON.stringify({ ...own, more: 1 }))), own);
  assert.equal(sourceToRemember({ kind: 'replay', file: new Blob([]), name: 'a.csv' }), null);
  assert.equal(sourceToRemember({ kind: 'push' }), null);
});
