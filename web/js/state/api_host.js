// @ts-check
// Answers the service worker, which has a request for api/ and asks whether this page takes it: from the engine and the
// monitor that the page shows.

import { engineBackend, handleApi } from '../engine/api.js';
import { OFFER } from '../service/relay.js';

/** @typedef {import('../engine/types.js').Engine} Engine */
/** @typedef {import('../engine/live/types.js').Monitor} Monitor */

/**
 * @param {Pick<MessageEvent, 'data' | 'ports'>} message of the service worker
 * @param {() => Promise<{engine: Engine, monitor: Monitor}>} ready rejects where there is no engine
 */
export function answerOffer({ data, ports }, ready) {
  const port = ports[0];
  if (data?.type !== OFFER || port === undefined) return;
  port.onmessage = async ({ data: request }) => {
    const { engine, monitor } = await ready();
    port.postMessage(await handleApi(request, engineBackend(engine, monitor)));
    port.close();
  };
  ready().then(
    () => port.postMessage('ready'),
    () => port.postMessage('no'),
  );
}
