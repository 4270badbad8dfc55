// @ts-check
// When to draw: each piece at most so often, per animation frame the figures and one other piece, nothing while the view
// is closed or the tab is in the background. So no frame has more to do than one chart, and figures do not queue behind one.

/**
 * @typedef {object} Pacer
 * @property {(everyMs: number, draw: () => void) => () => void} piece returns the way to ask for it to be drawn
 * @property {(on: boolean) => void} open while it is not, asking waits
 * @property {() => void} close
 */

/** Pieces that are drawn at least so often are a few words: all that are due share a frame. */
const SHORT_MS = 100;

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
    const due = isOpen ? pieces.filter((each) => each.asked && late(each) >= -1) : [];
    const long = due.filter(({ everyMs }) => everyMs > SHORT_MS).sort((a, b) => late(b) - late(a));
    for (const piece of [...due.filter(({ everyMs }) => everyMs <= SHORT_MS), ...long.slice(0, 1)]) {
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
