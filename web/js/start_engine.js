// @ts-check
// The engine is started before anything else of the page is there: index.html has this script first. Its worker loads its
// own scripts while the page loads the others.

import { workerTransport } from './engine/transport.js';

const site = new URL('../', import.meta.url);
const createTransport = workerTransport(
  { engine: new URL('js/engine/worker.js', site).href, monitor: new URL('js/engine/live/worker.js', site).href },
  { ahead: true },
);
const api = () => import('./engine/client/index.js');

/** @type {Promise<import('./engine/types.js').Engine> | null} */
let first = api().then(({ createEngine }) => createEngine({ createTransport }));
// Whoever asks for it hears why it failed.
first.catch(() => {});

/** The engine that was started with the page; another one every time after that. */
export function startEngine() {
  const started = first ?? api().then(({ createEngine }) => createEngine());
  first = null;
  return started;
}
