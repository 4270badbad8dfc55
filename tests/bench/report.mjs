// @ts-check
// RESULTS.md from the parts that are kept: the wanted figures first, then every part's tables.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ROOT, kept, median, say } from './harness.mjs';

/** @param {any} part @param {string} name @returns {number} NaN where it was not measured */
function at(part, name) {
  const values = part?.figures?.[name];
  return values === undefined ? NaN : median(values);
}

/** @param {number} value @param {number} [digits] */
const number = (value, digits = 3) =>
  Number.isFinite(value) ? Number(value.toPrecision(digits)).toLocaleString('en', { maximumSignificantDigits: digits }) : '–';

/** @param {string[]} head @param {(string | number)[][]} rows */
function table(head, rows) {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** @param {any} part */
const circumstance = (part) => `Measured at ${part.commit} on ${part.date}, ${part.rounds} rounds after a warm-up round.`;

/** @param {any} part */
function leftOut(part) {
  const names = Object.entries(part.failed ?? part.facts?.failed ?? {});
  return names.length === 0 ? '' : `\n\nLeft out: ${names.map(([name, why]) => `${name} (${why})`).join('; ')}.`;
}

/**
 * Contenders of a group: median, fastest, and how much longer than `beside` they take.
 * @param {any} part
 * @param {string} group
 * @param {string} beside
 * @param {string} unit
 * @param {(value: number) => number} [shown]
 */
function contenders(part, group, beside, unit, shown = (value) => value) {
  const base = at(part, beside);
  const rows = Object.entries(part.figures)
    .filter(([name]) => name.startsWith(group))
    .map(([name, values]) => [
      name.slice(group.length),
      number(shown(median(/** @type {number[]} */ (values)))),
      number(shown(Math.min(.../** @type {number[]} */ (values)))),
      number(base / median(/** @type {number[]} */ (values))),
    ]);
  return table(['', `median, ${unit}`, `best, ${unit}`, `times ${beside.slice(group.length)}`], rows);
}

/**
 * Slope of log(cost) over log(size) between neighbours, and over all.
 * @param {number[]} sizes
 * @param {number[]} costs
 */
function slopes(sizes, costs) {
  const between = (/** @type {number} */ a, /** @type {number} */ b) => Math.log(costs[b] / costs[a]) / Math.log(sizes[b] / sizes[a]);
  return { each: sizes.map((_, i) => (i === 0 ? NaN : between(i - 1, i))), all: between(0, sizes.length - 1) };
}

/**
 * Of the other forests: forest, rows, µs per row of both, and how many times Firetower's onnxruntime-web takes.
 * @param {any} part
 * @returns {{what: string, batch: number, firetower: number, onnx: number, times: number}[]}
 */
function otherForests(part) {
  const names = Object.keys(part.figures).filter((name) => name.endsWith(' firetower'));
  return names.map((name) => {
    const [forest, batch] = name.split(' ');
    const firetower = at(part, name);
    const onnx = at(part, `${forest} ${batch} onnx`);
    return { what: part.facts[forest], batch: Number(batch), firetower, onnx, times: onnx / firetower };
  });
}

const ORT = 'onnxruntime-web regressor graph, Chromium, 1 thread';
const OURS = 'Firetower, Chromium, 1 worker';

/**
 * The issue's figures: what is wanted, what was measured.
 * @param {Record<string, any>} parts
 */
function targets(parts) {
  const { SCORING: s, CSV: c, FILE: f, START: t, SIZES: z, BIG_FILES: b, TRAINING: g, OTHER_FORESTS: o } = parts;
  const ours = at(s, `many ${OURS}`);
  const read = at(c, 'Firetower, Chromium');
  /** @type {[string, string, number, string, boolean][]} what, wanted, measured, unit, met */
  const rows = [];
  /** @param {string} what @param {number} value @param {number} bound @param {string} unit */
  const atLeast = (what, value, bound, unit) => rows.push([what, `≥ ${bound}${unit}`, value, unit, value >= bound]);
  /** @param {string} what @param {number} value @param {number} bound @param {string} unit */
  const atMost = (what, value, bound, unit) => rows.push([what, `≤ ${bound}${unit}`, value, unit, value <= bound]);
  atLeast('1 Batch, 1 worker in Chromium: onnxruntime-web’s regressor graph takes', at(s, `many ${ORT}`) / ours, 7, ' ×');
  atLeast('1 … ydf-inference takes', at(s, 'many ydf-inference, Chromium, 1 thread') / ours, 25, ' ×');
  atLeast('1 … scikit-learn, native, one core, takes', at(s, 'many scikit-learn, native') / ours, 8, ' ×');
  atMost('2 One row inside the engine (Chromium, one call from JavaScript included)', at(s, 'one Firetower, Chromium, engine'), 15, ' µs');
  atMost('2 One row through the JavaScript API', at(s, 'one Firetower, Chromium, predict() of the JavaScript API'), 60, ' µs');
  atLeast('3 Two workers to one', ours / at(s, 'many Firetower, Chromium, 2 workers'), 1.85, ' ×');
  atLeast('4 CSV reader alone in Chromium', (c?.bytes ?? NaN) / 1e6 / read, 800, ' MB/s');
  atLeast('4 … DuckDB-WASM’s typed reader takes', at(c, 'DuckDB-WASM, typed columns, Node') / read, 4, ' ×');
  atLeast('4 … PapaParse takes, header and dynamicTyping', at(c, 'PapaParse, header and dynamicTyping, Node') / read, 20, ' ×');
  atLeast('4 … PapaParse takes, dynamicTyping row by row', at(c, 'PapaParse, dynamicTyping, step, Node') / read, 20, ' ×');
  atMost('5 File to scores, two workers', at(f, 'Firetower, Chromium, 2 workers'), 0.9, ' s');
  atMost('5 From drop to ranked table', at(f, 'Firetower, Chromium, drop to ranked table'), 1.3, ' s');
  atMost('5 Longest task of the main thread meanwhile, of all rounds', f === null ? NaN : Math.max(...f.longestTask), 50, ' ms');
  atMost('6 Navigation to first score, JavaScript API', at(t, 'one row, JavaScript API'), 300, ' ms');
  atMost('6 … a file of 200 rows on the page', at(t, 'a file of 200 rows, page'), 300, ' ms');
  atMost('6 Engine, gzipped', (z?.facts['engine, gzipped'] ?? NaN) / 1e3, 150, ' KB');
  atMost('6 Page without model, gzipped, first file scored and drawn', (t?.facts.bytes ?? NaN) / 1e3, 400, ' KB');
  atMost('6 … with what it loads afterwards by itself, but the module of Model fit', ((t?.facts.bytes ?? NaN) + (t?.facts.bytesMore ?? NaN)) / 1e3, 400, ' KB');
  atMost('6 Benchmark forest, gzipped', (z?.facts['benchmark forest, gzipped'] ?? NaN) / 1e6, 0.7, ' MB');
  atMost('6 Benchmark forest, loaded in', at(z, 'benchmark forest, load'), 20, ' ms');
  for (const [name, big] of Object.entries(b?.results ?? {})) {
    rows.push([`7 ${(big.bytes / 1e9).toFixed(2)} GB, ${big.rows.toLocaleString('en')} rows (${name}): heap of a worker`, '≤ 64 MiB and model', big.heap / 2 ** 20, ' MiB', big.heap / 2 ** 20 <= 68]);
  }
  atLeast('9 Training 500 trees, whole command: XGBoost takes', at(g, 'XGBoost') / at(g, 'Firetower, whole command'), 1, ' ×');
  const others = o === null ? NaN : Math.min(...otherForests(o).map(({ times }) => times));
  atLeast('10 Other forests, worst of all: onnxruntime-web takes', others, 1, ' ×');
  return table(
    ['line of the issue', 'wanted', 'measured', ''],
    rows.map(([what, bound, value, unit, met]) => [
      what,
      bound,
      Number.isFinite(value) ? number(value) + unit : '–',
      Number.isFinite(value) ? (met ? 'met' : '**not met**') : 'not measured',
    ]),
  );
}

/** @param {any} s */
function scoring(s) {
  const few = Object.entries(s.figures)
    .filter(([name]) => name.startsWith('few '))
    .map(([name, values]) => [name.slice(4), number(median(/** @type {number[]} */ (values)))]);
  const worst = Object.entries(s.worst).map(([name, difference]) => `${name} ${Number(difference).toExponential(1)}`);
  return `## Many rows

${circumstance(s)} Firetower scores ${s.rows.toLocaleString('en')} rows in batches of 16,384 (onnxruntime-web 16,384, ydf-inference 8,192, scikit-learn
32,768 rows), columns copied into the engine and scores out of it included. Largest difference from scikit-learn's
probabilities: ${worst.join('; ')}.${leftOut(s)}

${contenders(s, 'many ', `many ${ORT}`, 'µs/row')}

## One row

${contenders(s, 'one ', `one ${ORT}`, 'µs')}

## Few rows

${table(['', 'median, µs/row'], few)}`;
}

/** @param {any} c */
function csv(c) {
  return `## Reading CSV

${circumstance(c)} ${(c.bytes / 1e6).toFixed(0)} MB from memory to columns of numbers, without scoring.${leftOut(c)}

${contenders(c, '', 'pandas, native', 'MB/s', (seconds) => c.bytes / 1e6 / seconds)}`;
}

/** @param {any} f */
function file(f) {
  return `## From file to scores

${circumstance(f)} With row offsets, bad-row handling, labels and summary. The last row is the page itself: from the choice of the
file until the ranked table is painted; longest task of the main thread meanwhile, per round: ${f.longestTask.map((/** @type {number} */ ms) => ms.toFixed(0)).join(', ')} ms.${leftOut(f)}

${contenders(f, '', 'pandas + scikit-learn, 2 jobs, native', 's')}`;
}

/** @param {any} part */
const medians = (part) =>
  table(['', 'median, ms'], Object.entries(part.figures).map(([name, values]) => [name, number(median(/** @type {number[]} */ (values)))]));

/** @param {any} t */
const start = (t) => `## Start

${circumstance(t)} From navigation, shipped model, serve.py on this computer; the file is chosen as soon as the page
can take one, and its first ranked rows count. Until that file is scored and its charts are drawn the page has asked for
${t.facts.files} files; without the model ${t.facts.bytes.toLocaleString('en')} bytes gzipped. When it has nothing else to do it loads what
Live, Drift, Model and help begin with, ${t.facts.bytesMore.toLocaleString('en')} bytes, and for *Model fit* the analysis module,
${t.facts.bytesFit.toLocaleString('en')} bytes. The offline copy, which the service worker makes after that, has everything.${leftOut(t)}

${medians(t)}`;

/** @param {any} z */
const sizes = (z) => `## Sizes

${circumstance(z)}${leftOut(z)}

${medians(z)}

${table(['', 'bytes'], Object.entries(z.facts).map(([name, bytes]) => [name, Number(bytes).toLocaleString('en')]))}`;

/** @param {any} b */
const bigFiles = (b) => `## Big files

Measured by \`tests/bench/big_files.mjs\` at ${b.commit} on ${b.date}. Heap of a worker after scoring, ranking and measuring against the labels; memory of page and workers at
most. A file over the limit is refused after ${b.refused.seconds.toFixed(2)} s: ${b.refused.error}, “${b.refused.message}”.

${table(
  ['', 'GB', 'rows', 's', 'rows/s', 'heap, MiB', 'memory, MiB'],
  Object.entries(b.results).map(([name, big]) => [
    name,
    number(big.bytes / 1e9),
    big.rows.toLocaleString('en'),
    number(big.seconds),
    Math.round(big.rows / big.seconds).toLocaleString('en'),
    number(big.heap / 2 ** 20),
    number(big.memory.peak / 2 ** 20),
  ]),
)}`;

/** @param {any} o */
function others(o) {
  return `## Other forests

${circumstance(o)} Chromium, one worker, one thread, µs per row.${leftOut(o)}

${table(
  ['forest', 'rows', 'Firetower', 'onnxruntime-web', 'times'],
  otherForests(o).map(({ what, batch, firetower, onnx, times }) => [what, batch.toLocaleString('en'), number(firetower), number(onnx), number(times)]),
)}`;
}

/** @param {any} g */
function training(g) {
  const quality =
    g.quality === null
      ? ''
      : `\n\nOn the ${(284807 - g.rows).toLocaleString('en')} rows after the training rows:\n\n${table(
          ['', 'AUC', 'average precision'],
          ['XGBoost', 'Firetower'].map((name) => [name, g.quality[name].auc.toFixed(4), g.quality[name].average_precision.toFixed(4)]),
        )}`;
  return `## Training

${circumstance(g)} Depth 15 on ${g.rows.toLocaleString('en')} rows × 30, ${g.threads} threads; XGBoost${g.quality ? ` ${g.quality.xgboost_version}` : ''} with histograms of 256 bins. The whole
command reads the CSV file and writes the model, too.${leftOut(g)}

${table(['500 trees', 'median, s', 'best, s'], Object.entries(g.figures).map(([name, values]) => [name, number(median(/** @type {number[]} */ (values))), number(Math.min(.../** @type {number[]} */ (values)))]))}${quality}

Beside scikit-learn: \`train_compare.py\`, on the real sample:

\`\`\`
${g.compared.trim()}
\`\`\``;
}

/** @param {any} s */
function scaling(s) {
  /** @param {string} series @param {string} key @param {string} head */
  const forestSeries = (series, key, head) => {
    const rows = s.grown.filter((/** @type {any} */ row) => row.series === series);
    const { each, all } = slopes(rows.map((/** @type {any} */ row) => row[key]), rows.map((/** @type {any} */ row) => row.micros));
    return `${table(
      [head, 'nodes', 'splits met per row', 'µs/row', 'ns per split met', 'slope'],
      rows.map((/** @type {any} */ row, /** @type {number} */ i) => [
        row[key].toLocaleString('en'),
        row.nodes.toLocaleString('en'),
        number(row.mean_path * row.trees),
        number(row.micros),
        number((row.micros * 1e3) / (row.mean_path * row.trees)),
        number(each[i], 2),
      ]),
    )}\n\nSlope from end to end: ${number(all, 2)}.`;
  };
  const rowSlopes = slopes(s.rows.map((/** @type {any} */ row) => row.rows), s.rows.map((/** @type {any} */ row) => row.rows * row.micros));
  const [single] = s.workers;
  return `## Scaling

${circumstance(s)} Chromium. Slope: of the logarithm of the cost over the logarithm of the size, between neighbours; 1 is linear.
SCALING.md says why it is what it is.

Rows, benchmark forest, one worker (from ${s.tableRows.toLocaleString('en')} rows on the same rows come again):

${table(
  ['rows', 's', 'µs/row', 'slope'],
  s.rows.map((/** @type {any} */ row, /** @type {number} */ i) => [
    row.rows.toLocaleString('en'),
    number((row.rows * row.micros) / 1e6),
    number(row.micros),
    number(rowSlopes.each[i], 2),
  ]),
)}

Slope from end to end: ${number(rowSlopes.all, 2)}.

Trees (depth 15, 30 features, ${s.timedRows.toLocaleString('en')} rows, as below):

${forestSeries('trees', 'trees', 'trees')}

Depth (100 trees, 30 features):

${forestSeries('depth', 'depth', 'depth')}

Features (100 trees, depth 15):

${forestSeries('features', 'features', 'features')}

Workers (benchmark forest, ${s.tableRows.toLocaleString('en')} rows shared among them):

${table(['workers', 'µs/row', 'times one'], s.workers.map((/** @type {any} */ row) => [row.workers, number(row.micros), number(single.micros / row.micros)]))}`;
}

/** @type {[string, (part: any) => string][]} */
const SECTIONS = [
  ['SCORING', scoring],
  ['CSV', csv],
  ['FILE', file],
  ['START', start],
  ['SIZES', sizes],
  ['BIG_FILES', bigFiles],
  ['OTHER_FORESTS', others],
  ['TRAINING', training],
  ['SCALING', scaling],
];

/** RESULTS.md, where all parts of `run` have been measured; else the same of those that have, beside what is kept. */
export async function writeReport() {
  /** @type {Record<string, any>} */
  const parts = {};
  for (const [name] of SECTIONS) parts[name] = await kept(name);
  const measured = Object.values(parts).filter((part) => part !== null);
  if (measured.length === 0) return;
  const some = measured[0];
  const chromium = measured.map((part) => part.chromium ?? part.facts?.chromium).find(Boolean) ?? 'not used';
  const sections = SECTIONS.map(([name, write]) => (parts[name] === null ? `## ${name}\n\nNot measured.` : write(parts[name])));
  // Some parts alone are no results to keep.
  const whole = SECTIONS.every(([name]) => parts[name] !== null || name === 'BIG_FILES');
  const report = whole ? 'tests/bench/RESULTS.md' : 'build/bench-results/RESULTS.md';
  await writeFile(
    path.join(ROOT, report),
    `# Benchmark results

Written by \`tests/bench/run\`: medians of rounds in which every contender runs once, in turn. Read the ratios, not the
absolute figures: the machine is shared. Benchmark forest: 500 trees of depth 15, 274,790 nodes. Table: 284,807 rows × 30,
162 MB as CSV.

${some.machine} · Node ${some.node} · Chromium ${chromium} · Emscripten ${some.emscripten} · ${some.compiler} · ${some.python}

${targets(parts)}

${sections.join('\n\n')}
`,
  );
  say(`written: ${report}`);
}
