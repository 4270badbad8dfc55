// @ts-check
// The WebAssembly module itself: its names, its replies, its memory.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { EngineInstance } from '../../web/js/engine/module.js';
import { loadLiveModule, loadModule, modelBytes, repository, testCsv, wasmBinary } from './helper.mjs';

/**
 * @param {import('./helper.mjs').EngineModule} module
 * @param {Uint8Array | Float64Array} array
 */
function write(module, array) {
  module.input(array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array.byteLength;
}

/** @type {[string, () => Promise<object>, [declaration: string, source: string][]][]} */
const modules = [
  ['engine', loadModule, [['engine.d.ts', 'embind.cc']]],
  ['monitor', loadLiveModule, [['engine.d.ts', 'embind.cc'], ['live/live.d.ts', 'live_embind.cc']]],
];
for (const [name, load, parts] of modules) {
  test(`the module of the ${name} exports the functions that are declared and no others`, async () => {
    const module = await load();
    const names = [];
    for (const [declaration, source] of parts) {
      const declared = await readFile(new URL(`web/js/engine/${declaration}`, repository), 'utf8');
      const body = declared.slice(declared.search(/interface \w+Module/));
      const inThis = [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1]);
      assert.ok(inThis.length > 20);
      const text = await readFile(new URL(`wasm/bindings/${source}`, repository), 'utf8');
      const bound = [...text.matchAll(/emscripten::function\("(\w+)"/g)].map((match) => match[1]);
      assert.deepEqual(bound.sort(), inThis.sort());
      names.push(...inThis);
    }
    for (const one of names) assert.equal(typeof (/** @type {any} */ (module)[one]), 'function', one);
    const embind = Object.entries(module).filter(([, value]) => typeof value === 'function' && 'argCount' in value);
    for (const [one] of embind) assert.ok(names.includes(one), `${one} is not declared`);
  });
}

test('replies carry code, message and place', async () => {
  const module = await loadModule();
  assert.deepEqual(module.feed(0).code, 'NOT_READY');
  const refused = module.loadModel(write(module, modelBytes.slice(0, 2000)));
  assert.equal(refused.code, 'MODEL_INVALID');
  assert.ok(refused.message.length > 10);
  assert.equal(module.modelJson(), 'null');
  assert.equal(module.loadModel(write(module, modelBytes)).code, 'OK');
  const options = { delimiter: '', decimal: '', header: 0, complete: true };
  assert.equal(module.inspectCsv(0, options).code, 'NOT_CSV');
  const range = { kind: 0, begin: 0, end: 10, line: 0, guessStart: false, text: '' };
  assert.equal(module.beginRange(range).code, 'NOT_READY');
  const csv = new TextEncoder().encode('Time,Other\n1,2\n');
  assert.equal(module.inspectCsv(write(module, csv), options).code, 'OK');
  const missing = module.beginRange(range);
  assert.equal(missing.code, 'SCHEMA_MISMATCH');
  assert.match(missing.message, /V1/);
  assert.equal(module.beginRange({ ...range, kind: 9 }).code, 'BAD_ARGUMENT');
  assert.equal(module.scoreRows(3, 1).code, 'BAD_ARGUMENT');
  assert.equal(module.performanceJson(10).code, 'NOT_READY');
  assert.equal(module.synthRows(10), 0);
});

test('memory may grow in the middle of a job', async () => {
  const module = await loadModule();
  module.loadModel(write(module, modelBytes));
  const bytes = new TextEncoder().encode(testCsv(60000));
  const head = bytes.subarray(0, 1 << 20);
  const options = { delimiter: '', decimal: '', header: 0, complete: bytes.length === head.length };
  const report = JSON.parse(module.inspectCsv(write(module, head), options).text);
  const before = module.engineInfo().heapBytes;
  module.beginRange({ kind: 0, begin: report.dataOffset, end: 2 ** 53, line: 0, guessStart: false, text: '' });
  for (let at = report.dataOffset, pieces = 0; at < bytes.length; at += 1 << 20) {
    module.feed(write(module, bytes.subarray(at, at + (1 << 20))));
    // More input than the heap has room for: it grows, and everything in it may move.
    if (++pieces === 2) assert.equal(module.input(64 << 20).length, 64 << 20);
  }
  assert.equal(module.finishRange().code, 'OK');
  assert.ok(module.engineInfo().heapBytes > before);
  assert.equal(module.rangeState().rows, 60000);
  const grown = module.probabilities().slice();
  module.input(8);

  const calm = await loadModule();
  calm.loadModel(write(calm, modelBytes));
  calm.inspectCsv(write(calm, head), options);
  calm.beginRange({ kind: 0, begin: report.dataOffset, end: 2 ** 53, line: 0, guessStart: false, text: '' });
  for (let at = report.dataOffset; at < bytes.length; at += 4 << 20) {
    calm.feed(write(calm, bytes.subarray(at, at + (4 << 20))));
  }
  calm.finishRange();
  assert.deepEqual(Buffer.from(grown.buffer), Buffer.from(calm.probabilities().slice().buffer));
});

test('what cannot be had is refused, not fatal', async () => {
  const engine = await EngineInstance.load(async () => loadModule(), wasmBinary);
  const module = await loadModule();
  assert.equal(module.input(3 * 2 ** 30).length, 0);
  assert.equal(module.loadModel(write(module, modelBytes)).code, 'OK');
  engine.loadModel(modelBytes);
  assert.throws(() => engine.loadModel(new Uint8Array(100)), { code: /MODEL_INVALID|TOO_BIG/ });
  assert.equal(engine.scoreRows(new Float64Array([0, 0, 0, 0]), 1, 4).probabilities.length, 1);
});

test('10,000 calls leave the heap as it was', async () => {
  const module = await loadModule();
  module.loadModel(write(module, modelBytes));
  const rows = 16;
  const columns = Float64Array.from({ length: rows * 4 }, (_, i) => Math.sin(i));
  const csv = new TextEncoder().encode(testCsv(20));
  const options = { delimiter: '', decimal: '', header: 0, complete: true };
  const once = () => {
    write(module, columns);
    assert.equal(module.scoreRows(rows, 4).code, 'OK');
    module.probabilities().slice();
  };
  const file = () => {
    module.inspectCsv(write(module, csv), options);
    module.beginRange({ kind: 0, begin: 36, end: 2 ** 53, line: 0, guessStart: false, text: '' });
    module.feed(write(module, csv.subarray(36)));
    module.finishRange();
    module.badRowsJson();
  };
  for (let i = 0; i < 100; ++i) once(), file();
  const before = module.engineInfo();
  for (let i = 0; i < 10000; ++i) once();
  for (let i = 0; i < 500; ++i) file();
  const after = module.engineInfo();
  assert.equal(after.heapBytes, before.heapBytes);
  assert.ok(after.usedBytes <= before.usedBytes * 1.5, `${before.usedBytes} bytes in use became ${after.usedBytes}`);
  assert.ok(before.usedBytes > 4 * 2 ** 20, 'the ingest buffer alone is 4 MiB');
});

test('whatever the engine dies of becomes ENGINE_CRASHED, once and for all', async () => {
  for (const cause of [5246920, new WebAssembly.RuntimeError('unreachable'), 'abort(OOM)']) {
    let calls = 0;
    /** @type {(line: string) => void} */
    let print = () => {};
    const engine = await EngineInstance.load(async (options) => {
      print = options.printErr;
      const module = await loadModule();
      module.engineInfo = () => {
        ++calls;
        throw cause;
      };
      return module;
    }, wasmBinary);
    for (let i = 0; i < 300; ++i) print(`line ${i}`);
    assert.throws(
      () => engine.info(),
      (/** @type {any} */ error) => {
        assert.equal(error.code, 'ENGINE_CRASHED');
        assert.match(error.detail, /line 299$/);
        assert.match(error.detail, /line 100\n/);
        assert.doesNotMatch(error.detail, /line 99\n/);
        return true;
      },
    );
    assert.throws(() => engine.loadModel(modelBytes), { code: 'ENGINE_CRASHED' });
    assert.equal(calls, 1);
  }
  const broken = EngineInstance.load(async () => Promise.reject(new Error('no such file')), wasmBinary);
  await assert.rejects(broken, { code: 'LOAD_FAILED', message: /no such file/ });
});
