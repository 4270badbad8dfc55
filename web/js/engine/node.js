// @ts-check
// The engine in Node (18 or newer): the same API, run in this thread. It scores in slices and gives way in between,
// so that a server stays responsive.

import { readFile } from 'node:fs/promises';

import { createAnalysis as createAnalysisIn } from './analysis/index.js';
import { localAnalysis } from './analysis/local.js';
import { createEngine as create } from './client/index.js';
import { localTransport } from './local.js';

const moduleUrl = new URL('../../engine/firetower.mjs', import.meta.url);
const wasmUrl = new URL('../../engine/firetower.wasm', import.meta.url);
const monitorModuleUrl = new URL('../../engine/firetower_live.mjs', import.meta.url);
const monitorWasmUrl = new URL('../../engine/firetower_live.wasm', import.meta.url);
const modelUrl = new URL('../../../models/creditcard/creditcard-rf.safetensors', import.meta.url);
const analysisModuleUrl = new URL('../../engine/firetower_analysis.mjs', import.meta.url);
const analysisWasmUrl = new URL('../../engine/firetower_analysis.wasm', import.meta.url);
const generatorUrl = new URL('../../../models/creditcard/generator.json', import.meta.url);

/**
 * @param {{model?: Uint8Array, generator?: string | null, workers?: number}} [options] model: a model file's bytes.
 *   Default: the shipped one. generator: text of generator.json; default: the shipped one, null: none.
 *   workers: engine instances, default 1; they share this thread.
 * @returns {Promise<import('./types.js').Engine>}
 */
export async function createEngine(options = {}) {
  return create({
    wasmBinary: await readFile(wasmUrl),
    monitorBinary: await readFile(monitorWasmUrl),
    model: options.model ?? (await readFile(modelUrl)),
    generator: options.generator === undefined ? await readFile(generatorUrl, 'utf8') : options.generator,
    workers: options.workers ?? 1,
    createTransport: localTransport({
      engine: async () => (await import(moduleUrl.href)).default,
      monitor: async () => (await import(monitorModuleUrl.href)).default,
    }),
  });
}

/**
 * Drift and performance analysis, likewise.
 * @param {{model?: Uint8Array | null | false, workers?: number}} [options] model: a model file's bytes; null: the shipped
 *   one; false: none, columns are compared as they are in the files. workers: instances that share the columns, default 1.
 * @returns {Promise<import('./analysis/types.js').DriftAnalysis>}
 */
export async function createAnalysis({ model = null, workers = 1 } = {}) {
  return createAnalysisIn({
    wasmBinary: await readFile(analysisWasmUrl),
    model: model ?? (await readFile(modelUrl)),
    workers,
    createTransport: localAnalysis(async () => (await import(analysisModuleUrl.href)).default),
  });
}
