// @ts-check
// Takes from a service worker what could reach another origin. The policy's header does that where the host sends
// it with sw.js; a static host sends none, and a service worker has no page whose policy it could inherit.

/** What this service worker has no use for. @type {Record<string, string[]>} methods by interface */
const METHODS = {
  BackgroundFetchManager: ['fetch'],
  Cache: ['add', 'addAll'],
  Clients: ['openWindow'],
  PushManager: ['subscribe'],
  ServiceWorkerRegistration: ['showNotification'],
  WindowClient: ['navigate'],
};
const GLOBALS = ['EventSource', 'FontFace', 'RTCPeerConnection', 'WebSocket', 'WebSocketStream', 'WebTransport', 'Worker', 'XMLHttpRequest'];

/**
 * @param {any} scope the global object
 */
export function confine(scope) {
  const { fetch: send, Request: Ask, Reflect: reflect } = scope;
  const { apply, construct } = reflect;
  const own = scope.location.origin;
  const originOf = scope.URL;
  const urlOf = Object.getOwnPropertyDescriptor(Ask.prototype, 'url')?.get;
  /** @type {typeof fetch} */
  const fetchOwn = async (input, init) => {
    const request = construct(Ask, init === undefined ? [input] : [input, init]);
    const { origin } = construct(originOf, [apply(/** @type {Function} */ (urlOf), request, [])]);
    if (origin !== own) throw new TypeError(`the service worker does not ask ${origin}`);
    return apply(send, scope, [request]);
  };
  // What is inherited would come back if only the nearest were replaced.
  for (let holder = scope; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, 'fetch')) Object.defineProperty(holder, 'fetch', { value: fetchOwn, writable: false, configurable: false });
    for (const name of GLOBALS) delete holder[name];
  }
  for (const [name, methods] of Object.entries(METHODS)) {
    for (const method of methods) delete scope[name]?.prototype[method];
  }
}
