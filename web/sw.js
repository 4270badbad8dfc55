// The service worker: wiring only (js/service/). Its imports are static, as a service worker's must be. Registered is
// sw_entry.js, which imports this file and is made anew for every version.

import factory from './engine/firetower_live.mjs';
import { BYTES, FILES, POLICY, VERSION } from './precache.js';
import { confine } from './js/service/confine.js';
import { serve } from './js/service/worker.js';

confine(globalThis);
serve(globalThis, { version: VERSION, policy: POLICY, files: FILES, bytes: BYTES, factory });
