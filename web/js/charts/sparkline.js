// @ts-check
// A trend as a handful of small bars: drifted windows stand out. An image with words for those who do
// not see it.

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 20;
const STEP = 5;

/**
 * @param {{value: number | null, verdict: string}[]} windows
 * @param {string} label
 * @param {number} full a value that fills the height at least: smaller trends stay low
 * @returns {SVGSVGElement}
 */
export function sparkline(windows, label, full) {
  const svg = document.createElementNS(SVG, 'svg');
  const width = Math.max(1, windows.length) * STEP;
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(HEIGHT));
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('class', 'sparkline');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const most = windows.reduce((largest, { value }) => Math.max(largest, value ?? 0), full);
  windows.forEach(({ value, verdict }, i) => {
    const bar = document.createElementNS(SVG, 'rect');
    const high = most > 0 ? Math.max(1, ((HEIGHT - 1) * Math.max(0, value ?? 0)) / most) : 1;
    bar.setAttribute('x', String(i * STEP));
    bar.setAttribute('y', String(HEIGHT - high));
    bar.setAttribute('width', String(STEP - 1));
    bar.setAttribute('height', String(high));
    if (verdict === 'drifted') bar.setAttribute('class', 'drifted');
    svg.append(bar);
  });
  return svg;
}
