#!/usr/bin/env node
// @ts-check
// The API over HTTP, from the page's WebAssembly under Node (18.19 or newer):
//
//   node tools/api.mjs [--port 8002] [--host 127.0.0.1] [--model FILE]
//
// GET /, POST /predict, GET /stats, GET /openapi.json. No CORS headers: pages of other sites cannot read the answers. It
// ends on SIGINT and SIGTERM after finishing the requests under way. Exit codes: 0 ended, 1 cannot listen, 2 usage, 4 model.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { engineBackend, handleApi, MAX_BODY_BYTES, refuse, tooLong } from '../web/js/engine/api.js';
import { createEngine } from '../web/js/engine/node.js';

/** Requests under way have this long to finish. Milliseconds. */
const STOP_TIME = 10_000;

/** @param {number} code @returns {(error: Error) => never} */
const exit = (code) => (error) => {
  console.error(`api: ${error.message}`);
  process.exit(code);
};

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8002' },
        host: { type: 'string', default: '127.0.0.1' },
        model: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(String(values.port)) || port > 65535) throw new Error('--port must be 0..65535');
    return { host: String(values.host), model: values.model, help: values.help, port };
  } catch (error) {
    return exit(2)(/** @type {Error} */ (error));
  }
}

const options = readArguments();
if (options.help) {
  console.log('usage: node tools/api.mjs [--port 8002] [--host 127.0.0.1] [--model FILE]');
  process.exit(0);
}
const model = options.model === undefined ? undefined : await readFile(options.model).catch(exit(2));
const engine = await createEngine({ model, generator: null }).catch(exit(4));
const backend = engineBackend(engine, await engine.monitor());
const description = await readFile(new URL('../web/api/openapi.json', import.meta.url), 'utf8');

let stopping = false;
const app = new Hono();

/** @param {import('../web/js/engine/api.js').ApiResponse} answer */
const respond = ({ status, headers, body }) =>
  new Response(body, { status, headers: stopping ? { ...headers, Connection: 'close' } : headers });

app.get('/openapi.json', () => respond({ status: 200, headers: { 'Content-Type': 'application/json' }, body: description }));
app.all('*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => respond(tooLong()) }), async ({ req }) => {
  const request = { method: req.method, path: req.path.slice(1), contentType: req.header('Content-Type') };
  const refused = refuse(request);
  if (refused !== null) return respond(refused);
  const body = req.method === 'POST' ? new Uint8Array(await req.arrayBuffer()) : undefined;
  return respond(await handleApi({ ...request, body }, backend));
});

const server = /** @type {import('node:http').Server} */ (
  serve({ fetch: app.fetch, hostname: options.host, port: options.port }, ({ address, family, port }) => {
    console.log(`Firetower's API is at http://${family === 'IPv6' ? `[${address}]` : address}:${port}/ (Ctrl-C stops it)`);
  })
);
// Node's 5 s let a busy client send on a connection that is just being closed.
server.keepAliveTimeout = 60_000;
server.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  const place = `${options.host}:${options.port}`;
  const reasons = /** @type {Record<string, string>} */ ({
    EADDRINUSE: `${place} is in use by another program; choose another port with --port`,
    EACCES: `${place} needs rights that this program does not have; choose a port above 1023 with --port`,
  });
  exit(1)(new Error(reasons[error.code ?? ''] ?? `cannot listen on ${place}: ${error.message}`));
});

function stop() {
  if (stopping) return;
  stopping = true;
  server.close(() => {
    engine.close();
    process.exit(0);
  });
  // A connection that is kept open after its last answer would hold the server up.
  setInterval(() => server.closeIdleConnections(), 50);
  setTimeout(() => server.closeAllConnections(), STOP_TIME);
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
