// @ts-check
// The HTTP API: what is asked and answered, without HTTP, over HTTP, and as its description says.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Validator } from '@seriousme/openapi-schema-validator';

import { engineBackend, handleApi, MAX_BODY_BYTES, MAX_ROWS } from '../../web/js/engine/api.js';
import { createEngine } from '../../web/js/engine/node.js';
import { repository, testEngine } from './helper.mjs';
import { conforms, description, validate } from './openapi.mjs';

const run = promisify(execFile);
const program = fileURLToPath(new URL('tools/api.mjs', repository));
const testModel = fileURLToPath(new URL('tests/wasm/model.safetensors', repository));

/** The inputs of the test model: V1 and Time must be there, V2 and Amount may be null. */
const ROW = { Time: 3600, V1: 0.5, V2: -1.25, Amount: 12 };

/** The 30 fields of the predecessor's client. */
const CARD = /** @type {Record<string, number>} */ ({ Time: 406, ...Object.fromEntries(Array.from({ length: 28 }, (_, i) => [`V${i + 1}`, Math.sin(i * 3)])), Amount: 1.5 });

/** @param {() => Promise<import('../../web/js/engine/types.js').Engine>} [start] */
async function backendOf(start = () => testEngine()) {
  const engine = await start();
  return { engine, backend: engineBackend(engine, await engine.monitor()) };
}

/**
 * @param {import('../../web/js/engine/api.js').ApiBackend} backend
 * @param {unknown} document a string or bytes are sent as they are
 * @param {string} [contentType]
 */
async function predict(backend, document, contentType = 'application/json') {
  const body = typeof document === 'string' || document instanceof Uint8Array ? document : JSON.stringify(document);
  const answer = await handleApi({ method: 'POST', path: 'predict', contentType, body }, backend);
  return { status: answer.status, document: conforms('/predict', 'post', answer) };
}

/** @param {{loc: (string | number)[], type: string}[]} detail */
const places = (detail) => detail.map(({ loc, type }) => `${loc.join('.')} ${type}`);

test('the description is a valid OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(description));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, '3.1');
});

test('the description names the inputs of the shipped model', async () => {
  const engine = await createEngine();
  const names = engine.model().inputs.map(({ name }) => name);
  engine.close();
  assert.deepEqual(description.components.schemas.Transaction.required, names);
  assert.deepEqual(Object.keys(description.components.schemas.Transaction.properties), names);
  assert.deepEqual(names, Object.keys(CARD));
});

test('the status', async () => {
  const { engine, backend } = await backendOf();
  const answer = await handleApi({ method: 'GET', path: '' }, backend);
  assert.equal(answer.status, 200);
  const status = conforms('/', 'get', answer);
  assert.equal(status.status, 'ok');
  assert.equal(status.model_loaded, true);
  assert.equal(status.model_version, '1.2.3');
  assert.equal(status.model_performance.auc.value, 0.875);
  assert.deepEqual(await handleApi({ method: 'HEAD', path: '' }, backend), { ...answer, body: '' });
  engine.close();
});

test('an object is answered with an object, an array with an array, by the very numbers of engine.predict', async () => {
  const { engine, backend } = await backendOf();
  const rows = Array.from({ length: 50 }, (_, i) => ({ Time: i * 700, V1: Math.sin(i), V2: i % 7 === 0 ? null : Math.cos(i), Amount: i }));
  const expected = await engine.predict(rows);
  const many = await predict(backend, rows);
  assert.equal(many.status, 200);
  const fields = ['prediction', 'probability', 'risk_level', 'confidence', 'timestamp', 'model_version'];
  for (const [i, given] of many.document.entries()) {
    assert.deepEqual(Object.keys(given), fields);
    assert.deepEqual({ ...given, timestamp: '' }, { ...expected[i], timestamp: '' });
    assert.ok(Math.abs(Date.parse(given.timestamp) - Date.now()) < 60_000);
  }
  const one = await predict(backend, rows[3]);
  assert.deepEqual({ ...one.document, timestamp: '' }, { ...expected[3], timestamp: '' });
  assert.deepEqual((await predict(backend, [rows[3]])).document.length, 1);
  assert.deepEqual((await predict(backend, [])).document, []);
  engine.close();
});

test('fields that the model does not have are left out; numbers may be text', async () => {
  const { engine, backend } = await backendOf();
  const [expected] = await engine.predict(ROW);
  for (const given of [
    { ...ROW, Class: 'fraud', note: { deep: [1] }, v1: 99, constructor: 3 },
    { ...ROW, V1: ' 0.5 ', Amount: '1.2e1' },
    '{"Time":3600,"V1":0.5,"V2":-1.25,"Amount":12,"__proto__":{"V1":9}}',
  ]) {
    const { status, document } = await predict(backend, given);
    assert.equal(status, 200);
    assert.equal(document.probability, expected.probability);
  }
  engine.close();
});

test('422 names every bad field', async () => {
  const { engine, backend } = await backendOf();
  /** @type {[unknown, string[]][]} */
  const cases = [
    [{}, ['body.Time missing', 'body.V1 missing', 'body.V2 missing', 'body.Amount missing']],
    [{ ...ROW, V1: undefined }, ['body.V1 missing']],
    [{ Time: 1, v1: 1, V2: 1, Amount: 1 }, ['body.V1 missing']],
    ['{"Time":1,"V2":1,"Amount":1,"__proto__":{"V1":1}}', ['body.V1 missing']],
    [{ ...ROW, V1: null }, ['body.V1 float_type']],
    [{ ...ROW, V2: null, Amount: null }, []],
    [{ ...ROW, V1: 'abc', V2: '', Amount: 'NaN', Time: '0x10' }, ['body.Time', 'body.V1', 'body.V2', 'body.Amount'].map((at) => `${at} float_parsing`)],
    [{ ...ROW, V1: true, V2: {}, Amount: [1] }, ['body.V1', 'body.V2', 'body.Amount'].map((at) => `${at} float_type`)],
    ['{"Time":1e999,"V1":-1e39,"V2":"1e400","Amount":3.5e38}', ['body.Time', 'body.V1', 'body.V2', 'body.Amount'].map((at) => `${at} finite_number`)],
    [[ROW, { ...ROW, V1: 'x' }, 7, { ...ROW, Time: undefined }], ['body.1.V1 float_parsing', 'body.2 dict_type', 'body.3.Time missing']],
    [[[ROW]], ['body.0 dict_type']],
    ['null', ['body dict_type']],
    ['"text"', ['body dict_type']],
    ['', ['body missing']],
    ['{"Time": 1,', ['body json_invalid']],
    ['{"V1": NaN}', ['body json_invalid']],
    [new Uint8Array([123, 34, 255, 34, 125]), ['body json_invalid']],
  ];
  for (const [given, expected] of cases) {
    const { status, document } = await predict(backend, given);
    assert.equal(status, expected.length === 0 ? 200 : 422, JSON.stringify(given));
    if (expected.length > 0) assert.deepEqual(places(document.detail), expected);
  }
  const { document } = await predict(backend, { ...ROW, V1: undefined });
  assert.deepEqual(document.detail, [{ loc: ['body', 'V1'], msg: 'Field required', type: 'missing' }]);
  engine.close();
});

test('a model of thirty inputs says which one is missing', async () => {
  const { engine, backend } = await backendOf(() => createEngine({ generator: null }));
  const { V7, ...rest } = CARD;
  const { status, document } = await predict(backend, rest);
  assert.equal(status, 422);
  assert.deepEqual(document, { detail: [{ loc: ['body', 'V7'], msg: 'Field required', type: 'missing' }] });
  assert.equal((await predict(backend, { ...rest, V7 })).status, 200);
  engine.close();
});

test('a list of bad fields that would have no end has one', async () => {
  const { engine, backend } = await backendOf();
  const { document } = await predict(backend, Array(20_000).fill({}));
  assert.equal(document.detail.length, 10_001);
  assert.deepEqual(document.detail.at(-1), { loc: ['body'], msg: 'and 70000 more', type: 'too_many_errors' });
  engine.close();
});

test('what is not there, not allowed, not JSON or too much', async () => {
  const { engine, backend } = await backendOf();
  /** @type {[string, string, number, string?][]} */
  const cases = [
    ['GET', 'nothing', 404],
    ['POST', 'predict/', 404],
    ['GET', 'constructor', 404],
    ['POST', '', 405, 'GET, HEAD'],
    ['DELETE', 'stats', 405, 'GET, HEAD'],
    ['GET', 'predict', 405, 'POST'],
    ['OPTIONS', 'predict', 405, 'POST'],
  ];
  for (const [method, path, status, allow] of cases) {
    const answer = await handleApi({ method, path, contentType: 'application/json', body: '{}' }, backend);
    assert.equal(answer.status, status, `${method} ${path}`);
    assert.equal(answer.headers.Allow, allow);
    validate('#/components/schemas/Problem', JSON.parse(answer.body), `${method} ${path}`);
  }
  for (const type of ['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json']) {
    assert.equal((await predict(backend, ROW, type)).status, 415, type);
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/ld+json']) {
    assert.equal((await predict(backend, ROW, type)).status, 200, type);
  }
  assert.equal((await predict(backend, `${JSON.stringify(ROW)}${' '.repeat(MAX_BODY_BYTES)}`)).status, 413);
  const empty = `[${'{},'.repeat(MAX_ROWS)}{}]`;
  assert.equal((await predict(backend, empty)).status, 413);
  engine.close();
});

test('the statistics count every prediction, and nothing that was refused', async () => {
  const { engine, backend } = await backendOf();
  const empty = conforms('/stats', 'get', await handleApi({ method: 'GET', path: 'stats' }, backend));
  assert.equal(empty.total_predictions, 0);
  assert.deepEqual(empty.recent_predictions, []);
  const rows = Array.from({ length: 25_000 }, (_, i) => ({ Time: i, V1: 2 * Math.sin(i), V2: Math.cos(i * i), Amount: i % 24 }));
  const { document: predictions } = await predict(backend, rows);
  assert.equal(predictions.length, rows.length);
  await predict(backend, [ROW, { ...ROW, V1: 'x' }]);
  await predict(backend, ROW);
  predictions.push((await engine.predict(ROW))[0]);
  const stats = conforms('/stats', 'get', await handleApi({ method: 'GET', path: 'stats' }, backend));
  const sum = (/** @type {(p: any) => number} */ value) => predictions.reduce((/** @type {number} */ total, /** @type {any} */ p) => total + value(p), 0);
  assert.equal(stats.total_predictions, predictions.length);
  assert.equal(stats.fraud_rate, sum((p) => p.prediction) / predictions.length);
  assert.ok(Math.abs(stats.avg_probability - sum((p) => p.probability) / predictions.length) < 1e-6);
  assert.equal(stats.high_risk_count, sum((p) => Number(['HIGH', 'CRITICAL'].includes(p.risk_level))));
  const { row, reference, ...latest } = stats.recent_predictions[0];
  assert.deepEqual({ ...latest, timestamp: '' }, { ...predictions.at(-1), timestamp: '' });
  engine.close();
});

test('what fails inside is told, not thrown', async () => {
  const { engine, backend } = await backendOf();
  const broken = { ...backend, predict: () => Promise.reject(new Error('it broke')), stats: () => Promise.reject(new Error('it broke')) };
  assert.deepEqual(await predict(broken, ROW), { status: 500, document: { detail: 'it broke' } });
  const answer = await handleApi({ method: 'GET', path: 'stats' }, broken);
  assert.equal(answer.status, 500);
  conforms('/stats', 'get', answer);
  engine.close();
});

// --- over HTTP

/**
 * @param {string[]} [options]
 * @returns {Promise<{url: string, process: import('node:child_process').ChildProcess, ended: Promise<number | null>}>}
 */
async function startServer(options = ['--model', testModel]) {
  const server = spawn(process.execPath, [program, '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.on('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    server.stdout?.on('data', (text) => resolve(/http:\/\/\S+/.exec(String(text))?.[0]));
    void ended.then((code) => reject(new Error(`it ended with exit code ${code}`)));
  });
  return { url, process: server, ended };
}

/** @param {string} url @param {string} path @param {RequestInit} [init] */
async function ask(url, path, init) {
  const response = await fetch(new URL(path, url), init);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** @param {unknown} document */
const post = (document) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(document) });

test('over HTTP: the same documents, and no header that lets another site read them', async () => {
  const server = await startServer();
  const engine = await testEngine();
  try {
    conforms('/', 'get', await ask(server.url, '/'));
    const answer = await ask(server.url, '/predict', post([ROW, ROW]));
    const [expected] = await engine.predict(ROW);
    for (const given of conforms('/predict', 'post', answer)) assert.equal(given.probability, expected.probability);
    const bad = await ask(server.url, '/predict', post({ ...ROW, V2: undefined }));
    assert.equal(bad.status, 422);
    assert.deepEqual(places(conforms('/predict', 'post', bad).detail), ['body.V2 missing']);
    assert.equal(conforms('/stats', 'get', await ask(server.url, '/stats')).total_predictions, 2);
    assert.deepEqual(conforms('/openapi.json', 'get', await ask(server.url, '/openapi.json')), description);
    assert.equal((await ask(server.url, '/nothing')).status, 404);
    const wrong = await ask(server.url, '/predict');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.get('Allow'), 'POST');
    const head = await ask(server.url, '/stats', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    const crossing = await ask(server.url, '/predict', {
      method: 'OPTIONS',
      headers: { Origin: 'http://elsewhere.example', 'Access-Control-Request-Method': 'POST' },
    });
    assert.equal(crossing.status, 405);
    for (const { headers } of [answer, crossing]) assert.equal(headers.get('Access-Control-Allow-Origin'), null);
  } finally {
    engine.close();
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  }
});

test('over HTTP: a body that is too long is refused, said or not said beforehand', async () => {
  const server = await startServer();
  /** A body whose length is not said. @param {string} text */
  const inPieces = (text) => {
    const pieces = new ReadableStream({
      start(controller) {
        for (let at = 0; at < text.length; at += 1 << 16) controller.enqueue(Buffer.from(text.slice(at, at + (1 << 16))));
        controller.close();
      },
    });
    return ask(server.url, '/predict', /** @type {RequestInit} */ ({ ...post(ROW), body: pieces, duplex: 'half' }));
  };
  try {
    const long = `${JSON.stringify(ROW)}${' '.repeat(MAX_BODY_BYTES)}`;
    const said = await ask(server.url, '/predict', { ...post(ROW), body: long });
    assert.equal(said.status, 413);
    conforms('/predict', 'post', said);
    const unsaid = await inPieces(long);
    assert.equal(unsaid.status, 413);
    conforms('/predict', 'post', unsaid);
    assert.equal((await inPieces(long.slice(0, MAX_BODY_BYTES))).status, 200);
    assert.equal(conforms('/stats', 'get', await ask(server.url, '/stats')).total_predictions, 1);
  } finally {
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  }
});

test('over HTTP: 100 clients at once, no error, all counted', async () => {
  const server = await startServer([]);
  const engine = await createEngine({ generator: null });
  try {
    const rows = Array.from({ length: 100 }, (_, i) => ({ ...CARD, V14: -8 + i / 8, Amount: i }));
    const expected = await engine.predict(rows);
    await Promise.all(
      rows.map(async (row, client) => {
        for (let i = 0; i < 20; ++i) {
          const answer = await ask(server.url, '/predict', post(row));
          assert.equal(answer.status, 200);
          assert.equal(JSON.parse(answer.body).probability, expected[client].probability);
        }
      }),
    );
    const stats = conforms('/stats', 'get', await ask(server.url, '/stats'));
    assert.equal(stats.total_predictions, 2000);
    assert.equal(stats.fraud_rate, expected.filter(({ prediction }) => prediction === 1).length / 100);
  } finally {
    engine.close();
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  }
});

test("over HTTP: the predecessor's Python client works as it is", async () => {
  const server = await startServer([]);
  try {
    // requests.post(url, json=...) is this, in the standard library.
    const client = `
import json, sys, urllib.request
transaction = json.loads(sys.argv[2])
request = urllib.request.Request(sys.argv[1] + "predict", json.dumps(transaction).encode(), {"Content-Type": "application/json"})
answer = json.load(urllib.request.urlopen(request))
print(json.dumps([answer["prediction"], answer["probability"], answer["risk_level"], answer["confidence"]]))
print(json.load(urllib.request.urlopen(sys.argv[1] + "stats"))["total_predictions"])
print(json.load(urllib.request.urlopen(sys.argv[1]))["model_loaded"])
`;
    const { stdout } = await run('python3', ['-c', client, server.url, JSON.stringify(CARD)]);
    const engine = await createEngine({ generator: null });
    const [expected] = await engine.predict(CARD);
    engine.close();
    const [answer, total, loaded] = stdout.trim().split('\n');
    assert.deepEqual(JSON.parse(answer), [expected.prediction, expected.probability, expected.risk_level, expected.confidence]);
    assert.deepEqual([total, loaded], ['1', 'True']);
  } finally {
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  }
});

test('over HTTP: it finishes what is under way when it is told to stop, and takes nothing new', async () => {
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
    const server = await startServer();
    const { hostname, port } = new URL(server.url);
    const body = JSON.stringify(Array(5000).fill(ROW));
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    // Half a request, then the signal, then the rest.
    const head = `POST /predict HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head + body.slice(0, 100));
    await conforms('/', 'get', await ask(server.url, '/'));
    server.process.kill(signal);
    await untilRefused(hostname, Number(port));
    let answer = '';
    socket.on('data', (text) => (answer += text));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(body.slice(100));
    await closed;
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /connection: close/i);
    assert.equal(answer.match(/"prediction":/g)?.length, 5000);
    assert.equal(await server.ended, 0);
  }
});

/** @param {string} host @param {number} port */
async function untilRefused(host, port) {
  for (;;) {
    const refused = await new Promise((resolve) => {
      const socket = connect(port, host, () => {
        socket.destroy();
        resolve(false);
      });
      socket.on('error', () => resolve(true));
    });
    if (refused) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('it says in one line what keeps it from starting', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (taken.address());
  try {
    /** @type {[string[], number, RegExp][]} */
    const cases = [
      [['--port', String(port)], 1, /^api: 127\.0\.0\.1:\d+ is in use by another program; choose another port with --port\n$/],
      [['--port', '65536'], 2, /^api: --port must be 0\.\.65535\n$/],
      [['--port', 'x'], 2, /^api: --port must be 0\.\.65535\n$/],
      [['--prot', '1'], 2, /^api: .*--prot.*\n$/],
      [['--model', '/no/such/file'], 2, /^api: ENOENT.*\n$/],
      [['--model', program], 4, /^api: .*\n$/],
      [['--host', '203.0.113.1', '--port', '0'], 1, /^api: cannot listen on 203\.0\.113\.1:0: .*\n$/],
    ];
    for (const [options, code, message] of cases) {
      const failed = await run(process.execPath, [program, ...options]).then(
        () => assert.fail(`${options} started`),
        (error) => error,
      );
      assert.equal(failed.code, code, `${options}: ${failed.stderr}`);
      assert.match(failed.stderr, message);
    }
  } finally {
    taken.close();
  }
  assert.match((await run(process.execPath, [program, '--help'])).stdout, /^usage: /);
});
