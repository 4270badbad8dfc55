// @ts-check
// Two small servers for no_egress.spec.mjs.
//
// startCanary: something on another port that a page must never reach. It answers whatever it is asked in the
// friendliest way (any origin may read it) and remembers every contact: HTTP requests and WebSocket handshakes by the
// name in their path, and how many bytes came in over TCP.
//
// startStaticHost: the folder web/ as a plain static host sends it, without any security header: there the policy in
// the page's own <meta> is all there is. It counts what it is asked for.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** @param {import('node:net').Server} server */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

const TYPES = /** @type {Record<string, string>} */ ({
  css: 'text/css',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
  wasm: 'application/wasm',
});

const IMAGE = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** What the canary sends for a request, chosen so that the asking side is content. @param {string} name */
function answer(name) {
  if (name.includes('event-source')) return { type: 'text/event-stream', body: 'data: hello\n\n' };
  if (name.includes('image')) return { type: 'image/gif', body: IMAGE };
  if (name.includes('stylesheet')) return { type: 'text/css', body: 'body { color: black }' };
  if (name.includes('frame') || name.includes('form')) return { type: 'text/html', body: '<!doctype html><title>canary</title>' };
  return { type: 'text/javascript', body: 'globalThis.canaryWasHere = true;' };
}

export async function startCanary() {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {import('node:net').Socket[]} */
  const sockets = [];
  /** @param {string | undefined} url */
  const nameOf = (url) => new URL(url ?? '/', 'http://canary').pathname.slice(1);
  const server = createServer((request, response) => {
    seen.add(nameOf(request.url));
    const { type, body } = answer(nameOf(request.url));
    response.writeHead(200, {
      'Content-Type': type,
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': '*',
      'Cache-Control': 'no-store',
    });
    response.end(body);
  });
  server.on('upgrade', (request, socket) => {
    seen.add(nameOf(request.url));
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  server.on('connection', (socket) => { sockets.push(socket); });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    /** Names of the attempts that arrived. */
    seen: () => [...seen].sort(),
    bytes: () => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @param {string} folder
 * @param {Record<string, string>} [extra] documents beside the folder's files, by path
 * @param {string} [base] path below which the folder's files are
 */
export async function startStaticHost(folder, extra = {}, base = '/') {
  /** @type {string[]} */
  const asked = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://host').pathname;
    asked.push(url);
    try {
      const file = url.endsWith('/') ? `${url}index.html` : url;
      if (extra[file] === undefined && !file.startsWith(base)) throw new Error('not there');
      const body = extra[file] ?? (await readFile(path.join(folder, path.posix.normalize(file.slice(base.length - 1)))));
      response.writeHead(200, { 'Content-Type': TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  const port = await listen(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}${base}`,
    /** Paths asked for so far, in order. */
    asked: () => [...asked],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
