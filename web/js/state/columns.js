// @ts-check
// The columns of a file under names that tell them apart: a header may hold the same name twice, or none. Pure.

/**
 * @typedef {object} Column
 * @property {string} name as the page shows it, no two alike: "Foo", "Foo (2)"; "column 33" where the header has no name
 * @property {number} place from 0, in the file's order
 * @property {string} inFile the header's own name
 * @property {boolean} first of those with its own name: the one that the engine finds by it (see Engine.column)
 */

/**
 * @param {string[]} names the header, in the file's order
 * @returns {Column[]} in the same order; a name that is there once, or for the first time, stays as it is
 */
export function namedColumns(names) {
  const taken = new Set(names);
  /** @type {Set<string>} */
  const seen = new Set();
  return names.map((inFile, place) => {
    const first = !seen.has(inFile);
    seen.add(inFile);
    if (first && inFile !== '') return { name: inFile, place, inFile, first };
    const stem = inFile === '' ? `column ${place + 1}` : inFile;
    let name = inFile === '' ? stem : `${stem} (2)`;
    for (let n = 2; taken.has(name); ++n) name = `${stem} (${n})`;
    taken.add(name);
    return { name, place, inFile, first };
  });
}

/**
 * The header's own name of a column.
 * @param {string[]} names the header
 * @param {string} name as the page shows it
 */
export function nameInFile(names, name) {
  return namedColumns(names).find((column) => column.name === name)?.inFile ?? name;
}
