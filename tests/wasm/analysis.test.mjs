// @ts-check
// Drift analysis: the second module, its client, and that the page says to the byte what the command line says.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { createAnalysis } from '../../web/js/engine/analysis/index.js';
import { localAnalysis } from '../../web/js/engine/analysis/local.js';
import { modelBytes, repository, testCsv } from './helper.mjs';

/** @typedef {import('../../web/js/engine/analysis/types.js').DriftRequest} DriftRequest */
/** @typedef {import('../../web/js/engine/transport.js').CreateTransport} CreateTransport */

const wasmBinary = new Uint8Array(await readFile(new URL('web/engine/firetower_analysis.wasm', repository)));
const factory = (await import(new URL('web/engine/firetower_analysis.mjs', repository).href)).default;
const local = localAnalysis(async () => factory);
const bin = process.env.FIRETOWER_BIN ?? new URL('build/native/tools/firetower/firetower', repository).pathname;

/** @param {{model?: Uint8Array | false, workers?: number, createTransport?: CreateTransport}} [options] */
function analysisOf({ model = false, workers = 2, createTransport = local } = {}) {
  return createAnalysis({ wasmBinary, model, workers, createTransport });
}

/**
 * Columns of numbers and texts; from row `moved` on a is larger by half its spread.
 * @param {number} rows
 * @param {number} moved
 */
function csvOf(rows, moved) {
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const lines = ['a,b,c,d,shop'];
  for (let i = 0; i < rows; ++i) {
    const a = random() + random() + random() + (i >= moved ? 0.25 : 0);
    const b = random() < 0.02 ? '' : Math.floor(random() * 9);
    const shop = ['"north, old"', 'south', 'O\u2019Hara'][Math.floor(random() * 3)];
    lines.push(`${a},${b},${random() - 0.5},${(i * 37) % 1000},${shop}${i % 501 === 100 ? ',extra' : ''}`);
  }
  return `${lines.join('\n')}\n`;
}

/** @param {string} text @param {string} [name] */
const fileOf = (text, name = 'data.csv') => ({ file: new Blob([text]), name });

/**
 * As assert.equal, with only the place where the texts part.
 * @param {string} actual
 * @param {string} expected
 */
function assertSame(actual, expected) {
  let place = 0;
  while (place < actual.length && actual[place] === expected[place]) ++place;
  /** @param {string} text */
  const here = (text) => text.slice(Math.max(0, place - 60), place + 60);
  assert.ok(actual === expected, `at ${place}: ${here(actual)}\ninstead of ${here(expected)}`);
}

/** @type {DriftRequest} */
const halves = { reference: { from: 'current', rows: [0, 2000] }, current: { from: 'current', rows: [2000, 4000] } };

test('the module exports the functions of analysis.d.ts and no others', async () => {
  const print = () => {};
  const module = await factory({ wasmBinary, print, printErr: print });
  const declared = await readFile(new URL('web/js/engine/analysis/analysis.d.ts', repository), 'utf8');
  const body = declared.slice(declared.indexOf('interface AnalysisModule'));
  const names = [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1]);
  const source = await readFile(new URL('wasm/bindings/analysis_embind.cc', repository), 'utf8');
  const bound = [...source.matchAll(/emscripten::function\("(\w+)"/g)].map((match) => match[1]);
  assert.ok(names.length > 20);
  assert.deepEqual(bound.sort(), names.sort());
  for (const name of names) assert.equal(typeof module[name], 'function', name);
});

test('one worker, two and three give the bytes that the command line gives', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'firetower-'));
  t.after(() => rm(folder, { recursive: true }));
  const text = csvOf(4000, 2000);
  const other = csvOf(1500, 1500);
  await writeFile(path.join(folder, 'data.csv'), text);
  await writeFile(path.join(folder, 'other.csv'), other);
  const scored = testCsv(3000);
  await writeFile(path.join(folder, 'scored.csv'), scored);
  await writeFile(path.join(folder, 'model'), modelBytes);
  /** @param {string[]} options */
  const command = (...options) => execFileSync(bin, ['drift', ...options, '--json'], { cwd: folder, encoding: 'utf8' });

  const expected = [
    command('--data', 'data.csv', '--reference-rows', '0..2000', '--current-rows', '2000..4000', '--tests', 'all'),
    command('--reference', 'other.csv', '--data', 'data.csv', '--test', 'mwu', '--correction', 'BY', '--columns', 'd,a,shop'),
    command('--data', 'data.csv', '--reference-rows', '0..2000', '--current-rows', '2000..4000', '--multivariate'),
  ];
  for (const workers of [1, 2, 3]) {
    const analysis = await analysisOf({ workers });
    await analysis.load('current', fileOf(text));
    const first = await analysis.compare({ ...halves, all: true });
    assertSame(await analysis.reportJson(first), expected[0]);
    assert.match(first.overall.sentence, /^The data has moved: 1 of 5 columns drifted, the worst is a \(mean \+0\.\d\d sd\)/);
    if (workers === 2) {
      const multivariate = await analysis.multivariate(halves);
      assertSame(await analysis.reportJson(await analysis.compare(halves, { multivariate })), expected[2]);
    }
    await analysis.load('reference', fileOf(other, 'other.csv'));
    /** @type {DriftRequest} */
    const request = { reference: { from: 'reference' }, current: { from: 'current' }, test: 'mwu', correction: 'BY' };
    const second = await analysis.compare({ ...request, columns: ['d', 'a', 'shop'] });
    assertSame(await analysis.reportJson(second), expected[1]);
    analysis.close();
  }

  const profile = command('--model', 'model', '--data', 'scored.csv');
  const analysis = await analysisOf({ model: modelBytes });
  const info = await analysis.load('current', fileOf(scored, 'scored.csv'));
  assert.equal(info.rows, 3000);
  assert.ok(info.aside > 0);
  assert.deepEqual(info.columns.map(({ name }) => name), ['V1', 'V2', 'Amount_scaled', 'Time_hour', 'score']);
  const report = await analysis.compare({ reference: { from: 'profile' }, current: { from: 'current' } });
  assertSame(await analysis.reportJson(report), profile);
  assert.match(await analysis.reportHtml(report), /^<!DOCTYPE html>/i);
  analysis.close();
});

test('a boundary that is dragged is answered by the latest place, and every promise settles', async () => {
  const analysis = await analysisOf();
  await analysis.load('current', fileOf(csvOf(4000, 2000)));
  const places = Array.from({ length: 20 }, (_, i) => 1000 + 100 * i);
  const answers = await Promise.allSettled(
    places.map((place) =>
      analysis.compare({
        reference: { from: 'current', rows: [0, place] },
        current: { from: 'current', rows: [place, 4000] },
      }),
    ),
  );
  for (const answer of answers.slice(0, -1)) {
    assert.equal(answer.status, 'rejected');
    assert.equal(answer.reason.code, 'ABORTED');
  }
  const last = answers[answers.length - 1];
  assert.ok(last.status === 'fulfilled');
  assert.deepEqual(last.value.reference.window, [0, 2900]);
  analysis.close();
  await assert.rejects(analysis.compare(halves), { code: 'ENGINE_CRASHED' });
  await assert.rejects(analysis.detectors(), { code: 'ENGINE_CRASHED' });
});

test('a worker that dies is replaced and given its columns again', async () => {
  const text = csvOf(4000, 2000);
  const calm = await analysisOf();
  await calm.load('current', fileOf(text));
  const expected = await calm.reportJson(await calm.compare(halves));
  calm.close();

  let started = 0;
  let deaths = 0;
  /** @type {CreateTransport} */
  const createTransport = (handlers) => {
    ++started;
    const inner = local(handlers);
    return {
      terminate: inner.terminate,
      post: (message) => {
        const { type } = /** @type {{type: string}} */ (message);
        if (type === 'measure' && deaths < 1) {
          ++deaths;
          handlers.onDeath('made to');
        } else {
          inner.post(message);
        }
      },
    };
  };
  const analysis = await analysisOf({ createTransport });
  await analysis.load('current', fileOf(text));
  assertSame(await analysis.reportJson(await analysis.compare(halves)), expected);
  assert.equal(deaths, 1);
  assert.equal(started, 3);
  analysis.close();
});

test('a worker that dies again and again is an error, not a silence', async () => {
  /** @type {CreateTransport} */
  const createTransport = (handlers) => {
    const inner = local(handlers);
    return {
      terminate: inner.terminate,
      post: (message) => {
        if (/** @type {{type: string}} */ (message).type === 'measure') handlers.onDeath('made to');
        else inner.post(message);
      },
    };
  };
  const analysis = await analysisOf({ createTransport });
  await analysis.load('current', fileOf(csvOf(4000, 2000)));
  await assert.rejects(analysis.compare(halves), { code: 'ENGINE_CRASHED' });
  const { name } = await analysis.column('a', halves);
  assert.equal(name, 'a');
  analysis.close();
});

test('files: one again is not read again, a newer one ends an older, an unreadable one says so', async () => {
  /** @type {string[]} */
  const asked = [];
  /** @type {CreateTransport} */
  const createTransport = (handlers) => {
    const inner = local(handlers);
    return { ...inner, post: (message) => (asked.push(/** @type {any} */ (message).type), inner.post(message)) };
  };
  const analysis = await analysisOf({ createTransport });
  const source = fileOf(csvOf(4000, 2000));
  const info = await analysis.load('current', source);
  assert.equal(info.rows, 4000);
  assert.equal(info.aside, 8);
  assert.equal(info.sha256?.length, 64);
  assert.deepEqual(info.columns.map(({ kind }) => kind), ['numeric', 'numeric', 'numeric', 'numeric', 'categorical']);
  const loads = asked.filter((type) => type === 'load').length;
  assert.equal(loads, 2);
  assert.deepEqual(await analysis.load('current', { ...source }), info);
  assert.equal(asked.filter((type) => type === 'load').length, loads);

  const older = analysis.load('reference', fileOf(csvOf(3000, 10)));
  const newer = analysis.load('reference', fileOf(csvOf(500, 10), 'newer.csv'));
  await assert.rejects(older, { code: 'ABORTED' });
  assert.equal((await newer).rows, 500);

  await assert.rejects(analysis.load('reference', fileOf('')), { code: 'NOT_CSV' });
  await assert.rejects(analysis.compare({ reference: { from: 'reference' }, current: { from: 'current' } }), {
    code: 'NOT_READY',
  });
  const controller = new AbortController();
  const cancelled = analysis.load('reference', fileOf(csvOf(3000, 10)), { signal: controller.signal });
  controller.abort();
  await assert.rejects(cancelled, { code: 'ABORTED' });
  assert.equal((await analysis.compare(halves)).overall.judged, 5);
  await analysis.load('current', null);
  await assert.rejects(analysis.compare(halves), { code: 'NOT_READY' });
  analysis.close();
});

test('rows behind a bin, ranked once all columns were looked at together', async () => {
  const text = csvOf(4000, 2000);
  const analysis = await analysisOf();
  await analysis.load('current', fileOf(text));
  const column = await analysis.column('a', halves);
  const [bin] = [...column.bins].sort((x, y) => y.current - y.reference - (x.current - x.reference));
  const total = column.bins.reduce((sum, { contribution }) => sum + (contribution ?? 0), 0);
  assert.ok(Math.abs(total - (column.total ?? NaN)) < 1e-10);
  const plain = await analysis.rows('a', bin, halves, 5);
  assert.equal(plain.total, bin.current);
  for (const { row, offset, value, ratio } of plain.rows) {
    assert.ok(row >= 2000 && row < 4000);
    const record = Buffer.from(text).subarray(offset ?? 0).toString();
    assert.equal(Number(record.split(',')[0]).toPrecision(10), Number(value).toPrecision(10));
    assert.equal(ratio, null);
  }
  const together = await analysis.multivariate({ ...halves, multivariate: { tests: ['domain'], permutations: 0 } });
  assert.ok((together.domain?.auc.value ?? 0) > 0.55);
  const ranked = await analysis.rows('a', bin, halves, 50);
  const ratios = ranked.rows.map(({ ratio }) => ratio ?? NaN);
  assert.deepEqual([...ratios].sort((x, y) => y - x), ratios);
  assert.ok(ratios[0] > 1);
  // A classifier of these halves says nothing of other sides.
  const apart = await analysis.rows('a', bin, { ...halves, reference: { from: 'current', rows: [0, 1500] } }, 5);
  assert.deepEqual(apart.rows.map(({ ratio }) => ratio), apart.rows.map(() => null));
  assert.deepEqual(await analysis.rows('a', bin, halves, 50), ranked);
  const without = ranked.rows.map(({ row }) => row);
  const report = await analysis.compare({ ...halves, without });
  assert.deepEqual(report.settings.without, [...without].sort((x, y) => x - y));
  const missing = await analysis.rows('b', { missing: true }, halves, 10);
  assert.ok(missing.total > 10);
  for (const { value } of missing.rows) assert.equal(value, null);
  const shops = await analysis.rows('shop', { category: 'north, old' }, halves, 10);
  for (const { value } of shops.rows) assert.equal(value, 'north, old');
  const { windows } = await analysis.trend('a', { reference: { from: 'current', rows: [0, 1000] }, current: { from: 'current' } }, 8);
  assert.deepEqual(windows.map(({ verdict }) => verdict === 'drifted'), [false, false, false, false, true, true, true, true]);
  analysis.close();
});

test('detectors and performance are asked of a worker of their own', async () => {
  const analysis = await analysisOf({ model: modelBytes });
  const kinds = await analysis.detectors();
  assert.ok(kinds.length >= 13);
  const values = Float64Array.from({ length: 2000 }, (_, i) => (i * 7919) % 100 / 100 + (i >= 1000 ? 1 : 0));
  const found = /** @type {any} */ (await analysis.detect({ detector: 'adwin' }, values));
  assert.equal(found.alarms.length > 0 && found.alarms[0] >= 1000 && found.alarms[0] < 1200, true);
  const scores = Float64Array.from(values, (value) => value / 2);
  const labels = Float64Array.from(values, (_, i) => (i >= 1000 ? 1 : 0));
  const performance = /** @type {any} */ (await analysis.performance({ scores, labels }, {}));
  assert.equal(performance.rows, 2000);
  assert.equal(performance.auc.value, 1);
  const compared = /** @type {any} */ (await analysis.comparePerformance({ scores, labels }, scores, {}));
  assert.equal(compared.difference.value, 0);
  await assert.rejects(analysis.detect({ detector: 'nobody' }, values), { code: 'BAD_ARGUMENT' });
  analysis.close();
});
