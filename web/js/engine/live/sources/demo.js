// @ts-check
// Generated rows without end, with a scenario that can be changed at any row. The generator's streams follow each
// other, one seed after the next: each spans the generator's two days. A row depends on seed, stream, its number in
// the stream and the scenario only, so that a restarted engine goes on with the very rows that were next.

import { engineError, hasCode } from '../../errors.js';
import { WaitingRows } from './batches.js';
import { timeInput } from './messages.js';
import { checkRate, checkSteps, RateClock } from './paced.js';

/** @typedef {import('../source.js').Source} Source */

/**
 * Rows of one stream, generated at once. So few that any window worth looking at holds whole days: the model's inputs
 * change with the hour, and some hours truly differ from the days that the model was trained on.
 */
export const STREAM_ROWS = 1000;

const DEFAULT_RATE = 200;

/** A stream's time profile is a whole number of hours. Seconds. */
const HOUR = 3600;

/** @typedef {import('../types.js').Scenario} Scenario */

/** @type {readonly Scenario[]} */
export const SCENARIOS = ['calm', 'shift', 'fraud_wave', 'cents', 'missing_column', 'slow_drift', 'label_flip'];

/** @param {unknown} scenario @returns {Scenario} */
function checkScenario(scenario) {
  if (SCENARIOS.includes(/** @type {Scenario} */ (scenario))) return /** @type {Scenario} */ (scenario);
  throw engineError({ code: 'BAD_ARGUMENT', message: `scenario must be one of ${SCENARIOS.join(', ')}` });
}

/**
 * @typedef {object} DemoPosition
 * @property {number} seed
 * @property {number} stream which of the streams
 * @property {number} row of the next row in the stream
 * @property {number} base seconds of the data's clock when the stream began
 * @property {number} last seconds of the data's clock at the last row
 * @property {Scenario} scenario
 * @property {number} since rows taken when the scenario began
 * @property {number} rate
 * @property {number} due rows that were due
 * @property {number} taken
 */

/** @implements {Source} */
export class DemoSource {
  #reader;
  #clock;
  #time;
  #at;
  /** @type {Scenario} */
  #scenario;
  #since;
  #paused = false;
  #failure = '';
  #stopped = false;
  #buffer = new WaitingRows();
  #fraudRate = NaN;
  #recognised = false;

  /**
   * @param {{rate?: number, scenario?: Scenario, seed?: number}} source
   * @param {{reader: import('../source.js').RowReader, restore: unknown}} options restore: what position() gave
   */
  constructor({ rate = DEFAULT_RATE, scenario = 'calm', seed = 1 }, { reader, restore }) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw engineError({ code: 'BAD_ARGUMENT', message: 'seed must be a whole number from 0 on' });
    }
    checkRate(rate, 'rate');
    checkScenario(scenario);
    const position = /** @type {DemoPosition | null} */ (restore);
    this.#reader = reader;
    this.#clock = new RateClock(position?.rate ?? rate, position ?? undefined);
    this.#time = timeInput(reader.model);
    this.#scenario = position?.scenario ?? scenario;
    this.#since = position?.since ?? 0;
    this.#at = {
      seed: position?.seed ?? seed,
      stream: position?.stream ?? 0,
      row: position?.row ?? 0,
      base: position?.base ?? 0,
      last: position?.last ?? 0,
    };
  }

  /** @param {number} now */
  start(now) {
    if (!this.#reader.hasGenerator) this.#failure = 'the generator of demo transactions could not be loaded';
    else this.#clock.run(now);
  }

  /**
   * @param {number} most
   * @param {number} now
   * @returns {import('../source.js').RowBatch | null}
   */
  take(most, now) {
    if (this.#failure !== '' || this.#stopped) return null;
    const wanted = Math.min(most, this.#clock.available(now));
    if (wanted <= 0) return null;
    try {
      return this.#take(wanted, now);
    } catch (thrown) {
      if (hasCode(thrown, 'ENGINE_CRASHED')) throw thrown;
      this.#failure = thrown instanceof Error ? thrown.message : String(thrown);
      return null;
    }
  }

  /** @param {number} wanted @param {number} now */
  #take(wanted, now) {
    if (this.#buffer.rows === 0) this.#fill();
    const rows = this.#buffer.take(wanted);
    if (rows === null) return null;
    const arrived = this.#clock.oldest(now);
    const { taken } = this.#clock;
    const at = this.#at;
    // Times go on from stream to stream, and never back where one stream takes over from another of the same days.
    let times = null;
    if (this.#time >= 0) {
      times = rows.columns.slice(this.#time * rows.rows, (this.#time + 1) * rows.rows);
      for (let row = 0; row < rows.rows; ++row) {
        at.last = Math.max(at.last, at.base + times[row]);
        times[row] = at.last;
      }
    }
    const changed = this.#reader.applyScenario(this.#scenario, taken - this.#since, rows.rows, rows.columns, rows.labels);
    this.#clock.took(rows.rows);
    at.row += rows.rows;
    if (at.row === STREAM_ROWS) {
      at.row = 0;
      ++at.stream;
      at.base = Math.ceil(at.last / HOUR) * HOUR;
    }
    return {
      rows: rows.rows,
      columns: changed.columns,
      labels: changed.labels,
      times,
      sourceRows: Float64Array.from({ length: rows.rows }, (_, row) => taken + row),
      references: null,
      statuses: rows.statuses,
      statusInputs: rows.statusInputs,
      arrived,
    };
  }

  /** Reads the rest of the stream into the buffer. */
  #fill() {
    const { seed, stream, row } = this.#at;
    const reader = this.#reader;
    this.#fraudRate = reader.scenarioFraudRate(this.#scenario);
    reader.beginSynth({ rows: STREAM_ROWS, seed: seed + stream, fraudRate: this.#fraudRate });
    // The first text begins with the names; rows taken already are generated again and left out.
    const first = reader.synth(row > 0 ? row : STREAM_ROWS);
    this.#recognise(first);
    const begin = first.indexOf(10) + 1;
    reader.begin({ begin, line: 2 });
    reader.feed(row > 0 ? reader.synth(STREAM_ROWS - row) : first.subarray(begin));
    reader.finish();
    const { offsets, ...rows } = reader.takeRows();
    if (rows.rows !== STREAM_ROWS - row) throw new Error('the generator gives other rows than were asked for');
    this.#buffer.add({ ...rows, times: null, sourceRows: null, references: null });
  }

  /** @param {Uint8Array} text with the names */
  #recognise(text) {
    if (this.#recognised) return;
    const { missing } = this.#reader.inspect(text, false, {});
    if (missing.length > 0) {
      throw new Error(`demo transactions have no ${missing.join(', ')}, which this model needs: choose a file instead`);
    }
    this.#recognised = true;
  }

  /** @param {number} now */
  due(now) {
    return this.#failure !== '' || this.#stopped ? Infinity : this.#clock.wait(now);
  }

  /** @param {number} now */
  pause(now) {
    this.#paused = true;
    this.#clock.pause(now);
  }

  /** @param {number} now */
  resume(now) {
    this.#paused = false;
    if (this.#failure === '') this.#clock.run(now);
  }

  /** @param {number} rows */
  step(rows) {
    this.#clock.step(checkSteps(rows));
  }

  /**
   * @param {{rate?: number, scenario?: Scenario}} change a scenario begins with the next row taken
   * @param {number} now
   */
  adjust({ rate, scenario, ...others }, now) {
    const [name] = Object.keys(others);
    if (name !== undefined) throw engineError({ code: 'BAD_ARGUMENT', message: `demo traffic has no ${name}` });
    if (rate !== undefined) checkRate(rate, 'rate');
    if (scenario !== undefined) checkScenario(scenario);
    if (rate !== undefined) this.#clock.setRate(rate, now);
    if (scenario === undefined || scenario === this.#scenario) return;
    this.#scenario = scenario;
    this.#since = this.#clock.taken;
    // With another share of frauds the rows themselves are others, from the next one on.
    if (this.#buffer.rows > 0 && this.#reader.scenarioFraudRate(scenario) !== this.#fraudRate) this.#buffer.clear();
  }

  takeMalformed() {
    return [];
  }

  /** @param {number} now @returns {import('../types.js').SourceState} */
  state(now) {
    this.#clock.available(now);
    const { due, taken, rate } = this.#clock;
    const failed = this.#failure !== '';
    return {
      kind: 'demo',
      name: 'demo',
      state: failed ? 'failed' : this.#stopped ? 'ended' : this.#paused ? 'paused' : 'running',
      message: this.#failure,
      offered: failed ? taken : due,
      taken,
      waiting: failed ? 0 : due - taken,
      malformed: 0,
      rate,
      scenario: this.#scenario,
      position: null,
      retryAt: 0,
    };
  }

  /** @returns {DemoPosition} */
  position() {
    const { rate, due, taken } = this.#clock;
    return { ...this.#at, scenario: this.#scenario, since: this.#since, rate, due, taken };
  }

  stop() {
    this.#stopped = true;
  }
}
