// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { readHash, writeHash } from '../../web/js/state/hash.js';
import { defaultSettings, readSettings, writeSettings } from '../../web/js/state/settings.js';

test('what is written reads back', () => {
  for (const view of /** @type {const} */ (['review', 'model'])) {
    for (const threshold of [null, 0, 0.4, 1]) {
      for (const theme of /** @type {const} */ ([null, 'light', 'dark', 'system'])) {
        assert.deepEqual(readHash(writeHash({ view, threshold, theme })), { view, threshold, theme });
      }
    }
  }
});

test('bad values are dropped, unknown keys ignored', () => {
  const nothing = { view: 'review', threshold: null, theme: null };
  for (const hash of ['', '#', '#main', '#view=admin', '#threshold=2', '#threshold=-1', '#threshold=', '#threshold=NaN', '#theme=<b>', '#%', '#a=b&c']) {
    assert.deepEqual(readHash(hash), nothing, hash);
  }
  assert.deepEqual(readHash('#view=model&rows=1&threshold=0.25'), { view: 'model', threshold: 0.25, theme: null });
});

test('settings round trip; nothing but settings is written', () => {
  const settings = { theme: /** @type {const} */ ('dark'), columns: ['V14', 'Amount'] };
  const text = writeSettings(settings);
  assert.deepEqual(readSettings(text), settings);
  assert.deepEqual(Object.keys(JSON.parse(text)), ['version', 'exporter', 'theme', 'columns']);
});

test('unusable settings fall back one by one', () => {
  for (const text of [null, '', '{', '[]', 'null', '7', '{"version":1,"theme":"pink","columns":[1]}', '{"columns":"V1"}']) {
    assert.deepEqual(readSettings(text), defaultSettings(), String(text));
  }
  assert.deepEqual(readSettings('{"version":9,"theme":"dark","later":{}}'), { theme: 'dark', columns: null });
});
