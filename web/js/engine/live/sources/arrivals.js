// @ts-check
// Messages that have arrived and wait: decoded many at a time, handed out as rows in order, with when each came.

import { WaitingRows } from './batches.js';
import { decodeMessages, MalformedCounts } from './messages.js';

/** Rows that may wait. What comes beyond must be refused or not be asked for. */
export const MAX_WAITING = 1_000_000;

/** Messages that are kept undecoded at most: decoding many at once is faster. */
const MAX_RAW = 1024;

/**
 * How far the rows taken go: the id of the last message with one all of whose rows were, and how many rows of the one
 * after it. Without ids only the number of rows.
 * @typedef {{id: string, partly: {id: string, rows: number} | null, row: number}} Place
 */

export class Arrivals {
  #model;
  #waiting = new WaitingRows();
  #malformed = new MalformedCounts();
  /** @type {{message: unknown, number: number, now: number}[]} */
  #raw = [];
  /** Messages so far. */
  #messages = 0;
  /** @type {Map<number, string>} ids by number of the message, in order */
  #ids = new Map();
  #place;
  #offered;
  /** Messages so far that were no rows. */
  malformed = 0;

  /**
   * @param {import('../../types.js').ModelCard} model
   * @param {Place | null} place where to go on: the first message to come is the one after `id`
   */
  constructor(model, place) {
    this.#model = model;
    this.#place = place ?? { id: '', partly: null, row: 0 };
    this.#offered = this.#place.row;
  }

  /**
   * @param {unknown} message
   * @param {number} now
   * @param {string} [id]
   */
  add(message, now, id = '') {
    const number = this.#messages++;
    if (id !== '') this.#ids.set(number, id);
    this.#raw.push({ message, number, now });
    if (this.#raw.length >= MAX_RAW) this.settle();
  }

  /** Counts a message that cannot be rows. @param {string} reason @param {string} sample */
  refuse(reason, sample) {
    ++this.malformed;
    this.#malformed.add({ count: 1, reason, sample });
  }

  /** Decodes what has arrived; what came of it. */
  settle() {
    const raw = this.#raw;
    if (raw.length === 0) return { accepted: 0, malformed: 0 };
    this.#raw = [];
    const decoded = decodeMessages(
      raw.map(({ message }) => message),
      this.#model,
    );
    let malformed = 0;
    for (const kind of decoded.malformed) {
      malformed += kind.count;
      this.#malformed.add(kind);
    }
    this.malformed += malformed;
    const { rows, origins } = decoded;
    if (rows === 0) return { accepted: 0, malformed };
    // Rows of a message that was half taken before a restart are not taken again.
    const { partly } = this.#place;
    let begin = 0;
    if (partly !== null && this.#offered === this.#place.row && this.#ids.get(raw[origins[0]].number) === partly.id) {
      while (begin < partly.rows && begin < rows && origins[begin] === origins[0]) ++begin;
    }
    const notes = {
      arrivals: Float64Array.from(origins, (origin) => raw[origin].now),
      messages: Float64Array.from(origins, (origin) => raw[origin].number),
      // Rows of the message up to this one; 0: it is the last.
      within: new Int32Array(rows),
    };
    for (let row = 0, count = 0; row < rows; ++row) {
      count = row > 0 && origins[row] === origins[row - 1] ? count + 1 : 1;
      notes.within[row] = row + 1 < rows && origins[row + 1] === origins[row] ? count : 0;
    }
    const sourceRows = Float64Array.from(origins, (_, row) => this.#offered + row - begin);
    this.#waiting.add({ ...decoded, sourceRows, notes });
    if (begin > 0) this.#waiting.take(begin);
    this.#offered += rows - begin;
    return { accepted: rows - begin, malformed };
  }

  /** Rows that came so far. */
  get offered() {
    this.settle();
    return this.#offered;
  }

  get taken() {
    return this.#place.row;
  }

  /** About how many rows wait: an undecoded message counts as one. */
  get backlog() {
    return this.#waiting.rows + this.#raw.length;
  }

  /** Something is there: rows, or messages that may be some. */
  get any() {
    return this.backlog > 0;
  }

  /**
   * @param {number} most
   * @returns {import('../source.js').RowBatch | null}
   */
  take(most) {
    this.settle();
    const taken = this.#waiting.take(most);
    if (taken === null) return null;
    const { rows, columns, labels, times, sourceRows, references, statuses, statusInputs } = taken;
    const notes = /** @type {Record<string, Float64Array>} */ (taken.notes);
    const message = notes.messages[rows - 1];
    const within = notes.within[rows - 1];
    const partly = within > 0 ? { id: this.#ids.get(message) ?? '', rows: within } : null;
    let { id } = this.#place;
    for (const [number, known] of this.#ids) {
      if (number > message || (number === message && within > 0)) break;
      id = known;
      this.#ids.delete(number);
    }
    this.#place = { id, partly: partly?.id === '' ? null : partly, row: this.#place.row + rows };
    const [arrived] = notes.arrivals;
    return { rows, columns, labels, times, sourceRows, references, statuses, statusInputs, arrived };
  }

  /** @returns {Place} */
  get place() {
    return this.#place;
  }

  takeMalformed() {
    this.settle();
    return this.#malformed.take();
  }
}
