// @ts-check
// Rows given as objects: checked field by field, then scored like the rows of a file.

import { engineError } from '../errors.js';
import { predictionOf } from '../predictions.js';
import { foldedName, numberOf } from '../values.js';

/** @typedef {import('../types.js').ModelCard} ModelCard */
/** @typedef {import('../types.js').Prediction} Prediction */
/** @typedef {{row: number, field: string, message: string}} BadField */

/** Input names that a message lists. */
const MAX_NAMES = 64;

/** @param {BadField[]} fields */
function badFields(fields) {
  const list = fields.map(({ row, field, message }) => `row ${row}${field ? `, ${field}` : ''}: ${message}`);
  const error = engineError({
    code: 'BAD_ARGUMENT',
    message: list.slice(0, 10).join('; ') + (list.length > 10 ? `; and ${list.length - 10} more` : ''),
    row: fields[0].row,
    detail: list.join('\n'),
  });
  error.fields = fields;
  return error;
}

/** @param {ModelCard} model */
function expectedNames({ inputs }) {
  const names = inputs.slice(0, MAX_NAMES).map(({ name }) => name);
  return names.join(', ') + (inputs.length > MAX_NAMES ? ` and ${inputs.length - MAX_NAMES} more` : '');
}

/**
 * What every row is asked for, made once per model.
 * @typedef {{name: string, folded: string, required: boolean}[]} Fields
 */

/** @type {WeakMap<ModelCard, Fields>} */
const fieldsOfModel = new WeakMap();

/** @param {ModelCard} model @returns {Fields} */
function fieldsOf(model) {
  let fields = fieldsOfModel.get(model);
  if (fields === undefined) {
    const required = new Set(
      model.features.filter((feature) => feature.missing === 'reject').map((feature) => feature.input),
    );
    fields = model.inputs.map(({ name }) => ({ name, folded: foldedName(name), required: required.has(name) }));
    fieldsOfModel.set(model, fields);
  }
  return fields;
}

const hasOwnEnumerable = Object.prototype.propertyIsEnumerable;

/**
 * The rows' inputs, column after column, missing ones NaN.
 * @param {unknown[]} rows
 * @param {ModelCard} model
 */
export function columnsOf(rows, model) {
  const fields = fieldsOf(model);
  const columns = new Float64Array(rows.length * fields.length);
  /** @type {BadField[]} */
  const bad = [];
  // By index: an array's holes are rows too.
  for (let row = 0; row < rows.length; ++row) {
    const given = rows[row];
    if (given === null || typeof given !== 'object' || Array.isArray(given)) {
      bad.push({ row, field: '', message: 'is not an object of values by input name' });
      continue;
    }
    /** @type {Map<string, unknown> | null} only for a row that has not every input by its exact name */
    let folded = null;
    let known = false;
    const badBefore = bad.length;
    for (let input = 0; input < fields.length; ++input) {
      const field = fields[input];
      /** @type {unknown} */
      let cell;
      if (hasOwnEnumerable.call(given, field.name)) {
        known = true;
        cell = /** @type {Record<string, unknown>} */ (given)[field.name];
      } else {
        folded ??= new Map(Object.entries(given).map(([name, value]) => [foldedName(name), value]));
        known ||= folded.has(field.folded);
        cell = folded.get(field.folded);
      }
      const value = numberOf(cell);
      if (typeof value === 'string') bad.push({ row, field: field.name, message: value });
      else if (field.required && Number.isNaN(value)) bad.push({ row, field: field.name, message: 'is missing' });
      else columns[input * rows.length + row] = value;
    }
    if (known) continue;
    bad.length = badBefore;
    bad.push({ row, field: '', message: `has none of the model's inputs: ${expectedNames(model)}` });
  }
  if (bad.length > 0) throw badFields(bad);
  return columns;
}

/**
 * @param {{probabilities: Float64Array, statuses?: Int32Array, statusInputs?: Int32Array}} scored
 * @param {ModelCard} model
 * @returns {Prediction[]}
 */
export function predictionsOf({ probabilities, statuses, statusInputs }, model) {
  /** @type {BadField[]} */
  const bad = [];
  statuses?.forEach((status, row) => {
    if (status === 0) return;
    const field = model.inputs[statusInputs?.[row] ?? -1]?.name ?? '';
    bad.push({ row, field, message: status === 7 ? 'is missing' : 'is infinite or too large' });
  });
  if (bad.length > 0) throw badFields(bad);
  const timestamp = new Date().toISOString();
  return Array.from(probabilities, (probability) => predictionOf(probability, model, timestamp));
}
