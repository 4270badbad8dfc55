// @ts-check
// Messages that are rows: row objects, arrays of them, columns, or JSON text of any of these (../STREAMS.md says
// what they look like). What is none is counted with its reason and does no harm to the others. The rules for values
// and names are those of predict(); a row with a value that is no number is set aside like such a row of a file.

import { FLOAT32_MAX, foldedName, numberOf, TOO_LARGE } from '../../values.js';

/** @typedef {import('../../types.js').ModelCard} ModelCard */
/** @typedef {import('../source.js').Malformed} Malformed */

/**
 * Rows of messages as a batch. `origins[i]`: index of the message that row i came in.
 * @typedef {Omit<import('../source.js').RowBatch, 'arrived'> & {origins: Int32Array, malformed: Malformed[]}} Decoded
 */

/** csv::BadRowReason. */
const NOT_A_NUMBER = 2;
const INFINITE = 6;

/** Characters of a message that are kept to show it. */
const SAMPLE = 200;

/** Characters of a reference; the log keeps fewer. */
const REFERENCE = 128;

/** Names whose meaning is remembered: messages of ever new names must not fill the memory. */
const MAX_KEYS = 4096;

// What a key means: input i by its exact name is 2 i, by its folded name 2 i + 1; or one of these.
const IGNORED = -1;
const LABEL = -2;
const REFERENCE_KEY = -3;
const ID_KEY = -4;
const TIMESTAMP = -5;

const BAD_SHAPE = 'is not an object of values by input name';
const NO_INPUTS = "has none of the model's inputs";

/** The beginning of a message, as text. @param {unknown} message */
export function sampleOf(message) {
  if (typeof message === 'string') return message.slice(0, SAMPLE);
  /** @param {unknown} value @param {number} depth @returns {unknown} */
  const short = (value, depth) => {
    if (typeof value === 'string') return value.slice(0, SAMPLE);
    if (typeof value === 'bigint') return String(value);
    if (value === null || typeof value !== 'object') return value;
    if (depth === 0) return '…';
    if (ArrayBuffer.isView(value)) return short(Array.from(/** @type {Float64Array} */ (value).subarray?.(0, 20) ?? []), depth);
    if (Array.isArray(value)) return value.slice(0, 20).map((item) => short(item, depth - 1));
    return Object.fromEntries(Object.entries(value).slice(0, 40).map(([key, item]) => [key.slice(0, SAMPLE), short(item, depth - 1)]));
  };
  return String(JSON.stringify(short(message, 3))).slice(0, SAMPLE);
}

/** Malformed messages by reason, each with the first of its kind. */
export class MalformedCounts {
  /** @type {Map<string, Malformed>} */
  #byReason = new Map();

  /** @param {Malformed} malformed */
  add({ count, reason, sample }) {
    const known = this.#byReason.get(reason);
    if (known === undefined) this.#byReason.set(reason, { count, reason, sample });
    else known.count += count;
  }

  /** Those since the last call. @returns {Malformed[]} */
  take() {
    const list = [...this.#byReason.values()];
    this.#byReason.clear();
    return list;
  }
}

/**
 * Columns as they came, checked for shape only.
 * @typedef {object} Columnar
 * @property {number} rows
 * @property {string[]} names
 * @property {(column: number) => ArrayLike<unknown>} column
 * @property {ArrayLike<unknown> | null} references
 */

/** Rows as objects of one model's messages. */
class Decoder {
  #inputs;
  #names;
  #folded;
  #label;
  #positive;
  /** The input that is the data's clock; -1: none. */
  #time;
  /** @type {Map<string, number>} */
  #meanings = new Map();
  /** @type {unknown[]} by input, of the row at hand */
  #values;
  /** Row at hand that gave the input by its exact name, by input. */
  #exact;

  /** @param {ModelCard} model */
  constructor(model) {
    this.#inputs = model.inputs.length;
    this.#names = new Map(model.inputs.map(({ name }, index) => [name, index]));
    this.#folded = new Map(model.inputs.map(({ name }, index) => [foldedName(name), index]));
    this.#label = foldedName(model.label_column);
    this.#positive = String(/** @type {{positive_class?: unknown}} */ (model).positive_class ?? '1');
    this.#time = timeInput(model);
    this.#values = new Array(this.#inputs).fill(undefined);
    this.#exact = new Uint8Array(this.#inputs);
  }

  /** @param {string} key */
  #meaningOf(key) {
    const known = this.#meanings.get(key);
    if (known !== undefined) return known;
    const meaning = this.#lookUp(key);
    if (this.#meanings.size < MAX_KEYS) this.#meanings.set(key, meaning);
    return meaning;
  }

  /** @param {string} key */
  #lookUp(key) {
    const exact = this.#names.get(key);
    if (exact !== undefined) return 2 * exact;
    const name = foldedName(key);
    const input = this.#folded.get(name);
    if (input !== undefined) return 2 * input + 1;
    if (this.#label !== '' && name === this.#label) return LABEL;
    if (name === 'reference') return REFERENCE_KEY;
    if (name === 'id') return ID_KEY;
    if (name === 'timestamp') return TIMESTAMP;
    return IGNORED;
  }

  /** 1: the positive class, 0: another, NaN: not known (the rule of a file's label column). @param {unknown} value */
  #labelOf(value) {
    if (typeof value === 'boolean') value = value ? 1 : 0;
    const positive = Number(this.#positive);
    if (Number.isNaN(positive) || this.#positive.trim() === '') {
      const text = typeof value === 'string' ? value.trim() : '';
      return text === '' ? NaN : text === this.#positive ? 1 : 0;
    }
    const label = numberOf(value);
    if (typeof label === 'string' || Number.isNaN(label)) return NaN;
    if (positive === 1 && label !== 0 && label !== 1) return NaN;
    return label === positive ? 1 : 0;
  }

  /**
   * @param {readonly unknown[]} messages
   * @returns {Decoded}
   */
  decode(messages) {
    const malformed = new MalformedCounts();
    /** @type {(object | Columnar)[]} */
    const items = [];
    /** @type {boolean[]} */
    const columnar = [];
    /** @type {number[]} */
    const messageOf = [];
    let capacity = 0;
    /** @param {string} reason @param {unknown} message */
    const refuse = (reason, message) => malformed.add({ count: 1, reason, sample: sampleOf(message) });

    /** @param {unknown} message @param {number} index */
    const addRow = (message, index) => {
      if (message === null || typeof message !== 'object' || Array.isArray(message) || ArrayBuffer.isView(message)) {
        return refuse(BAD_SHAPE, message);
      }
      items.push(message);
      columnar.push(false);
      messageOf.push(index);
      ++capacity;
    };
    /** @param {unknown[]} rows @param {number} index */
    const addRows = (rows, index) => {
      // By index: an array's holes are rows too.
      for (let row = 0; row < rows.length; ++row) addRow(rows[row], index);
    };

    messages.forEach((message, index) => {
      let value = message;
      if (typeof value === 'string') {
        try {
          value = JSON.parse(value);
        } catch {
          return refuse('is not JSON', message);
        }
      }
      if (Array.isArray(value)) return addRows(value, index);
      if (value === null || typeof value !== 'object') return refuse(BAD_SHAPE, value);
      const { rows, columns } = /** @type {Record<string, unknown>} */ (value);
      if (Array.isArray(rows)) return addRows(rows, index);
      if (columns === null || typeof columns !== 'object') return addRow(value, index);
      const table = columnarOf(/** @type {any} */ (value));
      if (typeof table === 'string') return refuse(table, value);
      if (!table.names.some((name) => this.#meaningOf(name) >= 0)) return refuse(NO_INPUTS, value);
      items.push(table);
      columnar.push(true);
      messageOf.push(index);
      capacity += table.rows;
    });

    const out = new Output(capacity, this.#inputs);
    items.forEach((item, place) => {
      const before = out.rows;
      if (columnar[place]) this.#addColumnar(/** @type {Columnar} */ (item), out);
      else if (!this.#addObject(/** @type {Record<string, unknown>} */ (item), out)) refuse(NO_INPUTS, item);
      out.origins.fill(messageOf[place], before, out.rows);
    });
    return { ...out.batch(this.#time), malformed: malformed.take() };
  }

  /**
   * @param {Record<string, unknown>} object
   * @param {Output} out
   */
  #addObject(object, out) {
    const values = this.#values;
    const exact = this.#exact;
    values.fill(undefined);
    exact.fill(0);
    let inputs = 0;
    /** @type {unknown} */
    let label;
    /** @type {unknown} */
    let reference;
    /** @type {unknown} */
    let id;
    /** @type {unknown} */
    let timestamp;
    for (const key of Object.keys(object)) {
      const meaning = this.#meaningOf(key);
      if (meaning >= 0) {
        const input = meaning >> 1;
        ++inputs;
        if ((meaning & 1) === 0) exact[input] = 1;
        else if (exact[input] === 1) continue;
        values[input] = object[key];
      } else if (meaning === LABEL) label = object[key];
      else if (meaning === REFERENCE_KEY) reference = object[key];
      else if (meaning === ID_KEY) id = object[key];
      else if (meaning === TIMESTAMP) timestamp = object[key];
    }
    if (inputs === 0) return false;
    const row = out.rows++;
    for (let input = 0; input < values.length; ++input) {
      const given = values[input];
      const value = typeof given === 'number' && Math.abs(given) < FLOAT32_MAX ? given : numberOf(given);
      if (typeof value === 'number') out.columns[input * out.capacity + row] = value;
      else out.setAside(row, input, value);
    }
    if (label !== undefined) out.label(row, this.#labelOf(label));
    if (reference !== undefined || id !== undefined) out.reference(row, reference ?? id);
    if (timestamp !== undefined && this.#time < 0) out.time(row, secondsOf(timestamp));
    return true;
  }

  /**
   * @param {Columnar} table
   * @param {Output} out
   */
  #addColumnar(table, out) {
    const { rows } = table;
    const begin = out.rows;
    out.rows += rows;
    /** @type {(ArrayLike<unknown> | undefined)[]} */
    const inputs = new Array(this.#inputs).fill(undefined);
    /** @type {Set<number>} */
    const exact = new Set();
    table.names.forEach((name, index) => {
      const meaning = this.#meaningOf(name);
      if (meaning >= 0) {
        const input = meaning >> 1;
        if ((meaning & 1) === 0) exact.add(input);
        else if (exact.has(input)) return;
        inputs[input] = table.column(index);
      } else if (meaning === LABEL) {
        const values = table.column(index);
        for (let row = 0; row < rows; ++row) out.label(begin + row, this.#labelOf(values[row]));
      } else if (meaning === TIMESTAMP && this.#time < 0) {
        const values = table.column(index);
        for (let row = 0; row < rows; ++row) out.time(begin + row, secondsOf(values[row]));
      } else if (meaning === REFERENCE_KEY || meaning === ID_KEY) {
        const values = table.column(index);
        for (let row = 0; row < rows; ++row) out.reference(begin + row, values[row]);
      }
    });
    if (table.references !== null) {
      for (let row = 0; row < rows; ++row) out.reference(begin + row, table.references[row]);
    }
    inputs.forEach((values, input) => {
      const place = input * out.capacity + begin;
      if (values === undefined) return void out.columns.fill(NaN, place, place + rows);
      // Infinite values are the engine's to refuse, as those of a file are.
      if (values instanceof Float64Array) return out.columns.set(values, place);
      for (let row = 0; row < rows; ++row) {
        const value = numberOf(values[row]);
        if (typeof value === 'number') out.columns[place + row] = value;
        else out.setAside(begin + row, input, value);
      }
    });
  }
}

/** The batch while it is filled. */
class Output {
  rows = 0;
  /** @type {Float64Array | null} */
  #labels = null;
  /** @type {Float64Array | null} */
  #times = null;
  /** @type {string[] | null} */
  #references = null;
  /** @type {Int32Array | null} */
  #statuses = null;
  /** @type {Int32Array | null} */
  #statusInputs = null;

  /**
   * @param {number} capacity
   * @param {number} inputs
   */
  constructor(capacity, inputs) {
    this.capacity = capacity;
    this.columns = new Float64Array(capacity * inputs);
    this.origins = new Int32Array(capacity);
  }

  /** @param {number} row @param {number} input @param {string} message */
  setAside(row, input, message) {
    this.columns[input * this.capacity + row] = NaN;
    this.#statuses ??= new Int32Array(this.capacity);
    this.#statusInputs ??= new Int32Array(this.capacity).fill(-1);
    if (this.#statuses[row] !== 0) return;
    this.#statuses[row] = message === TOO_LARGE ? INFINITE : NOT_A_NUMBER;
    this.#statusInputs[row] = input;
  }

  /** @param {number} row @param {number} label */
  label(row, label) {
    this.#labels ??= new Float64Array(this.capacity).fill(NaN);
    this.#labels[row] = label;
  }

  /** @param {number} row @param {number} seconds */
  time(row, seconds) {
    this.#times ??= new Float64Array(this.capacity).fill(NaN);
    this.#times[row] = seconds;
  }

  /** @param {number} row @param {unknown} reference */
  reference(row, reference) {
    if (typeof reference !== 'string' && typeof reference !== 'number') return;
    this.#references ??= new Array(this.capacity).fill('');
    this.#references[row] = String(reference).slice(0, REFERENCE);
  }

  /** @param {number} time the input that is the data's clock */
  batch(time) {
    const { rows, capacity } = this;
    const inputs = capacity === 0 ? 0 : this.columns.length / capacity;
    let { columns } = this;
    if (rows < capacity) {
      for (let input = 1; input < inputs; ++input) {
        columns.copyWithin(input * rows, input * capacity, input * capacity + rows);
      }
      columns = columns.slice(0, rows * inputs);
    }
    return {
      rows,
      columns,
      labels: this.#labels?.slice(0, rows) ?? null,
      times: time >= 0 ? columns.slice(time * rows, (time + 1) * rows) : (this.#times?.slice(0, rows) ?? null),
      sourceRows: null,
      references: this.#references?.slice(0, rows) ?? null,
      statuses: this.#statuses?.slice(0, rows) ?? null,
      statusInputs: this.#statusInputs?.slice(0, rows) ?? null,
      origins: this.origins.slice(0, rows),
    };
  }
}

/** The model's input that is a time in seconds: the data's clock; -1: none. @param {ModelCard} model */
export function timeInput(model) {
  return model.inputs.findIndex(({ unit }) => unit === 's');
}

/** @param {unknown} timestamp ISO 8601, or ms since 1970 */
function secondsOf(timestamp) {
  if (typeof timestamp === 'string') return Date.parse(timestamp) / 1000;
  return typeof timestamp === 'number' ? timestamp / 1000 : NaN;
}

/**
 * {columns: {V1: [...], ...}} or {inputs: [...], columns: Float64Array, rows}.
 * @param {{columns: any, inputs?: unknown, rows?: unknown, references?: unknown}} message
 * @returns {Columnar | string} or what is wrong with it
 */
function columnarOf({ columns, inputs, rows: given, references }) {
  const flat = columns instanceof Float64Array || Array.isArray(columns);
  /** @type {string[]} */
  let names;
  let rows = 0;
  /** @type {Columnar['column']} */
  let column;
  if (flat) {
    if (!Array.isArray(inputs) || !inputs.every((name) => typeof name === 'string')) {
      return 'has columns in one array but no list of their names (inputs)';
    }
    rows = Number(given);
    names = inputs;
    if (!Number.isSafeInteger(rows) || rows < 0 || columns.length !== rows * names.length) {
      return 'has not as many values as rows times inputs';
    }
    const part = columns instanceof Float64Array ? columns.subarray.bind(columns) : columns.slice.bind(columns);
    column = (index) => part(index * rows, (index + 1) * rows);
  } else {
    names = Object.keys(columns);
    const lists = Object.values(columns);
    if (!lists.every((list) => list instanceof Float64Array || Array.isArray(list))) return 'has a column that is not a list';
    rows = lists[0]?.length ?? 0;
    if (lists.some((list) => list.length !== rows)) return 'has columns of different lengths';
    column = (index) => lists[index];
  }
  if (references !== undefined && !(Array.isArray(references) && references.length === rows)) {
    return 'has not as many references as rows';
  }
  return { rows, names, column, references: Array.isArray(references) ? references : null };
}

/** @type {WeakMap<ModelCard, Decoder>} */
const decoders = new WeakMap();

/**
 * The rows of messages, in order. Extra fields are ignored; inputs that are not given are missing (NaN).
 * @param {readonly unknown[]} messages
 * @param {ModelCard} model
 * @returns {Decoded}
 */
export function decodeMessages(messages, model) {
  let decoder = decoders.get(model);
  if (decoder === undefined) {
    decoder = new Decoder(model);
    decoders.set(model, decoder);
  }
  return decoder.decode(messages);
}
