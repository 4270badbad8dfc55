// @ts-check
// Pieces of batches.

/** @typedef {Omit<import('./source.js').RowBatch, 'arrived'>} Rows */

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
  return {
    rows: count,
    columns,
    labels: batch.labels?.slice(begin, end) ?? null,
    times: batch.times?.slice(begin, end) ?? null,
    sourceRows: batch.sourceRows?.slice(begin, end) ?? null,
    references: batch.references?.slice(begin, end) ?? null,
    statuses: batch.statuses?.slice(begin, end) ?? null,
    statusInputs: batch.statusInputs?.slice(begin, end) ?? null,
  };
}

/** About how many rows a pushed message is. @param {any} message */
export function rowsIn(message) {
  if (Array.isArray(message)) return message.length;
  if (message === null || typeof message !== 'object') return 1;
  if (Array.isArray(message.rows)) return message.rows.length;
  if (typeof message.rows === 'number') return message.rows;
  const { columns } = message;
  if (columns === null || typeof columns !== 'object') return 1;
  const [first] = Object.values(columns);
  return typeof first?.length === 'number' ? first.length : 1;
}
