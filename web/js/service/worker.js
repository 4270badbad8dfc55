// @ts-check
// The service worker's events, and which request is whose.

import { engineBackend, MAX_BODY_BYTES, refuse, tooLong } from '../engine/api.js';
import { createEngine } from '../engine/client/index.js';
import * as monitorClient from '../engine/client/monitor.js';
import { localTransport } from '../engine/local.js';
import { Copy, fileOf, pathBelow, removeCopies, withPolicy } from './copy.js';
import { Relay } from './relay.js';

/** @typedef {import('./copy.js').Site} Site */

/** Whose responses can run script: these get the policy even when they are not in the copy. */
const RUNS = new Set(['document', 'frame', 'iframe', 'embed', 'object', 'script', 'worker', 'sharedworker']);

const API = 'api/';
const DESCRIPTION = 'api/openapi.json';
const SWITCH = 'offline.json';

/**
 * @param {any} scope the service worker's global object
 * @param {Site & {factory: import('../engine/module.js').ModuleFactory}} site
 */
export function serve(scope, site) {
  /** @type {string} */
  const root = scope.registration.scope;
  const copy = new Copy(root, site);
  const relay = new Relay(pages, startEngine);

  /** Open pages of Firetower; only the one that asks, if it is one. @param {string} asker */
  async function pages(asker) {
    /** @type {import('./relay.js').Page[]} */
    const windows = await scope.clients.matchAll({ type: 'window' });
    const open = windows.filter(({ url }) => fileOf(url, root, site.files) === './');
    const itself = open.filter(({ id }) => id === asker);
    return itself.length > 0 ? itself : open;
  }

  /** @param {string} path */
  async function bytesOf(path) {
    const response = (await copy.get(path)) ?? (await scope.fetch(new URL(path, root)));
    return new Uint8Array(await response.arrayBuffer());
  }

  async function startEngine() {
    // The monitor's module is an engine too.
    const wasmBinary = await bytesOf('engine/firetower_live.wasm');
    const factory = async () => site.factory;
    const engine = await createEngine({
      wasmBinary,
      monitorBinary: wasmBinary,
      monitorClient: async () => monitorClient,
      model: await bytesOf('models/creditcard/creditcard-rf.safetensors'),
      generator: null,
      workers: 1,
      createTransport: localTransport({ engine: factory, monitor: factory }),
    });
    return engineBackend(engine, await engine.monitor());
  }

  /** What the host says of copies; that it cannot be asked is no error but the reason for a copy. */
  function askSwitch() {
    const silent = () => new Response('{}', { headers: { 'Content-Type': 'application/json' } });
    return scope.fetch(new URL(SWITCH, root), { cache: 'no-store' }).catch(silent);
  }

  /** The host's way to take the copy out of every browser, even if the page in it is broken. */
  async function heedSwitch() {
    const said = await askSwitch().then((/** @type {Response} */ response) => response.json()).catch(() => null);
    if (said?.serviceWorker !== false) return;
    await scope.registration.unregister();
    await removeCopies(root);
  }

  /** @param {any} event @param {string} path */
  async function fromCopy({ request }, path) {
    return (await copy.get(path)) ?? withPolicy(await scope.fetch(request), site);
  }

  /** @param {any} event @param {string} path below api/ */
  async function fromApi({ request, clientId }, path) {
    const contentType = request.headers.get('Content-Type');
    const { method } = request;
    let answer = refuse({ method, path, contentType });
    if (answer === null) {
      const body = new Uint8Array(method === 'POST' ? await request.arrayBuffer() : 0);
      answer = body.length > MAX_BODY_BYTES ? tooLong() : await relay.answer({ method, path, contentType, body }, clientId);
    }
    const { status, headers, body } = answer;
    return withPolicy(new Response(body, { status, headers }), site);
  }

  scope.addEventListener('install', (/** @type {any} */ event) => event.waitUntil(copy.install()));
  scope.addEventListener('activate', (/** @type {any} */ event) =>
    event.waitUntil(copy.tidy().then(() => scope.clients.claim())),
  );
  scope.addEventListener('message', (/** @type {any} */ event) => {
    if (event.data?.type === 'activate') void scope.skipWaiting();
    if (event.data?.type === 'about') event.ports[0]?.postMessage({ version: site.version, bytes: site.bytes });
  });
  scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const { request } = event;
    const path = pathBelow(new URL(request.url), root);
    if (path === null) return;
    if (`${path}/`.startsWith(API) && path !== DESCRIPTION) {
      event.respondWith(fromApi(event, path.slice(API.length)));
      return;
    }
    if (request.method !== 'GET' || request.headers.has('Range')) return;
    if (request.mode === 'navigate') event.waitUntil(heedSwitch());
    const file = fileOf(request.url, root, site.files);
    if (path === SWITCH) event.respondWith(askSwitch());
    else if (file !== null) event.respondWith(fromCopy(event, file));
    else if (RUNS.has(request.destination)) event.respondWith(scope.fetch(request).then((/** @type {Response} */ response) => withPolicy(response, site)));
  });
}
