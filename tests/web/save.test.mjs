// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { downloadName, openSink } from '../../web/js/export/save.js';

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

test('without a picker the pieces become one Blob', async () => {
  /** @type {[Blob, string][]} */
  const offered = [];
  const sink = await openSink('x.csv', { showSaveFilePicker: undefined, offer: (blob, name) => offered.push([blob, name]) });
  assert.ok(sink);
  const reused = bytes('a,b\n');
  await sink.write(reused);
  reused.fill(0);
  await sink.write(bytes('1,2\n'));
  assert.equal(offered.length, 0);
  await sink.close();
  assert.equal(offered[0][1], 'x.csv');
  assert.equal(await offered[0][0].text(), 'a,b\n1,2\n');
});

test('an aborted download is never offered', async () => {
  let offered = 0;
  const sink = await openSink('x.csv', { showSaveFilePicker: undefined, offer: () => (offered += 1) });
  await sink?.write(bytes('a'));
  await sink?.abort();
  assert.equal(offered, 0);
});

test('with a picker every piece goes straight to the file', async () => {
  /** @type {string[]} */
  const calls = [];
  const handle = {
    createWritable: async () => ({
      write: async (/** @type {any} */ chunk) => void calls.push(new TextDecoder().decode(chunk)),
      close: async () => void calls.push('closed'),
      abort: async () => void calls.push('aborted'),
    }),
  };
  const sink = await openSink('x.csv', { showSaveFilePicker: async () => handle, offer: () => assert.fail() });
  await sink?.write(bytes('a'));
  await sink?.write(bytes('b'));
  await sink?.close();
  assert.deepEqual(calls, ['a', 'b', 'closed']);
});

test('a person may change their mind; other refusals are errors', async () => {
  const refuse = (/** @type {string} */ name) => async () => {
    throw Object.assign(new Error('no'), { name });
  };
  assert.equal(await openSink('x', { showSaveFilePicker: refuse('AbortError'), offer() {} }), null);
  await assert.rejects(openSink('x', { showSaveFilePicker: refuse('SecurityError'), offer() {} }), /no/);
});

test('names', () => {
  assert.equal(downloadName('creditcard.csv', 'original'), 'creditcard-scored.csv');
  assert.equal(downloadName('a.b.TSV', 'scores'), 'a.b-scores.csv');
  assert.equal(downloadName('data', 'original'), 'data-scored.csv');
  assert.equal(downloadName('.csv', 'scores'), 'transactions-scores.csv');
});
