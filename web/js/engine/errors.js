// @ts-check
// Errors of the API: an Error with a code and, where known, a place.

/** @typedef {import('./types.js').EngineError} EngineError */

/**
 * @param {import('./protocol.js').ErrorData} data
 * @returns {EngineError}
 */
export function engineError(data) {
  const error = /** @type {EngineError} */ (new Error(data.message));
  error.name = 'EngineError';
  return Object.assign(error, data);
}

/**
 * Any thrown thing as data that can be posted.
 * @param {unknown} thrown
 * @returns {import('./protocol.js').ErrorData}
 */
export function errorData(thrown) {
  if (thrown instanceof Error) {
    const error = /** @type {Partial<EngineError> & Error} */ (thrown);
    if (error.name === 'EngineError' && error.code !== undefined) {
      const { code, message, row, line, column, byteOffset, detail } = error;
      return { code, message, row, line, column, byteOffset, detail };
    }
    if (error.name === 'NotReadableError' || error.name === 'NotFoundError') {
      const message = 'the file can no longer be read: it was changed, moved or removed since it was chosen';
      return { code: 'FILE_UNREADABLE', message, detail: error.message };
    }
    if (error.name === 'RangeError' && /alloc|length/i.test(error.message)) {
      return { code: 'OUT_OF_MEMORY', message: 'the browser has no memory for this', detail: error.message };
    }
    return { code: 'ENGINE_CRASHED', message: error.message, detail: error.stack };
  }
  return { code: 'ENGINE_CRASHED', message: String(thrown) };
}

/** @param {unknown} [reason] */
export function abortError(reason) {
  const message = reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'cancelled';
  return engineError({ code: 'ABORTED', message });
}

/** @param {AbortSignal | undefined} signal */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw abortError(signal.reason);
}

/**
 * @param {unknown} thrown
 * @param {string} code
 */
export function hasCode(thrown, code) {
  return thrown instanceof Error && /** @type {Partial<EngineError>} */ (thrown).code === code;
}
