// @ts-check
// Watches demo traffic in Node: node tools/watch.mjs [seconds] [scenario]

import { createEngine } from '../web/js/engine/node.js';

const [seconds = '10', scenario = 'calm'] = process.argv.slice(2);
const engine = await createEngine();
const monitor = await engine.monitor({
  settings: { window: { kind: 'rows', rows: 10_000 } },
  onTick: ({ total, window, throughput, alerts }) => {
    const percent = (/** @type {number | null} */ share) => `${(100 * (share ?? NaN)).toFixed(2)} %`;
    const { value, low, high } = window.fraud_rate;
    const rate = `${percent(value)} (${percent(low)} to ${percent(high)})`;
    const firing = alerts.episodes.filter(({ ended_ms }) => ended_ms < 0).map(({ name }) => name);
    console.log(`${total} rows, ${Math.round(throughput)} per second, flagged: ${rate}. ${firing.join('; ')}`);
  },
  onEvent: (event) => console.log(event.type),
});

await monitor.start({ kind: 'demo', rate: 2000, scenario: /** @type {any} */ (scenario) });
await new Promise((resolve) => setTimeout(resolve, 1000 * Number(seconds)));

// Rows from elsewhere are counted too, and answered if asked for.
const { accepted, malformed, predictions } = await monitor.push([{ V14: -12, Amount: 99 }, 'no row'], { predictions: true });
console.log(`${accepted} accepted, ${malformed} malformed: ${predictions[0]?.risk_level}`);

const stats = await monitor.stats();
console.log(`${stats.total_predictions} predictions, ${stats.high_risk_count} of high risk`);
await monitor.close();
engine.close();
