// @ts-check
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Ajv2020 } from 'ajv/dist/2020.js';

/** @param {string} path below the repository's root */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const schema = JSON.parse(read('models/drift-report.schema.json'));
const documentation = read('models/DRIFT_REPORT.md');
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
  .compile(schema);
const example = () => JSON.parse(/```json\n([\s\S]*?)```/.exec(documentation)?.[1] ?? '');

test('the example of models/DRIFT_REPORT.md is a document of the schema', () => {
  assert.ok(accepts(example()), JSON.stringify(accepts.errors));
});

test('the schema refuses what is no report', () => {
  /** @type {[string, (report: any) => void][]} */
  const broken = [
    ['another format', (report) => (report.format = 'firetower-summary')],
    ['another version', (report) => (report.version = 2)],
    ['no settings', (report) => delete report.settings],
    ['a member of another kind', (report) => (report.rows = [[1, 2, 3]])],
    ['a p-value above one', (report) => (report.columns[0].outcome.p_value = 1.5)],
    ['a verdict in other words', (report) => (report.columns[0].verdict = 'DRIFT')],
    ['a column with its values', (report) => (report.columns[0].values = [1, 2])],
    ['an effect without its unit', (report) => delete report.columns[0].effect.name],
    ['half a hash', (report) => (report.current.sha256 = report.current.sha256.slice(32))],
    ['a negative number of rows', (report) => (report.current.rows = -1)],
    ['a window with one end', (report) => report.current.window.pop()],
    ['an unknown correction', (report) => (report.settings.correction = 'FDR')],
    ['an estimate without its assumption', (report) => (report.estimate = { auc: null })],
    ['a bin without its count', (report) =>
      (report.charts = { Amount: { name: 'Amount', kind: 'numeric', score: 'psi', total: 0, bins: [{ low: null, high: 1 }] } })],
  ];
  for (const [what, change] of broken) {
    const report = example();
    change(report);
    assert.ok(!accepts(report), what);
  }
});

test('models/DRIFT_REPORT.md has every member of the schema', () => {
  const parts = [schema, schema.$defs.settings, schema.$defs.column, schema.$defs.effect, schema.$defs.outcome,
    schema.$defs.side, schema.$defs.side_of_column, schema.$defs.chart, schema.$defs.chart.properties.bins.items];
  for (const part of parts) {
    for (const name of Object.keys(part.properties)) {
      assert.match(documentation, new RegExp(`\\b${name}\\b`), name);
    }
  }
});
