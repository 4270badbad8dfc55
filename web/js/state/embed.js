// @ts-check
// The page's side of the embedding protocol (engine/live/STREAMS.md): another window, whose origin a person has
// allowed, sends rows with postMessage and hears what became of them. Messages of any other origin are not looked at,
// only counted. No DOM but the window it is given.

import { rowsIn } from '../engine/live/batch.js';

/** The version of the messages. */
export const EMBED_PROTOCOL = 1;

/** Rows that wait for the monitor at most; more are answered with firetower:busy. */
const MAX_QUEUED_ROWS = 200_000;

/** Origins whose messages were refused that are listed. */
const MAX_REFUSED = 20;

/**
 * @typedef {object} Embedder
 * @property {string} origin
 * @property {number} accepted rows
 * @property {number} malformed messages and rows that were none
 */

/**
 * @typedef {object} EmbedState
 * @property {string[]} allowed origins
 * @property {Embedder[]} embedders those that have said hello
 * @property {{origin: string, count: number}[]} refused messages of origins that are not allowed; 'null': an origin
 *   that cannot be named (a file, a sandboxed frame)
 * @property {number} refusedElsewhere messages of still more origins
 */

/**
 * What is needed of a window.
 * @typedef {object} PageWindow
 * @property {string} origin
 * @property {(type: 'message', listener: (event: any) => void) => void} addEventListener
 * @property {(type: 'message', listener: (event: any) => void) => void} removeEventListener
 */

/**
 * @typedef {object} Connection
 * @property {Embedder} embedder
 * @property {any[]} queue firetower:rows messages
 * @property {number} queuedRows
 * @property {boolean} busy a push has not been answered yet
 * @property {(message: object) => void} reply
 */

/**
 * The origin that an address or a host name means: https, or http where the page itself is http or the host is this
 * computer.
 * @param {string} text
 * @param {string} [pageOrigin]
 * @returns {string | null} null: none
 */
export function originOf(text, pageOrigin = 'https:') {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  let url;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
  } catch {
    return null;
  }
  // An asterisk is no wildcard here; Chromium writes it as %2A.
  if (/[*%]/.test(url.hostname)) return null;
  if (url.protocol === 'https:') return url.origin;
  const local = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === 'http:' && (local || pageOrigin.startsWith('http:')) ? url.origin : null;
}

/**
 * Listens to a window until close().
 * @param {object} options
 * @param {PageWindow} options.window
 * @param {() => import('../engine/types.js').ModelCard | null} options.model null: not ready yet; a hello is not answered
 * @param {(messages: unknown[]) => Promise<{accepted: number, malformed: number}>} options.push to the monitor
 * @param {(state: EmbedState) => void} [options.onChange]
 * @param {readonly string[]} [options.allowed]
 */
export function createEmbedding({ window: page, model, push, onChange = () => {}, allowed: first = [] }) {
  /** @type {Set<string>} */
  let allowed = new Set(first);
  /** @type {Map<string, number>} */
  const refused = new Map();
  let refusedElsewhere = 0;
  /** @type {Map<object, Connection>} by window */
  const connections = new Map();

  /** @returns {EmbedState} */
  function state() {
    return {
      allowed: [...allowed],
      embedders: [...connections.values()].map(({ embedder }) => ({ ...embedder })),
      refused: [...refused].map(([origin, count]) => ({ origin, count })),
      refusedElsewhere,
    };
  }

  /** @param {string} origin */
  function isAllowed(origin) {
    return origin !== 'null' && (origin === page.origin || allowed.has(origin));
  }

  /** @param {string} origin */
  function refuse(origin) {
    const count = refused.get(origin);
    if (count !== undefined) refused.set(origin, count + 1);
    else if (refused.size < MAX_REFUSED) refused.set(origin, 1);
    else ++refusedElsewhere;
    onChange(state());
  }

  /** @param {{data: any, origin: string, source: any}} event */
  function receive({ data, origin, source }) {
    // The page's own messages to itself, and those of the browser's extensions, are nobody's rows.
    if (source === null || source === page) return;
    if (!isAllowed(origin)) return refuse(origin);
    const known = connections.get(source);
    const connection = known?.embedder.origin === origin ? known : undefined;
    switch (data?.type) {
      case 'firetower:hello':
        return greet(data, origin, source, connection);
      case 'firetower:rows':
        if (!Number.isSafeInteger(data.seq)) break;
        if (connection === undefined) return reply(source, origin, { type: 'firetower:error', seq: data.seq, message: 'say firetower:hello first' });
        return enqueue(connection, data);
      default:
    }
    if (connection === undefined) return;
    ++connection.embedder.malformed;
    onChange(state());
  }

  /** @param {any} source @param {string} origin @param {object} message */
  function reply(source, origin, message) {
    try {
      source.postMessage(message, origin);
    } catch {
      // The window has gone.
    }
  }

  /** @param {any} data @param {string} origin @param {any} source @param {Connection | undefined} connection */
  function greet(data, origin, source, connection) {
    if (data.protocol !== EMBED_PROTOCOL) {
      const message = `this page speaks protocol ${EMBED_PROTOCOL} only`;
      return reply(source, origin, { type: 'firetower:error', protocol: EMBED_PROTOCOL, message });
    }
    const card = model();
    // Hellos are repeated until there is an answer.
    if (card === null) return;
    if (connection === undefined) {
      connections.set(source, {
        embedder: { origin, accepted: 0, malformed: 0 },
        queue: [],
        queuedRows: 0,
        busy: false,
        reply: (message) => reply(source, origin, message),
      });
      onChange(state());
    }
    reply(source, origin, {
      type: 'firetower:ready',
      protocol: EMBED_PROTOCOL,
      model: { name: card.name, version: card.version },
      inputs: card.inputs.map(({ name }) => name),
      label: card.label_column,
    });
  }

  /** @param {Connection} connection @param {any} data */
  function enqueue(connection, data) {
    const rows = rowsIn(data);
    if (connection.queuedRows > 0 && connection.queuedRows + rows > MAX_QUEUED_ROWS) {
      return connection.reply({ type: 'firetower:busy', seq: data.seq, messages: 1 });
    }
    connection.queue.push(data);
    connection.queuedRows += rows;
    void flush(connection);
  }

  /** Everything that has come while the last push was under way goes in one. @param {Connection} connection */
  async function flush(connection) {
    if (connection.busy) return;
    connection.busy = true;
    while (connection.queue.length > 0) {
      const group = connection.queue.splice(0);
      const about = { seq: group[group.length - 1].seq, messages: group.length };
      try {
        const { accepted, malformed } = await push(group);
        connection.embedder.accepted += accepted;
        connection.embedder.malformed += malformed;
        connection.reply({ type: 'firetower:ack', ...about, accepted, malformed });
      } catch (thrown) {
        const { code, message } = /** @type {{code?: string, message?: string}} */ (thrown);
        if (code === 'BUSY') connection.reply({ type: 'firetower:busy', ...about });
        else connection.reply({ type: 'firetower:error', ...about, message: String(message ?? thrown) });
      }
      connection.queuedRows -= group.reduce((sum, data) => sum + rowsIn(data), 0);
      onChange(state());
    }
    connection.busy = false;
  }

  page.addEventListener('message', receive);
  return {
    state,
    /** The origins that may send rows from now on; those left out are not heard any more. @param {readonly string[]} origins */
    allow(origins) {
      allowed = new Set(origins);
      for (const [source, { embedder }] of connections) if (!isAllowed(embedder.origin)) connections.delete(source);
      for (const origin of origins) refused.delete(origin);
      onChange(state());
    },
    close() {
      page.removeEventListener('message', receive);
      connections.clear();
    },
  };
}

/** Origins that are remembered at most. */
const MAX_ORIGINS = 100;

/**
 * The allow-list that this device remembers; what is unusable is left out.
 * @param {string | null} text what writeOrigins() wrote, or anything else
 * @param {string} pageOrigin
 * @returns {string[]}
 */
export function readOrigins(text, pageOrigin) {
  try {
    const { origins } = JSON.parse(text ?? '{}');
    if (!Array.isArray(origins)) return [];
    const usable = origins.filter((origin) => typeof origin === 'string' && originOf(origin, pageOrigin) === origin);
    return [...new Set(usable)].slice(0, MAX_ORIGINS);
  } catch {
    return [];
  }
}

/** @param {readonly string[]} origins */
export function writeOrigins(origins) {
  return JSON.stringify({ version: 1, origins });
}

/**
 * The origin that an address asks consent for: #embed=https://bank.example
 * @param {string} hash
 * @param {string} pageOrigin
 * @returns {string | null} null: none
 */
export function originAsked(hash, pageOrigin) {
  const text = new URLSearchParams(hash.replace(/^#/, '')).get('embed');
  const origin = originOf(text ?? '', pageOrigin);
  return origin === pageOrigin ? null : origin;
}
