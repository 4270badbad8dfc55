// @ts-check
// Row indexes in order of a column, by counting: the keys' 16-bit digits from the lowest up (LSD radix sort), each pass
// stable. In JavaScript's memory and not in the engine's, which would never give it back.

const DIGITS = 4;
const RADIX = 1 << 16;

/**
 * Rows sorted by value, NaN last, ties (-0 and 0 too) by row.
 * @param {Float64Array} values
 * @param {Uint8Array | null} keep one byte per row, 0: left out; null: all
 * @param {boolean} descending
 * @returns {Uint32Array}
 */
export function rank(values, keep, descending) {
  const rows = values.length;
  // Keys that compare as whole numbers as the values do: all bits flipped below zero, the sign above.
  const keys = new Uint32Array(2 * rows);
  const bits = new Uint32Array(values.buffer, values.byteOffset, 2 * rows);
  const flip = descending ? 0xffffffff : 0;
  let order = new Uint32Array(rows);
  let n = 0;
  for (let row = 0; row < rows; ++row) {
    if (keep !== null && keep[row] === 0) continue;
    order[n++] = row;
    const value = values[row];
    if (value !== value) {
      keys[2 * row] = keys[2 * row + 1] = 0xffffffff;
      continue;
    }
    const high = value === 0 ? 0 : bits[2 * row + 1];
    const low = value === 0 ? 0 : bits[2 * row];
    const negative = high >>> 31 === 1;
    keys[2 * row] = (negative ? ~low : low) ^ flip;
    keys[2 * row + 1] = (negative ? ~high : high ^ 0x80000000) ^ flip;
  }
  order = order.subarray(0, n);
  let next = new Uint32Array(n);
  const digits = new Uint16Array(keys.buffer);
  // How often each digit has each value, whatever the order: counted where the keys lie.
  const counts = new Uint32Array(DIGITS * RADIX);
  for (let i = 0; i < n; ++i) {
    const place = DIGITS * order[i];
    for (let digit = 0; digit < DIGITS; ++digit) ++counts[digit * RADIX + digits[place + digit]];
  }
  for (let digit = 0; digit < DIGITS; ++digit) {
    const places = counts.subarray(digit * RADIX, (digit + 1) * RADIX);
    if (n > 0 && places[digits[DIGITS * order[0] + digit]] === n) continue;
    let place = 0;
    for (let value = 0; value < RADIX; ++value) {
      const count = places[value];
      places[value] = place;
      place += count;
    }
    for (let i = 0; i < n; ++i) {
      const row = order[i];
      next[places[digits[DIGITS * row + digit]]++] = row;
    }
    [order, next] = [next, order];
  }
  return order.length === order.buffer.byteLength / 4 ? order : order.slice();
}

/**
 * Rows with labels by falling score, then by row, for the engine to read a block at a time: they stay in JavaScript's
 * memory.
 * @param {Float64Array} scores
 * @param {Float64Array} labels 0 or 1
 * @param {Float64Array | null} weights
 * @param {Uint8Array} usable one byte per row, 0: left out
 * @returns {{rows: number, read: import('./engine.d.ts').ReadRanked}}
 */
export function rankedRows(scores, labels, weights, usable) {
  const order = rank(scores, usable, true);
  const rows = order.length;
  const ranked = { scores: new Float64Array(rows), weights: weights && new Float64Array(rows), labels: new Uint8Array(rows) };
  for (let i = 0; i < rows; ++i) {
    const row = order[i];
    ranked.scores[i] = scores[row];
    ranked.labels[i] = labels[row];
    if (ranked.weights !== null) ranked.weights[i] = /** @type {Float64Array} */ (weights)[row];
  }
  return {
    rows,
    read(first, toScores, toWeights, toLabels) {
      const end = first + toScores.length;
      toScores.set(ranked.scores.subarray(first, end));
      if (ranked.weights !== null) toWeights.set(ranked.weights.subarray(first, end));
      toLabels.set(ranked.labels.subarray(first, end));
    },
  };
}
