// @ts-check
// The panel of the #demo story: tells the steps of state/story.js and makes their scenes happen in the Live view, with the
// same actions that a person has there. Closing it leaves the view as it is, with the traffic running.

import { createStory, STORY_RATE, STORY_SEED, STORY_WINDOW, worstBin } from '../state/story.js';
import { hasBegun, sameStretch } from '../state/live_state.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/story.js').Story} Story */
/** @typedef {import('../state/story.js').Scene} Scene */

/** @type {Record<Scene['look'], string>} */
const PLACES = { figures: '#live', alerts: '#live section[aria-label="Alerts"]', column: '#live .column-detail' };

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @returns {{open: () => void, close: () => void}}
 */
export function createStoryPanel(element, app) {
  const { store, actions, live } = app;
  /** @type {Story | null} */
  let story = null;
  /** @type {Scene | null} the latest wins */
  let wanted = null;
  let working = false;
  /** The next scene is the first of a story: it begins the traffic anew. */
  let fresh = false;
  /** @type {import('../state/live_state.js').Window | null} the reader's own, put back at the end */
  let windowBefore = null;
  /** @type {(() => void)[]} */
  let stops = [];

  const title = h('h2', { tabindex: '-1' });
  const place = h('span', { class: 'hint' });
  const bar = h('progress', { 'aria-label': 'Progress of the story', max: 1 });
  const text = h('p');
  const outcome = h('p', { class: 'story-outcome' });
  const pause = h('button', { type: 'button', onclick: () => act(() => (story?.state().paused ? story.resume(Date.now()) : story?.pause(Date.now()))) });
  const back = h('button', { type: 'button', onclick: () => act(() => story?.back()) }, 'Back');
  const next = h('button', { type: 'button', onclick: () => act(() => story?.next()) }, 'Next');
  const skip = h('button', { type: 'button', onclick: () => act(() => story?.skip()) }, 'Skip to the end');
  const file = h('button', { type: 'button', class: 'primary', onclick: () => app.chooseFile() }, 'Try your own file');
  const again = h('button', { type: 'button', onclick: begin }, 'Watch again');
  const start = h('button', { type: 'button', class: 'primary', onclick: begin }, 'Start the story');
  const end = h('button', { type: 'button', onclick: close }, 'Close the story');
  const told = [title, text, outcome, pause, back, next, skip, file, again, start];
  put(
    element,
    h('div', { class: 'story-head' }, title, place, bar),
    h('div', { role: 'status', class: 'story-text' }, text, outcome),
    h('div', { class: 'row' }, start, pause, back, next, skip, file, again, end),
  );
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });

  /** @param {() => void} what */
  function act(what) {
    what();
    draw();
  }

  function open() {
    if (!element.hidden) return;
    element.hidden = false;
    document.documentElement.classList.add('story-open');
    actions.setView('live');
    store.set({ story: true });
    if (hasBegun(live.store.get())) ask();
    else begin();
    title.focus();
  }

  /** Something of the reader's own is running: it is not ended without a word. */
  function ask() {
    story = null;
    for (const each of told) each.hidden = ![title, text, start].includes(each);
    bar.hidden = true;
    say(place, '');
    say(title, 'The demo story');
    say(text, 'It stops the stream that is here and counts from zero. Save the summary first if you want to keep what was counted.');
  }

  function begin() {
    stop();
    actions.setView('live');
    const { settings } = live.store.get();
    windowBefore ??= settings.window;
    fresh = true;
    story = createStory({ show, now: Date.now() });
    for (const each of told) each.hidden = each === start;
    bar.hidden = false;
    stops = [live.store.watch(['tick', 'columns', 'column', 'binRows'], look)];
    // Without ticks, too, time passes.
    const timer = setInterval(look, 500);
    stops.push(() => clearInterval(timer));
    draw();
    title.focus();
  }

  function look() {
    story?.see(live.store.get(), Date.now());
    draw();
  }

  function draw() {
    if (!story) return;
    const { index, steps, step, phase, outcome: came, paused, last } = story.state();
    say(title, step.title);
    say(place, `Step ${index + 1} of ${steps}`);
    bar.max = steps;
    bar.value = index + 1;
    say(text, step.text);
    say(outcome, came);
    outcome.hidden = came === '';
    outcome.dataset.phase = phase;
    element.dataset.step = step.id;
    say(pause, paused ? 'Go on' : 'Pause');
    const had = document.activeElement;
    for (const button of [pause, next, skip]) button.hidden = last;
    for (const button of [file, again]) button.hidden = !last;
    back.disabled = index === 0;
    if (had instanceof HTMLElement && element.contains(had) && (had.hidden || (had === back && back.disabled))) title.focus();
  }

  /** @param {Scene} scene */
  function show(scene) {
    wanted = scene;
    if (!working) queueMicrotask(work);
  }

  async function work() {
    if (working) return;
    working = true;
    while (wanted) {
      const scene = wanted;
      wanted = null;
      await make(scene);
    }
    working = false;
  }

  /** Whether another scene, or none, is wanted meanwhile. */
  const over = () => wanted !== null || story === null;

  /** @param {Scene} scene */
  async function make(scene) {
    const { source, tick } = live.store.get();
    if (fresh || source?.kind !== 'demo' || tick?.source.state === 'failed') {
      await live.actions.openColumn(null);
      await live.actions.setSettings({ window: STORY_WINDOW });
      if (source !== null) await live.actions.stop();
      if (hasBegun(live.store.get())) await live.actions.reset();
      if (over()) return;
      fresh = false;
      await live.actions.start({ kind: 'demo', rate: STORY_RATE, scenario: scene.scenario, seed: STORY_SEED });
    } else if (source.scenario !== scene.scenario) {
      await live.actions.adjust({ scenario: scene.scenario });
    }
    if (over()) return;
    if (live.store.get().tick?.source.state === 'paused') await live.actions.resume();
    if (live.store.get().openColumn !== scene.column) await live.actions.openColumn(scene.column);
    if (over()) return;
    const { column, openBin } = live.store.get();
    if (scene.rows && column) await live.actions.openBin(worstBin(column));
    else if (openBin !== null) await live.actions.openBin(null);
    if (!over()) document.querySelector(PLACES[scene.look])?.scrollIntoView({ block: 'start' });
  }

  function stop() {
    for (const each of stops) each();
    stops = [];
    story = null;
    wanted = null;
  }

  function close() {
    stop();
    element.hidden = true;
    document.documentElement.classList.remove('story-open');
    store.set({ story: false });
    const { window } = live.store.get().settings;
    if (windowBefore && sameStretch(window, STORY_WINDOW)) void live.actions.setSettings({ window: windowBefore });
    windowBefore = null;
    document.getElementById('main')?.focus();
  }

  // Leaving the view leaves the story.
  store.watch(['view'], ({ view }) => {
    if (view !== 'live' && !element.hidden) close();
  });
  element.hidden = true;
  return { open, close };
}
