// @ts-check
// A score as people and other programs get it.

const LEVELS = /** @type {const} */ (['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']);

/**
 * @param {number} probability
 * @param {Pick<import('./types.js').ModelCard, 'threshold' | 'risk_cuts' | 'version'>} model
 * @param {string} timestamp
 * @returns {import('./types.js').Prediction}
 */
export function predictionOf(probability, model, timestamp) {
  return {
    prediction: probability >= model.threshold ? 1 : 0,
    probability,
    risk_level: LEVELS[model.risk_cuts.filter((cut) => probability >= cut).length],
    confidence: Math.max(probability, 1 - probability),
    timestamp,
    model_version: model.version,
  };
}
