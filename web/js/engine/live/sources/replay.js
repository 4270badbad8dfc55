// @ts-check
// The rows of a CSV file, at a rate or as fast as the file's own time goes.

import { engineError, errorData, hasCode } from '../../errors.js';
import { HEAD_BYTES } from '../../protocol.js';
import { WaitingRows } from './batches.js';
import { timeInput } from './messages.js';
import { checkRate, checkSteps, DataClock, RateClock } from './paced.js';

/** @typedef {import('../source.js').Source} Source */

/** Bytes read at a time. */
const SLICE_BYTES = 1024 * 1024;

const DEFAULT_RATE = 200;

/** @typedef {Extract<import('../types.js').StreamSource, {kind: 'replay'}>} Replay */

/**
 * @typedef {object} ReplayPosition
 * @property {number} size of the file
 * @property {number} offset of the last row taken; -1: none of this pass
 * @property {number} row of the next row in the file
 * @property {number} shift seconds that the data's clock of this pass is ahead of the file's
 * @property {number | null} first time in the file of this pass; null: none yet
 * @property {number | null} latest greatest time in the file of the rows taken in this pass
 * @property {'rate' | 'time'} pace
 * @property {number} rate
 * @property {number} speed
 * @property {number} due rows that were due
 * @property {number} taken
 */

/** @implements {Source} */
export class ReplaySource {
  #reader;
  #file;
  #name;
  #overrides;
  #timeColumn;
  #loop;
  /** @type {'rate' | 'time'} */
  #pace;
  #rate;
  #data;
  #wake = () => {};

  /** @type {Promise<void> | null} */
  #opening = null;
  #failure = '';
  /** @type {unknown} what the engine died of while the file was opened */
  #crash = null;
  #ended = false;
  #paused = false;
  #stopped = false;
  /** Rows that may be taken although paused, by the file's time. */
  #released = 0;

  /** The input that is the file's time; -1: none. */
  #time = -1;
  #dataOffset = 0;
  #dataLine = 1;
  /** Where in the file the next slice begins. */
  #readAt = 0;
  #finished = false;
  #buffer = new WaitingRows();
  /** Greatest time of the rows read in this pass, and of the first of them that has one. */
  #readLatest = -Infinity;
  #readFirst = NaN;
  #readRow = 0;
  #readShift = 0;
  #at;

  /**
   * @param {Replay} source
   * @param {{reader: import('../source.js').RowReader, restore: unknown}} options restore: what position() gave
   */
  constructor(source, { reader, restore }) {
    const { file, name, overrides = {}, pace = 'rate', rate = DEFAULT_RATE, speed = 1, timeColumn, loop = false } = source;
    if (typeof file?.size !== 'number' || typeof file.slice !== 'function') {
      throw engineError({ code: 'BAD_ARGUMENT', message: 'file must be a File or a Blob' });
    }
    checkPace(pace);
    checkRate(rate, 'rate');
    checkRate(speed, 'speed');
    const position = /** @type {ReplayPosition | null} */ (restore);
    this.#reader = reader;
    this.#file = file;
    this.#name = String(name ?? '');
    this.#overrides = overrides;
    this.#timeColumn = timeColumn;
    this.#loop = loop;
    this.#pace = position?.pace ?? pace;
    this.#rate = new RateClock(position?.rate ?? rate, position ?? undefined);
    this.#data = new DataClock(position?.speed ?? speed);
    this.#at = {
      size: position?.size ?? file.size,
      offset: position?.offset ?? -1,
      row: position?.row ?? 0,
      shift: position?.shift ?? 0,
      first: position?.first ?? null,
      latest: position?.latest ?? null,
    };
  }

  /**
   * @param {number} now
   * @param {() => void} wake
   */
  start(now, wake) {
    this.#wake = wake;
    this.#rate.run(now);
    this.#data.run(now);
    this.#opening = this.#open()
      .catch((thrown) => this.#fail(thrown))
      .finally(() => {
        this.#opening = null;
        this.#wake();
      });
  }

  /** @param {unknown} thrown */
  #fail(thrown) {
    this.#buffer.clear();
    if (hasCode(thrown, 'ENGINE_CRASHED')) this.#crash = thrown;
    this.#failure = errorData(thrown).message;
  }

  async #open() {
    if (this.#at.size !== this.#file.size) throw new Error('this is another file than the one whose replay began');
    const head = await this.#bytes(0, HEAD_BYTES);
    const report = this.#reader.inspect(head, this.#file.size <= HEAD_BYTES, this.#overrides);
    if (report.missing.length > 0) {
      throw new Error(`the file has no ${report.missing.join(', ')}, which the model needs: choose a file with these columns`);
    }
    const { inputs } = this.#reader.model;
    if (this.#timeColumn === undefined) {
      this.#time = timeInput(this.#reader.model);
    } else {
      this.#time = inputs.findIndex(({ name }) => name === this.#timeColumn);
      if (this.#time < 0) throw new Error(`${this.#timeColumn} is not one of the model's inputs: it cannot set the pace`);
    }
    if (this.#pace === 'time' && this.#time < 0) throw noTime();
    this.#dataOffset = report.dataOffset;
    this.#dataLine = report.dataLine;
    const { offset, row } = this.#at;
    this.#beginPass(offset < 0 ? this.#dataOffset : offset, offset < 0 ? this.#dataLine : 0);
    if (offset < 0) return;
    // The reader begins with the row taken last: the place of the next one is not known.
    this.#readRow = row - 1;
    this.#readShift = this.#at.shift;
    this.#readFirst = this.#at.first ?? NaN;
    this.#readLatest = this.#at.latest ?? -Infinity;
    while (this.#buffer.rows === 0 && !this.#finished) await this.#read();
    this.#buffer.take(1);
  }

  /** @param {number} offset @param {number} line */
  #beginPass(offset, line) {
    this.#readAt = offset;
    this.#finished = false;
    this.#readRow = 0;
    this.#readFirst = NaN;
    this.#readLatest = -Infinity;
    this.#reader.begin({ begin: offset, line });
  }

  /** @param {number} begin @param {number} end */
  async #bytes(begin, end) {
    return new Uint8Array(await this.#file.slice(begin, end).arrayBuffer());
  }

  /** Reads a slice on into the buffer. */
  async #read() {
    const begin = this.#readAt;
    const end = Math.min(begin + SLICE_BYTES, this.#file.size);
    if (begin < end) {
      const bytes = await this.#bytes(begin, end);
      if (this.#stopped) return;
      this.#reader.feed(bytes);
      this.#readAt = end;
    }
    if (end === this.#file.size) {
      this.#reader.finish();
      this.#finished = true;
    }
    const { offsets, ...rows } = this.#reader.takeRows();
    if (rows.rows > 0) {
      const first = this.#readRow;
      const sourceRows = Float64Array.from(offsets, (_, row) => first + row);
      const { times, due } = this.#timesOf(rows.columns, rows.rows);
      const shifts = new Float64Array(rows.rows).fill(this.#readShift);
      const firsts = new Float64Array(rows.rows).fill(this.#readFirst);
      this.#buffer.add({ ...rows, times, sourceRows, references: null, notes: { offsets, due, shifts, firsts } });
      this.#readRow += rows.rows;
    }
    if (this.#finished && this.#loop && this.#readRow > 0) {
      // The data's clock goes on a usual interval after this pass.
      const span = this.#readLatest - this.#readFirst;
      if (span >= 0) this.#readShift += span > 0 ? (span * this.#readRow) / (this.#readRow - 1) : 1;
      this.#beginPass(this.#dataOffset, this.#dataLine);
    }
  }

  /**
   * The data's clock at each row, and when each is due by it: at its time, but not before the row before it, and at
   * once without a time or where time goes backwards.
   * @param {Float64Array} columns
   * @param {number} rows
   */
  #timesOf(columns, rows) {
    const due = new Float64Array(rows).fill(-Infinity);
    if (this.#time < 0) return { times: null, due };
    const times = columns.slice(this.#time * rows, (this.#time + 1) * rows);
    for (let row = 0; row < rows; ++row) {
      const time = times[row];
      if (Number.isFinite(time)) {
        if (Number.isNaN(this.#readFirst)) this.#readFirst = time;
        this.#readLatest = Math.max(this.#readLatest, time);
        times[row] = time + this.#readShift;
      } else {
        times[row] = NaN;
      }
      due[row] = this.#readLatest + this.#readShift;
    }
    return { times, due };
  }

  /**
   * @param {number} most
   * @param {number} now
   * @returns {Promise<import('../source.js').RowBatch | null>}
   */
  async take(most, now) {
    if (this.#opening !== null) await this.#opening;
    if (this.#crash !== null) throw this.#crash;
    if (this.#over()) return null;
    try {
      while (this.#buffer.rows === 0 && !this.#finished) {
        await this.#read();
        if (this.#stopped) return null;
      }
      return this.#take(most, now);
    } catch (thrown) {
      if (hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
      this.#fail(thrown);
      return null;
    }
  }

  #over() {
    return this.#failure !== '' || this.#ended || this.#stopped;
  }

  /** @param {number} most @param {number} now */
  #take(most, now) {
    const taken = this.#buffer.take(Math.min(most, this.#availableNow(now)));
    if (taken !== null) {
      const arrived = this.#pace === 'rate' ? this.#rate.oldest(now) : now - this.#late(taken, now);
      const { notes, ...rows } = taken;
      const { offsets, due, shifts, firsts } = /** @type {Record<string, Float64Array>} */ (notes);
      const last = rows.rows - 1;
      const at = this.#at;
      at.offset = offsets[last];
      at.row = Number(rows.sourceRows?.[last]) + 1;
      at.shift = shifts[last];
      at.first = Number.isNaN(firsts[last]) ? null : firsts[last];
      at.latest = due[last] > -Infinity ? due[last] - shifts[last] : null;
      if (this.#pace === 'rate') {
        this.#rate.took(rows.rows);
      } else {
        // By the file's time a row is due when it is there.
        this.#rate.due += rows.rows;
        this.#rate.taken += rows.rows;
        this.#released = Math.max(0, this.#released - rows.rows);
        // Rows of a step are ahead of the clock: it goes on from them.
        if (due[last] > this.#data.time(now)) this.#data.set(due[last], now);
      }
      this.#endIfOver();
      return { ...rows, arrived };
    }
    this.#endIfOver();
    return null;
  }

  #endIfOver() {
    if (!this.#finished || this.#buffer.rows > 0) return;
    this.#ended = true;
    this.#wake();
  }

  /** ms that the first of the rows is late. @param {import('./batches.js').Rows} rows @param {number} now */
  #late(rows, now) {
    const [due] = /** @type {Record<string, Float64Array>} */ (rows.notes).due;
    const late = ((this.#data.time(now) - due) * 1000) / this.#data.speed;
    return Number.isFinite(late) ? Math.max(0, late) : 0;
  }

  /** Rows of the buffer's first batch that may be taken now. @param {number} now */
  #availableNow(now) {
    if (this.#pace === 'rate') return this.#rate.available(now);
    if (this.#paused) return this.#released;
    return this.#dueByTime(now);
  }

  /** Rows of the buffer's first batch whose time has come. @param {number} now */
  #dueByTime(now) {
    const front = this.#buffer.front();
    if (front === null) return 0;
    const { due } = /** @type {Record<string, Float64Array>} */ (front.batch.notes);
    // The clock begins with the first time there is.
    if (Number.isNaN(this.#data.time(now))) {
      const first = due.subarray(front.begin).find((time) => time > -Infinity);
      if (first !== undefined) this.#data.set(first, now);
    }
    const time = this.#data.time(now);
    // Due times never fall within a pass, nor from one to the next.
    let low = front.begin;
    let high = front.batch.rows;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (due[middle] <= time || due[middle] === -Infinity) low = middle + 1;
      else high = middle;
    }
    return low - front.begin;
  }

  /** @param {number} now */
  due(now) {
    if (this.#crash !== null) return 0;
    if (this.#opening !== null || this.#over()) return Infinity;
    if (this.#pace === 'rate') return this.#rate.wait(now);
    if (this.#paused) return this.#released > 0 ? 0 : Infinity;
    const front = this.#buffer.front();
    if (front === null || this.#dueByTime(now) > 0) return 0;
    return this.#data.wait(/** @type {Record<string, Float64Array>} */ (front.batch.notes).due[front.begin], now);
  }

  /** @param {number} now */
  pause(now) {
    this.#paused = true;
    this.#rate.pause(now);
    this.#data.pause(now);
  }

  /** @param {number} now */
  resume(now) {
    this.#paused = false;
    this.#released = 0;
    this.#rate.run(now);
    this.#data.run(now);
  }

  /** @param {number} rows */
  step(rows) {
    checkSteps(rows);
    if (this.#pace === 'rate') this.#rate.step(rows);
    else this.#released += rows;
  }

  /**
   * @param {{rate?: number, speed?: number, pace?: 'rate' | 'time'}} change
   * @param {number} now
   */
  adjust({ rate, speed, pace, ...others }, now) {
    const [name] = Object.keys(others);
    if (name !== undefined) throw engineError({ code: 'BAD_ARGUMENT', message: `a replay has no ${name}` });
    if (rate !== undefined) checkRate(rate, 'rate');
    if (speed !== undefined) checkRate(speed, 'speed');
    if (pace !== undefined) checkPace(pace);
    if (pace === 'time' && this.#opening === null && this.#time < 0) throw noTime();
    if (rate !== undefined) this.#rate.setRate(rate, now);
    if (speed !== undefined) this.#data.setSpeed(speed, now);
    if (pace === undefined || pace === this.#pace) return;
    this.#pace = pace;
    this.#released = 0;
    this.#rate.restart(now);
    const front = this.#buffer.front();
    const due = front === null ? -Infinity : /** @type {Record<string, Float64Array>} */ (front.batch.notes).due[front.begin];
    this.#data.set(due > -Infinity ? due : NaN, now);
  }

  takeMalformed() {
    return [];
  }

  /** @param {number} now @returns {import('../types.js').SourceState} */
  state(now) {
    const { taken } = this.#rate;
    const opened = this.#opening === null && this.#failure === '';
    let waiting = 0;
    if (opened && !this.#ended && this.#pace === 'rate') {
      this.#rate.available(now);
      waiting = this.#rate.due - taken;
      if (this.#finished) waiting = Math.min(waiting, this.#buffer.rows);
    } else if (opened && !this.#ended) {
      waiting = this.#dueByTime(now);
    }
    return {
      kind: 'replay',
      name: `replay: ${this.#name}`,
      state: this.#stateName(),
      message: this.#failure,
      offered: taken + waiting,
      taken,
      waiting,
      malformed: 0,
      rate: this.#pace === 'rate' ? this.#rate.rate : 0,
      scenario: '',
      position: this.#share(),
      retryAt: 0,
    };
  }

  /** @returns {import('../types.js').SourceState['state']} */
  #stateName() {
    if (this.#failure !== '') return 'failed';
    if (this.#ended || this.#stopped) return 'ended';
    if (this.#paused) return 'paused';
    return this.#opening !== null ? 'waiting' : 'running';
  }

  #share() {
    if (this.#ended) return 1;
    return this.#file.size === 0 ? 0 : Math.max(0, this.#at.offset) / this.#file.size;
  }

  /** @returns {ReplayPosition} */
  position() {
    const { rate, due, taken } = this.#rate;
    return { ...this.#at, pace: this.#pace, rate, speed: this.#data.speed, due, taken };
  }

  stop() {
    this.#stopped = true;
  }
}

/** @param {unknown} pace */
function checkPace(pace) {
  if (pace === 'rate' || pace === 'time') return;
  throw engineError({ code: 'BAD_ARGUMENT', message: "pace must be 'rate' or 'time'" });
}

function noTime() {
  const message = 'the model has no input in seconds, so the file has no time to go by: choose a rate';
  return engineError({ code: 'BAD_ARGUMENT', message });
}
