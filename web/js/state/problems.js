// @ts-check
// Errors as people read them: what happened, the engine's own sentence, what to do. Pure.

/**
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} title what happened
 * @property {string} cause the engine's sentence
 * @property {string} next what to do
 * @property {'file' | 'engine' | 'model'} about where it belongs
 * @property {boolean} restart whether a restart of the engine helps
 * @property {string} detail to copy; empty where there is none
 */

/** @type {Record<string, {title: string, next: string, about: Problem['about'], restart?: boolean}>} */
const KINDS = {
  NOT_CSV: {
    title: 'This file cannot be read as CSV',
    next: 'Save it as “CSV (UTF-8)” from the program it comes from and choose it again. If it is CSV, set delimiter and header below.',
    about: 'file',
  },
  SCHEMA_MISMATCH: {
    title: 'Columns that the model needs are missing',
    next: 'Rename or add the columns in the file, or correct how it is read below. Order and letter case do not matter. If the file belongs to another model, change the model.',
    about: 'file',
  },
  BAD_ROW: {
    title: 'No row of this file can be scored',
    next: 'See the reasons below. If numbers are split or joined, correct delimiter and decimal sign; otherwise mend the rows and choose the file again.',
    about: 'file',
  },
  EMPTY: {
    title: 'There are no rows to score',
    next: 'Choose a file with at least one row below its header. If the first line holds data, set the header to “none” below.',
    about: 'file',
  },
  TOO_BIG: {
    title: 'This is larger than the page can work on',
    next: 'Split the file and score the parts one after the other, or score it with the command line: firetower score.',
    about: 'file',
  },
  OUT_OF_MEMORY: {
    title: 'The browser ran out of memory',
    next: 'Close other tabs and restart the engine, split the file, or score it with the command line: firetower score.',
    about: 'engine',
    restart: true,
  },
  ENGINE_CRASHED: {
    title: 'The engine stopped',
    next: 'Restart it: the page loads the model again and starts over with the same file. If it stops again, copy the details into a bug report.',
    about: 'engine',
    restart: true,
  },
  LOAD_FAILED: {
    title: 'The engine or its model could not be loaded',
    next: 'Check that the page is served whole (engine/, models/ and js/ beside index.html) and that you are connected to it, then try again.',
    about: 'engine',
    restart: true,
  },
  PROTOCOL_MISMATCH: {
    title: 'The page and its engine are of different versions',
    next: 'Reload the page. If that does not help, empty the browser’s cache for this address.',
    about: 'engine',
  },
  MODEL_INVALID: {
    title: 'This is not a model that Firetower can use',
    next: 'Choose a .safetensors file written by “firetower train” or “tools/export_sklearn.py”. The model in use is unchanged.',
    about: 'model',
  },
  FILE_UNREADABLE: {
    title: 'The browser could not read the file',
    next: 'It may have been moved, changed or locked since you chose it. Choose it again.',
    about: 'file',
  },
  SAVE_FAILED: {
    title: 'The download could not be written',
    next: 'Check that there is room on the disk and that the place can be written to, then download again.',
    about: 'file',
  },
  BAD_ARGUMENT: {
    title: 'The engine refused this request',
    next: 'Change the value and try again. If it happens with an ordinary value, copy the details into a bug report.',
    about: 'file',
  },
  DATA_INVALID: {
    title: 'The figures cannot be computed from this file',
    next: 'Check the label and weight columns: labels are 0 or 1, both must occur, weights are not negative.',
    about: 'file',
  },
};
const UNKNOWN = {
  title: 'Something went wrong',
  next: 'Try again. If it happens again, copy the details into a bug report.',
  about: /** @type {const} */ ('engine'),
  restart: true,
};

/**
 * @param {unknown} error an EngineError, or whatever was thrown
 * @param {{model?: boolean, version?: string, about?: Problem['about']}} [context] model: it happened while a model was loaded
 * @returns {Problem}
 */
export function toProblem(error, context = {}) {
  const known = /** @type {Partial<import('../engine/types.js').EngineError>} */ (
    typeof error === 'object' && error !== null ? error : {}
  );
  const unreadable = known.name === 'NotReadableError' || known.name === 'NotFoundError';
  let code = typeof known.code === 'string' ? known.code : unreadable ? 'FILE_UNREADABLE' : 'UNKNOWN';
  if (context.model && (code === 'UNSUPPORTED' || code === 'TOO_BIG' || code === 'UNKNOWN')) code = 'MODEL_INVALID';
  const kind = KINDS[code] ?? UNKNOWN;
  const message = typeof known.message === 'string' && known.message !== '' ? known.message : String(error);
  const about = context.about ?? kind.about;
  return {
    code,
    title: kind.title,
    cause: message,
    next: kind.next,
    about,
    restart: kind.restart ?? false,
    detail: describe(code, message, known, context.version),
  };
}

/**
 * @param {string} code
 * @param {string} message
 * @param {Partial<import('../engine/types.js').EngineError>} error
 * @param {string} [version]
 */
function describe(code, message, error, version) {
  const lines = [`${code}: ${message}`];
  if (version) lines.push(`model ${version}`);
  for (const [name, value] of /** @type {[string, unknown][]} */ ([
    ['row', error.row],
    ['line', error.line],
    ['column', error.column],
    ['byte', error.byteOffset],
  ])) {
    if (typeof value === 'number' && value >= 0) lines.push(`${name} ${value}`);
  }
  if (error.detail) lines.push(error.detail);
  if (code === 'UNKNOWN' && error.stack) lines.push(error.stack);
  return lines.join('\n');
}

/** The kinds that have their own words, for tests and documentation. */
export const PROBLEM_CODES = Object.freeze(Object.keys(KINDS));
