// @ts-check
// Every way we know by which script in a page, a worker or a service worker can make the browser contact another host. The functions are
// sent into the page by Playwright, so they use nothing from outside themselves. Each attempt carries its own name to
// the canary, and is over when the browser says so (loaded, failed, refused).

/**
 * @param {{origin: string, prefix: string}} options the canary, and what to put before the names
 * @returns {Promise<string[]>} the names tried
 */
export async function attemptFromPage({ origin, prefix }) {
  /** @type {Record<string, (url: string) => unknown>} */
  const ways = {
    fetch: (url) => fetch(url),
    'fetch-no-cors': (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }),
    'fetch-keepalive': (url) => fetch(url, { method: 'POST', mode: 'no-cors', keepalive: true, body: 'x' }),
    xhr: (url) => new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onloadend = resolve;
      request.open('GET', url);
      request.send();
    }),
    beacon: (url) => navigator.sendBeacon(url, 'x'),
    websocket: (url) => new Promise((resolve) => {
      const socket = new WebSocket(url.replace('http:', 'ws:'));
      socket.onopen = socket.onerror = socket.onclose = resolve;
    }),
    'event-source': (url) => new Promise((resolve) => {
      const source = new EventSource(url);
      source.onopen = source.onerror = () => {
        source.close();
        resolve(undefined);
      };
    }),
    image: (url) => over(Object.assign(new Image(), { src: url })),
    'image-set': (url) => over(Object.assign(new Image(), { srcset: `${url} 2x` })),
    prefetch: (url) => attach('link', { rel: 'prefetch', href: url }),
    preload: (url) => attach('link', { rel: 'preload', as: 'script', href: url }),
    modulepreload: (url) => attach('link', { rel: 'modulepreload', href: url }),
    stylesheet: (url) => attach('link', { rel: 'stylesheet', href: url }),
    script: (url) => attach('script', { src: url }),
    'script-module': (url) => attach('script', { src: url, type: 'module' }),
    import: (url) => import(url),
    frame: (url) => attach('iframe', { src: url }),
    object: (url) => attach('object', { data: url, type: 'text/html' }),
    embed: (url) => attach('embed', { src: url, type: 'text/html' }),
    video: (url) => over(Object.assign(document.createElement('video'), { src: url, preload: 'auto' }), 'loadeddata'),
    font: (url) => new FontFace('canary', `url(${url})`).load(),
    'style-image': (url) => {
      document.body.style.backgroundImage = `url(${url})`;
      return over(document.body, 'none');
    },
    'form-frame': (url) => {
      const frame = Object.assign(document.createElement('iframe'), { name: 'form-target' });
      const form = Object.assign(document.createElement('form'), { action: url, method: 'POST', target: 'form-target' });
      document.body.append(frame, form);
      form.submit();
      return over(frame, 'none');
    },
    worker: (url) => new Promise((resolve) => {
      const text = `importScripts(${JSON.stringify(url)})`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onerror = worker.onmessage = resolve;
      setTimeout(resolve, 500);
    }),
  };
  /** Over when the element loaded or failed; some never say, so also after a moment. @param {EventTarget} target */
  function over(target, event = 'load') {
    return new Promise((resolve) => {
      for (const name of [event, 'error']) target.addEventListener(name, resolve);
      setTimeout(resolve, 1000);
    });
  }
  /** @param {string} tag @param {Record<string, string>} attributes */
  function attach(tag, attributes) {
    const element = Object.assign(document.createElement(tag), attributes);
    document.body.append(element);
    return over(element);
  }
  await Promise.allSettled(Object.entries(ways).map(async ([name, way]) => way(`${origin}/${prefix}-${name}`)));
  return Object.keys(ways).map((name) => `${prefix}-${name}`);
}

/**
 * The same from inside a module worker.
 * @param {{origin: string, prefix: string}} options
 * @returns {Promise<string[]>} the names tried
 */
export async function attemptFromWorker({ origin, prefix }) {
  /** @type {Record<string, (url: string) => unknown>} */
  const ways = {
    fetch: (url) => fetch(url),
    'fetch-no-cors': (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }),
    'fetch-keepalive': (url) => fetch(url, { method: 'POST', mode: 'no-cors', keepalive: true, body: 'x' }),
    xhr: (url) => new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onloadend = resolve;
      request.open('GET', url);
      request.send();
    }),
    websocket: (url) => new Promise((resolve) => {
      const socket = new WebSocket(url.replace('http:', 'ws:'));
      socket.onopen = socket.onerror = socket.onclose = resolve;
    }),
    'event-source': (url) => new Promise((resolve) => {
      const source = new EventSource(url);
      source.onopen = source.onerror = () => {
        source.close();
        resolve(undefined);
      };
    }),
    font: (url) => new FontFace('canary', `url(${url})`).load(),
    'nested-worker': (url) => new Promise((resolve) => {
      const text = `importScripts(${JSON.stringify(url)})`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = resolve;
      worker.onerror = (event) => {
        event.preventDefault(); // Else the failure would count as this worker's own.
        resolve(undefined);
      };
      setTimeout(resolve, 500);
    }),
    'nested-worker-fetch': (url) => new Promise((resolve) => {
      const text = `fetch(${JSON.stringify(url)}).finally(() => postMessage(0))`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = resolve;
      worker.onerror = (event) => {
        event.preventDefault(); // Else the failure would count as this worker's own.
        resolve(undefined);
      };
      setTimeout(resolve, 500);
    }),
  };
  await Promise.allSettled(Object.entries(ways).map(async ([name, way]) => way(`${origin}/${prefix}-${name}`)));
  return Object.keys(ways).map((name) => `${prefix}-${name}`);
}

/**
 * The same from inside a service worker, which has neither pages nor workers of its own.
 * @param {{origin: string, prefix: string}} options
 * @returns {Promise<string[]>} the names tried
 */
export async function attemptFromServiceWorker({ origin, prefix }) {
  const scope = /** @type {any} */ (globalThis);
  /** @type {Record<string, (url: string) => unknown>} */
  const ways = {
    fetch: (url) => fetch(url),
    'fetch-request': (url) => fetch(new Request(url)),
    'fetch-no-cors': (url) => fetch(url, { method: 'POST', mode: 'no-cors', body: 'x' }),
    'fetch-keepalive': (url) => fetch(url, { method: 'POST', mode: 'no-cors', keepalive: true, body: 'x' }),
    // The inherited one, in case only the nearest was taken away.
    'fetch-inherited': (url) => {
      for (let holder = Object.getPrototypeOf(scope); holder !== null; holder = Object.getPrototypeOf(holder)) {
        if (Object.hasOwn(holder, 'fetch')) return holder.fetch.call(scope, url);
      }
      return fetch(url);
    },
    'fetch-disguised': (url) => {
      // Says one address when it is looked at, another when it is used.
      let looked = 0;
      return fetch(/** @type {any} */ ({ toString: () => (looked++ === 0 ? url : scope.location.href), url: scope.location.href }));
    },
    websocket: (url) => new Promise((resolve) => {
      const socket = new WebSocket(url.replace('http:', 'ws:'));
      socket.onopen = socket.onerror = socket.onclose = resolve;
    }),
    'event-source': (url) => new Promise((resolve) => {
      const source = new EventSource(url);
      source.onopen = source.onerror = () => {
        source.close();
        resolve(undefined);
      };
    }),
    'cache-add': async (url) => (await caches.open('egress')).add(url),
    'cache-add-all': async (url) => (await caches.open('egress')).addAll([url]),
  };
  await Promise.allSettled(Object.entries(ways).map(async ([name, way]) => way(`${origin}/${prefix}-${name}`)));
  await caches.delete('egress');
  return Object.keys(ways).map((name) => `${prefix}-${name}`);
}
