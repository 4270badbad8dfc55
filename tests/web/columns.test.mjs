// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { nameInFile, namedColumns } from '../../web/js/state/columns.js';

/** @param {string[]} header */
const names = (header) => namedColumns(header).map(({ name }) => name);

test('names that are there once stay', () => {
  assert.deepEqual(names(['Time', 'V1', 'v1']), ['Time', 'V1', 'v1']);
});

test('no two names are alike, whatever the header holds', () => {
  assert.deepEqual(names(['a', 'a', '', 'a', '']), ['a', 'a (2)', 'column 3', 'a (3)', 'column 5']);
  assert.deepEqual(names(['a', 'a', 'a (2)', 'a']), ['a', 'a (3)', 'a (2)', 'a (4)']);
  assert.deepEqual(names(['', 'column 1', '']), ['column 1 (2)', 'column 1', 'column 3']);
});

test('each knows its place, and whether the engine finds it by its name', () => {
  const columns = namedColumns(['a', '', 'a', '']);
  assert.deepEqual(
    columns.map(({ place }) => place),
    [0, 1, 2, 3],
  );
  assert.deepEqual(
    columns.map(({ first }) => first),
    [true, true, false, false],
  );
  assert.equal(nameInFile(['a', '', 'a'], 'column 2'), '');
  assert.equal(nameInFile(['a', '', 'a'], 'a (2)'), 'a');
});
