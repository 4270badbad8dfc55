// @ts-check
// The clocks of sources that make their own pace. Neither loses nor gains a row by being asked seldom or often, by
// pauses or by changes of the rate; asked late, it has everything due that has become due meanwhile.

import { engineError } from '../../errors.js';

/** Most rows a second, and most times as fast as the data. */
export const MAX_RATE = 1_000_000;

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
export function checkRate(value, name) {
  if (typeof value === 'number' && value > 0 && value <= MAX_RATE) return value;
  throw engineError({ code: 'BAD_ARGUMENT', message: `${name} must be a number over 0, at most ${MAX_RATE}` });
}

/**
 * @param {unknown} rows
 * @returns {number}
 */
export function checkSteps(rows) {
  if (Number.isSafeInteger(rows) && Number(rows) > 0) return Number(rows);
  throw engineError({ code: 'BAD_ARGUMENT', message: 'step takes a whole number of rows, from 1 on' });
}

/**
 * Rows due by a rate: the whole part of what time has brought, the rest carried. Times in ms.
 */
export class RateClock {
  #rate;
  #at = 0;
  #running = false;
  /** Carried, in thousandths of a row: exact for whole rates, since clocks tick in binary fractions of a ms. */
  #credit = 0;
  /** Rows that step() released and that were not taken yet. */
  #released = 0;
  /** Rows that were due so far, those of step() too. */
  due;
  taken;

  /**
   * @param {number} rate rows a second
   * @param {{due: number, taken: number}} [from]
   */
  constructor(rate, { due, taken } = { due: 0, taken: 0 }) {
    this.#rate = rate;
    this.due = due;
    this.taken = taken;
  }

  get rate() {
    return this.#rate;
  }

  /** @param {number} now */
  #advance(now) {
    if (!this.#running || !(now > this.#at)) return;
    this.#credit += (now - this.#at) * this.#rate;
    this.#at = now;
    let whole = Math.floor(this.#credit / 1000);
    // The division may have rounded up.
    if (this.#credit - whole * 1000 < 0) --whole;
    this.#credit -= whole * 1000;
    this.due += whole;
  }

  /** Lets it run; also after a pause. @param {number} now */
  run(now) {
    if (this.#running) return;
    this.#running = true;
    this.#released = 0;
    this.#at = now;
  }

  /** @param {number} now */
  pause(now) {
    this.#advance(now);
    this.#running = false;
  }

  /** @param {number} rows */
  step(rows) {
    this.due += rows;
    this.#released += rows;
  }

  /**
   * @param {number} rate
   * @param {number} now
   */
  setRate(rate, now) {
    this.#advance(now);
    this.#rate = rate;
  }

  /** What was due and is not taken is forgotten, and the next row is a whole interval away. @param {number} now */
  restart(now) {
    this.#advance(now);
    this.#credit = 0;
    this.due = this.taken;
    this.#released = 0;
  }

  /** Rows that may be taken now. @param {number} now */
  available(now) {
    this.#advance(now);
    const behind = this.due - this.taken;
    return this.#running ? behind : Math.min(behind, this.#released);
  }

  /** @param {number} rows */
  took(rows) {
    this.taken += rows;
    this.#released = Math.max(0, this.#released - rows);
  }

  /** ms until a row is due. @param {number} now */
  wait(now) {
    if (this.available(now) > 0) return 0;
    return this.#running ? (1000 - this.#credit) / this.#rate : Infinity;
  }

  /** When the oldest row not taken was due, at the present rate. @param {number} now */
  oldest(now) {
    const since = Math.max(0, this.due - this.taken - 1) * 1000 + this.#credit;
    return this.#running ? now - since / this.#rate : now;
  }
}

/** Where in the data's own time a replay is: it runs `speed` times as fast as the clock. Seconds; NaN: not begun. */
export class DataClock {
  #speed;
  #base = NaN;
  #at = 0;
  #running = false;

  /** @param {number} speed */
  constructor(speed) {
    this.#speed = speed;
  }

  get speed() {
    return this.#speed;
  }

  /**
   * Puts it at a time of the data.
   * @param {number} seconds
   * @param {number} now
   */
  set(seconds, now) {
    this.#base = seconds;
    this.#at = now;
  }

  /** @param {number} now */
  time(now) {
    return this.#running ? this.#base + (Math.max(0, now - this.#at) * this.#speed) / 1000 : this.#base;
  }

  /** @param {number} now */
  run(now) {
    if (this.#running) return;
    this.#running = true;
    this.#at = now;
  }

  /** @param {number} now */
  pause(now) {
    this.set(this.time(now), now);
    this.#running = false;
  }

  /**
   * @param {number} speed
   * @param {number} now
   */
  setSpeed(speed, now) {
    this.set(this.time(now), now);
    this.#speed = speed;
  }

  /**
   * ms until a time of the data is reached.
   * @param {number} seconds
   * @param {number} now
   */
  wait(seconds, now) {
    const left = seconds - this.time(now);
    if (!(left > 0)) return 0;
    return this.#running ? (left * 1000) / this.#speed : Infinity;
  }
}
