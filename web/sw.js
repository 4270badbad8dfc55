// The service worker: wiring only (js/service/). Its imports are static, as a service worker's must be; the browser
// looks at all of them for a new version.

import factory from './engine/firetower.mjs';
import { BYTES, FILES, POLICY, VERSION } from './precache.js';
import { confine } from './js/service/confine.js';
import { serve } from './js/service/worker.js';

confine(globalThis);
serve(globalThis, { version: VERSION, policy: POLICY, files: FILES, bytes: BYTES, factory });
