// @ts-check
// SliceReader: the bytes of a range and some beyond, in order, one slice ahead. readPlaces: those of several places.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SLICE_BYTES } from '../../web/js/engine/protocol.js';
import { readPlaces, SliceReader } from '../../web/js/engine/slices.js';

const overrides = {};
const bytes = Uint8Array.from({ length: SLICE_BYTES + 300_000 }, (_, i) => (i * 31) % 251);

/** @param {Blob} blob @param {Partial<{begin: number, end: number, guessStart: boolean}>} range */
const reader = (blob, range) => new SliceReader({ file: { key: 1, blob, overrides }, begin: 0, end: blob.size, guessStart: false, ...range });

/** @param {SliceReader} slices */
async function all(slices) {
  const parts = [];
  for (let slice = await slices.next(); slice !== null; slice = await slices.next()) parts.push(slice);
  return parts;
}

test('the slices of a range and what follows it are the file from its begin on', async () => {
  for (const range of [{}, { begin: 5, end: 1000 }, { begin: 1000, end: bytes.length - 1, guessStart: true }, { begin: bytes.length, end: bytes.length }]) {
    const parts = await all(reader(new Blob([bytes]), range));
    const begin = (range.begin ?? 0) - (range.guessStart ? 1 : 0);
    assert.ok(Buffer.concat(parts).equals(Buffer.from(bytes.subarray(begin))));
    if (range.end === 1000) assert.equal(parts[0].length, 995);
  }
});

test('one slice is read ahead, and a range that is not wanted any more rejects nothing', async () => {
  /** @type {[number, number][]} */
  const read = [];
  const blob = /** @type {Blob} */ (
    /** @type {unknown} */ ({
      size: 3 * SLICE_BYTES,
      slice: (/** @type {number} */ begin, /** @type {number} */ end) => {
        read.push([begin, end]);
        return { arrayBuffer: async () => (begin < SLICE_BYTES ? new ArrayBuffer(end - begin) : Promise.reject(new Error('gone'))) };
      },
    })
  );
  const slices = reader(blob, {});
  assert.deepEqual(read, [[0, SLICE_BYTES]]);
  assert.equal((await slices.next())?.length, SLICE_BYTES);
  assert.deepEqual(read.at(-1), [SLICE_BYTES, 2 * SLICE_BYTES]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(slices.next(), /gone/);
});

test('places are read as they are asked for, in fewer reads where they lie close', async () => {
  const blob = new Blob([bytes]);
  let reads = 0;
  const counting = /** @type {Blob} */ (
    /** @type {unknown} */ ({
      slice: (/** @type {number} */ begin, /** @type {number} */ end) => {
        reads += 1;
        return blob.slice(begin, end);
      },
    })
  );
  /** @type {[[number, number][], number][]} */
  const asked = [
    [[], 0],
    [[[7, 7]], 1],
    [[[500, 600], [10, 20], [20, 500], [10, 20], [300, 310]], 1],
    [[[200_000, 200_100], [0, 100], [150_000, 150_001], [200_050, 200_300]], 3],
  ];
  for (const [places, expected] of asked) {
    reads = 0;
    const found = await readPlaces(counting, places);
    assert.deepEqual(found, places.map(([begin, end]) => bytes.subarray(begin, end)));
    assert.equal(reads, expected);
  }
});
