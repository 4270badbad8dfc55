// @ts-check
// The engine in Node (18 or newer): the same API, run in this thread. It scores in slices and gives way in between,
// so that a server stays responsive.

import { readFile } from 'node:fs/promises';

import { createEngine as create } from './client/index.js';
import { localTransport } from './transport.js';

const moduleUrl = new URL('../../engine/firetower.mjs', import.meta.url);
const wasmUrl = new URL('../../engine/firetower.wasm', import.meta.url);
const modelUrl = new URL('../../../models/creditcard/creditcard-rf.safetensors', import.meta.url);
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
    model: options.model ?? (await readFile(modelUrl)),
    generator: options.generator === undefined ? await readFile(generatorUrl, 'utf8') : options.generator,
    workers: options.workers ?? 1,
    createTransport: localTransport(async () => (await import(moduleUrl.href)).default),
  });
}
