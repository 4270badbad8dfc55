// @ts-check
import assert from 'node:assert/strict';
import test from 'node:test';

import { columnsOf } from '../../web/js/engine/client/predict.js';
import { decodeMessages, sampleOf } from '../../web/js/engine/live/sources/messages.js';
import { randomNumbers, rowsIn, testModel } from './live_fakes.mjs';

const model = testModel();
const NONE = "has none of the model's inputs";
const SHAPE = 'is not an object of values by input name';

/** @param {unknown[]} messages @param {typeof model} [of] */
function decode(messages, of = model) {
  const decoded = decodeMessages(messages, of);
  return { ...decoded, list: rowsIn({ ...decoded, arrived: 0 }) };
}

test('one row in every form that a message may have', () => {
  const row = { Time: 12, V1: -1.5, Amount: 3 };
  const forms = [
    row,
    [row],
    { rows: [row] },
    { columns: { Time: [12], V1: [-1.5], Amount: [3] } },
    { inputs: ['Amount', 'Time', 'V1'], columns: [3, 12, -1.5], rows: 1 },
  ];
  const expected = { inputs: [12, -1.5, 3], label: null, time: 12, row: null, reference: null, status: 0, statusInput: -1 };
  for (const form of [...forms, ...forms.map((form) => JSON.stringify(form))]) {
    assert.deepEqual(decode([form]).list, [expected], JSON.stringify(form));
  }
  const flat = { inputs: ['Amount', 'Time', 'V1'], columns: Float64Array.of(3, 12, -1.5), rows: 1 };
  assert.deepEqual(decode([flat]).list, [expected]);
  assert.deepEqual(decode([{ columns: { Time: Float64Array.of(12), V1: [-1.5], Amount: ['3'] } }]).list, [expected]);
});

test('many messages: rows in order, each with the message it came in', () => {
  const messages = [
    { V1: 0 },
    'no',
    [{ V1: 1 }, 7, { V1: 2 }, { other: 1 }],
    { columns: { V1: [3, 4] } },
    [],
    { inputs: ['V1'], columns: Float64Array.of(5, 6, 7), rows: 3 },
    { rows: [{ V1: 8 }, null] },
    { V1: 9 },
  ];
  const { list, origins, malformed, rows } = decode(messages);
  assert.equal(rows, 10);
  assert.deepEqual(list.map(({ inputs }) => inputs[1]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([...origins], [0, 2, 2, 3, 3, 5, 5, 5, 6, 7]);
  assert.ok(list.every(({ inputs }) => Number.isNaN(inputs[0]) && Number.isNaN(inputs[2])), 'inputs not given are missing');
  assert.deepEqual(malformed, [
    { count: 1, reason: 'is not JSON', sample: 'no' },
    { count: 2, reason: SHAPE, sample: '7' },
    { count: 1, reason: NONE, sample: '{"other":1}' },
  ]);
});

test('what is no row is counted with its reason, and the others are taken', () => {
  /** @type {[unknown, string][]} */
  const cases = [
    [null, SHAPE],
    [undefined, SHAPE],
    [5, SHAPE],
    [true, SHAPE],
    [10n, SHAPE],
    [Symbol('x').description, 'is not JSON'],
    ['{"V1": NaN}', 'is not JSON'],
    ['', 'is not JSON'],
    ['"text"', SHAPE],
    [new Float64Array(3), SHAPE],
    [{}, NONE],
    [new Map([['V1', 1]]), NONE],
    [{ columns: {} }, NONE],
    [{ columns: { other: [1] } }, NONE],
    [{ columns: { V1: 'abc' } }, 'has a column that is not a list'],
    [{ columns: { V1: [1, 2], Amount: [1] } }, 'has columns of different lengths'],
    [{ columns: [1, 2] }, 'has columns in one array but no list of their names (inputs)'],
    [{ inputs: ['V1', 5], columns: [1, 2], rows: 1 }, 'has columns in one array but no list of their names (inputs)'],
    [{ inputs: ['V1'], columns: [1, 2], rows: 1 }, 'has not as many values as rows times inputs'],
    [{ inputs: ['V1'], columns: [1], rows: 1e300 }, 'has not as many values as rows times inputs'],
    [{ inputs: ['V1'], columns: [1], rows: -1 }, 'has not as many values as rows times inputs'],
    [{ columns: { V1: [1] }, references: ['a', 'b'] }, 'has not as many references as rows'],
  ];
  for (const [message, reason] of cases) {
    const { list, malformed } = decode([{ V1: 1 }, message, { V1: 2 }]);
    assert.deepEqual(list.map(({ inputs }) => inputs[1]), [1, 2]);
    assert.deepEqual(malformed.map(({ count, reason: said }) => [count, said]), [[1, reason]], String(message));
    assert.ok(malformed[0].sample.length <= 200);
  }
});

test('a value that is no number sets its row aside, as in a file', () => {
  const { list, malformed } = decode([
    [{ V1: 'x', Amount: 1 }, { V1: 1, Amount: 2 }, { V1: 1, Amount: Infinity }, { V1: 1e39, Amount: {} }],
    { columns: { V1: [1, 'y', true], Amount: [1, 2, 3] } },
  ]);
  assert.deepEqual(malformed, []);
  assert.deepEqual(list.map(({ status, statusInput }) => [status, statusInput]), [[2, 1], [0, -1], [6, 2], [6, 1], [0, -1], [2, 1], [2, 1]]);
});

test('what is a number, missing or bad is what predict() says', () => {
  const values = [0, -0, 1.5, '1.5', ' 2 ', '+3', '.5', '5.', '1e3', '1E-3', '1,5', '0x10', '1_000', '', ' ', 'NA', 'n/a', 'NaN', 'null', 'none', '?',
    null, undefined, NaN, Infinity, -Infinity, 'Infinity', '1e39', 3.4e38, 3.5e38, true, false, [], {}, '12abc', '１', 10n];
  const single = testModel({ inputs: [{ name: 'V1', unit: '' }] });
  for (const V1 of values) {
    const { list } = decode([{ V1 }], single);
    let expected;
    try {
      expected = columnsOf([{ V1 }], single)[0];
    } catch {
      expected = 'bad';
    }
    assert.deepEqual(list[0].status === 0 ? list[0].inputs[0] : 'bad', expected, String(V1));
  }
});

test('names are found as predict() finds them: exactly first, else whatever the case', () => {
  for (const row of [{ v1: 1 }, { ' V1 ': 1 }, { V1: 1, v1: 2 }, { v1: 2, V1: 1 }, { v1: 'bad', V1: 1 }, { v1: 1, ' V1': 2 }, { V1: 1, toString: 5, __proto__: null }]) {
    const { list } = decode([row]);
    assert.deepEqual(list[0].inputs[1], columnsOf([row], model)[1], JSON.stringify(row));
    assert.equal(list[0].status, 0);
    const columns = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]]));
    assert.deepEqual(decode([{ columns }]).list[0].inputs[1], list[0].inputs[1]);
  }
});

test('labels follow the rule of a file’s label column', () => {
  const labels = (/** @type {unknown[]} */ given, /** @type {object} */ change = {}) =>
    decode(given.map((value) => ({ V1: 1, class: value })), testModel(change)).list.map(({ label }) => label);
  assert.deepEqual(labels([1, 0, '1', '0', true, false, 2, 'x', null]), [1, 0, 1, 0, 1, 0, NaN, NaN, NaN]);
  assert.deepEqual(labels([2, 1, '2'], { positive_class: '2' }), [1, 0, 1]);
  assert.deepEqual(labels(['fraud', 'fine', '', null], { positive_class: 'fraud' }), [1, 0, NaN, NaN]);
  assert.equal(decode([{ V1: 1 }]).list[0].label, null);
  assert.deepEqual(decode([{ columns: { V1: [1, 2], Class: [1, 'x'] } }]).list.map(({ label }) => label), [1, NaN]);
});

test('references: id or reference, cut, never an input', () => {
  const long = 'x'.repeat(500);
  const { list } = decode([{ V1: 1, id: 17 }, { V1: 1, id: 'a', Reference: 'b' }, { V1: 1 }, { V1: 1, id: long }, { V1: 1, id: {} }]);
  assert.deepEqual(list.map(({ reference }) => reference), ['17', 'b', '', 'x'.repeat(128), '']);
  assert.deepEqual(decode([{ columns: { V1: [1, 2] }, references: ['p', 'q'] }]).list.map(({ reference }) => reference), ['p', 'q']);
  const named = testModel({ inputs: [{ name: 'id', unit: '' }] });
  assert.deepEqual(decode([{ id: 3 }], named).list[0], { inputs: [3], label: null, time: null, row: null, reference: null, status: 0, statusInput: -1 });
});

test('the data’s time: the model’s own, else the timestamp', () => {
  const row = { V1: 1, timestamp: '2026-01-02T03:04:05.678Z' };
  assert.deepEqual(decode([{ ...row, Time: 9 }, row]).list.map(({ time }) => time), [9, NaN]);
  const timeless = testModel({ inputs: [{ name: 'V1', unit: '' }] });
  const given = [row, { V1: 1, timestamp: 1767323045678 }, { V1: 1, timestamp: 'soon' }, { V1: 1 }];
  assert.deepEqual(decode(given, timeless).list.map(({ time }) => time), [1767323045.678, 1767323045.678, NaN, NaN]);
  assert.equal(decode([{ V1: 1 }], timeless).list[0].time, null);
});

test('any mixture of forms gives the rows that the rows alone give', () => {
  const random = randomNumbers(11);
  const pick = (/** @type {number} */ below) => Math.floor(random() * below);
  for (let round = 0; round < 100; ++round) {
    const rows = Array.from({ length: pick(40) }, () => ({ Time: pick(1000), V1: random() - 0.5, Amount: pick(5) === 0 ? null : pick(9999) / 100 }));
    const messages = [];
    for (let begin = 0; begin < rows.length; ) {
      const part = rows.slice(begin, (begin += 1 + pick(5)));
      const names = /** @type {(keyof typeof rows[0])[]} */ (['Amount', 'Time', 'V1']);
      const column = (/** @type {keyof typeof rows[0]} */ name) => part.map((row) => row[name]);
      const forms = [
        () => part,
        () => ({ rows: part }),
        () => ({ columns: Object.fromEntries(names.map((name) => [name, column(name)])) }),
        () => ({ inputs: names, rows: part.length, columns: Float64Array.from(names.flatMap(column), (value) => value ?? NaN) }),
        () => JSON.stringify(part),
      ];
      messages.push(forms[pick(forms.length)]());
    }
    const { list, malformed } = decode(messages);
    assert.deepEqual(malformed, []);
    assert.deepEqual(list, decode(rows).list);
  }
});

test('keys without end do not fill the memory, nor do huge messages their samples', () => {
  for (let round = 0; round < 20; ++round) {
    const row = Object.fromEntries(Array.from({ length: 1000 }, (_, key) => [`key ${round} ${key}`, key]));
    assert.equal(decode([{ ...row, V1: round }]).list[0].inputs[1], round);
  }
  const deep = { a: Array.from({ length: 1e5 }, () => 'x'.repeat(1000)), b: { c: { d: { e: 1 } } } };
  assert.equal(sampleOf(deep).length, 200);
  assert.equal(sampleOf({ b: { c: { d: { e: 1 } } }, big: 10n }), '{"b":{"c":{"d":"…"}},"big":"10"}');
});
