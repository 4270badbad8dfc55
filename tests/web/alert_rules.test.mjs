// @ts-check
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Ajv2020 } from 'ajv/dist/2020.js';

/** @param {string} path below the repository's root */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
  .compile(JSON.parse(read('models/alert-rules.schema.json')));

// The same documents that tests/unit/monitor/alerts_test.cc gives to the engine.
test('the schema accepts and refuses what the engine does', () => {
  /** @type {{name: string, document: unknown, error?: string, beyond_schema?: boolean}[]} */
  const cases = JSON.parse(read('tests/unit/monitor/alert_rules.json'));
  assert.ok(cases.length > 40);
  for (const { name, document, error, beyond_schema } of cases) {
    assert.equal(accepts(document), error === undefined || beyond_schema === true, name);
  }
});

test('the example of models/ALERTS.md is a document of the schema', () => {
  const example = /```json\n([\s\S]*?)```/.exec(read('models/ALERTS.md'))?.[1] ?? '';
  assert.ok(accepts(JSON.parse(example)), JSON.stringify(accepts.errors));
});
