// @ts-check
// The offline copy: the files of one version of the site, all of them or none, with the headers that serve.py sends. A
// static host sends no headers; from the copy they come all the same.

/**
 * The list that the build makes (precache.js).
 * @typedef {object} Site
 * @property {string} version
 * @property {string} policy the Content-Security-Policy
 * @property {Record<string, string>} files integrity by path below the scope; './' is the document
 * @property {number} bytes of all files
 */

/** Caches belong to the whole origin: the name says whose this is. @param {string} scope */
const cachePrefix = (scope) => `firetower ${scope} `;

/**
 * The path of a file in the list, or null. The document is there under two names and with any query.
 * @param {string} href
 * @param {string} scope
 * @param {Site['files']} files
 */
export function fileOf(href, scope, files) {
  const url = new URL(href);
  const path = pathBelow(url, scope);
  if (path === '' || path === 'index.html') return './';
  return path !== null && url.search === '' && Object.hasOwn(files, path) ? path : null;
}

/**
 * @param {URL} url
 * @param {string} scope
 * @returns {string | null} null: not below it
 */
export function pathBelow(url, scope) {
  const plain = url.origin + url.pathname;
  return plain.startsWith(scope) ? plain.slice(scope.length) : null;
}

/** Deletes the copies of every version. @param {string} scope */
export async function removeCopies(scope) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(cachePrefix(scope))).map((name) => caches.delete(name)));
}

/** @param {Site} site @param {Headers} from */
function headersOf({ policy }, from) {
  const headers = new Headers(from);
  headers.set('Content-Security-Policy', policy);
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('Referrer-Policy', 'no-referrer');
  return headers;
}

/**
 * What came from the network, with the policy. What a script may not read (a redirect of a navigation) stays as it is.
 * @param {Response} response
 * @param {Site} site
 */
export function withPolicy(response, site) {
  if (response.status === 0) return response;
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers: headersOf(site, response.headers) });
}

export class Copy {
  #scope;
  #site;
  #name;

  /**
   * @param {string} scope absolute, ends with a slash
   * @param {Site} site
   */
  constructor(scope, site) {
    this.#scope = scope;
    this.#site = site;
    this.#name = cachePrefix(scope) + site.version;
  }

  /** Fetches every file and keeps them; rejects, with nothing kept, if one is missing or is not the one of the list. */
  async install() {
    try {
      const cache = await caches.open(this.#name);
      await Promise.all(
        Object.entries(this.#site.files).map(async ([path, integrity]) => {
          const url = new URL(path, this.#scope).href;
          const response = await fetch(new Request(url, { cache: 'no-cache', integrity }));
          if (!response.ok) throw new Error(`${path}: the host answered ${response.status}`);
          const headers = headersOf(this.#site, new Headers());
          headers.set('Content-Type', response.headers.get('Content-Type') ?? 'application/octet-stream');
          await cache.put(url, new Response(await response.arrayBuffer(), { headers }));
        }),
      );
    } catch (error) {
      await caches.delete(this.#name);
      throw error;
    }
  }

  /** Deletes the copies of other versions. */
  async tidy() {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(cachePrefix(this.#scope)) && name !== this.#name);
    await Promise.all(old.map((name) => caches.delete(name)));
  }

  /**
   * @param {string} path in the list
   * @returns {Promise<Response | undefined>} undefined: the browser has thrown it away
   */
  get(path) {
    // Not by opening the cache, which would make an empty one after the copy was removed.
    return caches.match(new URL(path, this.#scope).href, { cacheName: this.#name });
  }
}
