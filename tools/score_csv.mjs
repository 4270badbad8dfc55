// @ts-check
// Scores a CSV file in Node: node tools/score_csv.mjs transactions.csv [model.safetensors]

import { readFile } from 'node:fs/promises';
import { createEngine } from '../web/js/engine/node.js';

const [path, model] = process.argv.slice(2);
const engine = await createEngine(model ? { model: await readFile(model) } : {});

const file = new Blob([new Uint8Array(await readFile(path))]);
const scored = await engine.scoreFile(file, { signal: AbortSignal.timeout(60_000) });
console.log(`${scored.rows} rows, ${scored.rows - scored.scored} set aside`);

const riskiest = await engine.rank(scored.probabilities, { descending: true });
for (const row of riskiest.slice(0, 3)) console.log(`row ${row}: ${scored.probabilities[row]}`);

// Rows from elsewhere: values by input name; the same bits as in a file.
const [first] = await engine.cells(scored, riskiest.slice(0, 1));
const values = Object.fromEntries(scored.report.columns.map((name, index) => [name, first[index]]));
const [prediction] = await engine.predict(values);
console.log(`${prediction.risk_level}, ${prediction.model_version}`);

engine.close();
