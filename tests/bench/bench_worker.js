// @ts-check
// A worker of the benchmark's page: scores rows of the table with Firetower's engine, onnxruntime-web
// or ydf-inference.
//
// Messages: {start: {contender, first, rows, ...}} -> {ready} or {error};
//   {run: {rows}} -> {micros} per row;  {single: {calls, batch}} -> {micros} per row, median over calls;  {scores} -> all scores.
// model: its address; default: the benchmark forest. Of onnxruntime-web: graph, threads. Of Firetower: inputs, with which
// the rows are uniform over [0, 1) instead of the table's.

const TABLE_INPUTS = 30;
const BATCH = 16384;

/**
 * @typedef {object} Scorer
 * @property {(rows: number) => Promise<void>} run the table's first rows, in batches
 * @property {(row: number, batch: number) => Promise<void>} few a batch from that row on
 * @property {() => Float64Array} scores of the last run
 */

/** @param {string} address */
const fetchBytes = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());

/**
 * @param {Float32Array} table
 * @param {number} rows
 * @param {{model?: string, inputs?: number}} options
 * @returns {Promise<Scorer>}
 */
async function firetower(table, rows, { model, inputs = TABLE_INPUTS }) {
  const { EngineInstance } = await import('/site/js/engine/module.js');
  const { default: factory } = await import('/site/engine/firetower.mjs');
  const engine = await EngineInstance.load(factory, await fetchBytes('/site/engine/firetower.wasm'));
  engine.loadModel(await fetchBytes(model ?? '/peers/forest.safetensors'));
  /** @param {number} first @param {number} count */
  const columnsOf = (first, count) => {
    const columns = new Float64Array(count * inputs);
    for (let i = 0; i < count; i += 1) {
      for (let c = 0; c < inputs; c += 1) columns[c * count + i] = table[(first + i) * inputs + c];
    }
    return columns;
  };
  const batches = [];
  for (let first = 0; first < rows; first += BATCH) batches.push(columnsOf(first, Math.min(BATCH, rows - first)));
  const scores = new Float64Array(rows);
  /** @type {Map<string, Float64Array>} */
  const parts = new Map();
  /** The same columns again are not made again. @param {number} first @param {number} count */
  const partOf = (first, count) => {
    const key = `${first} ${count}`;
    const known = parts.get(key) ?? columnsOf(first, count);
    parts.set(key, known);
    return known;
  };
  return {
    async run(count) {
      for (let b = 0; b * BATCH < count; b += 1) {
        const columns = batches[b % batches.length];
        const size = Math.min(columns.length / inputs, count - b * BATCH);
        const part = size * inputs < columns.length ? partOf((b * BATCH) % rows, size) : columns;
        const { probabilities } = engine.scoreRows(part, size, inputs);
        if (b < batches.length) scores.set(probabilities, b * BATCH);
      }
    },
    async few(row, batch) {
      engine.scoreRows(partOf(row, batch), batch, inputs);
    },
    scores: () => scores,
  };
}

/** @param {Float32Array} table @param {number} rows @param {{graph: string, threads: number, model?: string}} options @returns {Promise<Scorer>} */
async function onnx(table, rows, { graph, threads, model }) {
  const ort = await import('/peers/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs');
  ort.env.wasm.wasmPaths = '/peers/node_modules/onnxruntime-web/dist/';
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(await fetchBytes(model ?? `/peers/data/forest_${graph}.onnx`), {
    executionProviders: ['wasm'],
  });
  const scores = new Float64Array(rows);
  /** @param {number} first @param {number} count */
  const score = async (first, count) => {
    const values = table.subarray(first * TABLE_INPUTS, (first + count) * TABLE_INPUTS);
    const result = await session.run({ X: new ort.Tensor('float32', values, [count, TABLE_INPUTS]) });
    return graph === 'reg' ? result.p.data : result.prob.data;
  };
  return {
    async run(count) {
      const data = await score(0, count);
      for (let i = 0; i < count; i += 1) scores[i] = graph === 'reg' ? data[i] : data[2 * i + 1];
    },
    few: async (row, batch) => void (await score(row, batch)),
    scores: () => scores,
  };
}

/** The rows are given as ydf-inference wants them, which is not timed. @param {Float32Array} table @param {number} rows @returns {Promise<Scorer>} */
async function ydf(table, rows) {
  // Classic scripts made for pages: a module worker cannot import them, and they look for `window`.
  Object.assign(self, { window: self });
  const folder = '/peers/node_modules/ydf-inference/dist/';
  for (const script of ['/peers/node_modules/jszip/dist/jszip.min.js', `${folder}inference.js`]) {
    (0, eval)(await (await fetch(script)).text());
  }
  const library = await /** @type {any} */ (self).YDFInference({ locateFile: (/** @type {string} */ name) => folder + name });
  const model = await library.loadModelFromZipBlob(await fetchBytes('/peers/data/ydf_model.zip'));
  const names = ['Time', ...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount'];
  /** @param {number} first @param {number} count */
  const examplesOf = (first, count) =>
    Object.fromEntries(names.map((name, c) => [name, Array.from({ length: count }, (_, i) => table[(first + i) * TABLE_INPUTS + c])]));
  const all = examplesOf(0, rows);
  let scores = new Float64Array(rows);
  return {
    run: async () => void (scores = Float64Array.from(model.predict(all))),
    few: async (row, batch) => void model.predict(examplesOf(row, batch)),
    scores: () => scores,
  };
}

/** @param {number} first @param {number} rows */
async function rowsOfTable(first, rows) {
  const all = new Float32Array((await fetchBytes('/peers/data/X.f32')).buffer);
  return all.slice(first * TABLE_INPUTS, (first + rows) * TABLE_INPUTS);
}

/** The same numbers every time (a linear congruential generator). @param {number} count */
function uniform(count) {
  const values = new Float32Array(count);
  let state = 1;
  for (let i = 0; i < count; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 32;
  }
  return values;
}

/** @type {Scorer} */
let scorer;

/** @param {any} message */
async function answer(message) {
  if (message.start) {
    const { contender, first, rows, inputs } = message.start;
    const table = inputs === undefined ? await rowsOfTable(first, rows) : uniform(rows * inputs);
    const start = contender === 'firetower' ? firetower : contender === 'ydf' ? ydf : onnx;
    scorer = await start(table, rows, message.start);
    return { ready: true };
  }
  if (message.run) {
    const start = performance.now();
    await scorer.run(message.run.rows);
    return { micros: ((performance.now() - start) * 1e3) / message.run.rows };
  }
  if (message.single) {
    // Clocks of a page are coarse: 20 calls are timed together.
    const { calls, batch, rows } = message.single;
    const times = [];
    for (let call = 0; call < calls + 20; call += 20) {
      const start = performance.now();
      for (let k = 0; k < 20; k += 1) await scorer.few((((call + k) % 400) * 211) % (rows - batch), batch);
      if (call > 0) times.push(((performance.now() - start) * 1e3) / 20 / batch);
    }
    times.sort((a, b) => a - b);
    return { micros: times[times.length >> 1] };
  }
  return { scores: scorer.scores() };
}

self.onmessage = async ({ data }) => {
  try {
    postMessage(await answer(data));
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
