// @ts-check
// What the tests of this folder share: the module, an engine over it with the test model, transports that fail on
// purpose, and made-up files.

import { readFile } from 'node:fs/promises';

import { createEngine as create } from '../../web/js/engine/client/index.js';
import { createEngine as createNodeEngine } from '../../web/js/engine/node.js';
import { localTransport } from '../../web/js/engine/local.js';

/** @typedef {import('../../web/js/engine/engine.d.ts').EngineModule} EngineModule */
/** @typedef {import('../../web/js/engine/protocol.js').FromWorker} FromWorker */
/** @typedef {import('../../web/js/engine/transport.js').CreateTransport} CreateTransport */

const root = new URL('../../', import.meta.url);
export const modelBytes = new Uint8Array(await readFile(new URL('tests/wasm/model.safetensors', root)));
export const wasmBinary = new Uint8Array(await readFile(new URL('web/engine/firetower.wasm', root)));
export const monitorBinary = new Uint8Array(await readFile(new URL('web/engine/firetower_live.wasm', root)));
export const repository = root;

const factory = (await import(new URL('web/engine/firetower.mjs', root).href)).default;
const monitorFactory = (await import(new URL('web/engine/firetower_live.mjs', root).href)).default;

/** @returns {Promise<EngineModule>} a bare instance of the page's module */
export function loadModule() {
  const print = () => {};
  return factory({ wasmBinary, print, printErr: print });
}

/** @returns {Promise<import('../../web/js/engine/live/live.d.ts').LiveModule>} the monitor's, likewise */
export function loadLiveModule() {
  const print = () => {};
  return monitorFactory({ wasmBinary: monitorBinary, print, printErr: print });
}

/** @param {{workers?: number}} [options] */
export function testEngine({ workers = 1 } = {}) {
  return createNodeEngine({ model: modelBytes, generator: null, workers });
}

/** @param {{workers?: number, createTransport: CreateTransport}} options */
export function engineOver({ workers = 1, createTransport }) {
  return create({ wasmBinary, monitorBinary, model: modelBytes, generator: null, workers, createTransport });
}

export const local = localTransport({ engine: async () => factory, monitor: async () => monitorFactory });

/**
 * A transport that lets a test stop, drop or answer what goes to the worker.
 * @param {(message: any, worker: {number: number, die: (message: string) => void,
 *   answer: (message: FromWorker) => void}) => boolean} onRequest true: the worker gets it
 * @returns {CreateTransport & {started: number, terminated: number}}
 */
export function tampered(onRequest) {
  const transport = Object.assign(
    /** @type {CreateTransport} */
    (handlers) => {
      const number = ++transport.started;
      const inner = local(handlers);
      const worker = { number, die: handlers.onDeath, answer: handlers.onMessage };
      return {
        post: (message) => {
          if (onRequest(message, worker)) inner.post(message);
        },
        terminate: () => {
          ++transport.terminated;
          inner.terminate();
        },
      };
    },
    { started: 0, terminated: 0 },
  );
  return transport;
}

/**
 * A file for the test model: bad rows, missing values, quoted line ends, a text that looks like a formula.
 * @param {number} rows
 * @param {{lineEnd?: string, bad?: boolean}} [options]
 */
export function testCsv(rows, { lineEnd = '\n', bad = true } = {}) {
  const lines = ['Time,V1,V2,Amount,Class,Weight,Note'];
  for (let i = 0; i < rows; ++i) {
    const v2 = i % 10 === 3 ? '' : Math.cos(i);
    const v1 = bad && i % 997 === 500 ? 'abc' : bad && i % 1009 === 700 ? '' : 2 * Math.sin(i);
    const notes = ['plain', '"two\nlines, and a comma"', '=1+1', '"say ""x"""'];
    const note = i % 50 === 0 ? notes[(i / 50) % 4] : 'n';
    lines.push(`${i * 3},${v1},${v2},${(i * 37) % 500},${i % 3 === 0 ? 1 : 0},${1 + (i % 4)},${note}`);
  }
  return lines.join(lineEnd) + lineEnd;
}

/** @param {AsyncIterable<Uint8Array>} chunks */
export async function collect(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/**
 * The error a promise rejects with.
 * @param {Promise<unknown>} promise
 * @returns {Promise<import('../../web/js/engine/types.js').EngineError>}
 */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return /** @type {any} */ (error);
  }
  throw new Error('it did not fail');
}
