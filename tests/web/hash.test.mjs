// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { linkChanges, MAX_LINK, readHash, writeHash, writeLink } from '../../web/js/state/hash.js';
import { defaultSession } from '../../web/js/state/session.js';
import { defaultSettings, readSettings } from '../../web/js/state/settings.js';

const nothing = { view: 'review', threshold: null, theme: null, live: {}, session: null, demo: false };

test('what is written reads back', () => {
  for (const view of /** @type {const} */ (['review', 'live', 'model'])) {
    for (const threshold of [null, 0, 0.4, 1]) {
      for (const theme of /** @type {const} */ ([null, 'light', 'dark', 'system'])) {
        assert.deepEqual(readHash(writeHash({ view, threshold, theme })), { ...nothing, view, threshold, theme });
      }
    }
  }
});

test('bad values are dropped, unknown keys ignored', () => {
  const hashes = ['', '#', '#main', '#view=admin', '#threshold=2', '#threshold=-1', '#threshold=', '#threshold=NaN', '#theme=<b>', '#%', '#a=b&c'];
  const live = ['#window=', '#window=rows', '#window=rows:0', '#window=rows:1.5', '#window=days:3', '#scenario=doom', '#rate=0', '#rate=x', '#source=events:https://x.example/', '#source=ftp:/x', '#source=replay:my.csv'];
  for (const hash of [...hashes, ...live]) assert.deepEqual(readHash(hash), nothing, hash);
  assert.deepEqual(readHash('#view=model&rows=1&threshold=0.25'), { ...nothing, view: 'model', threshold: 0.25 });
});

test('the live view in a few readable words', () => {
  const link = readHash('#view=live&threshold=0.4&window=rows:500:tumbling&scenario=shift&rate=50');
  assert.deepEqual(link, {
    ...nothing,
    view: 'live',
    threshold: 0.4,
    live: { window: { kind: 'rows', tumbling: true, rows: 500 }, scenario: 'shift', rate: 50 },
  });
  const usual = defaultSession().live;
  assert.deepEqual(linkChanges(usual, link.live), {
    window: { kind: 'rows', tumbling: true, rows: 500, seconds: 3600 },
    source: { kind: 'demo', rate: 50, scenario: 'shift' },
  });
  assert.deepEqual(linkChanges(usual, readHash('#window=time:60').live), { window: { kind: 'time', tumbling: false, rows: 10000, seconds: 60 } });
  assert.deepEqual(linkChanges(usual, readHash('#source=events:/demo/events').live), { source: { kind: 'events', url: '/demo/events' } });
  assert.deepEqual(linkChanges(usual, {}), {});
  assert.deepEqual(readHash('#demo'), { ...nothing, view: 'live', demo: true });
});

test('a link carries the whole session: short where it can, and everything comes back', () => {
  const session = defaultSession();
  session.view = 'live';
  session.threshold = 0.4;
  session.live.window = { kind: 'rows', tumbling: false, rows: 1000, seconds: 3600 };
  session.live.source = { kind: 'demo', rate: 200, scenario: 'shift' };
  assert.deepEqual(writeLink(session), { hash: '#view=live&threshold=0.4&window=rows:1000&scenario=shift', left: [] });

  session.theme = 'dark';
  session.live.window.seconds = 60;
  session.live.scope = 'overall';
  session.live.rules = [{ id: 'a', name: 'Überwacht “V14” 💶', statistic: 'psi.V14', above: 0.2 }];
  session.review.filter.minScore = 0.1;
  session.review.columns = ['V1', 'V2'];
  const { hash, left } = writeLink(session);
  assert.deepEqual(left, []);
  assert.match(hash, /^#view=live&threshold=0\.4&theme=dark&window=rows:1000&scenario=shift&session=[A-Za-z0-9_-]+$/);
  const { session: reading, live, view, threshold, theme } = readHash(hash);
  assert.ok(reading);
  assert.deepEqual(reading.dropped, []);
  assert.deepEqual({ ...reading.session, view, threshold, theme, live: { ...reading.session.live, ...linkChanges(reading.session.live, live) } }, session);
});

test('a link is never too long: what does not fit is said', () => {
  const session = defaultSession();
  session.live.rules = Array.from({ length: 200 }, (_, i) => ({ id: `rule-${i}`, name: 'n'.repeat(200), statistic: 'fraud_rate', above: 0.01 }));
  session.review.columns = ['V1'];
  const { hash, left } = writeLink(session);
  assert.ok(hash.length <= MAX_LINK);
  assert.deepEqual(left, ['alert rules']);
  assert.deepEqual(readHash(hash).session?.session.review.columns, ['V1']);
  session.review.columns = Array.from({ length: 2000 }, (_, i) => `column ${i}`);
  session.review.order = { key: 'column', column: '字'.repeat(1000), descending: true };
  session.review.filter.column = '字'.repeat(1000);
  assert.deepEqual(writeLink(session).left, ['alert rules', 'columns', 'filter', 'order']);
});

test('unusable settings fall back one by one', () => {
  for (const text of [null, '', '{', '[]', 'null', '7', '{"version":1,"theme":"pink","columns":[1]}', '{"columns":"V1"}']) {
    const expected = text?.includes('[1]') ? { theme: 'system', columns: [] } : defaultSettings();
    assert.deepEqual(readSettings(text), expected, String(text));
  }
  assert.deepEqual(readSettings('{"version":9,"theme":"dark","later":{}}'), { theme: 'dark', columns: null });
});
