// @ts-check
// When to draw: each piece at most so often, one piece per animation frame, nothing while the view is closed or the
// tab is in the background. So no frame has more to do than one chart.

/**
 * @typedef {object} Pacer
 * @property {(everyMs: number, draw: () => void) => () => void} piece returns the way to ask for it to be drawn
 * @property {(on: boolean) => void} open while it is not, asking waits
 * @property {() => void} close
 */

/** @returns {Pacer} */
export function createPacer() {
  /** @type {{everyMs: number, draw: () => void, asked: boolean, at: number}[]} */
  const pieces = [];
  let isOpen = false;
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function plan() {
    if (!isOpen || frame !== 0) return;
    const asked = pieces.filter((piece) => piece.asked);
    if (asked.length === 0) return;
    const wait = Math.min(...asked.map(({ at, everyMs }) => at + everyMs)) - performance.now();
    clearTimeout(timer);
    if (wait > 0) timer = setTimeout(plan, wait);
    else frame = requestAnimationFrame(next);
  }

  function next() {
    frame = 0;
    const now = performance.now();
    const late = (/** @type {{at: number, everyMs: number}} */ { at, everyMs }) => now - at - everyMs;
    const [piece] = pieces.filter((each) => each.asked && late(each) >= -1).sort((a, b) => late(b) - late(a));
    if (piece && isOpen) {
      piece.asked = false;
      piece.at = now;
      piece.draw();
    }
    plan();
  }

  return {
    piece(everyMs, draw) {
      const piece = { everyMs, draw, asked: false, at: -Infinity };
      pieces.push(piece);
      return () => {
        piece.asked = true;
        plan();
      };
    },
    open(on) {
      isOpen = on;
      plan();
    },
    close() {
      isOpen = false;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    },
  };
}
