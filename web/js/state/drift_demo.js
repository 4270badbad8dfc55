// @ts-check
// Demo rows that drift: the generator's, with V14 two higher from a row on and V12 slowly following. Pure.

/** Where the demo begins to drift, as a share of its rows. */
export const DEMO_DRIFT_FROM = 0.6;
const JUMP = 2;
const RISE = 1;

/**
 * @param {string} text CSV with a header, V12 and V14 among its columns, no quotes
 * @returns {string}
 */
export function drifting(text) {
  const lines = text.split('\n');
  const names = lines[0].replace(/\r$/, '').split(',').map((name) => name.replace(/^"|"$/g, ''));
  const jumps = names.indexOf('V14');
  const rises = names.indexOf('V12');
  const rows = lines.at(-1) === '' ? lines.length - 2 : lines.length - 1;
  const from = Math.round(DEMO_DRIFT_FROM * rows);
  for (let row = from; row < rows; ++row) {
    const cells = lines[row + 1].split(',');
    if (jumps >= 0) cells[jumps] = String(Number(cells[jumps]) + JUMP);
    if (rises >= 0) cells[rises] = String(Number(cells[rises]) + (RISE * (row - from)) / Math.max(1, rows - from));
    lines[row + 1] = cells.join(',');
  }
  return lines.join('\n');
}
