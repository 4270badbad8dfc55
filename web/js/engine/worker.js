// @ts-check
// An engine worker: the dispatcher, given a worker's way to post. Started by the client from a blob that imports
// this file, so that the page's Content-Security-Policy binds it.

import { Dispatcher } from './dispatcher.js';
// What it imports in turn, asked for at once and not level by level.
import './boundary.js';
import './errors.js';
import './module.js';
import './next_task.js';
import './protocol.js';
import './rank.js';
import './slices.js';

/** @type {{onmessage: ((event: MessageEvent) => void) | null,
 *   postMessage: (message: unknown, transfer: Transferable[]) => void}} */
const scope = /** @type {any} */ (globalThis);

// Loaded while the page has still to ask for it.
const factory = import(new URL('../../engine/firetower.mjs', import.meta.url).href);
factory.catch(() => {});

const dispatcher = new Dispatcher(
  async () => (await factory).default,
  (message, transfer = []) => scope.postMessage(message, transfer),
);
scope.onmessage = (event) => dispatcher.receive(event.data);
dispatcher.hello();
