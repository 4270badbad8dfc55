// @ts-check
// web/api/openapi.json as a judge of real answers.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export const description = JSON.parse(await readFile(new URL('../../web/api/openapi.json', import.meta.url), 'utf8'));

// The document around the schemas has keywords of its own.
const ajv = new Ajv2020({ allErrors: true, strict: false });
/** @type {any} */ (formats)(ajv);
ajv.addSchema(description, 'openapi');

/** @param {string} pointer to a place in the document; references are followed @returns {{at: string, place: any}} */
function follow(pointer) {
  const parts = pointer.slice(2).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at = pointer;
  /** @type {any} */
  let place = description;
  for (const part of parts) place = place?.[part];
  if (place?.$ref) at = place.$ref;
  return { at, place: place?.$ref ? follow(place.$ref).place : place };
}

/** @param {string} schema pointer @param {unknown} value @param {string} about */
export function validate(schema, value, about) {
  const check = /** @type {import('ajv').ValidateFunction} */ (ajv.compile({ $ref: `openapi${schema}` }));
  assert.ok(check(value), `${about}: ${ajv.errorsText(check.errors)}: ${JSON.stringify(value)?.slice(0, 500)}`);
}

/**
 * Fails unless the description has such an answer: status, type, headers it promises, and the body's schema.
 * @param {string} path as in the description
 * @param {string} method
 * @param {{status: number, headers: Record<string, string> | Headers, body: string}} answer
 * @returns {any} the body
 */
export function conforms(path, method, { status, headers, body }) {
  const known = new Headers(headers);
  const about = `${method} ${path} ${status}`;
  const own = `#/paths/${path.replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${status}`;
  // A method that the path does not have is answered as the description says for those it has.
  const other = `#/components/responses/MethodNotAllowed`;
  const { at, place } = follow(status === 405 ? other : own);
  assert.ok(place, `${about} is not described`);
  assert.match(known.get('Content-Type') ?? '', /^application\/json/, about);
  for (const name of Object.keys(place.headers ?? {})) assert.ok(known.get(name), `${about} has no ${name}`);
  const value = JSON.parse(body);
  validate(`${at}/content/application~1json/schema`, value, about);
  return value;
}
