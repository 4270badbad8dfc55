// @ts-check
// Where rows come from: state, pause, step, rate, scenario; which window is looked at; ways to begin.

import { DEFAULT_RATE, MAX_RATE, SCENARIOS, WINDOWS, hasBegun, isOver, sameStretch } from '../state/live_state.js';
import { count, percent } from '../state/format.js';
import { scenarioWords, sourceWords, windowLabel } from '../state/live_words.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../state/live_state.js').LiveState} LiveState */

const SLIDER_STEPS = 1000;
const SPEEDS = [1, 10, 60, 600, 3600];

/** The slider is logarithmic: 1 row a second on the left, MAX_RATE on the right. @param {number} rate */
const toSlider = (rate) => Math.round((SLIDER_STEPS * Math.log(Math.max(1, rate))) / Math.log(MAX_RATE));

/** Two digits are enough when a rate is dragged. @param {number} place */
function fromSlider(place) {
  const rate = MAX_RATE ** (place / SLIDER_STEPS);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1);
  return Math.min(MAX_RATE, Math.max(1, Math.round(rate / unit) * unit));
}

/**
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [kind]
 */
export const field = (label, control, kind) => h('div', { class: `field ${kind ?? ''}` }, h('label', { for: control.id }, label), control);

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const { store, actions } = app.live;
  const title = h('h1', { class: 'file-name' });
  const dot = h('span', { class: 'dot', 'aria-hidden': true });
  const word = h('strong', { id: 'live-state' });
  const rest = h('span', { class: 'soft' });
  const pause = h('button', { type: 'button', class: 'primary' }, 'Pause');
  const paused = () => store.get().tick?.source.state === 'paused';
  pause.addEventListener('click', () => (paused() ? actions.resume() : actions.pause()));
  const stepButtons = [1, 10, 100].map((rows) =>
    h('button', { type: 'button', 'aria-label': `Step ${rows} ${rows === 1 ? 'row' : 'rows'}`, onclick: () => actions.step(rows) }, rows === 1 ? 'Step 1' : String(rows)),
  );
  const steps = h('div', { class: 'joined', role: 'group', 'aria-label': 'Step while paused' }, ...stepButtons);
  const stop = h('button', { type: 'button', onclick: () => actions.stop() }, 'Stop');
  const again = h('button', { type: 'button', class: 'primary', onclick: () => actions.again() }, 'Start again');
  const other = h('button', { type: 'button', 'aria-expanded': false, 'aria-controls': 'live-begin' }, 'Other source');

  const rate = h('input', { id: 'live-rate', type: 'number', min: 1, max: MAX_RATE, step: 1, inputmode: 'numeric' });
  const slider = h('input', { type: 'range', min: 0, max: SLIDER_STEPS, step: 1, 'aria-label': 'Rate' });
  const setRate = (/** @type {number} */ value) => actions.adjust({ rate: value });
  slider.addEventListener('input', () => {
    rate.value = String(fromSlider(slider.valueAsNumber));
    slider.setAttribute('aria-valuetext', `${rate.value} rows a second`);
  });
  slider.addEventListener('change', () => setRate(fromSlider(slider.valueAsNumber)));
  rate.addEventListener('change', () => {
    if (rate.validity.valid && rate.value !== '') setRate(rate.valueAsNumber);
    else if (store.get().source) showPace(store.get());
  });
  const rateField = h('div', { class: 'field' }, h('label', { for: 'live-rate' }, 'Rows a second'), h('div', { class: 'threshold' }, rate, slider));

  const pace = h('select', { id: 'live-pace' });
  put(pace, h('option', { value: 'rate' }, 'fixed rate'), h('option', { value: 'time' }, 'the file’s own time'));
  pace.addEventListener('change', () => actions.adjust({ pace: /** @type {'rate' | 'time'} */ (pace.value) }));
  const paceField = field('Pace', pace);
  const speed = h('select', { id: 'live-speed' });
  put(speed, ...SPEEDS.map((times) => h('option', { value: times }, times === 1 ? 'as it was' : `${count(times)} times as fast`)));
  speed.addEventListener('change', () => actions.adjust({ speed: Number(speed.value) }));
  const speedField = field('Speed', speed);

  const scenario = h('select', { id: 'live-scenario', 'aria-describedby': 'live-scenario-words' });
  put(scenario, ...SCENARIOS.map(({ name, label }) => h('option', { value: name }, label)));
  scenario.addEventListener('change', () => actions.adjust({ scenario: /** @type {any} */ (scenario.value) }));
  const scenarioField = field('Scenario', scenario);
  const words = h('p', { class: 'hint live-words', id: 'live-scenario-words' });

  const window = h('select', { id: 'live-window' });
  window.addEventListener('change', () => {
    const chosen = WINDOWS[Number(window.value)];
    if (chosen) actions.setSettings({ window: { ...store.get().settings.window, ...chosen.window } });
  });
  const moves = h('select', { id: 'live-moves' });
  put(moves, h('option', { value: 'sliding' }, 'sliding'), h('option', { value: 'tumbling' }, 'tumbling (whole ones)'));
  moves.addEventListener('change', () => actions.setSettings({ window: { ...store.get().settings.window, tumbling: moves.value === 'tumbling' } }));
  const movesField = field('Moves', moves);
  const scope = h('select', { id: 'live-scope' });
  put(scope, h('option', { value: 'window' }, 'the window'), h('option', { value: 'overall' }, 'everything since the start'));
  scope.addEventListener('change', () => actions.setSettings({ scope: scope.value === 'overall' ? 'overall' : 'window' }));

  const failure = h('p', { class: 'refused', role: 'alert', hidden: true });
  const bar = h(
    'div',
    { class: 'file' },
    h('div', { class: 'file-title' }, title, h('p', { class: 'live-state' }, dot, word, ' ', rest)),
    h('div', { class: 'row' }, pause, again, steps, stop, other),
  );
  const controls = h(
    'div',
    { class: 'filters live-controls' },
    rateField,
    paceField,
    speedField,
    scenarioField,
    field('Window', window),
    movesField,
    field('Figures of', scope),
    words,
  );
  const begin = h('section', { class: 'start', id: 'live-begin', 'aria-label': 'Choose a source' });
  const unmountBegin = mountBegin(begin, app, () => setOther(false));
  put(element, bar, failure, controls, begin);

  let choosing = false;
  /** @param {boolean} on */
  function setOther(on) {
    choosing = on;
    other.setAttribute('aria-expanded', String(on));
    begin.hidden = hasBegun(store.get()) && !on;
    if (on) begin.querySelector('button')?.focus();
  }
  other.addEventListener('click', () => setOther(!choosing));

  /** @param {LiveState} state */
  function showPace({ source }) {
    const kind = source?.kind;
    rateField.hidden = !(kind === 'demo' || (source?.kind === 'replay' && (source.pace ?? 'rate') === 'rate'));
    scenarioField.hidden = kind !== 'demo';
    words.hidden = kind !== 'demo';
    paceField.hidden = kind !== 'replay';
    speedField.hidden = !(source?.kind === 'replay' && source.pace === 'time');
    if (source?.kind === 'demo') {
      scenario.value = source.scenario ?? 'calm';
      say(words, scenarioWords(scenario.value));
    }
    if (source?.kind === 'replay') {
      pace.value = source.pace ?? 'rate';
      speed.value = String(source.speed ?? 1);
    }
    if (source && (source.kind === 'demo' || source.kind === 'replay')) {
      const now = source.rate ?? DEFAULT_RATE;
      if (document.activeElement !== rate) rate.value = String(now);
      slider.value = String(toSlider(now));
      slider.setAttribute('aria-valuetext', `${now} rows a second`);
    }
  }

  function showState() {
    const state = store.get();
    const { tick, source } = state;
    say(title, sourceTitle(state));
    const now = tick?.source;
    const told = now ? sourceWords(now, tick.now) : { tone: 'wait', word: 'starting', rest: '' };
    dot.className = `dot ${told.tone}`;
    say(word, told.word);
    const failed = told.tone === 'bad';
    failure.hidden = !failed;
    say(failure, failed ? `The stream has stopped. ${told.rest}` : '');
    const going = now?.state === 'running' || now?.state === 'paused';
    const place = going && now.kind === 'replay' && now.position !== null ? `; ${percent(now.position, 1)} of the file` : '';
    say(rest, failed ? '' : `${told.rest}${place}`);
    const over = isOver(now?.state);
    const held = document.activeElement === pause || document.activeElement === stop;
    pause.hidden = over || source === null;
    say(pause, now?.state === 'paused' ? 'Resume' : 'Pause');
    steps.hidden = now?.state !== 'paused';
    stop.hidden = over || source === null;
    again.hidden = !(over && source !== null);
    if (held && stop.hidden && !again.hidden) again.focus();
  }

  const askState = pacer.piece(50, showState);
  const stops = [
    store.watch(['source'], showPace),
    store.watch(['tick', 'source', 'monitor'], (state) => {
      const on = hasBegun(state);
      bar.hidden = !on;
      controls.hidden = !on;
      const held = begin.contains(document.activeElement);
      begin.hidden = on && !choosing;
      begin.classList.toggle('again', on);
      askState();
      // Who pressed a button that is gone stands at the one that comes next.
      if (!held || !begin.hidden) return;
      showState();
      (pause.hidden ? other : pause).focus();
    }),
    store.watch(['settings'], ({ settings }) => {
      const known = WINDOWS.findIndex((each) => sameStretch(settings.window, each.window));
      put(
        window,
        ...WINDOWS.map(({ label }, i) => h('option', { value: i }, label)),
        known < 0 && h('option', { value: 'own' }, windowLabel(settings.window)),
      );
      window.value = known < 0 ? 'own' : String(known);
      moves.value = settings.window.tumbling ? 'tumbling' : 'sliding';
      movesField.hidden = settings.window.kind === 'start';
      scope.value = settings.scope;
    }),
    unmountBegin,
  ];
  return () => stops.forEach((each) => each());
}

/** @param {LiveState} state */
function sourceTitle({ source, tick }) {
  if (!source) return tick?.source.name ?? 'Live';
  if (source.kind === 'demo') return 'Demo traffic';
  if (source.kind === 'replay') return source.name;
  return source.kind === 'push' ? 'Embedding page' : source.url;
}

/**
 * The ways to begin.
 * @param {HTMLElement} element
 * @param {App} app
 * @param {() => void} chosen
 */
function mountBegin(element, app, chosen) {
  const { store, actions } = app.live;
  const title = h('h1', null, 'Watch the model on a stream.');
  /** @param {import('../engine/live/types.js').StreamSource} source */
  const begin = (source) => {
    chosen();
    void actions.start(source);
  };
  const url = h('input', { id: 'live-url', type: 'text', placeholder: '/demo-stream/events', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'live-url-hint live-url-problem' });
  const kind = h('select', { id: 'live-kind', 'aria-label': 'Kind of connection' });
  put(kind, h('option', { value: 'events' }, 'events (EventSource)'), h('option', { value: 'socket' }, 'WebSocket'));
  const urlProblem = h('p', { id: 'live-url-problem', role: 'alert' });
  const connect = h(
    'form',
    {
      class: 'row',
      novalidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const problem = checkAddress(url.value, kind.value);
        say(urlProblem, problem);
        url.toggleAttribute('aria-invalid', problem !== '');
        if (problem === '') begin({ kind: kind.value === 'socket' ? 'socket' : 'events', url: url.value.trim() });
        else url.focus();
      },
    },
    h('div', { class: 'field grow' }, h('label', { for: 'live-url' }, 'Address on this server'), h('div', { class: 'joined' }, kind, url)),
    h('button', { type: 'submit' }, 'Connect'),
  );
  const lead = h('p', { class: 'soft' }, 'Every row is scored here as it comes, counted, and compared with what the model was trained on. Nothing leaves this tab.');
  put(
    element,
    title,
    lead,
    h(
      'div',
      { class: 'begin' },
      h(
        'div',
        { class: 'drop' },
        h('p', { class: 'drop-title' }, 'Generated traffic'),
        h(
          'button',
          { type: 'button', class: 'primary', onclick: () => begin({ kind: 'demo', ...remembered(store.get()) }) },
          'Start the demo',
        ),
        h('p', { class: 'hint' }, '200 transactions a second, no real data in them. Change the rate, or let something go wrong: a column shifts, a fraud wave comes, a unit changes.'),
      ),
      h(
        'div',
        { class: 'demo' },
        h('p', { class: 'drop-title' }, 'Replay a CSV'),
        h('button', { type: 'button', onclick: () => app.chooseStream() }, 'Choose a file to replay'),
        h('p', { class: 'hint' }, 'Or drop it on this page. At a fixed rate, or by the file’s own time column.'),
      ),
    ),
    h(
      'details',
      { class: 'live-more' },
      h('summary', null, 'From this server, or from an embedding page'),
      h(
        'div',
        { class: 'report-body' },
        h(
          'div',
          null,
          connect,
          urlProblem,
          h('p', { class: 'hint', id: 'live-url-hint' }, 'Only this page’s own server can be reached. When the connection breaks it is tried again, at growing intervals. Messages that are no rows are counted and shown; they never stop the stream. To try it: start ./serve.py --demo-stream and connect to /demo-stream/events or /demo-stream/socket.'),
        ),
        h(
          'div',
          null,
          h('button', { type: 'button', onclick: () => begin({ kind: 'push', name: 'embedding page' }) }, 'Wait for an embedding page'),
          h('p', { class: 'hint' }, 'A page that shows this one in a frame can send rows with postMessage, if you allow its address.'),
        ),
      ),
    ),
    h(
      'section',
      { class: 'comes', 'aria-label': 'What you get' },
      h('div', null, h('h2', null, 'What comes'), h('p', null, 'Fraud rate with its interval, mean score, risk mix, speed: for a window you choose and since the start.')),
      h('div', null, h('h2', null, 'What changed'), h('p', null, 'Columns that drifted from the training data, with the bins and the rows behind them.')),
      h('div', null, h('h2', null, 'What needs you'), h('p', null, 'Alerts by rules you can change. One line per alert, however often it fires.')),
    ),
  );
  return store.watch(['source', 'tick'], (state) => {
    const on = hasBegun(state);
    title.hidden = on;
    lead.hidden = on;
  });
}

/** @param {LiveState} state */
function remembered({ settings }) {
  const source = settings.source;
  return source?.kind === 'demo' ? { rate: source.rate, scenario: source.scenario } : { rate: DEFAULT_RATE, scenario: /** @type {const} */ ('calm') };
}

/**
 * What is wrong with an address; empty: nothing.
 * @param {string} text
 * @param {string} kind
 */
function checkAddress(text, kind) {
  if (text.trim() === '') return 'Type an address such as /demo-stream/events.';
  try {
    const here = new URL(location.href);
    const wanted = new URL(text.trim(), here);
    if (wanted.host !== here.host) return `Only this page’s own server, ${here.host}, can be reached.`;
    const fits = kind === 'socket' ? /^(wss?|https?):$/ : /^https?:$/;
    return fits.test(wanted.protocol) ? '' : `An address beginning with ${wanted.protocol} does not fit.`;
  } catch {
    return 'This is not an address.';
  }
}
