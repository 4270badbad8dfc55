// @ts-check
// Row indexes in order of a column, by counting: the keys' digits from the lowest up (LSD radix sort), each pass stable. In JavaScript's memory and not in the engine's, which would never give it back.

/** From so many rows on digits have 16 bits and not 8: half the passes, but 65,536 counts each. */
const MANY_ROWS = 1 << 16;

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
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * rows);
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
    const high = value === 0 ? 0 : words[2 * row + 1];
    const low = value === 0 ? 0 : words[2 * row];
    const negative = high >>> 31 === 1;
    keys[2 * row] = (negative ? ~low : low) ^ flip;
    keys[2 * row + 1] = (negative ? ~high : high ^ 0x80000000) ^ flip;
  }
  order = order.subarray(0, n);
  let next = new Uint32Array(n);
  const bits = n < MANY_ROWS ? 8 : 16;
  const digits = 64 / bits;
  const radix = 1 << bits;
  const mask = radix - 1;
  // How often each digit has each value, whatever the order: counted where the keys lie.
  const counts = new Uint32Array(digits * radix);
  for (let i = 0; i < n; ++i) {
    const low = keys[2 * order[i]];
    const high = keys[2 * order[i] + 1];
    for (let digit = 0, shift = 0; shift < 32; ++digit, shift += bits) {
      ++counts[digit * radix + ((low >>> shift) & mask)];
      ++counts[(digit + digits / 2) * radix + ((high >>> shift) & mask)];
    }
  }
  for (let digit = 0; digit < digits; ++digit) {
    const word = digit < digits / 2 ? 0 : 1;
    const shift = (digit * bits) % 32;
    const places = counts.subarray(digit * radix, (digit + 1) * radix);
    if (n > 0 && places[(keys[2 * order[0] + word] >>> shift) & mask] === n) continue;
    let place = 0;
    for (let value = 0; value < radix; ++value) {
      const count = places[value];
      places[value] = place;
      place += count;
    }
    for (let i = 0; i < n; ++i) {
      const row = order[i];
      next[places[(keys[2 * row + word] >>> shift) & mask]++] = row;
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
