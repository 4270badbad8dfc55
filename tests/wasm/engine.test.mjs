// @ts-check
// The JavaScript API in Node: what it answers, and that workers, ranges and the command line give the same.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createEngine } from '../../web/js/engine/node.js';
import { collect, failure, modelBytes, repository, testCsv, testEngine } from './helper.mjs';

const run = promisify(execFile);
const firetower =
  process.env.FIRETOWER_BIN ?? fileURLToPath(new URL('build/native/tools/firetower/firetower', repository));
const modelFile = fileURLToPath(new URL('tests/wasm/model.safetensors', repository));

const engine = await testEngine();
test.after(() => engine.close());

test('status and model', async () => {
  const status = await engine.status();
  assert.equal(status.status, 'ok');
  assert.equal(status.model_version, '1.2.3');
  assert.equal(status.workers, 1);
  assert.deepEqual(status.model_performance, engine.model().training.metrics);
  assert.equal(engine.model().inputs.length, 4);
  assert.equal(engine.model().trees, 7);
});

test('a scored file has every row in its place', async () => {
  const text = testCsv(3000);
  const scored = await engine.scoreFile(new Blob([text]), { name: 'made.csv' });
  assert.equal(scored.name, 'made.csv');
  assert.equal(scored.rows, 3000);
  assert.equal(scored.offsets.length, 3001);
  assert.equal(scored.offsets[3000], Buffer.byteLength(text));
  const bytes = Buffer.from(text);
  /** @type {number[]} */
  const lines = [];
  for (let row = 0; row < scored.rows; ++row) {
    const record = bytes.subarray(scored.offsets[row], scored.offsets[row + 1]).toString();
    assert.ok(record.startsWith(`${row * 3},`), `row ${row} is ${record}`);
    lines.push(bytes.subarray(0, scored.offsets[row]).toString().split('\n').length);
  }
  const bad = [500, 700, 1497, 1709, 2494, 2718];
  assert.deepEqual(scored.badRows.map(({ row }) => row), bad);
  assert.deepEqual(scored.badRows.map(({ line }) => line), bad.map((row) => lines[row]));
  assert.equal(scored.badRows[0].message, `line ${lines[500]}, column V1: "abc" is not a number`);
  assert.equal(scored.scored, 3000 - bad.length);
  for (let row = 0; row < 3000; ++row) assert.equal(Number.isNaN(scored.probabilities[row]), bad.includes(row));
  assert.equal(scored.missing.V2, 300);
  assert.equal(scored.labels?.[3], 1);
  assert.equal(scored.weights?.[6], 3);
  assert.equal(scored.partial, false);

  for (const row of [0, 1, 49, 50, 51, 500, 2999]) {
    const detail = await engine.describeRow(scored, row);
    assert.equal(detail.line, lines[row]);
    assert.equal(detail.cells[0].text, String(row * 3));
    assert.equal(detail.cells[0].column, 'Time');
    assert.equal(detail.badRow?.row, row === 500 ? 500 : undefined);
    assert.equal(detail.features.length, 4);
  }
  const cells = await engine.cells(scored, [2999, 0, 50]);
  assert.deepEqual(cells.map((row) => row[0]), ['8997', '0', '150']);
  assert.equal(cells[2][6], 'two\nlines, and a comma');
  assert.equal((await failure(engine.cells(scored, [3000]))).code, 'BAD_ARGUMENT');

  const amount = await engine.column(scored, 'Amount');
  assert.deepEqual([...amount.slice(0, 3)], [0, 37, 74]);
  assert.ok((await engine.column(scored, 'Note')).every(Number.isNaN));
  const matches = await engine.search(scored, 'AND A comma');
  assert.equal(matches.reduce((sum, match) => sum + match, 0), 15);
  assert.equal(matches[50], 1);

  const order = await engine.rank(scored.probabilities, { descending: true });
  assert.equal(order.length, 3000);
  const expected = Array.from({ length: 3000 }, (_, row) => row).sort((a, b) => {
    const [x, y] = [scored.probabilities[a], scored.probabilities[b]];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return y - x || a - b;
  });
  assert.deepEqual([...order], expected);
});

test('neither workers nor ranges change a result', async () => {
  // Larger than several ranges of 1 MiB, with quoted line ends at many places.
  const text = testCsv(70000);
  const file = new Blob([text]);
  assert.ok(file.size > 3 * 2 ** 20);
  const one = await engine.scoreFile(file);
  const three = await testEngine({ workers: 3 });
  try {
    const other = await three.scoreFile(file);
    const bits = (/** @type {Float64Array} */ array) => Buffer.from(array.buffer);
    assert.deepEqual(bits(other.probabilities), bits(one.probabilities));
    assert.deepEqual(bits(other.offsets), bits(one.offsets));
    assert.deepEqual(other.labels, one.labels);
    assert.deepEqual(other.badRows, one.badRows);
    assert.deepEqual(other.missing, one.missing);
    assert.ok(one.badRows.length > 100);
    for (const withInput of [false, true]) {
      const first = await collect(engine.exportCsv(one, { threshold: 0.4, withInput }));
      const second = await collect(three.exportCsv(other, { threshold: 0.4, withInput }));
      assert.ok(first.equals(second));
    }
    assert.deepEqual(await three.column(other, 'V1'), await engine.column(one, 'V1'));
    assert.equal((await three.status()).workers, 3);
  } finally {
    three.close();
  }
});

test('the export equals `firetower score` byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firetower-'));
  try {
    const texts = [
      testCsv(70000),
      testCsv(500, { lineEnd: '\r\n' }),
      '\ufeffTime;V1;V2;Amount;probability\n1;0,5;1,25;3;x\n2;bad;1;1;y\n3;-0,25;;7,5;=z',
      testCsv(1).split('\n')[0] + '\n',
    ];
    for (const [index, text] of texts.entries()) {
      const input = join(folder, `in${index}.csv`);
      const output = join(folder, `out${index}.csv`);
      await writeFile(input, text);
      const scored = await engine.scoreFile(new Blob([text]));
      for (const withInput of [false, true]) {
        for (const threads of ['1', '2']) {
          const options = ['--model', modelFile, '--data', input, '--out', output, '--threads', threads];
          if (withInput) options.push('--with-input');
          await run(firetower, ['score', ...options, '--threshold', '0.35']);
          const native = await readFile(output);
          const page = await collect(engine.exportCsv(scored, { threshold: 0.35, withInput }));
          assert.ok(page.equals(native), `${index} ${withInput}: ${page.subarray(0, 200)} | ${native.subarray(0, 200)}`);
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('predict gives the bits of the file, whatever the names\' letter case', async () => {
  const text = 'Time,V1,V2,Amount\n3600,-1.25,0.75,12.5\n1e5,0.1,,\n';
  const scored = await engine.scoreFile(new Blob([text]));
  const predictions = await engine.predict([
    { TIME: 3600, v1: '-1.25', V2: ' 0.75 ', amount: 12.5, other: 'ignored' },
    { Time: '1e5', V1: 0.1, V2: null, Amount: 'NA' },
  ]);
  assert.deepEqual(predictions.map(({ probability }) => probability), [...scored.probabilities]);
  for (const one of predictions) {
    assert.equal(one.prediction, one.probability >= engine.model().threshold ? 1 : 0);
    assert.equal(one.confidence, Math.max(one.probability, 1 - one.probability));
    assert.equal(one.model_version, '1.2.3');
    assert.match(one.timestamp, /^\d{4}-\d\d-\d\dT/);
  }
  assert.equal((await engine.predict({ Time: 0, V1: 0 })).length, 1);
  assert.deepEqual(await engine.predict([]), []);
});

test('predict names every bad field of every row', async () => {
  const error = await failure(
    engine.predict([
      { Time: 0, V1: 'abc', V2: true, Amount: Infinity },
      { Time: 0, V1: 1 },
      /** @type {any} */ ('no object'),
      { Amount: '1e999' },
      { Time: 0, V1: '0x10' },
    ]),
  );
  assert.equal(error.code, 'BAD_ARGUMENT');
  const fields = /** @type {any} */ (error).fields.map((/** @type {any} */ { row, field }) => `${row} ${field}`);
  assert.deepEqual(fields, ['0 V1', '0 V2', '0 Amount', '2 ', '3 Time', '3 V1', '3 Amount', '4 V1']);
  assert.match(error.message, /row 0, V1: "abc" is not a number/);
  assert.match(error.message, /row 3, V1: is missing/);
});

test('what is no row of the model is a bad argument', async () => {
  const good = { Time: 0, V1: 1 };
  const holes = await failure(engine.predict(/** @type {any} */ ([good, , good])));
  assert.equal(holes.code, 'BAD_ARGUMENT');
  assert.deepEqual(holes.fields?.map(({ row }) => row), [1]);
  for (const none of [{}, { other: 1 }]) {
    const error = await failure(engine.predict(none));
    assert.equal(error.code, 'BAD_ARGUMENT');
    assert.match(error.message, /none of the model's inputs: Time, V1, V2, Amount/);
  }
});

test('a wrong argument is a bad argument', async () => {
  const blob = new Blob([testCsv(5)]);
  const scored = await engine.scoreFile(blob);
  const given = /** @type {any} */ (engine);
  const calls = [
    () => createEngine(/** @type {any} */ ({ model: 'x' })),
    () => createEngine({ workers: 0 }),
    () => given.rank([1, 2]),
    () => given.rank(),
    () => given.rank(scored.probabilities, { keep: new Uint8Array(1) }),
    () => given.loadModel(undefined),
    () => given.inspectFile('text'),
    () => given.inspectFile(blob, { delimiter: 'x' }),
    () => given.scoreFile(blob, { overrides: { decimal: ';' } }),
    () => given.synthesize({ rows: 1e12, seed: 1 }),
    () => given.scoreFile(),
    () => given.scoreFile('text'),
    () => given.scoreFile(blob, null),
    () => given.scoreFile(blob, { onProgress: 'text' }),
    () => given.predict(),
    () => given.column(),
    () => given.search(scored),
    () => given.cells(scored),
    () => given.describeRow(),
    () => given.performance(),
    () => given.performanceAt('x'),
    () => collect(given.exportCsv()),
    () => collect(given.exportCsv(scored)),
    () => collect(given.exportCsv(scored, { threshold: '0.5', withInput: false })),
    () => collect(given.exportCsv(scored, { threshold: 1.5, withInput: false })),
    () => collect(given.exportCsv(scored, { threshold: NaN, withInput: false })),
  ];
  for (const call of calls) {
    const error = await failure(call());
    assert.equal(error.code, 'BAD_ARGUMENT', `${call}: ${error.stack}`);
    assert.equal(error.name, 'EngineError');
  }
});

test('an onProgress that throws ends the job with its error', async () => {
  const file = new Blob([testCsv(70000)]);
  let calls = 0;
  const thrown = new Error('from onProgress');
  const onProgress = () => {
    ++calls;
    throw thrown;
  };
  assert.equal(await failure(engine.scoreFile(file, { onProgress, partial: true })), thrown);
  assert.equal(calls, 1);
  const scored = await engine.scoreFile(file);
  assert.equal(await failure(engine.column(scored, 'V1', { onProgress })), thrown);
  assert.equal(await failure(collect(engine.exportCsv(scored, { threshold: 0.5, withInput: true, onProgress }))), thrown);
  assert.equal((await engine.status()).status, 'ok');
});

test('performance is that of the labels, and follows the threshold', async () => {
  const scored = await engine.scoreFile(new Blob([testCsv(3000)]));
  assert.equal((await failure(engine.performanceAt(0.5))).code, 'NOT_READY');
  const plain = await engine.performance(scored, { weighted: false });
  assert.equal(plain.rows, scored.scored);
  assert.equal(plain.left_out, scored.rows - scored.scored);
  // The area under the curve by counting pairs.
  const labels = /** @type {Float64Array} */ (scored.labels);
  const [positives, negatives] = [1, 0].map((label) =>
    scored.probabilities.filter((p, row) => labels[row] === label && !Number.isNaN(p)),
  );
  let wins = 0;
  for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
  assert.ok(Math.abs((plain.auc.value ?? 0) - wins / (positives.length * negatives.length)) < 1e-12);
  for (const threshold of [0, 0.25, 0.3, 0.41, 1]) {
    const at = await engine.performanceAt(threshold);
    assert.equal(at.true_positive, positives.filter((p) => p >= threshold).length);
    assert.equal(at.false_positive, negatives.filter((p) => p >= threshold).length);
    assert.equal(at.true_positive + at.false_negative, positives.length);
  }
  assert.ok(plain.curve.length <= 600);
  assert.equal((await engine.performance(scored)).weighted, true);
  const bare = await engine.scoreFile(new Blob(['Time,V1,V2,Amount\n1,2,3,4\n']));
  assert.equal(bare.labels, null);
  assert.equal((await failure(engine.performance(bare))).code, 'NOT_READY');
});

test('whatever the positive class, performance is what `firetower evaluate` finds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firetower-'));
  const own = await testEngine();
  try {
    const classes = /** @type {[string, string, string][]} */ ([['0', '0', '1'], ['fraud', 'fraud', 'genuine, no doubt']]);
    for (const [positive, yes, no] of classes) {
      const [data, config, model] = ['data.csv', 'config.json', 'model.safetensors'].map((name) => join(folder, name));
      const lines = Array.from({ length: 300 }, (_, i) => {
        const label = i % 50 === 1 ? '' : i % 7 === 0 ? yes : `"${no}"`;
        return `${Math.sin(i) - (i % 7 === 0 ? 1 : 0)},${label},${Math.cos(3 * i)}`;
      });
      const text = ['a,kind,b', ...lines, ''].join('\n');
      await writeFile(data, text);
      await writeFile(config, JSON.stringify({ positive_class: positive, forest: { n_estimators: 5, max_depth: 3 } }));
      const rows = ['--data', data, '--label', 'kind'];
      await run(firetower, ['train', ...rows, '--config', config, '--out', model]);
      const evaluated = await run(firetower, ['evaluate', ...rows, '--model', model, '--json', '--threshold', '0.3']);
      const expected = JSON.parse(evaluated.stdout);
      await own.loadModel(new Uint8Array(await readFile(model)));
      const found = await own.performance(await own.scoreFile(new Blob([text])));
      assert.equal(expected.positives, 43);
      assert.deepEqual([found.rows, found.positives], [expected.rows, expected.positives]);
      assert.deepEqual(found.auc, expected.auc);
      assert.deepEqual(found.average_precision, expected.average_precision);
      const at = await own.performanceAt(0.3);
      for (const [name, count] of Object.entries(expected.confusion)) assert.equal(at[/** @type {'f1'} */ (name)], count);
    }
  } finally {
    own.close();
    await rm(folder, { recursive: true });
  }
});

test('many rows with weights are measured as `firetower evaluate` does, and the heap stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firetower-'));
  const own = await testEngine();
  try {
    const data = join(folder, 'data.csv');
    const text = testCsv(140000, { bad: false }).replaceAll('11,1,4,n', '11,,4,n');
    await writeFile(data, text);
    const given = ['--data', data, '--model', modelFile, '--label', 'Class', '--weight', 'Weight', '--threshold', '0.3', '--json'];
    const expected = JSON.parse((await run(firetower, ['evaluate', ...given])).stdout);
    const scored = await own.scoreFile(new Blob([text]));
    const before = await own.status();
    const performance = await own.performance(scored);
    const found = { ...performance, ...(await own.performanceAt(0.3)), brier_score: performance.brier };
    assert.equal((await own.status()).heap_bytes, before.heap_bytes);
    assert.ok(found.left_out > 0 && found.rows + found.left_out === 140000);
    for (const name of /** @type {const} */ (['rows', 'positives', 'left_out', 'auc', 'average_precision', 'brier_score', 'log_loss', 'precision', 'recall', 'f1'])) {
      assert.deepEqual(found[name], expected[name], name);
    }
    // A row far from the first block is named by its own number.
    const weights = new Float64Array(140000).fill(1);
    weights[130001] = -1;
    const refused = await failure(own.performance({ ...scored, weights }));
    assert.deepEqual([refused.code, refused.row], ['DATA_INVALID', 130001]);
  } finally {
    own.close();
    await rm(folder, { recursive: true });
  }
});

test('files that cannot be scored say why', async () => {
  const missing = await failure(engine.scoreFile(new Blob(['Time,V1\n1,2\n'])));
  assert.equal(missing.code, 'SCHEMA_MISMATCH');
  assert.match(missing.message, /V2.*Amount/);
  assert.equal((await failure(engine.scoreFile(new Blob([])))).code, 'NOT_CSV');
  const report = await engine.inspectFile(new Blob(['Time,V1\n1,2\n']));
  assert.deepEqual(report.missing, ['V2', 'Amount']);
  const file = new Blob(['Time;V1;V2;Amount\n1;2;3;4\n']);
  assert.equal((await engine.inspectFile(file)).delimiter, ';');
  assert.equal((await failure(engine.inspectFile(file, { delimiter: ',' }))).code, 'NOT_CSV');
  const headless = await engine.scoreFile(new Blob(['1,2,3,4\n5,6,7,8\n']), { overrides: { header: false } });
  assert.equal(headless.rows, 2);
  assert.equal(headless.report.header, false);
});

test('a file that changed since is not exported', async () => {
  const scored = await engine.scoreFile(new Blob([testCsv(100)]));
  const other = Object.assign(Object.create(null), scored);
  assert.equal((await failure(engine.describeRow(other, 0))).code, 'BAD_ARGUMENT');
  scored.offsets[100] = scored.offsets[99];
  const error = await failure(collect(engine.exportCsv(scored, { threshold: 0.5, withInput: true })));
  assert.equal(error.code, 'FILE_UNREADABLE');
});

test('another model: the files are read anew, a bad one changes nothing', async () => {
  const own = await testEngine({ workers: 2 });
  try {
    const before = await own.scoreFile(new Blob([testCsv(10)]));
    assert.match((await failure(own.loadModel(new Uint8Array(64)))).code, /MODEL_INVALID|TOO_BIG/);
    assert.equal(own.model().name, 'test-forest');
    await own.loadModel(modelBytes);
    const after = await own.scoreFile(before.file);
    assert.deepEqual(after.probabilities, before.probabilities);
    const running = failure(own.scoreFile(new Blob([testCsv(300000)])));
    await own.loadModel(modelBytes);
    assert.equal((await running).code, 'ABORTED');
  } finally {
    own.close();
  }
});

test('progress rises to the whole file, at most ten times a second', async () => {
  const file = new Blob([testCsv(70000)]);
  /** @type {{bytes: number, rows: number, at: number}[]} */
  const seen = [];
  const scored = await engine.scoreFile(file, {
    onProgress: ({ bytes, totalBytes, rows, rowsPerSecond, secondsLeft }) => {
      assert.equal(totalBytes, file.size);
      assert.ok(rowsPerSecond >= 0 && (secondsLeft === null || secondsLeft >= 0));
      seen.push({ bytes, rows, at: performance.now() });
    },
  });
  for (let i = 1; i < seen.length; ++i) {
    assert.ok(seen[i].bytes >= seen[i - 1].bytes && seen[i].rows >= seen[i - 1].rows);
    // The last one says that the file is done, whenever that is.
    if (i + 1 < seen.length) assert.ok(seen[i].at - seen[i - 1].at >= 99);
  }
  assert.deepEqual({ bytes: seen.at(-1)?.bytes, rows: seen.at(-1)?.rows }, { bytes: file.size, rows: scored.rows });
});
