// @ts-check
// Scores a CSV file in Node: node tools/score_csv.mjs transactions.csv [model.safetensors]

import { readFile } from 'node:fs/promises';
import { createEngine } from '../web/js/engine/node.js';

/** @type {(code: number) => (error: Error) => never} exit codes as those of `firetower` */
const exit = (code) => (error) => {
  console.error(`score_csv: ${error.message}`);
  process.exit(code);
};

const [path, modelPath] = process.argv.slice(2);
if (path === undefined) exit(2)(new Error('usage: node tools/score_csv.mjs transactions.csv [model.safetensors]'));
const data = await readFile(path).catch(exit(2));
const model = modelPath === undefined ? undefined : await readFile(modelPath).catch(exit(2));
const engine = await createEngine({ model }).catch(exit(4));

const file = new Blob([new Uint8Array(data)]);
const scored = await engine.scoreFile(file, { signal: AbortSignal.timeout(60_000) }).catch(exit(3));
console.log(`${scored.rows} rows, ${scored.rows - scored.scored} set aside`);

const riskiest = (await engine.rank(scored.probabilities, { descending: true })).slice(0, Math.min(3, scored.scored));
for (const row of riskiest) console.log(`row ${row}: ${scored.probabilities[row]}`);

if (riskiest.length > 0) {
  // Rows from elsewhere: values by input name; the same bits as in a file.
  const [first] = await engine.cells(scored, riskiest.slice(0, 1));
  const values = Object.fromEntries(scored.report.columns.map((name, index) => [name, first[index]]));
  const [prediction] = await engine.predict(values);
  console.log(`${prediction.risk_level}, ${prediction.model_version}`);
}

engine.close();
