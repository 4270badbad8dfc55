// @ts-check
// Alerts: one line per episode, firing ones first; what was; consent to notifications.

import { count } from '../state/format.js';
import { alertsLine, clock, lasting, moment, severityMark, sortEpisodes, statisticPhrase, statisticValue } from '../state/live_words.js';
import { h, put, say } from './dom.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/live/types.js').AlertEpisode} AlertEpisode */

const LINES = 20;
const HISTORY = 100;
const HOUR_MS = 3_600_000;

/** @param {'info' | 'warning' | 'alert'} severity */
export const severityBadge = (severity) =>
  h('span', { class: `severity ${severity}` }, h('span', { 'aria-hidden': true }, `${severityMark(severity)} `), severity);

/**
 * @param {HTMLElement} element
 * @param {App} app
 * @param {import('./live_pace.js').Pacer} pacer
 */
export function mount(element, app, pacer) {
  const { store, actions } = app.live;
  const line = h('span', { class: 'soft' });
  const all = h('button', { type: 'button', onclick: () => actions.acknowledge(0) }, 'Acknowledge all');
  const told = h('p', { class: 'unseen', role: 'alert' });
  const none = h('p', { class: 'hint' });
  const list = h('ul', { class: 'alerts' });
  const more = h('p', { class: 'hint' });
  const history = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Earlier alerts' });
  const historyTitle = h('summary', null);
  const details = h('details', { class: 'history' }, historyTitle, history);
  const notify = h('input', { type: 'checkbox', id: 'live-notify' });
  const notifyWords = h('p', { class: 'hint', id: 'live-notify-words' });
  notify.setAttribute('aria-describedby', notifyWords.id);
  notify.addEventListener('change', async () => {
    await actions.setNotify(notify.checked);
    notify.checked = store.get().settings.notify;
  });
  put(
    element,
    h('div', { class: 'section-title' }, h('h2', null, 'Alerts'), line, h('span', { class: 'push' }), all),
    told,
    none,
    list,
    more,
    details,
    h('div', { class: 'check' }, notify, h('label', { for: 'live-notify' }, 'Notifications of the browser')),
    notifyWords,
  );

  /** @type {Map<number, ReturnType<typeof createLine>>} */
  const lines = new Map();

  function show() {
    const { tick } = store.get();
    if (!tick) return;
    const { alerts, now } = tick;
    const { firing, ended } = sortEpisodes(alerts.episodes);
    say(line, alertsLine(alerts));
    all.hidden = firing.filter(({ acknowledged_ms }) => acknowledged_ms < 0).length < 2;
    none.hidden = firing.length > 0;
    const rules = store.get().rules.filter(({ enabled }) => enabled !== false).length;
    say(none, tick.total === 0 ? `${count(rules)} rules look at the figures below as rows come.` : `No alert is firing. ${count(rules)} rules are looked at ten times a second.`);
    const shown = firing.slice(0, LINES);
    const wanted = shown.map((episode) => {
      const found = lines.get(episode.number) ?? createLine(episode, app);
      lines.set(episode.number, found);
      const silenced = alerts.rules.find(({ id }) => id === episode.rule)?.silenced_until_ms ?? 0;
      found.show(episode, now, silenced);
      return found.element;
    });
    for (const number of [...lines.keys()]) if (!shown.some((episode) => episode.number === number)) lines.delete(number);
    if (wanted.length !== list.childElementCount || wanted.some((each, i) => list.children[i] !== each)) {
      const focused = document.activeElement instanceof HTMLElement && list.contains(document.activeElement) ? document.activeElement : null;
      list.replaceChildren(...wanted);
      if (focused?.isConnected) focused.focus();
    }
    more.hidden = alerts.firing <= LINES;
    say(more, `${count(alerts.firing - LINES)} more are firing.`);
    details.hidden = ended.length === 0 && alerts.forgotten === 0;
    say(historyTitle, `Earlier (${count(ended.length + alerts.forgotten)})`);
    showHistory(ended, alerts.forgotten, now);
  }

  let shownHistory = '';
  /**
   * @param {AlertEpisode[]} ended
   * @param {number} forgotten
   * @param {number} now
   */
  function showHistory(ended, forgotten, now) {
    if (!details.open) return;
    const part = ended.slice(0, HISTORY);
    const key = `${forgotten} ${ended.length} ${part.map(({ number, count: times, acknowledged_ms }) => `${number}:${times}:${acknowledged_ms}`).join()}`;
    if (key === shownHistory) return;
    shownHistory = key;
    const head = ['Severity', 'Alert', 'Began', 'Lasted', 'Fired at', 'Worst', 'Times', 'Acknowledged'];
    put(
      history,
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'unseen' }, 'Alerts that ended, the newest first'),
        h('thead', null, h('tr', null, ...head.map((text, i) => h('th', { scope: 'col', class: i >= 2 ? 'num' : '' }, text)))),
        h(
          'tbody',
          null,
          ...part.map((episode) =>
            h(
              'tr',
              null,
              h('td', null, severityBadge(episode.severity)),
              h('th', { scope: 'row' }, episode.name),
              h('td', { class: 'num' }, moment(episode.since_ms, now)),
              h('td', { class: 'num' }, lasting(episode.ended_ms - episode.since_ms)),
              h('td', { class: 'num' }, statisticValue(episode.statistic, episode.first_value)),
              h('td', { class: 'num' }, statisticValue(episode.statistic, episode.worst_value)),
              h('td', { class: 'num' }, count(episode.count)),
              h('td', { class: 'num' }, episode.silenced ? 'silenced' : episode.acknowledged_ms >= 0 ? moment(episode.acknowledged_ms, now) : '–'),
            ),
          ),
        ),
      ),
      (forgotten > 0 || ended.length > HISTORY) && h('p', { class: 'hint' }, `${count(forgotten + ended.length - part.length)} older ones are not listed.`),
    );
  }
  details.addEventListener('toggle', show);

  const ask = pacer.piece(250, show);
  const stops = [
    store.watch(['tick', 'rules'], ask),
    store.watch(['announced'], ({ announced }) => say(told, announced.text)),
    store.watch(['permission', 'settings'], ({ permission, settings }) => {
      notify.checked = settings.notify && permission === 'granted';
      notify.disabled = permission === 'unsupported';
      const words = {
        unsupported: 'This browser has none here; alerts are shown on the page and in its title.',
        default: 'The browser asks you once. A notification names the alert and its value, nothing else.',
        granted: 'A notification names the alert and its value, nothing else.',
        denied: 'The browser refuses them for this address. Allow notifications in its site settings, then switch this on. Alerts stay on the page and in its title.',
      };
      say(notifyWords, words[permission]);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * A line that stays the same element as long as its episode fires, so that focus is not lost.
 * @param {AlertEpisode} first
 * @param {App} app
 */
function createLine(first, app) {
  const { actions } = app.live;
  const value = h('span', { class: 'strong' });
  const since = h('span', { class: 'soft' });
  const times = h('span', { class: 'times' });
  const seen = h('span', { class: 'soft' });
  const acknowledge = h('button', { type: 'button', 'aria-label': `Acknowledge ${first.name}`, onclick: () => actions.acknowledge(first.number) }, 'Acknowledge');
  let silencedUntil = 0;
  const silence = h('button', { type: 'button', class: 'quiet' }, 'Silence 1 h');
  silence.addEventListener('click', () => actions.silence(first.rule, silencedUntil > 0 ? 0 : Date.now() + HOUR_MS));
  const element = h(
    'li',
    null,
    h('div', { class: 'alert-words' }, severityBadge(first.severity), h('strong', null, first.name), value, times, since, seen),
    h('div', { class: 'row' }, acknowledge, silence),
  );
  return {
    element,
    /**
     * @param {AlertEpisode} episode
     * @param {number} now
     * @param {number} silenced until, ms
     */
    show(episode, now, silenced) {
      silencedUntil = silenced > now ? silenced : 0;
      say(value, `now ${statisticPhrase(episode.statistic, episode.last_value)}`);
      say(times, episode.count > 1 ? `×${count(episode.count)}` : '');
      times.hidden = episode.count <= 1;
      times.title = `Fired ${episode.count} times`;
      say(since, `since ${moment(episode.since_ms, now)}, for ${lasting(now - episode.since_ms)}, worst ${statisticValue(episode.statistic, episode.worst_value)}`);
      const done = episode.acknowledged_ms >= 0;
      acknowledge.hidden = done;
      element.classList.toggle('acknowledged', done);
      const parts = [];
      if (done) parts.push(`acknowledged ${clock(episode.acknowledged_ms)}`);
      if (silencedUntil > 0) parts.push(`silenced until ${clock(silencedUntil)}`);
      say(seen, parts.join(', '));
      seen.hidden = parts.length === 0;
      say(silence, silencedUntil > 0 ? 'End silence' : 'Silence 1 h');
      silence.setAttribute('aria-label', `${silencedUntil > 0 ? 'End the silence of' : 'Silence for 1 hour:'} ${episode.name}`);
    },
  };
}
