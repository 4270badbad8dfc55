// @ts-check
// Sequential detectors as WebAssembly: every detector, both semantics, gives the command line's document byte for byte.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { createAnalysis } from '../../web/js/engine/analysis/index.js';
import { localAnalysis } from '../../web/js/engine/analysis/local.js';
import { repository } from './helper.mjs';

const wasmBinary = new Uint8Array(await readFile(new URL('web/engine/firetower_analysis.wasm', repository)));
const factory = (await import(new URL('web/engine/firetower_analysis.mjs', repository).href)).default;
const bin = process.env.FIRETOWER_BIN ?? new URL('build/native/tools/firetower/firetower', repository).pathname;

/** A rate that changes every 400 rows; numbers of it where the detector watches numbers. @param {boolean} binary */
function series(binary) {
  const values = new Float64Array(3000);
  let state = 12345n;
  for (let i = 0; i < values.length; ++i) {
    state = (state * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
    const uniform = Number(state >> 11n) / 2 ** 53;
    const rate = [0.02, 0.3, 0.1, 0.7][Math.floor(i / 400) % 4];
    values[i] = binary ? Number(uniform < rate) : uniform ** 3 + 4 * rate;
  }
  return values;
}

/** @param {string[]} options @param {Float64Array} values */
function command(options, values) {
  const input = `row,x\n${Array.from(values, (value, i) => `${i},${value}\n`).join('')}`;
  return execFileSync(bin, ['detect', ...options, '--column', 'x', '--json', '-'], { input, encoding: 'utf8' }).trimEnd();
}

test('every detector gives the command line\'s document', async (t) => {
  const analysis = await createAnalysis({
    wasmBinary,
    model: false,
    workers: 1,
    createTransport: localAnalysis(async () => factory),
  });
  t.after(() => analysis.close());
  const kinds = /** @type {{name: string, binary: boolean}[]} */ (await analysis.detectors());
  assert.equal(JSON.stringify(kinds), execFileSync(bin, ['detect', '--list', '--json'], { encoding: 'utf8' }).trimEnd());
  let alarms = 0;
  for (const { name, binary } of kinds) {
    const values = series(binary);
    for (const semantics of ['paper', 'river']) {
      const found = /** @type {{alarms: number[]}} */ (
        await analysis.detect({ detector: name, set: { semantics } }, values.slice()));
      assert.equal(JSON.stringify(found), command(['--detector', name, '--set', `semantics=${semantics}`], values), name);
      alarms += found.alarms.length;
    }
    const request = { detector: name, set: {}, shuffles: 3, seed: 7 };
    const shuffled = await analysis.falseAlarms(request, values.slice());
    const options = ['--detector', name, '--false-alarms', '--shuffles', '3', '--seed', '7'];
    const native = JSON.parse(command(options, values));
    assert.equal(JSON.stringify(shuffled), JSON.stringify(native.false_alarms), name);
  }
  assert.ok(alarms > 50, `${alarms} alarms`);
});
