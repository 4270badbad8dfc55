// @ts-check
// What a page has to fetch before it can score, and how long the engine takes to load the benchmark forest.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { PEERS, SITE, inTurn, keep } from './harness.mjs';
import { startBrowser } from './browser.mjs';

/** @param {string[]} files */
async function gzipped(...files) {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(await readFile(file), { level: 9 }).length;
  return bytes;
}

/** @param {{rounds: number}} options */
export async function measure({ rounds }) {
  const dist = path.join(PEERS, 'node_modules/onnxruntime-web/dist');
  /** @type {Record<string, Promise<number>>} */
  const wanted = {
    'engine, gzipped': gzipped(path.join(SITE, 'engine/firetower.wasm'), path.join(SITE, 'engine/firetower.mjs')),
    'benchmark forest, gzipped': gzipped(path.join(PEERS, 'forest.safetensors')),
    'onnxruntime-web, gzipped': gzipped(path.join(dist, 'ort-wasm-simd-threaded.wasm'), path.join(dist, 'ort.wasm.bundle.min.mjs')),
    'benchmark forest as ONNX regressor graph, gzipped': gzipped(path.join(PEERS, 'data/forest_reg.onnx')),
  };
  /** @type {Record<string, number>} */
  const facts = {};
  /** @type {Record<string, string>} */
  const absent = {};
  for (const [name, bytes] of Object.entries(wanted)) {
    await bytes.then((size) => (facts[name] = size)).catch((error) => (absent[name] = String(error)));
  }
  const browser = await startBrowser();
  const page = await browser.page();
  const job = await page.evaluateHandle(async () => {
    const { EngineInstance } = await import(new URL('/site/js/engine/module.js', document.baseURI).href);
    const { default: factory } = await import(new URL('/site/engine/firetower.mjs', document.baseURI).href);
    /** @param {string} address */
    const bytesOf = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
    const wasm = await bytesOf('/site/engine/firetower.wasm');
    const model = await bytesOf('/peers/forest.safetensors');
    return async () => {
      // A new instance every time: the first load of a page is what counts.
      const engine = await EngineInstance.load(factory, wasm);
      const start = performance.now();
      engine.loadModel(model);
      return performance.now() - start;
    };
  });
  const { figures, failed } = await inTurn(
    { 'benchmark forest, load': () => page.evaluate((load) => load(), /** @type {any} */ (job)) },
    rounds,
  );
  await browser.close();
  await keep('SIZES', { rounds, chromium: browser.version, figures, failed: { ...absent, ...failed }, facts });
}
