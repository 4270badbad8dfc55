// @ts-check
// Drift reports of data of every kind: the page's bytes are the command line's, JSON and HTML; they are documents of
// models/drift-report.schema.json; and their own settings give them again.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { createAnalysis } from '../../web/js/engine/analysis/index.js';
import { localAnalysis } from '../../web/js/engine/analysis/local.js';
import { repository } from './helper.mjs';

/** @typedef {import('../../web/js/engine/analysis/types.js').DriftRequest} DriftRequest */

const wasmBinary = new Uint8Array(await readFile(new URL('web/engine/firetower_analysis.wasm', repository)));
const factory = (await import(new URL('web/engine/firetower_analysis.mjs', repository).href)).default;
const bin = process.env.FIRETOWER_BIN ?? new URL('build/native/tools/firetower/firetower', repository).pathname;
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
  .compile(JSON.parse(await readFile(new URL('models/drift-report.schema.json', repository), 'utf8')));

/** Numbers in [0, 1), the same everywhere. @param {number} seed */
function randomOf(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

/**
 * A table whose columns are of another kind with every seed: scales from 1e-300 to 1e300, ties, constants, gaps, texts.
 * @param {number} seed
 * @param {boolean} moved
 */
function tableOf(seed, moved) {
  const shapes = randomOf(2 * seed);
  const random = randomOf(2 * seed + (moved ? 1 : 0) + 1000);
  const [size, far, tens, missing] = [shapes(), shapes(), shapes(), shapes()];
  const rows = [1, 7, 40, 300, 1200][Math.floor(size * 5)] + (moved ? 3 : 0);
  const shift = moved ? [0, 0.05, 0.5, 3][Math.floor(far * 4)] : 0;
  const scale = 10 ** Math.floor(tens * 601 - 300);
  const gaps = Math.max(0, missing - 0.5);
  const lines = ['wide,narrow,counted,constant,gaps,kind'];
  for (let i = 0; i < rows; ++i) {
    const bell = random() + random() + random() - 1.5 + shift;
    const kind = ['one', 'two', '"three, or ""more"""', '<four>', ''][Math.floor(random() * (shift > 1 ? 5 : 3))];
    lines.push([
      (scale * bell).toExponential(9),
      1e9 + bell,
      Math.floor(4 * random() + shift),
      '7.25',
      random() < gaps ? '' : bell ** 3,
      kind,
    ].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Equal texts; else what is around the first difference. @param {string} found @param {string} expected @param {string} what */
function same(found, expected, what) {
  if (found === expected) return;
  let at = 0;
  while (found[at] === expected[at]) ++at;
  const around = (/** @type {string} */ text) => text.slice(Math.max(0, at - 120), at + 60);
  assert.fail(`${what}: at ${at}:\n${around(found)}\n${around(expected)}`);
}

const tests = ['ks', 'cvm', 'ad', 'mwu', 'welch', 'chi_square', 'g'];
const corrections = ['BH', 'BY', 'Holm', 'Bonferroni', 'none'];

test('forty tables of all kinds: the command line\'s bytes, of the schema, and again from their own settings', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'firetower-'));
  t.after(() => rm(folder, { recursive: true }));
  const analysis = await createAnalysis({
    wasmBinary,
    model: false,
    workers: 2,
    createTransport: localAnalysis(async () => factory),
  });
  t.after(() => analysis.close());
  for (let seed = 0; seed < 40; ++seed) {
    const [before, after] = [tableOf(seed, false), tableOf(seed, true)];
    await writeFile(path.join(folder, 'before.csv'), before);
    await writeFile(path.join(folder, 'after.csv'), after);
    const [chosen, correction] = [tests[seed % tests.length], corrections[seed % corrections.length]];
    const options = ['--reference', 'before.csv', '--data', 'after.csv', '--test', chosen, '--correction', correction];
    const expected = execFileSync(bin, ['drift', ...options, '--tests', 'all', '--json'], { cwd: folder, encoding: 'utf8' });
    assert.ok(accepts(JSON.parse(expected)), `${seed}: ${JSON.stringify(accepts.errors)}`);

    await analysis.load('reference', { file: new Blob([before]), name: 'before.csv' });
    await analysis.load('current', { file: new Blob([after]), name: 'after.csv' });
    const request = /** @type {DriftRequest} */ ({
      reference: { from: 'reference' },
      current: { from: 'current' },
      test: chosen,
      correction,
      all: true,
    });
    const report = await analysis.compare(request);
    same(await analysis.reportJson(report), expected, `table ${seed}`);
    same(await analysis.reportJson(await analysis.compare(report.settings)), expected, `table ${seed}, again`);
  }
});

test('the HTML of a report is the command line\'s', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'firetower-'));
  t.after(() => rm(folder, { recursive: true }));
  const [before, after] = [tableOf(13, false), tableOf(13, true)];
  await writeFile(path.join(folder, 'before.csv'), before);
  await writeFile(path.join(folder, 'after.csv'), after);
  const options = ['--reference', 'before.csv', '--data', 'after.csv', '--report', 'report.html', '--json'];
  const text = execFileSync(bin, ['drift', ...options], { cwd: folder, encoding: 'utf8' });
  assert.ok(accepts(JSON.parse(text)), JSON.stringify(accepts.errors));
  const analysis = await createAnalysis({
    wasmBinary,
    model: false,
    workers: 1,
    createTransport: localAnalysis(async () => factory),
  });
  t.after(() => analysis.close());
  same(await analysis.reportHtml(JSON.parse(text)), await readFile(path.join(folder, 'report.html'), 'utf8'), 'HTML');
});
