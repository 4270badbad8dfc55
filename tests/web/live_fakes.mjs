// @ts-check
// What tests of the live monitor's sources and log use in place of the engine and the browser.

/**
 * A model with inputs Time (the clock), V1, Amount.
 * @param {Partial<import('../../web/js/engine/types.js').ModelCard>} [change]
 * @returns {import('../../web/js/engine/types.js').ModelCard}
 */
export function testModel(change = {}) {
  return /** @type {any} */ ({
    inputs: [
      { name: 'Time', unit: 's' },
      { name: 'V1', unit: '' },
      { name: 'Amount', unit: '' },
    ],
    features: [],
    label_column: 'Class',
    ...change,
  });
}

/** Bytes of the text of row `row` of a stream of the fake generator. */
const rowText = (/** @type {number} */ seed, /** @type {number} */ fraudRate, /** @type {number} */ rows, /** @type {number} */ row) =>
  `${(row * 172800) / rows},${seed + row / 1e4},${fraudRate},"${row % 10 === 0 ? 1 : 0}"\n`;

/**
 * A RowReader over a simple CSV reader: comma, header, no quoted line ends.
 * @param {import('../../web/js/engine/types.js').ModelCard} [model]
 */
export function fakeReader(model = testModel()) {
  /** @type {string[]} */
  let header = [];
  let text = '';
  let offset = 0;
  /** @type {{offset: number, cells: string[]}[]} */
  let records = [];
  let synth = { rows: 0, seed: 0, fraudRate: 0, next: 0 };
  const utf8 = new TextEncoder();
  const reader = {
    model,
    hasGenerator: true,
    /** Calls of synth(). */
    synthesized: 0,
    /** @param {Uint8Array} bytes */
    inspect(bytes) {
      const line = new TextDecoder().decode(bytes).split('\n')[0];
      header = line.split(',').map((name) => name.replaceAll('"', ''));
      const missing = model.inputs.filter(({ name }) => !header.includes(name)).map(({ name }) => name);
      return /** @type {any} */ ({ dataOffset: Math.min(bytes.length, line.length + 1), dataLine: 2, missing, columns: header });
    },
    /** @param {{begin: number}} options */
    begin({ begin }) {
      text = '';
      offset = begin;
      records = [];
    },
    /** @param {Uint8Array} bytes */
    feed(bytes) {
      text += new TextDecoder().decode(bytes);
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        reader.record(text.slice(0, end));
        text = text.slice(end + 1);
        offset += end + 1;
      }
    },
    /** @param {string} line */
    record(line) {
      if (line !== '') records.push({ offset, cells: line.split(',').map((cell) => cell.replaceAll('"', '')) });
    },
    finish() {
      reader.record(text);
      text = '';
    },
    takeRows() {
      const rows = records.length;
      const columns = new Float64Array(rows * model.inputs.length);
      const statuses = new Int32Array(rows);
      const label = header.indexOf('Class');
      records.forEach(({ cells }, row) => {
        statuses[row] = cells.length === header.length ? 0 : 1;
        model.inputs.forEach(({ name }, input) => {
          const cell = cells[header.indexOf(name)];
          columns[input * rows + row] = statuses[row] !== 0 || cell === '' ? NaN : Number(cell);
        });
      });
      const taken = {
        rows,
        columns,
        labels: label < 0 ? null : Float64Array.from(records, ({ cells }) => Number(cells[label] ?? NaN)),
        statuses,
        statusInputs: new Int32Array(rows).fill(-1),
        offsets: Float64Array.from(records, (record) => record.offset),
      };
      records = [];
      return taken;
    },
    /**
     * @param {string} scenario
     * @param {number} since
     * @param {number} rows
     * @param {Float64Array} columns
     * @param {Float64Array | null} labels
     */
    applyScenario(scenario, since, rows, columns, labels) {
      const changed = columns.slice();
      // Amount says which scenario it is and how long it has lasted.
      if (scenario === 'shift') for (let row = 0; row < rows; ++row) changed[2 * rows + row] = 1e6 + since + row;
      return { columns: changed, labels };
    },
    /** @param {{rows: number, seed: number, fraudRate: number}} options */
    beginSynth(options) {
      synth = { ...options, next: 0 };
    },
    /** @param {number} most */
    synth(most) {
      ++reader.synthesized;
      let out = synth.next === 0 ? '"Time","V1","Amount","Class"\n' : '';
      for (const end = Math.min(synth.rows, synth.next + most); synth.next < end; ++synth.next) {
        out += rowText(synth.seed, synth.fraudRate, synth.rows, synth.next);
      }
      return utf8.encode(out);
    },
    /** @param {string} scenario */
    scenarioFraudRate: (scenario) => (scenario === 'fraud_wave' ? 0.04 : 0.002),
  };
  return reader;
}

/** Numbers from 0 to 1, the same in every run (mulberry32). @param {number} seed */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Everything a source gives at once, as rows of plain numbers.
 * @param {import('../../web/js/engine/live/source.js').RowBatch | null} batch
 */
export function rowsIn(batch) {
  if (batch === null) return [];
  const inputs = batch.columns.length / batch.rows;
  return Array.from({ length: batch.rows }, (_, row) => ({
    inputs: Array.from({ length: inputs }, (_unused, input) => batch.columns[input * batch.rows + row]),
    label: batch.labels?.[row] ?? null,
    time: batch.times?.[row] ?? null,
    row: batch.sourceRows?.[row] ?? null,
    reference: batch.references?.[row] ?? null,
    status: batch.statuses?.[row] ?? 0,
    statusInput: batch.statusInputs?.[row] ?? -1,
  }));
}
