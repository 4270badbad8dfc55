// @ts-check
// The HTTP API, without HTTP: a request's method, path and body in, status, headers and body out. The service worker
// and tools/api.mjs both answer with it, so that they cannot differ. api/openapi.json describes it.
//
//   GET  ''         status
//   POST 'predict'  one object of values by input name, or an array of them; answers in kind
//   GET  'stats'    statistics of everything the monitor has counted, these predictions included
//
// Errors are {"detail": ...} as FastAPI gives them: a sentence, or for 422 a list of {loc, msg, type}.

/** @typedef {import('./types.js').Engine} Engine */
/** @typedef {import('./types.js').ModelCard} ModelCard */
/** @typedef {import('./types.js').Prediction} Prediction */
/** @typedef {import('./types.js').EngineError} EngineError */
/** @typedef {import('./live/types.js').Monitor} Monitor */

/**
 * @typedef {object} ApiRequest
 * @property {string} method
 * @property {string} path below the API's root, without a leading slash: '', 'predict', 'stats'
 * @property {string | null} [contentType]
 * @property {string | Uint8Array} [body]
 */

/** @typedef {{status: number, headers: Record<string, string>, body: string}} ApiResponse */

/**
 * What answers: an engine, and the monitor that counts.
 * @typedef {object} ApiBackend
 * @property {() => ModelCard} model
 * @property {() => Promise<object>} status
 * @property {(rows: Record<string, unknown>[]) => Promise<(Prediction | null)[]>} predict scored and counted; null: set aside
 * @property {(rows: Record<string, unknown>[]) => Promise<unknown>} check rejects with what is wrong with rows set aside
 * @property {() => Promise<object>} stats
 */

/** @typedef {{loc: (string | number)[], msg: string, type: string}} BadField */

/** Most bytes of a body, most rows of one request. */
export const MAX_BODY_BYTES = 10_000_000;
export const MAX_ROWS = 100_000;

/** Most fields that one answer names; what is beyond is only counted. */
const MAX_BAD_FIELDS = 10_000;

/** Rows given to the monitor at once: between two such parts other work gets its turn. */
const PART_ROWS = 10_000;

const FLOAT32_MAX = 3.4028235677973366e38;
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** @type {Record<string, string[]>} */
const METHODS = { '': ['GET', 'HEAD'], predict: ['POST'], stats: ['GET', 'HEAD'] };

/**
 * @param {Engine} engine
 * @param {Monitor} monitor
 * @returns {ApiBackend}
 */
export function engineBackend(engine, monitor) {
  return {
    model: () => engine.model(),
    status: () => engine.status(),
    async predict(rows) {
      const predictions = [];
      for (let first = 0; first < rows.length; first += PART_ROWS) {
        const part = await monitor.push(rows.slice(first, first + PART_ROWS), { predictions: true });
        for (const prediction of part.predictions) predictions.push(prediction);
      }
      return predictions;
    },
    check: (rows) => engine.predict(rows),
    stats: () => monitor.stats(),
  };
}

/**
 * Never rejects: what fails inside is answered with 500.
 * @param {ApiRequest} request
 * @param {ApiBackend} backend
 * @returns {Promise<ApiResponse>}
 */
export async function handleApi(request, backend) {
  const refused = refuse(request);
  if (refused !== null) return refused;
  try {
    if (request.path === '') return answer(200, await backend.status(), request);
    if (request.path === 'stats') return answer(200, await backend.stats(), request);
    return await predict(request, backend);
  } catch (thrown) {
    return answer(500, { detail: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

/**
 * What can be answered without looking at the body or asking an engine: no such document, not that method, not JSON,
 * too long. null: none of these.
 * @param {Pick<ApiRequest, 'method' | 'path' | 'contentType'> & {body?: {length: number}}} request
 * @returns {ApiResponse | null}
 */
export function refuse({ method, path, contentType, body }) {
  if (!Object.hasOwn(METHODS, path)) return answer(404, { detail: `there is no document ${path}; there are ./, ./predict and ./stats` });
  if (!METHODS[path].includes(method)) {
    const allow = METHODS[path].join(', ');
    return answer(405, { detail: `use ${allow}` }, { headers: { Allow: allow } });
  }
  if (path !== 'predict') return null;
  // A form of another site can send text to this server, but not this type, so it cannot add predictions.
  const type = (contentType ?? '').split(';')[0].trim().toLowerCase();
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    return answer(415, { detail: 'send the header Content-Type: application/json' });
  }
  return (body?.length ?? 0) > MAX_BODY_BYTES ? tooLong() : null;
}

export function tooLong() {
  return answer(413, { detail: `a request may be up to ${MAX_BODY_BYTES} bytes long; send the rows in parts` });
}

/** @param {string} detail why there is nobody to answer */
export function unavailable(detail) {
  return answer(503, { detail });
}

/**
 * @param {number} status
 * @param {unknown} document
 * @param {{method?: string, headers?: Record<string, string>}} [options]
 * @returns {ApiResponse}
 */
function answer(status, document, { method = 'GET', headers = {} } = {}) {
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
    body: method === 'HEAD' ? '' : JSON.stringify(document),
  };
}

/** @param {BadField[]} detail */
const unprocessable = (detail) => answer(422, { detail });

/**
 * @param {ApiRequest} request
 * @param {ApiBackend} backend
 */
async function predict({ body = '' }, backend) {
  const parsed = parseBody(body);
  if ('problem' in parsed) return unprocessable([parsed.problem]);
  const { value } = parsed;
  const many = Array.isArray(value);
  const given = many ? value : [value];
  if (given.length > MAX_ROWS) return answer(413, { detail: `a request may have up to ${MAX_ROWS} rows; it has ${given.length}` });

  const { rows, bad } = checkRows(given, many, backend.model());
  if (bad.length > 0) return unprocessable(bad);
  if (rows.length === 0) return answer(200, []);
  const predictions = await backend.predict(rows);
  const aside = predictions.flatMap((prediction, row) => (prediction === null ? [row] : []));
  if (aside.length > 0) return unprocessable(await whyAside(aside, rows, many, backend));
  return answer(200, many ? predictions : predictions[0]);
}

/**
 * @param {string | Uint8Array} body
 * @returns {{value: unknown} | {problem: BadField}}
 */
function parseBody(body) {
  let text;
  try {
    text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { problem: { loc: ['body'], msg: 'the body is not UTF-8', type: 'json_invalid' } };
  }
  if (text.trim() === '') return { problem: { loc: ['body'], msg: 'Field required', type: 'missing' } };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: { loc: ['body'], msg: `JSON decode error: ${reason}`, type: 'json_invalid' } };
  }
}

/**
 * Every input of the model must be there, by its exact name; null only where the model fills missing values in. What
 * else a row has is left out.
 * @param {unknown[]} given
 * @param {boolean} many
 * @param {ModelCard} model
 */
function checkRows(given, many, model) {
  const rejecting = new Set(model.features.filter(({ missing }) => missing === 'reject').map(({ input }) => input));
  const fields = model.inputs.map(({ name }) => ({ name, nullable: !rejecting.has(name) }));
  /** @type {BadField[]} */
  const bad = [];
  let beyond = 0;
  /** @param {BadField} field */
  const note = (field) => {
    if (bad.length < MAX_BAD_FIELDS) bad.push(field);
    else beyond += 1;
  };
  const rows = given.map((row, index) => {
    const place = many ? ['body', index] : ['body'];
    /** @type {Record<string, number | null>} */
    const kept = {};
    if (row === null || typeof row !== 'object' || Array.isArray(row)) {
      note({ loc: place, msg: 'Input should be an object of values by field name', type: 'dict_type' });
      return kept;
    }
    for (const { name, nullable } of fields) {
      const value = Object.hasOwn(row, name) ? Reflect.get(row, name) : undefined;
      const problem = problemOf(value, nullable);
      if (problem !== null) note({ loc: [...place, name], ...problem });
      else Object.defineProperty(kept, name, { value: value === null ? null : Number(value), enumerable: true });
    }
    return kept;
  });
  if (beyond > 0) bad.push({ loc: ['body'], msg: `and ${beyond} more`, type: 'too_many_errors' });
  return { rows, bad };
}

/**
 * @param {unknown} value
 * @param {boolean} nullable
 * @returns {{msg: string, type: string} | null}
 */
function problemOf(value, nullable) {
  if (value === undefined) return { msg: 'Field required', type: 'missing' };
  if (value === null && nullable) return null;
  if (typeof value === 'string' && !NUMBER.test(value)) {
    return { msg: 'Input should be a valid number, unable to parse string as a number', type: 'float_parsing' };
  }
  if (typeof value !== 'number' && typeof value !== 'string') return { msg: 'Input should be a valid number', type: 'float_type' };
  if (!(Math.abs(Number(value)) < FLOAT32_MAX)) return { msg: 'Input should be a finite number', type: 'finite_number' };
  return null;
}

/**
 * Rows that passed the checks above and which the model could not score all the same, such as a logarithm's argument
 * below its range.
 * @param {number[]} aside
 * @param {Record<string, unknown>[]} rows
 * @param {boolean} many
 * @param {ApiBackend} backend
 * @returns {Promise<BadField[]>}
 */
async function whyAside(aside, rows, many, backend) {
  const { fields = [] } = await backend.check(aside.map((row) => rows[row])).then(
    () => /** @type {Partial<EngineError>} */ ({}),
    (error) => /** @type {Partial<EngineError>} */ (error),
  );
  /** @param {number} row @param {string} field */
  const place = (row, field) => ['body', ...(many ? [row] : []), ...(field === '' ? [] : [field])];
  if (fields.length === 0) {
    return aside.map((row) => ({ loc: place(row, ''), msg: 'the model cannot score this row', type: 'value_error' }));
  }
  return fields.map(({ row, field, message }) => ({ loc: place(aside[row], field), msg: message, type: 'value_error' }));
}
