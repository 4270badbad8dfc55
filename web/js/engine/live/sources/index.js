// @ts-check
// A source for what `Monitor.start` is given. Rows that are pushed have none: the loop takes them by itself.

import { engineError } from '../../errors.js';
import { browserEnvironment, ConnectedSource, sameOrigin } from './connection.js';
import { DemoSource } from './demo.js';
import { connectEvents } from './events.js';
import { ReplaySource } from './replay.js';
import { connectSocket } from './socket.js';

/**
 * @param {Exclude<import('../types.js').StreamSource, {kind: 'push'}>} source
 * @param {{reader: import('../source.js').RowReader, restore: unknown, environment?: import('./connection.js').Environment}} options
 *   restore: what position() of such a source gave, else null. environment: Default: the browser's.
 * @returns {import('../source.js').Source} throws BAD_ARGUMENT.
 */
export function createSource(source, { reader, restore, environment = browserEnvironment() }) {
  switch (source?.kind) {
    case 'demo':
      return new DemoSource(source, { reader, restore });
    case 'replay':
      return new ReplaySource(source, { reader, restore });
    case 'events':
    case 'socket': {
      const { kind } = source;
      const connect = kind === 'events' ? connectEvents : connectSocket;
      const url = sameOrigin(source.url, environment);
      return new ConnectedSource({ kind, url, connect }, { reader, restore, environment });
    }
    default: {
      /** @type {never} */
      const unknown = source;
      const kind = JSON.stringify(/** @type {any} */ (unknown)?.kind);
      throw engineError({ code: 'BAD_ARGUMENT', message: `${kind} is no kind of source: demo, replay, push, events, socket` });
    }
  }
}
