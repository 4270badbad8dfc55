// @ts-check
// Training the benchmark forest: `firetower train` beside XGBoost's histogram random forest with the same settings.

import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

import { BINARIES, INPUT_NAMES, PEERS, PYTHON, ROOT, inTurn, keep, startSide } from './harness.mjs';

const ROWS = 227845;
const THREADS = 2;
const TREES = 500;
const FIRETOWER = path.join(BINARIES, 'tools/firetower/firetower');
const CSV = path.join(PEERS, 'data/cc.csv');

/** The first rows of the benchmark's file. */
async function trainingFile() {
  const file = path.join(PEERS, 'train.csv');
  if (existsSync(file)) return file;
  const out = createWriteStream(file);
  let lines = 0;
  for await (const line of readline.createInterface({ input: createReadStream(CSV) })) {
    out.write(`${line}\n`);
    lines += 1;
    if (lines > ROWS) break;
  }
  await new Promise((resolve) => out.end(resolve));
  return file;
}

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  const data = await trainingFile();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'firetower-bench-'));
  const side = await startSide(PYTHON, [path.join(ROOT, 'tests/bench/train_side.py'), PEERS]);
  const model = path.join(folder, 'model.safetensors');
  let fit = 0;
  /** Seconds of the whole command; `fit` is that of fitting alone. */
  const train = async () => {
    const config = path.join(folder, 'config.json');
    const forest = { n_estimators: TREES, max_depth: 15, max_features: 'sqrt', class_weight: 'balanced_subsample' };
    await writeFile(config, JSON.stringify({ name: 'bench', features: INPUT_NAMES, forest }));
    const start = performance.now();
    const report = execFileSync(
      FIRETOWER,
      ['train', '--data', data, '--label', 'Class', '--config', config, '--threads', String(THREADS), '--json', '--out', model],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    fit = JSON.parse(report.toString()).fit_seconds;
    return (performance.now() - start) / 1e3;
  };
  const { figures, failed } = await inTurn(
    {
      XGBoost: () => side.ask(`xgboost ${TREES}`),
      'Firetower, whole command': () => train(),
      'Firetower, fitting': () => fit,
    },
    rounds,
  );
  /** @type {any} */
  let quality = null;
  if (failed.XGBoost === undefined) {
    const scored = path.join(folder, 'scored.csv');
    execFileSync(FIRETOWER, ['score', '--model', model, '--data', CSV, '--out', scored], { stdio: 'ignore' });
    quality = await side.askFor(`quality ${scored}`);
  }
  side.close();
  await rm(folder, { recursive: true });
  const compared = execFileSync(
    PYTHON,
    [path.join(ROOT, 'tests/bench/train_compare.py'), '--firetower', FIRETOWER, '--runs', '0', '--cv-trees', String(TREES)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  ).toString();
  await keep('TRAINING', { rounds, rows: ROWS, threads: THREADS, figures, failed, quality, compared });
}
