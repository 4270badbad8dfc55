// @ts-check
// Forests of other shapes than the benchmark's (other_forests.py) in Chromium, Firetower beside onnxruntime-web: which
// is faster must not depend on the shape of the forest or on the number of rows.
//
//   other_forests.mjs --json [--rounds N]   prints {figures: {"forest rows contender": [µs per row, ...]}, facts, ...}

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startBrowser, startWorker } from './browser.mjs';
import { PEERS, PYTHON, ROOT, inTurn, say } from './harness.mjs';

/** What they are, for people. */
const FORESTS = {
  boosted: '1,000 boosted trees of 64 leaves, logistic link',
  stumps: '5,000 boosted trees of one split, logistic link',
  extra: '200 extra trees grown to pure leaves, 2 million nodes',
};
const BATCHES = [1, 8, 64, 1000, 16384];
const MANY = 16384;

/** Largest difference from scikit-learn's probabilities: rounding of a sum in another order; of float32 sums. */
const TOLERANCE = { firetower: 1e-12, onnx: 1e-4 };

/** @param {number} rounds */
async function measure(rounds) {
  execFileSync(PYTHON, [path.join(ROOT, 'tests/bench/other_forests.py'), PEERS], { stdio: ['ignore', 'ignore', 'inherit'] });
  const browser = await startBrowser();
  /** @type {Record<string, number[]>} */
  const figures = {};
  /** @type {Record<string, string>} */
  const failed = {};
  /** @type {Record<string, number>} */
  const worst = {};
  // One forest after the other, each in a page of its own: the graph of millions of nodes takes memory.
  for (const forest of Object.keys(FORESTS)) {
    const page = await browser.page();
    const bytes = await readFile(path.join(PEERS, 'other', `${forest}.f64`));
    const expected = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + MANY * 8));
    /** @type {Record<string, () => Promise<number>>} */
    const contenders = {};
    for (const contender of /** @type {const} */ (['firetower', 'onnx'])) {
      const model = `/peers/other/${forest}.${contender === 'onnx' ? 'onnx' : 'safetensors'}`;
      try {
        const { ask } = await startWorker(page, { contender, model, graph: 'reg', threads: 1, first: 0, rows: MANY });
        const { micros } = await ask({ run: { rows: MANY } });
        const { scores } = await ask({ scores: true });
        let largest = 0;
        for (let i = 0; i < MANY; i += 1) largest = Math.max(largest, Math.abs(scores[i] - expected[i]));
        if (!(largest <= TOLERANCE[contender])) throw new Error(`its probabilities differ by ${largest}`);
        worst[`${forest} ${contender}`] = largest;
        for (const batch of BATCHES) {
          // About a tenth of a second per figure, at least 40 calls.
          const calls = Math.max(40, Math.min(400, Math.ceil(1e5 / (micros * batch) / 20) * 20));
          contenders[`${forest} ${batch} ${contender}`] = async () =>
            batch === MANY ? (await ask({ run: { rows: MANY } })).micros : (await ask({ single: { calls, batch, rows: MANY } })).micros;
        }
      } catch (error) {
        if (contender === 'firetower') throw error;
        failed[`${forest} ${contender}`] = String(error).split('\n')[0];
        say(`${forest} ${contender} is left out: ${error}`);
      }
    }
    const measured = await inTurn(contenders, rounds);
    Object.assign(figures, measured.figures);
    Object.assign(failed, measured.failed);
    await page.context().close();
  }
  await browser.close();
  return { chromium: browser.version, unit: 'µs/row', facts: FORESTS, figures, failed, worst };
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '5' } } });
process.stdout.write(`${JSON.stringify(await measure(Number(values.rounds)))}\n`);
