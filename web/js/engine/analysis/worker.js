// @ts-check
// An analysis worker: the dispatcher, given a worker's way to post. Started by the client from a blob that imports
// this file, so that the page's Content-Security-Policy binds it.

import { AnalysisDispatcher } from './dispatcher.js';

/** @type {{onmessage: ((event: MessageEvent) => void) | null,
 *   postMessage: (message: unknown, transfer: Transferable[]) => void}} */
const scope = /** @type {any} */ (globalThis);

const moduleUrl = new URL('../../../engine/firetower_analysis.mjs', import.meta.url).href;

const dispatcher = new AnalysisDispatcher(
  async () => (await import(moduleUrl)).default,
  (message, transfer = []) => scope.postMessage(message, transfer),
);
scope.onmessage = (event) => dispatcher.receive(event.data);
dispatcher.hello();
