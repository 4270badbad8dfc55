// @ts-check
// Copying from a table gives every digit: <data value="0.9990000000000001">0.9990</data> is copied as its value,
// cells are parted by tabs, rows by line ends.

/**
 * @param {Node} node
 * @returns {string}
 */
function textOf(node) {
  if (node instanceof HTMLDataElement && node.value !== '') return node.value;
  if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
  let text = '';
  const parts = [...node.childNodes];
  parts.forEach((child, i) => {
    text += textOf(child);
    const last = i === parts.length - 1;
    if (child instanceof HTMLTableCellElement && !last) text += '\t';
    if (child instanceof HTMLTableRowElement || child instanceof HTMLTableSectionElement) text = `${text.trimEnd()}\n`;
  });
  return text;
}

/**
 * The text of a selection with every shortened number in full.
 * @param {Selection} selection
 * @returns {string | null} null: nothing in it is shortened, the browser's own copy will do
 */
export function fullText(selection) {
  if (selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const common = range.commonAncestorContainer;
  const element = common instanceof Element ? common : common.parentElement;
  const around = element?.closest('data');
  if (around) return around.value;
  const fragment = range.cloneContents();
  return fragment.querySelector('data') ? textOf(fragment).replace(/\n+$/, '') : null;
}

/**
 * @param {HTMLElement} element
 */
export function copyInFull(element) {
  element.addEventListener('copy', (event) => {
    const selection = document.getSelection();
    const text = selection && fullText(selection);
    if (!text || !event.clipboardData) return;
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
  });
}
