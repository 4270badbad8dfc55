// @ts-check
// The bytes of a range of a file, slice by slice: the next one is read while the one before is worked on.

import { SLICE_BYTES } from './protocol.js';

/** Beyond the range's end only so much is read at a time: its last record ends nearby. */
const BEYOND_BYTES = 64 * 1024;

/** Places no farther apart are read at once: a read costs about as much as reading these. */
const NEAR_BYTES = 32 * 1024;

/**
 * @param {Blob} blob
 * @param {number} begin
 * @param {number} end
 */
export async function readBytes(blob, begin, end) {
  return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}

/**
 * What lies at several places, in their order.
 * @param {Blob} blob
 * @param {[number, number][]} places begin and end
 */
export async function readPlaces(blob, places) {
  const rising = places.map((_, i) => i).sort((a, b) => places[a][0] - places[b][0]);
  /** @type {{begin: number, end: number, members: number[]}[]} */
  const reads = [];
  for (const member of rising) {
    const [begin, end] = places[member];
    const last = reads[reads.length - 1];
    if (last !== undefined && begin <= last.end + NEAR_BYTES) {
      last.end = Math.max(last.end, end);
      last.members.push(member);
    } else {
      reads.push({ begin, end, members: [member] });
    }
  }
  /** @type {Uint8Array[]} */
  const found = new Array(places.length);
  await Promise.all(
    reads.map(async ({ begin, end, members }) => {
      const bytes = await readBytes(blob, begin, end);
      for (const member of members) found[member] = bytes.subarray(places[member][0] - begin, places[member][1] - begin);
    }),
  );
  return found;
}

export class SliceReader {
  #blob;
  #at;
  #end;
  /** @type {Promise<Uint8Array> | null} */
  #ahead;

  /** Begins to read. @param {Pick<import('./protocol.js').RangeRequest, 'file' | 'begin' | 'end' | 'guessStart'>} range */
  constructor({ file, begin, end, guessStart }) {
    this.#blob = file.blob;
    this.#at = guessStart ? begin - 1 : begin;
    this.#end = end;
    this.#ahead = this.#read();
  }

  #read() {
    const begin = this.#at;
    const stop = begin < this.#end ? Math.min(begin + SLICE_BYTES, this.#end) : begin + BEYOND_BYTES;
    const end = Math.min(stop, this.#blob.size);
    this.#at = end;
    if (begin >= end) return null;
    const slice = readBytes(this.#blob, begin, end);
    // One that is not asked for must not reject unheard.
    slice.catch(() => {});
    return slice;
  }

  /** The next slice, null at the end of the file. Rejects where the file cannot be read. */
  async next() {
    const slice = await this.#ahead;
    this.#ahead = this.#read();
    return slice;
  }
}
