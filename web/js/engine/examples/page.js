// @ts-check
// Scores the chosen CSV in the page's workers; nothing leaves the tab.

import { createEngine } from '../client/index.js';

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = /** @type {HTMLInputElement} */ (byId('file'));
const cancel = /** @type {HTMLButtonElement} */ (byId('cancel'));
const download = /** @type {HTMLAnchorElement} */ (byId('download'));
const status = byId('status');

const model = new URLSearchParams(location.search).get('model');
const engine = await createEngine(model ? { model: new URL(model, location.href) } : {});
status.textContent = `${engine.model().name} is ready`;

input.addEventListener('change', async () => {
  const controller = new AbortController();
  cancel.disabled = false;
  cancel.onclick = () => controller.abort();
  try {
    const scored = await engine.scoreFile(/** @type {FileList} */ (input.files)[0], {
      signal: controller.signal,
      onProgress: ({ rows, secondsLeft }) => {
        status.textContent = `${rows} rows, ${Math.ceil(secondsLeft ?? 0)} s left`;
      },
    });
    const { threshold } = engine.model();
    const flagged = scored.probabilities.filter((probability) => probability >= threshold).length;
    const chunks = [];
    for await (const chunk of engine.exportCsv(scored, { threshold, withInput: true })) chunks.push(chunk);
    download.href = URL.createObjectURL(new Blob(/** @type {BlobPart[]} */ (chunks), { type: 'text/csv' }));
    download.download = 'scored.csv';
    download.hidden = false;
    status.textContent = `${scored.rows} rows, ${flagged} flagged, ${scored.rows - scored.scored} set aside`;
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  }
  cancel.disabled = true;
});
