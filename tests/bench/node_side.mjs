// @ts-check
// One of the alternatives that JavaScript has, in Node, in a process of its own.
//
//   node_side.mjs ort-reg|ort-clf|ydf   answers "evaluate ROWS" with µs per row, "single" with µs
//   node_side.mjs papaparse|udsv|duckdb answers "read HOW" with seconds for the benchmark's CSV file

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

import { INPUT_NAMES, INPUTS, PEERS, median, readTable } from './harness.mjs';

const need = createRequire(path.join(PEERS, 'package.json'));
const peer = process.argv[2];
const csv = path.join(PEERS, 'data/cc.csv');

/** @param {() => Promise<unknown> | unknown} work */
async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1e3;
}

/** @param {string} graph @returns {Promise<(first: number, count: number) => Promise<void>>} */
async function onnx(graph) {
  const ort = need('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(path.join(PEERS, `data/forest_${graph}.onnx`))), {
    executionProviders: ['wasm'],
  });
  const table = await readTable();
  return async (first, count) => {
    const values = table.subarray(first * INPUTS, (first + count) * INPUTS);
    await session.run({ X: new ort.Tensor('float32', values, [count, INPUTS]) });
  };
}

/** The rows are given as ydf-inference wants them, which is not timed. */
async function ydf() {
  const library = await need('ydf-inference')();
  const model = await library.loadModelFromZipBlob(readFileSync(path.join(PEERS, 'data/ydf_model.zip')));
  const table = await readTable();
  /** @type {Map<string, Record<string, number[]>>} */
  const prepared = new Map();
  /** @param {number} first @param {number} count */
  const examples = (first, count) => {
    const key = `${first} ${count}`;
    const known = prepared.get(key);
    if (known) return known;
    const made = Object.fromEntries(
      INPUT_NAMES.map((name, c) => [name, Array.from({ length: count }, (_, i) => table[(first + i) * INPUTS + c])]),
    );
    prepared.set(key, made);
    return made;
  };
  return { prepare: examples, run: (/** @type {number} */ first, /** @type {number} */ count) => model.predict(examples(first, count)) };
}

/** @returns {Promise<(request: string[]) => Promise<number>>} */
async function evaluator() {
  const { prepare, run } = peer === 'ydf' ? await ydf() : { prepare: () => {}, run: await onnx(peer.slice(4)) };
  return async ([what, rows]) => {
    if (what === 'evaluate') {
      prepare(0, Number(rows));
      return ((await seconds(() => run(0, Number(rows)))) / Number(rows)) * 1e6;
    }
    const times = [];
    for (let call = 0; call < 300; call += 1) {
      prepare(call * 700, 1);
      times.push((await seconds(() => run(call * 700, 1))) * 1e6);
    }
    return median(times);
  };
}

/** @returns {Promise<(request: string[]) => Promise<number>>} */
async function reader() {
  if (peer === 'duckdb') {
    const duckdb = need('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs');
    const dist = path.dirname(need.resolve('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs'));
    const bundle = { mainModule: path.join(dist, 'duckdb-eh.wasm'), mainWorker: '' };
    const db = await duckdb.createDuckDB({ mvp: bundle, eh: bundle }, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
    await db.instantiate(() => {});
    const connection = db.connect();
    db.registerFileBuffer('cc.csv', new Uint8Array(readFileSync(csv)));
    const types = [...INPUT_NAMES.map((name) => `'${name}':'FLOAT'`), "'Class':'INTEGER'"].join(',');
    const options = `header=true,auto_detect=false,delim=',',quote='"',columns={${types}}`;
    return () => seconds(() => connection.query(`create or replace table t as select * from read_csv('cc.csv',${options})`));
  }
  // A string cannot be kept from round to round: V8 would flatten and cache parts of it.
  const text = () => readFileSync(csv, 'latin1');
  if (peer === 'udsv') {
    const { inferSchema, initParser } = need('udsv');
    return () => {
      const string = text();
      return seconds(() => initParser(inferSchema(string)).typedCols(string));
    };
  }
  const papa = need('papaparse');
  return ([, how]) => {
    const string = text();
    let rows = 0;
    if (how === 'step') return seconds(() => papa.parse(string, { dynamicTyping: true, step: () => (rows += 1) }));
    return seconds(() => papa.parse(string, { header: true, dynamicTyping: true }));
  };
}

/** @type {(request: string[]) => Promise<number>} */
let answer;
try {
  answer = ['papaparse', 'udsv', 'duckdb'].includes(peer) ? await reader() : await evaluator();
  console.log('ready');
} catch (error) {
  console.log(`error ${String(error).split('\n')[0]}`);
  process.exit(1);
}
for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    console.log(await answer(line.split(' ')));
  } catch (error) {
    console.log(`error ${String(error).split('\n')[0]}`);
  }
}
process.exit(0);
