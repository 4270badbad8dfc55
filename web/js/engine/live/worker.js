// @ts-check
// A monitor's worker: its dispatcher, given a worker's way to post. Started by the client from a blob that imports
// this file, so that the page's Content-Security-Policy binds it.

import { LiveDispatcher } from './dispatcher.js';

/** @type {{onmessage: ((event: MessageEvent) => void) | null,
 *   postMessage: (message: unknown, transfer: Transferable[]) => void}} */
const scope = /** @type {any} */ (globalThis);

const moduleUrl = new URL('../../../engine/firetower_live.mjs', import.meta.url).href;

const dispatcher = new LiveDispatcher(
  async () => (await import(moduleUrl)).default,
  (message, transfer = []) => scope.postMessage(message, transfer),
);
scope.onmessage = (event) => dispatcher.receive(event.data);
dispatcher.hello();
