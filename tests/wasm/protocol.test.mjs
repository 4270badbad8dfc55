// @ts-check
// What happens when things go wrong between page and worker: every promise settles, and the next call works.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CANCEL_TIMEOUT } from '../../web/js/engine/pool.js';
import { PROTOCOL } from '../../web/js/engine/protocol.js';
import { collect, engineOver, failure, local, tampered, testCsv, testEngine } from './helper.mjs';

test('a worker that dies is replaced and its range read again', async () => {
  const file = new Blob([testCsv(70000)]);
  const calm = await testEngine();
  const expected = await calm.scoreFile(file);
  calm.close();

  let ranges = 0;
  const transport = tampered((message, worker) => {
    if (message.type === 'range' && ++ranges === 3) {
      queueMicrotask(() => worker.die('killed by the test'));
      return false;
    }
    return true;
  });
  const engine = await engineOver({ workers: 2, createTransport: transport });
  const scored = await engine.scoreFile(file);
  assert.deepEqual(scored.probabilities, expected.probabilities);
  assert.deepEqual(scored.badRows, expected.badRows);
  assert.equal(transport.started, 3);
  engine.close();
  assert.equal(transport.terminated, 3);
});

test('a range that kills two workers ends the job; the engine goes on', async () => {
  let deadly = true;
  const transport = tampered((message, worker) => {
    if (message.type === 'range' && deadly) {
      queueMicrotask(() => worker.die('killed by the test'));
      return false;
    }
    return true;
  });
  const engine = await engineOver({ workers: 2, createTransport: transport });
  const error = await failure(engine.scoreFile(new Blob([testCsv(70000)])));
  assert.equal(error.code, 'ENGINE_CRASHED');
  assert.equal(error.detail, 'killed by the test');
  deadly = false;
  assert.equal((await engine.scoreFile(new Blob([testCsv(100)]))).rows, 100);
  engine.close();
});

test('a crash inside the engine rejects what was asked of it and starts another', async () => {
  let crashes = 0;
  const transport = tampered((message, worker) => {
    if (message.type === 'predict' && crashes++ < 2) {
      const error = { code: 'ENGINE_CRASHED', message: 'the scoring engine stopped unexpectedly', detail: 'trap' };
      queueMicrotask(() => worker.answer({ type: 'reply', id: message.id, ok: false, error }));
      return false;
    }
    return true;
  });
  const engine = await engineOver({ createTransport: transport });
  const row = { Time: 0, V1: 0, V2: 0, Amount: 0 };
  const error = await failure(engine.predict(row));
  assert.equal(error.code, 'ENGINE_CRASHED');
  assert.equal(error.detail, 'trap');
  assert.equal((await engine.predict(row)).length, 1);
  assert.equal(transport.started, 3);
  engine.close();
});

test('labelled scores are given again to a restarted engine', async () => {
  let kill = false;
  const transport = tampered((message, worker) => {
    if (message.type === 'performanceAt' && kill) {
      kill = false;
      queueMicrotask(() => worker.die('killed by the test'));
      return false;
    }
    return true;
  });
  const engine = await engineOver({ createTransport: transport });
  await engine.performance(await engine.scoreFile(new Blob([testCsv(500)])));
  const before = await engine.performanceAt(0.3);
  kill = true;
  assert.deepEqual(await engine.performanceAt(0.3), before);
  assert.equal(transport.started, 2);
  engine.close();
});

test('aborting ends a job within a slice, and the next one is whole', async () => {
  const engine = await testEngine({ workers: 2 });
  const file = new Blob([testCsv(70000)]);
  const already = new AbortController();
  already.abort();
  assert.equal((await failure(engine.scoreFile(file, { signal: already.signal }))).code, 'ABORTED');
  for (const delay of [0, 5, 20]) {
    const controller = new AbortController();
    const job = engine.scoreFile(file, { signal: controller.signal });
    setTimeout(() => controller.abort(), delay);
    assert.equal((await failure(job)).code, 'ABORTED');
  }
  const scored = await engine.scoreFile(file);
  assert.equal(scored.rows, 70000);

  const controller = new AbortController();
  const chunks = engine.exportCsv(scored, { threshold: 0.5, withInput: true, signal: controller.signal });
  await chunks[Symbol.asyncIterator]().next();
  controller.abort();
  assert.equal((await failure(collect(chunks))).code, 'ABORTED');
  const column = new AbortController();
  const reading = engine.column(scored, 'Amount', { signal: column.signal });
  column.abort();
  assert.equal((await failure(reading)).code, 'ABORTED');
  // A consumer that stops early leaves nothing running.
  for await (const chunk of engine.exportCsv(scored, { threshold: 0.5, withInput: true })) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.equal((await engine.predict({ Time: 0, V1: 0 })).length, 1);
  engine.close();
});

test('a job cancelled with partial keeps the rows before', async () => {
  const file = new Blob([testCsv(70000)]);
  let ranges = 0;
  /** @type {AbortController | null} */
  let controller = null;
  const transport = tampered((message) => {
    // By the third range the first is done.
    if (message.type === 'range' && ++ranges === 3) controller?.abort();
    return true;
  });
  const engine = await engineOver({ createTransport: transport });
  const whole = await engine.scoreFile(file);
  ranges = 0;
  controller = new AbortController();
  const scored = await engine.scoreFile(file, { signal: controller.signal, partial: true });
  assert.equal(scored.partial, true);
  assert.ok(scored.rows > 0 && scored.rows < 70000, `${scored.rows}`);
  assert.deepEqual(scored.probabilities, whole.probabilities.slice(0, scored.rows));
  assert.deepEqual(scored.offsets, whole.offsets.slice(0, scored.rows + 1));
  const exported = await collect(engine.exportCsv(scored, { threshold: 0.5, withInput: true }));
  const all = await collect(engine.exportCsv(whole, { threshold: 0.5, withInput: true }));
  assert.ok(all.subarray(0, exported.length).equals(exported));
  engine.close();
});

test('a worker that does not answer a cancel is ended', async () => {
  const transport = tampered((message, worker) => !(worker.number === 1 && /range|cancel/.test(message.type)));
  const engine = await engineOver({ createTransport: transport });
  const controller = new AbortController();
  const job = failure(engine.scoreFile(new Blob([testCsv(10)]), { signal: controller.signal }));
  const started = performance.now();
  setTimeout(() => controller.abort(), 10);
  assert.equal((await job).code, 'ABORTED');
  assert.ok(performance.now() - started >= CANCEL_TIMEOUT);
  assert.equal(transport.terminated, 1);
  assert.equal((await engine.scoreFile(new Blob([testCsv(10)]))).rows, 10);
  assert.equal(transport.started, 2);
  engine.close();
});

test('closing settles everything', async () => {
  const engine = await testEngine({ workers: 2 });
  const file = new Blob([testCsv(70000)]);
  const running = [
    failure(engine.scoreFile(file)),
    failure(engine.status()),
    failure(engine.predict({ Time: 0, V1: 0 })),
    failure(engine.inspectFile(file)),
  ];
  engine.close();
  for (const error of await Promise.all(running)) assert.equal(error.code, 'ENGINE_CRASHED');
  assert.equal((await failure(engine.status())).code, 'ENGINE_CRASHED');
});

test('a worker of another version is refused with what to do', async () => {
  const other = engineOver({
    createTransport: ({ onMessage }) => {
      queueMicrotask(() => onMessage({ type: 'hello', protocol: PROTOCOL + 1 }));
      return { post: () => {}, terminate: () => {} };
    },
  });
  const error = await failure(other);
  assert.equal(error.code, 'PROTOCOL_MISMATCH');
  assert.match(error.message, /reload/);
  const old = engineOver({
    createTransport: tampered((message) => {
      if (message.type === 'start') message.payload.protocol = PROTOCOL - 1;
      return true;
    }),
  });
  assert.equal((await failure(old)).code, 'PROTOCOL_MISMATCH');
});

test('a worker that cannot be loaded is an error, not a wait', async () => {
  const engine = engineOver({
    createTransport: ({ onMessage }) => {
      queueMicrotask(() => onMessage({ type: 'failed', message: 'refused by policy' }));
      return { post: () => {}, terminate: () => {} };
    },
  });
  const error = await failure(engine);
  assert.equal(error.code, 'LOAD_FAILED');
  assert.equal(error.detail, 'refused by policy');
  const dead = engineOver({
    createTransport: ({ onDeath }) => {
      queueMicrotask(() => onDeath('no worker'));
      return { post: () => {}, terminate: () => {} };
    },
  });
  assert.equal((await failure(dead)).code, 'ENGINE_CRASHED');
});

test('urgent requests do not wait for the whole of a long job', async () => {
  /** @type {string[]} */
  const order = [];
  const engine = await engineOver({
    createTransport: (handlers) => {
      const inner = local(handlers);
      return {
        ...inner,
        post: (message) => {
          order.push(message.type);
          inner.post(message);
        },
      };
    },
  });
  const file = new Blob([testCsv(70000)]);
  const job = engine.scoreFile(file);
  await engine.predict({ Time: 0, V1: 0 });
  await job;
  const last = order.lastIndexOf('range');
  assert.ok(order.indexOf('predict') < last, order.join(' '));
  engine.close();
});
