// @ts-check
// What every part of the benchmark needs: rounds in turn, medians, programs that stand beside, results kept in files.

import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The benchmark's table, forest and alternatives. */
export const PEERS = process.env.BENCH ?? path.join(ROOT, 'build/peers');
/** The page's files as they are served. */
export const SITE = process.env.FIRETOWER_BENCH_SITE ?? path.join(ROOT, 'web');
export const BINARIES = process.env.FIRETOWER_BENCH_BUILD ?? path.join(ROOT, 'build/bench');
/** The CSV reader as a WebAssembly module of its own. */
export const WASM = process.env.FIRETOWER_BENCH_WASM ?? path.join(ROOT, 'build/wasm/tests/bench');
export const PYTHON = process.env.FIRETOWER_BENCH_PYTHON ?? 'python3';
const RESULTS = path.join(ROOT, 'build/bench-results');

export const INPUTS = 30;
export const INPUT_NAMES = ['Time', ...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount'];

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs every contender once per round, all in turn, after a round that only warms up. A contender that throws is left
 * out from then on and said.
 * @param {Record<string, () => Promise<number> | number>} contenders
 * @param {number} rounds
 * @returns {Promise<{figures: Record<string, number[]>, failed: Record<string, string>}>}
 */
export async function inTurn(contenders, rounds) {
  /** @type {Record<string, number[]>} */
  const figures = {};
  /** @type {Record<string, string>} */
  const failed = {};
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      if (failed[name] !== undefined) continue;
      try {
        const figure = await run();
        if (round >= 0) (figures[name] ??= []).push(figure);
        say(`${round < 0 ? 'warm-up' : `round ${round + 1}`}  ${name}: ${figure.toPrecision(4)}`);
      } catch (error) {
        delete figures[name];
        failed[name] = String(error).split('\n')[0];
        say(`${name} could not run: ${failed[name]}`);
      }
    }
  }
  return { figures, failed };
}

/** @param {string} line */
export const say = (line) => process.stderr.write(`${line}\n`);

/**
 * A program that answers every request line on its standard input with one line. What it cannot do it answers with
 * "error ...".
 * @param {string} command
 * @param {string[]} parameters
 */
export async function startSide(command, parameters) {
  const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  /** @param {string} request */
  const ask = async (request) => {
    if (first.done || first.value !== 'ready') throw new Error(first.value ?? `${parameters[0]} ended`);
    child.stdin.write(`${request}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${parameters[0]} ended`);
    if (value.startsWith('error')) throw new Error(value.slice(6));
    return value;
  };
  return {
    /** @param {string} request @returns {Promise<number>} */
    ask: async (request) => Number(await ask(request)),
    /** @param {string} request @returns {Promise<any>} */
    askFor: async (request) => JSON.parse(await ask(request)),
    close: () => child.stdin.end(),
  };
}

/** scikit-learn and pandas. */
export const startPython = () => startSide(PYTHON, [path.join(ROOT, 'tests/bench/sklearn_side.py'), PEERS]);

/** One alternative of JavaScript in Node. @param {string} peer */
export const startPeer = (peer) =>
  startSide(process.execPath, ['--max-old-space-size=8000', path.join(ROOT, 'tests/bench/node_side.mjs'), peer]);

/**
 * One Google Benchmark run.
 * @param {string} binary
 * @param {string[]} files
 * @param {string} filter
 */
export function nativeBenchmark(binary, files, filter) {
  const output = execFileSync(
    path.join(BINARIES, 'tests/bench', binary),
    [...files, `--benchmark_filter=${filter}`, '--benchmark_format=json'],
    { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 24 },
  );
  return JSON.parse(output.toString()).benchmarks[0];
}

/** The benchmark table, row after row. */
export async function readTable() {
  const bytes = await readFile(path.join(PEERS, 'data/X.f32'));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** scikit-learn's own probabilities. */
export async function readExpected() {
  const bytes = await readFile(path.join(PEERS, 'expected.f64'));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** @param {string} command @param {string[]} parameters */
function firstLine(command, parameters) {
  try {
    return execFileSync(command, parameters, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] }).toString().split('\n')[0].trim();
  } catch {
    return 'unknown';
  }
}

/** Where a part was measured. */
export function circumstances() {
  const changed = firstLine('git', ['status', '--porcelain', '--untracked-files=no', 'wasm', 'web', 'cmake']) !== '';
  return {
    commit: firstLine('git', ['rev-parse', '--short', 'HEAD']) + (changed ? ' with changes' : ''),
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} × ${os.cpus()[0].model}, ${os.release()}`,
    node: process.versions.node,
    emscripten: /\d+\.\d+\.\d+/.exec(firstLine('emcc', ['--version']))?.[0] ?? 'unknown',
    compiler: firstLine('c++', ['--version']),
    python: firstLine(PYTHON, ['-c', 'import sklearn, pandas; print(f"scikit-learn {sklearn.__version__}, pandas {pandas.__version__}")']),
  };
}

/** @param {string} part @param {object} result */
export async function keep(part, result) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path.join(RESULTS, `${part}.json`), `${JSON.stringify({ ...circumstances(), ...result }, null, 1)}\n`);
}

/** @param {string} part @returns {Promise<any | null>} null: never measured here */
export async function kept(part) {
  try {
    return JSON.parse(await readFile(path.join(RESULTS, `${part}.json`), 'utf8'));
  } catch {
    return null;
  }
}
