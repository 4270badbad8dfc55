// @ts-check
// Starts serve.py on a free port for the whole run; its address goes into FIRETOWER_URL (see playwright.config.mjs).

import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './data.mjs';

export default async function start() {
  if (process.env.FIRETOWER_URL) return undefined;
  const server = spawn('python3', [path.join(ROOT, 'serve.py'), '--no-build', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.env.FIRETOWER_URL = await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', (code) => reject(new Error(`serve.py ended with exit code ${code}`)));
    server.stdout.on('data', (text) => {
      const found = /http:\/\/[^/\s]+/.exec(String(text));
      if (found) resolve(`${found[0]}/`);
    });
  });
  return () => {
    server.removeAllListeners('exit');
    server.kill('SIGTERM');
  };
}
