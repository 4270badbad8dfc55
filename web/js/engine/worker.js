// @ts-check
// An engine worker: the dispatcher, given a worker's way to post. Started by the client from a blob that imports
// this file, so that the page's Content-Security-Policy binds it.

import { Dispatcher } from './dispatcher.js';

/** @type {{onmessage: ((event: MessageEvent) => void) | null,
 *   postMessage: (message: unknown, transfer: Transferable[]) => void}} */
const scope = /** @type {any} */ (globalThis);

const moduleUrl = new URL('../../engine/firetower.mjs', import.meta.url).href;

const dispatcher = new Dispatcher(
  async () => (await import(moduleUrl)).default,
  (message, transfer = []) => scope.postMessage(message, transfer),
);
scope.onmessage = (event) => dispatcher.receive(event.data);
dispatcher.hello();
