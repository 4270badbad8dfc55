// @ts-check
// What a person can do, with the real engine in Node: what the store says afterwards, and that only the latest answer counts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { createEngine } from '../../web/js/engine/node.js';
import { createActions } from '../../web/js/state/actions.js';
import { initialState } from '../../web/js/state/app_state.js';
import { createStore } from '../../web/js/state/store.js';

const MODEL = readFileSync(new URL('../wasm/model.safetensors', import.meta.url));
const HEADER = 'Time,V1,V2,Amount,Class';

/** @param {number} rows */
function csv(rows) {
  const lines = Array.from({ length: rows }, (_, i) => `${i},${((i * 37) % 101) / 10 - 5},${((i * 53) % 89) / 9 - 5},${(i % 40) + 0.5},${i % 2}`);
  return new Blob([[HEADER, ...lines, ''].join('\n')]);
}

async function page() {
  const store = createStore(initialState());
  const actions = createActions({ store, createEngine: () => createEngine({ model: MODEL, generator: null }) });
  assert.equal(await actions.start(), true);
  return { store, actions };
}

test('a file is read, scored, ranked and measured', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(500), 'a.csv');
  const { scored, ranked, shown, performance, performanceAt, job, problem, threshold, model } = store.get();
  assert.equal(problem, null);
  assert.equal(job, null);
  assert.equal(scored?.rows, 500);
  assert.equal(threshold, model?.threshold);
  assert.ok(ranked && scored && shown);
  for (let i = 1; i < ranked.length; ++i) {
    const [before, now] = [scored.probabilities[ranked[i - 1]], scored.probabilities[ranked[i]]];
    assert.ok(before > now || (before === now && ranked[i - 1] < ranked[i]));
  }
  assert.equal(shown.length, scored.probabilities.filter((p) => p >= threshold).length);
  assert.equal(performance?.rows, 500);
  assert.equal(performanceAt?.threshold, threshold);
  assert.equal((performanceAt?.true_positive ?? 0) + (performanceAt?.false_positive ?? 0), shown.length);
  assert.ok(actions.idle());
});

test('of two files opened one after the other only the second counts', async () => {
  const { store, actions } = await page();
  const first = actions.openFile(csv(20_000), 'first.csv');
  const second = actions.openFile(csv(30), 'second.csv');
  await Promise.all([first, second]);
  assert.equal(store.get().scored?.name, 'second.csv');
  assert.equal(store.get().scored?.rows, 30);
  assert.equal(store.get().problem, null);
});

test('cancel before anything was scored goes back to the first screen', async () => {
  const { store, actions } = await page();
  const opening = actions.openFile(csv(20_000), 'big.csv');
  actions.cancel();
  await opening;
  const { scored, source, job, note, problem } = store.get();
  assert.equal(scored, null);
  assert.equal(source, null);
  assert.equal(job, null);
  assert.equal(problem, null);
  assert.match(note, /^Cancelled/);
});

test('a dragged threshold ends with the figures of where it stopped', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(400), 'a.csv');
  for (let i = 0; i <= 50; ++i) actions.setThreshold(i / 50);
  actions.setThreshold(0.3);
  while (!actions.idle()) await new Promise((resolve) => setImmediate(resolve));
  const { scored, shown, performanceAt } = store.get();
  assert.equal(performanceAt?.threshold, 0.3);
  assert.equal(shown?.length, scored?.probabilities.filter((p) => p >= 0.3).length);
  actions.setThreshold(null);
  assert.equal(store.get().threshold, store.get().model?.threshold);
  actions.setThreshold(7);
  assert.equal(actions.chosenThreshold(), null);
});

test('sort, filter and page use the whole file', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(350), 'a.csv');
  await actions.setFilter({ level: 'all' });
  await actions.sortBy({ key: 'column', column: 'Time', descending: true });
  assert.deepEqual([...(store.get().shown ?? [])].slice(0, 3), [349, 348, 347]);
  await actions.setPage(3);
  const { pageCells } = store.get();
  assert.equal(pageCells?.rows.length, 50);
  assert.deepEqual(pageCells?.cells.at(-1)?.slice(0, 1), ['0']);
  await actions.setFilter({ column: 'Time', op: '<=', value: 9 });
  assert.equal(store.get().page, 0);
  assert.deepEqual([...(store.get().shown ?? [])], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  await actions.setFilter({ text: '2.5' });
  const { shown, pageCells: found } = store.get();
  assert.ok(shown && found && shown.length < 10);
  assert.ok(found.cells.every((cells) => cells.join(',').includes('2.5')));
});

test('a column without a name, or the second of a name, is sorted and filtered as what it is', async () => {
  const { store, actions } = await page();
  const lines = Array.from({ length: 9 }, (_, i) => `${i},0.5,-0.5,3,${i % 2},${(i * 4) % 9},x`);
  await actions.openFile(new Blob([['Time,V1,V2,Amount,Class,,', ...lines, ''].join('\n')]), 'unnamed.csv');
  assert.equal(store.get().problem, null);
  await actions.setFilter({ level: 'all' });
  await actions.sortBy({ key: 'column', column: 'column 6', descending: false });
  assert.deepEqual(
    store.get().pageCells?.cells.map((cells) => cells[5]),
    ['0', '1', '2', '3', '4', '5', '6', '7', '8'],
  );
  await actions.setFilter({ column: 'column 6', op: '>=', value: 7 });
  assert.deepEqual(
    store.get().pageCells?.cells.map((cells) => cells[5]),
    ['7', '8'],
  );
});

test('labels of one class and labels that are none are told apart', async () => {
  const { store, actions } = await page();
  /** @param {string} label */
  const note = async (label) => {
    await actions.openFile(new Blob([`${HEADER}\n1,2,3,4,${label}\n5,6,7,8,${label}\n`]), 'labels.csv');
    assert.equal(store.get().performance, null);
    return store.get().performanceNote;
  };
  assert.match(await note('1'), /^Column Class has only one class/);
  assert.match(await note('2'), /^Column Class has no usable label/);
  assert.match(await note('no'), /^Column Class has no usable label/);
  assert.match(await note(''), /^Column Class has no usable label/);
});

test('a row opens to its text, and closes when it leaves the page', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(250), 'a.csv');
  await actions.setFilter({ level: 'all' });
  await actions.sortBy({ key: 'row', column: '', descending: false });
  await actions.openRow(17);
  assert.match(store.get().rowDetail?.text ?? '', /^17,/);
  assert.equal(store.get().rowDetail?.line, 19);
  await actions.setPage(2);
  assert.equal(store.get().openRow, null);
});

test('errors become problems; dismissing one does not forget the file', async () => {
  const { store, actions } = await page();
  await actions.openFile(new Blob(['Time,V1\n1,2\n']), 'few.csv');
  assert.equal(store.get().problem?.code, 'SCHEMA_MISMATCH');
  assert.deepEqual(store.get().report?.missing, ['V2', 'Amount']);
  await actions.openFile(new Blob([`${HEADER}\n1,x,2,3,0\n`]), 'bad.csv');
  assert.equal(store.get().problem?.code, 'BAD_ROW');
  assert.match(store.get().problem?.cause ?? '', /^Line 2/);
  await actions.openFile(new Blob([`${HEADER}\n`]), 'header.csv');
  assert.equal(store.get().problem?.code, 'EMPTY');
  await actions.openFile(csv(30), 'good.csv');
  assert.equal(store.get().problem, null);
  await actions.loadModel(new Blob(['no model']), 'x.safetensors');
  assert.equal(store.get().problem?.code, 'MODEL_INVALID');
  actions.dismiss();
  assert.equal(store.get().scored?.rows, 30);
  await actions.loadModel(new Blob([MODEL]), 'y.safetensors');
  assert.equal(store.get().problem, null);
  assert.equal(store.get().modelFile, 'y.safetensors');
  assert.equal(store.get().scored?.rows, 30);
});

test('overrides read the same file again', async () => {
  const { store, actions } = await page();
  await actions.openFile(new Blob(['1,2,3,4,0\n5,6,7,8,1\n']), 'bare.csv');
  await actions.setOverrides({ header: false });
  const before = store.get().scored?.rows ?? store.get().problem?.code;
  await actions.setOverrides({ delimiter: ';' });
  assert.ok(store.get().problem);
  await actions.setOverrides({ header: false });
  assert.equal(store.get().scored?.rows ?? store.get().problem?.code, before);
});

test('a download is written piece by piece; cancelled, the sink is told', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(40), 'a.csv');
  /** @type {string[]} */
  const calls = [];
  let text = '';
  const sink = {
    write: async (/** @type {Uint8Array} */ chunk) => void (text += new TextDecoder().decode(chunk)),
    close: async () => void calls.push('closed'),
    abort: async () => void calls.push('aborted'),
  };
  assert.equal(await actions.save('scores', sink), true);
  assert.match(text, /^row,probability,prediction,risk_level,confidence/);
  assert.equal(text.trimEnd().split('\n').length, 41);
  const saving = actions.save('original', { ...sink, write: async () => actions.cancelDownload() });
  assert.equal(await saving, false);
  assert.deepEqual(calls, ['closed', 'aborted']);
  assert.equal(store.get().problem, null);
  const full = actions.save('original', {
    ...sink,
    write: async () => {
      throw new Error('disk full');
    },
  });
  assert.equal(await full, false);
  assert.equal(store.get().problem?.code, 'SAVE_FAILED');
  assert.equal(store.get().download, null);
});

test('after a restart the same file is scored again with the same model', async () => {
  const { store, actions } = await page();
  await actions.openFile(csv(60), 'a.csv');
  const before = store.get().scored?.probabilities;
  await actions.restart();
  assert.deepEqual(store.get().scored?.probabilities, before);
  assert.notEqual(store.get().scored?.probabilities, before);
});
