// @ts-check
// The monitor's clock: ms since 1970, fractional, the same in every thread of the page, never falling, whatever
// happens to the computer's own.

let latest = 0;

export function clock() {
  latest = Math.max(latest, performance.timeOrigin + performance.now());
  return latest;
}
