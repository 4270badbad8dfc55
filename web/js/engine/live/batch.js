// @ts-check
// Pieces of batches.

/**
 * A batch, with what a source notes of its rows: arrays that are cut as the rows are.
 * @typedef {Omit<import('./source.js').RowBatch, 'arrived'> & {notes?: Record<string, Float64Array | Int32Array>}} Rows
 */

/**
 * Rows [begin, end) of a batch.
 * @param {Rows} batch
 * @param {number} begin
 * @param {number} end
 * @returns {Rows}
 */
export function rowsOf(batch, begin, end) {
  const { rows } = batch;
  if (begin === 0 && end === rows) return batch;
  const count = end - begin;
  const inputs = rows === 0 ? 0 : batch.columns.length / rows;
  const columns = new Float64Array(count * inputs);
  for (let input = 0; input < inputs; ++input) {
    columns.set(batch.columns.subarray(input * rows + begin, input * rows + end), input * count);
  }
  /** @type {Rows['notes']} */
  let notes;
  if (batch.notes !== undefined) {
    notes = {};
    for (const [name, values] of Object.entries(batch.notes)) notes[name] = values.slice(begin, end);
  }
  return {
    rows: count,
    columns,
    labels: batch.labels?.slice(begin, end) ?? null,
    times: batch.times?.slice(begin, end) ?? null,
    sourceRows: batch.sourceRows?.slice(begin, end) ?? null,
    references: batch.references?.slice(begin, end) ?? null,
    statuses: batch.statuses?.slice(begin, end) ?? null,
    statusInputs: batch.statusInputs?.slice(begin, end) ?? null,
    notes,
  };
}

/** About how many rows a message is: what it holds, not what it says of itself. @param {any} message */
export function rowsIn(message) {
  if (Array.isArray(message)) return message.length;
  if (message === null || typeof message !== 'object') return 1;
  const { rows, columns, inputs } = message;
  if (Array.isArray(rows)) return rows.length;
  if (columns === null || typeof columns !== 'object') return 1;
  if (ArrayBuffer.isView(columns)) {
    const { length } = /** @type {Float64Array} */ (columns);
    return Array.isArray(inputs) && inputs.length > 0 ? Math.ceil(length / inputs.length) : 1;
  }
  const [first] = Object.values(columns);
  return Array.isArray(first) || ArrayBuffer.isView(first) ? /** @type {Float64Array} */ (first).length : 1;
}
