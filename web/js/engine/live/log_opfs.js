// @ts-check
// The prediction log in the origin's private file system: segments that are only ever appended to, each block flushed
// before it counts. For workers: only they have synchronous access handles.

/** @typedef {import('./log_store.js').Piece} Piece */

/** A segment is closed when it has grown to this. */
export const SEGMENT_BYTES = 4 * 1024 * 1024;

const FOLDER = 'prediction-log';

/** The handle of a tab or worker that has just died may be held a little longer. ms. */
const HANDLE_RETRIES = [50, 100, 200, 400, 800];

/** @param {number} number */
const nameOf = (number) => `${String(number).padStart(10, '0')}.ftl`;

/** A write that came to less than was asked for: there is no room. */
function torn() {
  return new DOMException('the block was not written as a whole', 'QuotaExceededError');
}

export class OpfsLog {
  /** @type {'opfs'} */
  kind = 'opfs';
  #folder;
  #segmentBytes;
  /** @type {(Piece & {number: number})[]} oldest first */
  pieces = [];
  /** @type {any} synchronous access handle of the last segment; null: the next block begins another */
  #handle = null;

  /**
   * @param {FileSystemDirectoryHandle} folder
   * @param {number} segmentBytes
   */
  constructor(folder, segmentBytes) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
  }

  /**
   * Reads what is there and cuts off what is not whole. Rejects where the browser has no such file system, or refuses.
   * @param {StorageManager} storage
   * @param {import('./log_store.js').Scan} scan
   * @param {number} [segmentBytes]
   */
  static async open(storage, scan, segmentBytes = SEGMENT_BYTES) {
    const root = await storage.getDirectory();
    const log = new OpfsLog(await root.getDirectoryHandle(FOLDER, { create: true }), segmentBytes);
    await log.#recover(scan);
    return log;
  }

  /** @param {import('./log_store.js').Scan} scan */
  async #recover(scan) {
    const numbers = [];
    for await (const name of /** @type {any} */ (this.#folder).keys()) {
      if (/^\d{10}\.ftl$/.test(name)) numbers.push(parseInt(name, 10));
    }
    numbers.sort((a, b) => a - b);
    for (const number of numbers) {
      const handle = await this.#openSegment(number, false);
      try {
        const bytes = new Uint8Array(handle.getSize());
        handle.read(bytes, { at: 0 });
        const found = scan(bytes);
        if (found.whole_bytes < bytes.length) {
          handle.truncate(found.whole_bytes);
          handle.flush();
        }
        if (found.rows > 0) {
          const { rows, first_sequence: first, next_sequence: next, whole_bytes } = found;
          this.pieces.push({ number, bytes: whole_bytes, rows, first, next });
        }
      } finally {
        handle.close();
      }
      if (this.pieces.at(-1)?.number !== number) await this.#folder.removeEntry(nameOf(number));
    }
    const last = this.pieces.at(-1);
    if (last !== undefined && last.bytes < this.#segmentBytes) this.#handle = await this.#openSegment(last.number, false);
  }

  /** @param {number} number @param {boolean} create */
  async #openSegment(number, create) {
    const file = /** @type {any} */ (await this.#folder.getFileHandle(nameOf(number), { create }));
    for (let attempt = 0; ; ++attempt) {
      try {
        return await file.createSyncAccessHandle();
      } catch (thrown) {
        const locked = thrown instanceof Error && thrown.name === 'NoModificationAllowedError';
        if (!locked || attempt === HANDLE_RETRIES.length) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, HANDLE_RETRIES[attempt]));
      }
    }
  }

  /**
   * Resolves when the block is flushed. What it rejects with leaves the log as it was.
   * @param {Uint8Array} block
   * @param {{first: number, rows: number}} what
   */
  async append(block, { first, rows }) {
    let piece = this.pieces.at(-1);
    const begun = this.#handle === null || piece === undefined;
    if (begun || piece === undefined) {
      const number = (piece?.number ?? 0) + 1;
      this.#handle = await this.#openSegment(number, true);
      this.#handle.truncate(0);
      piece = { number, bytes: 0, rows: 0, first, next: first };
    }
    try {
      const written = this.#handle.write(block, { at: piece.bytes });
      if (written !== block.length) throw torn();
      this.#handle.flush();
    } catch (thrown) {
      await this.#takeBack(piece, begun);
      throw thrown;
    }
    if (begun) this.pieces.push(piece);
    piece.bytes += block.length;
    piece.rows += rows;
    piece.next = first + rows;
    if (piece.bytes >= this.#segmentBytes) this.#closeHandle();
  }

  /** @param {Piece & {number: number}} piece @param {boolean} begun */
  async #takeBack(piece, begun) {
    if (begun) {
      this.#closeHandle();
      await this.#folder.removeEntry(nameOf(piece.number)).catch(() => {});
      return;
    }
    try {
      this.#handle.truncate(piece.bytes);
      this.#handle.flush();
    } catch {
      // What is torn is cut off when the log is opened again; nothing must be written behind it.
      this.#closeHandle();
    }
  }

  #closeHandle() {
    this.#handle?.close();
    this.#handle = null;
  }

  async removeOldest() {
    const [piece] = this.pieces;
    if (this.pieces.length === 1) this.#closeHandle();
    await this.#folder.removeEntry(nameOf(piece.number));
    this.pieces.shift();
  }

  /** The pieces, oldest first. @returns {AsyncGenerator<Uint8Array>} */
  async *read() {
    for (const { number, bytes } of [...this.pieces]) {
      if (number === this.pieces.at(-1)?.number && this.#handle !== null) {
        const all = new Uint8Array(bytes);
        this.#handle.read(all, { at: 0 });
        yield all;
      } else if (this.pieces.some((piece) => piece.number === number)) {
        const file = await (await this.#folder.getFileHandle(nameOf(number))).getFile();
        yield new Uint8Array(await file.slice(0, bytes).arrayBuffer());
      }
    }
  }

  async clear() {
    while (this.pieces.length > 0) await this.removeOldest();
  }

  close() {
    this.#closeHandle();
  }
}
