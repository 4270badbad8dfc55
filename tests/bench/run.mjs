// @ts-check
// Measures the parts asked for, keeps each in build/bench-results, and writes RESULTS.md from all that are kept.
// Called by tests/bench/run, which builds and prepares.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { PEERS, ROOT, keep, say } from './harness.mjs';
import { writeReport } from './report.mjs';

/** @typedef {(options: {rounds: number}) => Promise<void>} Measure */

/** @param {string} module with measure() @returns {Measure} */
const fromModule = (module) => async (options) => (await import(module)).measure(options);

/** A program of its own, which prints what is kept. @type {Measure} */
const otherForests = async ({ rounds }) => {
  const program = path.join(ROOT, 'tests/bench/other_forests.mjs');
  const output = execFileSync(process.execPath, [program, '--json', '--rounds', String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BENCH: PEERS },
  });
  await keep('OTHER_FORESTS', { rounds, ...JSON.parse(output.toString()) });
};

/** @type {Record<string, Measure>} */
const PARTS = {
  SCORING: fromModule('./scoring.mjs'),
  CSV: fromModule('./csv.mjs'),
  FILE: fromModule('./file.mjs'),
  START: fromModule('./start.mjs'),
  SIZES: fromModule('./sizes.mjs'),
  OTHER_FORESTS: otherForests,
  TRAINING: fromModule('./training.mjs'),
  SCALING: fromModule('./scaling.mjs'),
};

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});
const wanted = given.only.split(',').filter((part) => part !== '');
const unknown = wanted.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  say(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
let failed = 0;
for (const part of wanted) {
  const start = performance.now();
  try {
    await PARTS[part]({ rounds: Number(given.rounds) });
    say(`${part}: ${((performance.now() - start) / 1e3).toFixed(0)} s`);
  } catch (error) {
    failed += 1;
    say(`${part} could not be measured: ${error instanceof Error ? error.stack : error}`);
  }
}
await writeReport();
process.exit(failed > 0 ? 1 : 0);
