// @ts-check
// A WebAssembly module, wrapped: bytes and numbers in, copies out, errors as EngineError. The one place that touches
// a module's memory and the one place that catches what it can die of: a trap, an abort or a C++ exception (which
// arrives as a bare number). After that the instance is dead and every call says so.

import { engineError } from './errors.js';

/** Lines of the module's own output that a crash report carries. */
const LOG_LINES = 200;

/** @typedef {{print: (line: string) => void, printErr: (line: string) => void}} Printing */
/** @typedef {{code: string, message: string, row: number, line: number, column: number, byteOffset: number, text: string}} Reply */

/**
 * @template Module
 */
export class Boundary {
  /** @type {Module} */
  #module;
  /** @type {string[]} */
  #log;
  #what;
  /** @type {string | null} */
  #crash = null;

  /**
   * @param {Module} module
   * @param {string[]} log
   * @param {string} what for people: "the scoring engine"
   */
  constructor(module, log, what) {
    this.#module = module;
    this.#log = log;
    this.#what = what;
  }

  /**
   * Calls into the module. What it returns must not be a view: copy inside.
   * @template T
   * @param {(module: Module) => T} call
   * @returns {T}
   */
  run(call) {
    if (this.#crash !== null) throw this.#crashed();
    try {
      return call(this.#module);
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'EngineError') throw thrown;
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `exception ${String(thrown)}`;
      this.#crash = text;
      throw this.#crashed();
    }
  }

  #crashed() {
    const detail = [this.#crash, ...this.#log].join('\n');
    const memory = /out of memory|OOM|memory access|enlarge/i.test(detail);
    return engineError({
      code: 'ENGINE_CRASHED',
      message: memory ? `${this.#what} ran out of memory` : `${this.#what} stopped unexpectedly`,
      detail,
    });
  }
}

/** @typedef {Uint8Array | WebAssembly.Module} Program a module's bytes, or what was compiled of them */

/**
 * Starts a module: what it prints is kept for crash reports.
 * @template Module
 * @param {(options: any) => Promise<Module>} factory
 * @param {Program} program
 * @param {string} what for people
 * @returns {Promise<{module: Module, log: string[]}>}
 */
export async function startModule(factory, program, what) {
  /** @type {string[]} */
  const log = [];
  /** @param {string} line */
  const keep = (line) => {
    log.push(line);
    if (log.length > LOG_LINES) log.shift();
  };
  try {
    const printing = { print: keep, printErr: keep };
    if (!(program instanceof WebAssembly.Module)) return { module: await factory({ wasmBinary: program, ...printing }), log };
    // A factory does not settle when this fails.
    /** @type {(thrown: unknown) => void} */
    let fail = () => {};
    const failure = new Promise((_, reject) => (fail = reject));
    /** @param {WebAssembly.Imports} imports @param {(instance: WebAssembly.Instance) => void} done */
    const instantiateWasm = (imports, done) => {
      WebAssembly.instantiate(program, imports).then(done, fail);
      return {};
    };
    return { module: await Promise.race([factory({ instantiateWasm, ...printing }), /** @type {Promise<never>} */ (failure)]), log };
  } catch (thrown) {
    const message = `${what} could not be started: ${thrown instanceof Error ? thrown.message : thrown}`;
    throw engineError({ code: 'LOAD_FAILED', message, detail: log.join('\n') });
  }
}

/**
 * @param {Reply} reply
 * @returns {string} its text
 */
export function checkReply(reply) {
  if (reply.code === 'OK') return reply.text;
  /** @type {import('./protocol.js').ErrorData} */
  const data = { code: reply.code, message: reply.message };
  if (reply.row >= 0) data.row = reply.row;
  if (reply.line >= 0) data.line = reply.line;
  if (reply.column >= 0) data.column = reply.column;
  if (reply.byteOffset >= 0) data.byteOffset = reply.byteOffset;
  throw engineError(data);
}

/**
 * Writes arrays one after the other into the module's input.
 * @param {{input: (bytes: number) => Uint8Array}} module
 * @param {(Uint8Array | Float64Array | Int32Array | Uint32Array)[]} arrays
 * @returns {number} bytes
 */
export function writeInput(module, ...arrays) {
  const bytes = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  const input = module.input(bytes);
  if (input.length !== bytes) {
    const message = `there is no memory for ${Math.ceil(bytes / 2 ** 20)} MiB more in this tab`;
    throw engineError({ code: 'OUT_OF_MEMORY', message });
  }
  let place = 0;
  for (const array of arrays) {
    input.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), place);
    place += array.byteLength;
  }
  return bytes;
}
