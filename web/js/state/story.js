// @ts-check
// The story of #demo: two minutes of generated traffic in the Live view, told step by step. A state machine without DOM,
// clock or monitor: it is told the time and what there is to see, and says which scene to show and what to read. A step
// ends when it was there long enough to read and what it waits for has really happened; where that does not come in time
// the step says so and goes on.
//
//   const story = createStory({ show: (scene) => ..., now: Date.now() });
//   story.see(facts, now)          // on every tick, and once a second
//   story.state()                  // what the panel shows

import { count, fixed, percent } from './format.js';

/** @typedef {import('../engine/live/types.js').LiveTick} LiveTick */
/** @typedef {import('../engine/live/types.js').AlertEpisode} AlertEpisode */
/** @typedef {import('./live_state.js').LiveState} LiveState */

/**
 * What the live view is to show during a step; entering a step makes it so, whatever was before.
 * @typedef {object} Scene
 * @property {import('../engine/live/types.js').Scenario} scenario of the traffic
 * @property {string | null} column opened
 * @property {boolean} rows behind the column's bin that has changed most
 * @property {'figures' | 'alerts' | 'column'} look what is brought in sight
 */

/** @typedef {Pick<LiveState, 'tick' | 'columns' | 'column' | 'binRows'>} Facts what there is to see */

/**
 * @typedef {object} Step
 * @property {string} id
 * @property {string} title
 * @property {Scene} scene
 * @property {number} seconds to read it
 * @property {string} text
 * @property {(facts: Facts, entered: Facts) => string} [until] what has happened, in words; empty: not yet. entered: as it was
 *   when the step began
 * @property {string} [waiting] what it waits for
 * @property {number} [limit] seconds after which it goes on all the same
 * @property {string} [late] what is said then
 */

export const STORY_RATE = 1000;
export const STORY_SEED = 20130901;
/** The story's window: a few seconds of traffic. */
export const STORY_WINDOW = Object.freeze({ kind: /** @type {const} */ ('rows'), tumbling: false, rows: 5000, seconds: 3600 });
export const STORY_COLUMN = 'V14';
const READ_SECONDS = 6;

const calm = /** @type {Scene} */ ({ scenario: 'calm', column: null, rows: false, look: 'figures' });
const shifted = /** @type {Scene} */ ({ scenario: 'shift', column: null, rows: false, look: 'figures' });
const wave = /** @type {Scene} */ ({ scenario: 'fraud_wave', column: null, rows: false, look: 'figures' });

/** @param {Facts} facts */
const drifted = ({ columns }) => columns?.find(({ name, verdict }) => name === STORY_COLUMN && verdict === 'drifted');

/**
 * The newest episode that is firing on one of the statistics.
 * @param {Facts} facts
 * @param {string[]} statistics
 */
const firing = ({ tick }, statistics) =>
  tick?.alerts.episodes.find(({ statistic, ended_ms }) => ended_ms < 0 && statistics.includes(statistic));

/** @type {readonly Step[]} */
export const STEPS = [
  {
    id: 'welcome',
    title: 'Watching a fraud model at work',
    scene: calm,
    seconds: 11,
    text: `${count(STORY_RATE)} transactions a second arrive here and are scored in this tab. They are generated: no real data is in them, and nothing is sent anywhere.`,
    waiting: 'Waiting for the first transactions.',
    until: ({ tick }) => (tick && tick.total > 0 ? 'The first transactions are scored.' : ''),
    limit: 30,
    late: 'No transaction has come. The message below says why; you can close the story and start the traffic again.',
  },
  {
    id: 'calm',
    title: 'The usual picture',
    scene: calm,
    seconds: 15,
    text: 'The figures on top: how many rows came, the share that is flagged with its interval, the mean score, the time to score one row. The window is the last 5,000 rows.',
    waiting: 'The monitor fills its window and learns the usual rate of flagged rows.',
    until: ({ tick }) =>
      tick && tick.window_state.complete && tick.detector.learning === 0 && tick.window.drifted_columns !== null
        ? `Learnt: ${typeof tick.window.fraud_rate.value === 'number' ? percent(tick.window.fraud_rate.value, 1) : 'no'} of the rows are flagged. This is what calm looks like.`
        : '',
    limit: 60,
    late: 'This device is slow today: the usual rate is not learnt yet. The story goes on; the figures come when they can.',
  },
  {
    id: 'shift',
    title: 'Something changes, and nobody says so',
    scene: shifted,
    seconds: 12,
    text: `From now on column ${STORY_COLUMN} is 2 higher in every row, as if a supplier had changed how it is computed. The story has switched the traffic; the monitor was not told.`,
  },
  {
    id: 'drift',
    title: 'The statistic moves, the detector fires',
    scene: shifted,
    seconds: 11,
    text: 'More and more rows of the window have the new values. Every column is compared with the profile of the data the model was trained on.',
    waiting: `Waiting for the verdict on ${STORY_COLUMN}.`,
    until: (facts) => {
      const found = drifted(facts);
      if (!found) return '';
      const noise = found.psi_noise === null ? '' : `, where chance alone gives ${fixed(found.psi_noise, 3)}`;
      return `${STORY_COLUMN} has drifted: its PSI is ${fixed(found.psi ?? NaN, 2)}${noise}.`;
    },
    limit: 45,
    late: `No verdict on ${STORY_COLUMN} came in time. With a model that has no such column there is nothing to find.`,
  },
  {
    id: 'alert',
    title: 'An alert appears',
    scene: { ...shifted, look: 'alerts' },
    seconds: 13,
    text: 'A rule watches the number of drifted columns. It must hold for a moment before it fires, so that a blip does not call anybody. Acknowledge it, silence it or change the rule below.',
    waiting: 'Waiting for the alert.',
    until: (facts) => {
      const episode = firing(facts, ['drifted_columns', `psi.${STORY_COLUMN}`]);
      return episode ? `Firing: ${episode.name}. Columns that have drifted: ${count(episode.last_value)}.` : '';
    },
    limit: 30,
    late: 'No alert fired in time. It may be that its rule is switched off or silenced.',
  },
  {
    id: 'column',
    title: 'Which column, and where',
    scene: { scenario: 'shift', column: STORY_COLUMN, rows: false, look: 'column' },
    seconds: 14,
    text: `The column is opened: what the model was trained on beside what arrives now. Bins show where the difference is; whether it matters is said beside it.`,
    waiting: `Reading ${STORY_COLUMN}.`,
    until: ({ column }) => (column?.name === STORY_COLUMN && column.drift.verdict === 'drifted' ? `${STORY_COLUMN} has moved to the right.` : ''),
    limit: 15,
    late: `${STORY_COLUMN} could not be opened.`,
  },
  {
    id: 'rows',
    title: 'The rows behind it',
    scene: { scenario: 'shift', column: STORY_COLUMN, rows: true, look: 'column' },
    seconds: 12,
    text: 'The bin that contributes most is opened: these are the latest rows in it, with time, score and level. From here a person can take over.',
    waiting: 'Fetching the rows.',
    until: ({ binRows }) => (binRows && binRows.length > 0 ? `${count(binRows.length)} rows are listed.` : ''),
    limit: 15,
    late: 'No row of this bin is at hand any more.',
  },
  {
    id: 'wave',
    title: 'Another kind of trouble: a wave of fraud',
    scene: wave,
    seconds: 14,
    text: `${STORY_COLUMN} is as usual again, but now twenty times as many frauds arrive. The columns hardly move; the share of flagged rows does. A sequential test (CUSUM) watches it row by row.`,
    waiting: 'Waiting for the test to fire.',
    until: ({ tick }, entered) =>
      tick && tick.detector.alarms > (entered.tick?.detector.alarms ?? 0) ? 'The test has fired: the rate has risen.' : '',
    limit: 45,
    late: 'The test did not fire in time. The rate may have been high already when it learnt what is usual.',
  },
  {
    id: 'rate',
    title: 'The rate alert follows',
    scene: { ...wave, look: 'alerts' },
    seconds: 12,
    text: 'The share in the window takes longer to rise than the test took to fire, because the window still holds calm rows. When it passes 1 %, its alert fires.',
    waiting: 'Waiting for the window to fill with the wave.',
    until: (facts) => {
      const episode = firing(facts, ['fraud_rate']);
      return episode ? `Firing: ${episode.name}. It fired at ${percent(episode.first_value, 1)}.` : '';
    },
    limit: 30,
    late: 'The share did not pass the rule’s limit in time.',
  },
  {
    id: 'end',
    title: 'That is the story',
    scene: calm,
    seconds: 0,
    text: 'Traffic is calm again, and the alerts end by themselves. Try the scenarios yourself, replay a file of your own, or score one: it is read by this page only.',
  },
];

/**
 * What the panel shows.
 * @typedef {object} StoryState
 * @property {number} index of the step
 * @property {number} steps
 * @property {Step} step
 * @property {'reading' | 'waiting' | 'seen' | 'late'} phase
 * @property {string} outcome what it waits for, or what came of it; empty: nothing
 * @property {boolean} paused
 * @property {boolean} last
 */

/** @typedef {ReturnType<typeof createStory>} Story */

/**
 * @param {object} options
 * @param {(scene: Scene) => void} options.show called when a step is entered
 * @param {number} options.now ms, of a clock that may jump
 * @param {readonly Step[]} [options.steps]
 */
export function createStory({ show, now, steps = STEPS }) {
  const nothing = /** @type {Facts} */ ({ tick: null, columns: null, column: null, binRows: null });
  let latest = nothing;
  let entered = nothing;
  let index = 0;
  let paused = false;
  /** Story time of the step and since its outcome, ms; stands still while paused. */
  let elapsed = 0;
  let sinceOutcome = 0;
  /** @type {StoryState['phase']} */
  let phase = 'reading';
  let outcome = '';
  let clock = now;

  /** @param {number} to */
  function enter(to) {
    index = Math.min(Math.max(0, to), steps.length - 1);
    entered = latest;
    elapsed = 0;
    sinceOutcome = 0;
    const { until, waiting = '' } = steps[index];
    phase = until ? 'waiting' : 'reading';
    outcome = until ? waiting : '';
    show(steps[index].scene);
  }

  /**
   * @param {number} at a clock that goes backwards, or leaps ahead because the tab slept, costs no step its time
   */
  function run(at) {
    const passed = Math.min(Math.max(0, at - clock), 2000);
    clock = at;
    const { until, limit = Infinity, late = '', seconds } = steps[index];
    if (phase === 'waiting' || phase === 'late') {
      const seen = until?.(latest, entered) ?? '';
      if (seen !== '') {
        phase = 'seen';
        outcome = seen;
        sinceOutcome = 0;
      }
    }
    if (paused) return;
    elapsed += passed;
    sinceOutcome += passed;
    if (phase === 'waiting' && elapsed >= 1000 * limit) {
      phase = 'late';
      outcome = late;
      sinceOutcome = 0;
    }
    if (index === steps.length - 1 || elapsed < 1000 * seconds) return;
    if (phase === 'reading' || (phase !== 'waiting' && sinceOutcome >= 1000 * READ_SECONDS)) enter(index + 1);
  }

  enter(0);
  return {
    /** @returns {StoryState} */
    state: () => ({ index, steps: steps.length, step: steps[index], phase, outcome, paused, last: index === steps.length - 1 }),
    /**
     * @param {Facts} facts
     * @param {number} at ms
     */
    see(facts, at) {
      latest = facts;
      run(at);
    },
    next: () => enter(index + 1),
    back: () => enter(index - 1),
    /** To the last step. */
    skip: () => enter(steps.length - 1),
    /** The steps wait; the traffic goes on. @param {number} at */
    pause(at) {
      run(at);
      paused = true;
    },
    /** @param {number} at */
    resume(at) {
      clock = at;
      paused = false;
    },
  };
}

/**
 * The bin of a column that differs most from the reference.
 * @param {import('../engine/live/types.js').ColumnDetail} column
 */
export function worstBin({ contribution, current }) {
  let worst = 0;
  contribution.forEach((value, bin) => {
    if (current[bin] > 0 && (value > contribution[worst] || current[worst] === 0)) worst = bin;
  });
  return worst;
}
