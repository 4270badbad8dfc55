// @ts-check
// What axe-core finds wrong on a page.

import AxeBuilder from '@axe-core/playwright';

/**
 * Every violation of every rule, as [rule, [[the element, what is wrong], ...]]; empty where there is none.
 *
 * The page has no frames of other origins, so its findings are put together in the page itself ("legacy mode") and not in a
 * new tab of the browser; what passed is counted, not described. Both only take time: a third of it is left.
 * @param {import('@playwright/test').Page} page
 * @param {string} [within] a selector: only what is in it
 */
export async function violations(page, within) {
  const builder = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const found = await (within === undefined ? builder : builder.include(within)).analyze();
  return found.violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])]);
}
