// @ts-check
// Where a download goes, piece by piece: straight to a file where the browser lets a page write one, else gathered
// in a Blob (which browsers keep on disk when it is large) and handed over as a download.

/**
 * @typedef {object} Sink
 * @property {(chunk: Uint8Array) => Promise<void>} write
 * @property {() => Promise<void>} close the download is complete
 * @property {() => Promise<void>} abort forget what was written
 */

/**
 * @typedef {object} FileHandle the part of FileSystemFileHandle used here
 * @property {() => Promise<{write: (chunk: BufferSource) => Promise<void>, close: () => Promise<void>, abort: () => Promise<void>}>} createWritable
 */

/** @typedef {{description: string, accept: Record<string, string[]>}} FileType media types with their endings */
/** @type {FileType} */
const CSV = { description: 'CSV', accept: { 'text/csv': ['.csv'] } };

/**
 * Must be called in answer to a press or key: browsers ask for the place only then.
 * @param {string} name suggested file name
 * @param {object} browser
 * @param {((options: object) => Promise<FileHandle>) | undefined} browser.showSaveFilePicker
 * @param {(blob: Blob, name: string) => void} browser.offer hands a finished Blob to the person
 * @param {FileType} [type] Default: CSV.
 * @returns {Promise<Sink | null>} null: the person changed their mind
 */
export async function openSink(name, { showSaveFilePicker, offer }, type = CSV) {
  if (!showSaveFilePicker) return blobSink((blob) => offer(blob, name), Object.keys(type.accept)[0]);
  /** @type {FileHandle} */
  let handle;
  try {
    handle = await showSaveFilePicker({
      suggestedName: name,
      types: [type],
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null;
    throw error;
  }
  const stream = await handle.createWritable();
  return {
    write: (chunk) => stream.write(/** @type {Uint8Array<ArrayBuffer>} */ (chunk)),
    close: () => stream.close(),
    abort: () => stream.abort(),
  };
}

/**
 * @param {(blob: Blob) => void} done
 * @param {string} [type] media type
 * @returns {Sink}
 */
export function blobSink(done, type = 'text/csv') {
  /** @type {Blob[]} */
  let parts = [];
  return {
    async write(chunk) {
      parts.push(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (chunk)]));
    },
    async close() {
      done(new Blob(parts, { type }));
      parts = [];
    },
    async abort() {
      parts = [];
    },
  };
}

/**
 * "data.csv" -> "data-scored.csv"; an ending other than csv, tsv, txt stays part of the name.
 * @param {string} name of the scored file
 * @param {'original' | 'scores'} what
 */
export function downloadName(name, what) {
  const stem = name.replace(/\.(csv|tsv|txt)$/i, '') || 'transactions';
  return `${stem}-${what === 'original' ? 'scored' : 'scores'}.csv`;
}
