// @ts-check
// Starts serve.py on a free port: for the whole run (its address goes into FIRETOWER_URL, see playwright.config.mjs), and
// one of its own for a test that ends it.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './data.mjs';

/**
 * serve.py on a free port: the policy comes as a header and in the page.
 * @param {{port?: string | number, more?: string[]}} [options] more: arguments
 * @returns {Promise<{origin: string, close: () => Promise<void>}>}
 */
export async function startServe({ port = 0, more = [] } = {}) {
  const server = spawn('python3', [path.join(ROOT, 'serve.py'), '--no-build', '--port', String(port), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.on('exit', resolve));
  const origin = await new Promise((resolve, reject) => {
    server.on('error', reject);
    void ended.then((code) => reject(new Error(`serve.py ended with exit code ${code}`)));
    server.stdout.on('data', (text) => {
      const found = /http:\/\/[^/\s]+/.exec(String(text));
      if (found) resolve(found[0]);
    });
  });
  return {
    origin,
    async close() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

export default async function start() {
  if (process.env.FIRETOWER_URL) return undefined;
  const server = await startServe();
  process.env.FIRETOWER_URL = `${server.origin}/`;
  // serve.py brings the list of the offline copy up to date when it is asked for; plain hosts send it as it is.
  await fetch(`${server.origin}/precache.js`);
  return () => server.close();
}
