// @ts-check
// Many rows and few rows: Firetower natively, in Node and in Chromium, beside what else scores the same forest.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { INPUT_NAMES, INPUTS, PEERS, SITE, inTurn, keep, nativeBenchmark, readExpected, readTable, say, startPeer, startPython } from './harness.mjs';
import { startBrowser, startWorker } from './browser.mjs';

export const ROWS = 98304;
const ONNX_ROWS = 16384;
const YDF_ROWS = 8192;
const BATCH = 16384;
const FEW = [8, 64, 255];

const FOREST_FILES = ['forest.safetensors', 'data/X.f32', 'expected.f64'].map((name) => path.join(PEERS, name));

/** The page's engine in Node. @param {Float32Array} table */
async function startNode(table) {
  const { EngineInstance } = await import(pathToFileURL(path.join(SITE, 'js/engine/module.js')).href);
  const { default: factory } = await import(pathToFileURL(path.join(SITE, 'engine/firetower.mjs')).href);
  const engine = await EngineInstance.load(factory, await readFile(path.join(SITE, 'engine/firetower.wasm')));
  engine.loadModel(await readFile(path.join(PEERS, 'forest.safetensors')));
  /** @type {Float64Array[]} */
  const batches = [];
  for (let first = 0; first < ROWS; first += BATCH) {
    const columns = new Float64Array(BATCH * INPUTS);
    for (let i = 0; i < BATCH; i += 1) {
      for (let c = 0; c < INPUTS; c += 1) columns[c * BATCH + i] = table[(first + i) * INPUTS + c];
    }
    batches.push(columns);
  }
  return () => {
    const start = performance.now();
    for (const columns of batches) engine.scoreRows(columns, BATCH, INPUTS);
    return ((performance.now() - start) * 1e3) / ROWS;
  };
}

/**
 * Largest difference from scikit-learn's probabilities.
 * @param {Awaited<ReturnType<typeof startWorker>>['ask']} ask
 * @param {number} rows
 * @param {Float64Array} expected
 */
async function worstDifference(ask, rows, expected) {
  await ask({ run: { rows } });
  const { scores } = await ask({ scores: true });
  let worst = 0;
  for (let i = 0; i < rows; i += 1) worst = Math.max(worst, Math.abs(scores[i] - expected[i]));
  return worst;
}

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  const table = await readTable();
  const expected = await readExpected();
  const python = await startPython();
  const node = await startNode(table);
  const browser = await startBrowser();
  const page = await browser.page();
  /** @type {Record<string, () => Promise<number> | number>} */
  const contenders = {};
  /** @type {Record<string, number>} */
  const worst = {};
  /** @type {Record<string, string>} */
  const absent = {};

  contenders['many scikit-learn, native'] = async () => ((await python.ask(`evaluate ${ONNX_ROWS * 2} 1`)) / (ONNX_ROWS * 2)) * 1e6;
  for (const graph of ['reg', 'clf']) {
    for (const threads of [1, 2]) {
      const name = `onnxruntime-web ${graph === 'reg' ? 'regressor' : 'classifier'} graph, Chromium, ${threads} thread${threads > 1 ? 's' : ''}`;
      try {
        const { ask } = await startWorker(page, { contender: 'onnx', graph, threads, first: 0, rows: ONNX_ROWS });
        worst[name] = await worstDifference(ask, ONNX_ROWS, expected);
        contenders[`many ${name}`] = async () => (await ask({ run: { rows: ONNX_ROWS } })).micros;
        if (threads === 1) {
          contenders[`one ${name}`] = async () => (await ask({ single: { calls: 200, batch: 1, rows: ONNX_ROWS } })).micros;
        }
      } catch (error) {
        absent[name] = String(error).split('\n')[0];
      }
    }
  }
  const ydf = 'ydf-inference, Chromium, 1 thread';
  try {
    const { ask } = await startWorker(page, { contender: 'ydf', first: 0, rows: YDF_ROWS });
    worst[ydf] = await worstDifference(ask, YDF_ROWS, expected);
    contenders[`many ${ydf}`] = async () => (await ask({ run: { rows: YDF_ROWS } })).micros;
  } catch (error) {
    absent[ydf] = String(error).split('\n')[0];
  }
  /** @type {Awaited<ReturnType<typeof startPeer>>[]} */
  const peers = [];
  for (const [peer, rows, name] of /** @type {const} */ ([
    ['ort-reg', ONNX_ROWS, 'onnxruntime-web regressor graph, Node'],
    ['ydf', YDF_ROWS, 'ydf-inference, Node'],
  ])) {
    const side = await startPeer(peer);
    peers.push(side);
    contenders[`many ${name}`] = () => side.ask(`evaluate ${rows}`);
    contenders[`one ${name}`] = () => side.ask('single');
  }

  contenders['many Firetower, native'] = () => 1e6 / nativeBenchmark('evaluator_bench', FOREST_FILES, 'PredictProba/16384/').items_per_second;
  contenders['many Firetower, Node'] = node;
  const one = await startWorker(page, { contender: 'firetower', first: 0, rows: ROWS });
  /** @type {Awaited<ReturnType<typeof startWorker>>[]} */
  const halves = [];
  for (const half of [0, 1]) halves.push(await startWorker(page, { contender: 'firetower', first: (half * ROWS) / 2, rows: ROWS / 2 }));
  worst['Firetower, Chromium, 1 worker'] = await worstDifference(one.ask, ROWS, expected);
  contenders['many Firetower, Chromium, 1 worker'] = async () => (await one.ask({ run: { rows: ROWS } })).micros;
  contenders['many Firetower, Chromium, 2 workers'] = () =>
    page.evaluate(
      async ([first, second, rows]) => {
        const start = performance.now();
        await Promise.all([first({ run: { rows: rows / 2 } }), second({ run: { rows: rows / 2 } })]);
        return ((performance.now() - start) * 1e3) / rows;
      },
      /** @type {any} */ ([halves[0].worker, halves[1].worker, ROWS]),
    );

  contenders['one Firetower, native'] = () => 1e6 / nativeBenchmark('evaluator_bench', FOREST_FILES, 'PredictProba/1/').items_per_second;
  contenders['one Firetower, Chromium, engine'] = async () => (await one.ask({ single: { calls: 400, batch: 1, rows: ROWS } })).micros;
  const engine = await page.evaluateHandle(async () => {
    const { createEngine } = await import(new URL('/site/js/engine/client/index.js', document.baseURI).href);
    const model = new Uint8Array(await (await fetch('/peers/forest.safetensors')).arrayBuffer());
    return createEngine({ model, workers: 1, generator: null });
  });
  const objects = Array.from({ length: 300 }, (_, i) =>
    Object.fromEntries(INPUT_NAMES.map((name, c) => [name, table[i * 211 * INPUTS + c]])),
  );
  contenders['one Firetower, Chromium, predict() of the JavaScript API'] = () =>
    page.evaluate(
      async ([api, rows]) => {
        const times = [];
        for (let k = 0; k < rows.length; k += 20) {
          const start = performance.now();
          for (let i = k; i < k + 20; i += 1) await api.predict(rows[i]);
          times.push(((performance.now() - start) * 1e3) / 20);
        }
        times.sort((a, b) => a - b);
        return times[times.length >> 1];
      },
      /** @type {any} */ ([engine, objects]),
    );
  for (const batch of FEW) {
    contenders[`few ${batch} rows, Firetower, native`] = () =>
      1e6 / nativeBenchmark('evaluator_bench', FOREST_FILES, `PredictProba/${batch}/`).items_per_second;
    contenders[`few ${batch} rows, Firetower, Chromium, engine`] = async () =>
      (await one.ask({ single: { calls: 200, batch, rows: ROWS } })).micros;
    if (!absent['onnxruntime-web regressor graph, Chromium, 1 thread']) {
      const { ask } = await startWorker(page, { contender: 'onnx', graph: 'reg', threads: 1, first: 0, rows: ONNX_ROWS });
      contenders[`few ${batch} rows, onnxruntime-web regressor graph, Chromium`] = async () =>
        (await ask({ single: { calls: 60, batch, rows: ONNX_ROWS } })).micros;
    }
  }
  for (const [name, why] of Object.entries(absent)) say(`${name} is left out: ${why}`);
  if (worst['Firetower, Chromium, 1 worker'] !== 0) throw new Error('a score differs from scikit-learn’s');
  const { figures, failed } = await inTurn(contenders, rounds);
  python.close();
  for (const side of peers) side.close();
  await browser.close();
  await keep('SCORING', { rounds, chromium: browser.version, rows: ROWS, figures, failed: { ...absent, ...failed }, worst });
}
