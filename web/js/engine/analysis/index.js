// @ts-check
// Drift and performance analysis in the page: createAnalysis gives a DriftAnalysis (types.js). It is a module of its own,
// loaded when this is called for the first time; nothing of it is in the scoring engine.

import { engineError } from '../errors.js';
import { workerTransport } from '../transport.js';
import { AnalysisClient } from './client.js';

/**
 * @typedef {object} AnalysisOptions
 * @property {Uint8Array | URL | null | false} [model] a model file's bytes, or where it is; null: the shipped model; false:
 *   none, columns are compared as they are in the files
 * @property {Uint8Array | URL} [wasmBinary] default: beside the page's engine
 * @property {import('../transport.js').CreateTransport} [createTransport] where it runs. Default: workers.
 * @property {number} [workers] that share the columns. Default: 2
 */

/** @param {Uint8Array | URL} source */
async function bytesOf(source) {
  if (source instanceof Uint8Array) return source;
  let response;
  try {
    response = await fetch(source);
  } catch (thrown) {
    throw engineError({ code: 'LOAD_FAILED', message: `${source.pathname} could not be loaded: ${thrown}` });
  }
  if (!response.ok) {
    throw engineError({ code: 'LOAD_FAILED', message: `${source.pathname} could not be loaded: ${response.status}` });
  }
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Starts the workers and loads the model. Rejects with LOAD_FAILED, MODEL_INVALID or PROTOCOL_MISMATCH.
 * @param {AnalysisOptions} [options]
 * @returns {Promise<import('./types.js').DriftAnalysis>}
 */
export async function createAnalysis({ model = null, wasmBinary, createTransport, workers } = {}) {
  const site = new URL('../../../', import.meta.url);
  const [bytes, modelBytes] = await Promise.all([
    bytesOf(wasmBinary ?? new URL('engine/firetower_analysis.wasm', site)),
    model === false ? null : bytesOf(model ?? new URL('models/creditcard/creditcard-rf.safetensors', site)),
  ]);
  const client = new AnalysisClient({
    createTransport: createTransport ?? workerTransport({ engine: new URL('js/engine/analysis/worker.js', site).href }),
    wasmBinary: bytes,
    model: modelBytes,
    workers,
  });
  try {
    await client.start();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}
