// @ts-check
// The rules that make alerts: list, switch, change, add, delete, defaults, export, import. The engine checks them.

import { count } from '../state/format.js';
import { SEVERITIES, STATISTICS, conditionWords, lasting, statisticOf } from '../state/live_words.js';
import { h, put, say } from './dom.js';
import { severityBadge } from './live_alerts.js';
import { field } from './live_source.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../engine/live/types.js').AlertRule} AlertRule */

/**
 * @param {HTMLElement} element
 * @param {App} app
 */
export function mount(element, app) {
  const { store, actions } = app.live;
  const title = h('summary', null, 'Rules');
  const problem = h('p', { class: 'refused', role: 'alert' });
  const table = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rules' });
  const editor = h('div');
  const undo = h('button', { type: 'button', class: 'linklike' }, 'Take the last change back');
  const add = h('button', { type: 'button' }, 'Add a rule');
  const defaults = h('button', { type: 'button' }, 'Back to the defaults');
  const save = h('button', { type: 'button' }, 'Export');
  const load = h('input', { type: 'file', accept: '.json,application/json', hidden: true, 'aria-label': 'Rules file' });
  const choose = h('button', { type: 'button', onclick: () => load.click() }, 'Import');
  const details = h(
    'details',
    { class: 'rules' },
    title,
    h('div', { class: 'stack' }, problem, table, editor, h('div', { class: 'row' }, add, defaults, choose, save, undo, load)),
  );
  put(element, details);

  load.addEventListener('change', async () => {
    const file = load.files?.[0];
    load.value = '';
    if (file && (await actions.importRules(file))) edit(null);
  });
  save.addEventListener('click', () => app.offer(new Blob([actions.exportRules()], { type: 'application/json' }), 'firetower-alert-rules.json'));
  defaults.addEventListener('click', async () => {
    if (await actions.setRules(null)) edit(null);
  });
  undo.addEventListener('click', async () => {
    const { rulesBefore } = store.get();
    if (rulesBefore && (await actions.setRules(rulesBefore))) edit(null);
    title.focus();
  });
  add.addEventListener('click', () => edit({ id: freshId(store.get().rules), name: '', statistic: 'fraud_rate', scope: 'window', above: 0.01, for_seconds: 0, cooldown_seconds: 60, min_rows: 1000, severity: 'warning', enabled: true }, true));

  /**
   * @param {AlertRule | null} rule null: closes the editor
   * @param {boolean} [fresh]
   */
  function edit(rule, fresh = false) {
    put(editor, rule && ruleForm(app, rule, fresh, () => edit(null)));
    add.hidden = rule !== null;
    if (rule) editor.querySelector('input')?.focus();
    else if (!editor.contains(document.activeElement) && document.activeElement === document.body) title.focus();
  }

  const stops = [
    store.watch(['rules'], ({ rules }) => {
      say(title, `Rules (${count(rules.length)})`);
      const within = table.contains(document.activeElement) ? document.activeElement?.id : undefined;
      put(
        table,
        h(
          'table',
          { class: 'grid' },
          h('caption', { class: 'unseen' }, 'Rules'),
          h('thead', null, h('tr', null, ...['On', 'Rule', 'Holds when', 'Severity', 'Quiet after', 'From rows', ''].map((text) => h('th', { scope: 'col' }, text === '' ? h('span', { class: 'unseen' }, 'Change') : text)))),
          h('tbody', null, ...rules.map((rule, i) => ruleRow(app, rule, i, () => edit(rule)))),
        ),
      );
      if (within) document.getElementById(within)?.focus();
    }),
    store.watch(['rulesProblem'], ({ rulesProblem }) => {
      say(problem, rulesProblem === '' ? '' : `Refused, nothing was changed: ${rulesProblem}`);
      problem.hidden = rulesProblem === '';
      if (rulesProblem !== '') details.open = true;
    }),
    store.watch(['rulesBefore'], ({ rulesBefore }) => {
      undo.hidden = rulesBefore === null;
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {App} app
 * @param {AlertRule} rule
 * @param {number} i
 * @param {() => void} edit
 */
function ruleRow(app, rule, i, edit) {
  const { store, actions } = app.live;
  const on = h('input', { type: 'checkbox', id: `rule-on-${i}`, checked: rule.enabled !== false, 'aria-label': `${rule.name}: on` });
  on.addEventListener('change', async () => {
    const done = await actions.setRules(store.get().rules.map((each) => (each.id === rule.id ? { ...each, enabled: on.checked } : each)));
    if (!done) on.checked = !on.checked;
  });
  return h(
    'tr',
    null,
    h('td', null, on),
    h('th', { scope: 'row', class: 'rule-name' }, rule.name),
    h('td', { class: 'rule-name' }, conditionWords(rule)),
    h('td', null, severityBadge(rule.severity ?? 'alert')),
    h('td', { class: 'num' }, lasting(1000 * (rule.cooldown_seconds ?? 0))),
    h('td', { class: 'num' }, count(rule.min_rows ?? 0)),
    h('td', null, h('button', { type: 'button', class: 'linklike', id: `rule-edit-${i}`, 'aria-label': `Change ${rule.name}`, onclick: edit }, 'change')),
  );
}

/** @param {AlertRule[]} rules */
function freshId(rules) {
  let number = rules.length + 1;
  while (rules.some(({ id }) => id === `rule-${number}`)) number += 1;
  return `rule-${number}`;
}

/**
 * @param {App} app
 * @param {AlertRule} rule
 * @param {boolean} fresh
 * @param {() => void} close
 */
function ruleForm(app, rule, fresh, close) {
  const { store, actions } = app.live;
  const of = statisticOf(rule.statistic);
  const name = h('input', { id: 'rule-name', maxlength: 200, required: true, value: rule.name, autocomplete: 'off' });
  const statistic = h('select', { id: 'rule-statistic' });
  const key = (/** @type {{name: string, column?: boolean}} */ each) => `${each.name}${each.column ? '.' : ''}`;
  put(
    statistic,
    ...STATISTICS.map((each) => h('option', { value: key(each) }, each.label)),
    !of.known && h('option', { value: rule.statistic }, rule.statistic),
  );
  statistic.value = of.known ? key(of.known) : rule.statistic;
  const column = h('select', { id: 'rule-column' });
  put(column, ...(app.store.get().model?.features ?? []).map((feature) => h('option', { value: feature.name }, feature.name)));
  if (of.column !== '') column.value = of.column;
  const columnField = field('Column', column);
  const compare = h('select', { id: 'rule-compare' });
  put(compare, h('option', { value: 'above' }, 'above'), h('option', { value: 'below' }, 'below'), h('option', { value: 'band' }, 'outside a band'));
  compare.value = rule.above !== undefined && rule.below !== undefined ? 'band' : rule.below !== undefined ? 'below' : 'above';
  const number = (/** @type {string} */ id, /** @type {number | undefined} */ value, /** @type {Record<string, unknown>} */ more = {}) =>
    h('input', { id, type: 'number', step: 'any', value: value === undefined ? '' : String(value), ...more });
  const low = number('rule-below', rule.below);
  const high = number('rule-above', rule.above);
  const lowField = field('Low', low, 'small');
  const highField = field('High', high, 'small');
  const held = number('rule-for', rule.for_seconds ?? 0, { min: 0, max: 86400 });
  const quiet = number('rule-cooldown', rule.cooldown_seconds ?? 0, { min: 0, max: 86400 });
  const rows = number('rule-rows', rule.min_rows ?? 0, { min: 0, step: 1 });
  const severity = h('select', { id: 'rule-severity' });
  put(severity, ...SEVERITIES.map((each) => h('option', { value: each }, each)));
  severity.value = rule.severity ?? 'alert';
  const scope = h('select', { id: 'rule-scope' });
  put(scope, h('option', { value: 'window' }, 'the window'), h('option', { value: 'overall' }, 'everything since the start'));
  scope.value = rule.scope ?? 'window';
  const hint = h('p', { class: 'hint' });

  function follow() {
    const each = statisticOf(`${statistic.value}${statistic.value.endsWith('.') ? column.value : ''}`);
    columnField.hidden = !statistic.value.endsWith('.');
    lowField.hidden = compare.value === 'above';
    highField.hidden = compare.value === 'below';
    say(/** @type {Element} */ (highField.firstChild), compare.value === 'above' ? 'Value' : 'High');
    say(/** @type {Element} */ (lowField.firstChild), compare.value === 'below' ? 'Value' : 'Low');
    say(hint, each.known?.kind === 'share' ? 'Shares are written as parts of 1: 0.01 is 1 %.' : '');
  }
  statistic.addEventListener('change', follow);
  compare.addEventListener('change', follow);
  follow();

  /** @returns {AlertRule} */
  function read() {
    const value = (/** @type {HTMLInputElement} */ input) => (input.value === '' ? undefined : input.valueAsNumber);
    /** @type {AlertRule} */
    const next = {
      id: rule.id,
      name: name.value.trim(),
      statistic: statistic.value.endsWith('.') ? `${statistic.value}${column.value}` : statistic.value,
      scope: scope.value === 'overall' ? 'overall' : 'window',
      for_seconds: value(held) ?? 0,
      cooldown_seconds: value(quiet) ?? 0,
      min_rows: value(rows) ?? 0,
      severity: /** @type {AlertRule['severity']} */ (severity.value),
      enabled: rule.enabled !== false,
    };
    const above = compare.value === 'below' ? undefined : value(high);
    const below = compare.value === 'above' ? undefined : value(low);
    if (above !== undefined) next.above = above;
    if (below !== undefined) next.below = below;
    return next;
  }

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const next = read();
    const { rules } = store.get();
    const done = await actions.setRules(fresh ? [...rules, next] : rules.map((each) => (each.id === rule.id ? next : each)));
    if (done) close();
  };
  const remove = async () => {
    if (await actions.setRules(store.get().rules.filter((each) => each.id !== rule.id))) close();
  };
  return h(
    'form',
    { class: 'rule-form', 'aria-label': fresh ? 'New rule' : `Change ${rule.name}`, novalidate: true, onsubmit: submit },
    h(
      'div',
      { class: 'fields' },
      field('Name', name, 'grow'),
      field('Figure', statistic),
      columnField,
      field('Holds when', compare),
      lowField,
      highField,
      field('For, seconds', held, 'small'),
      field('Quiet after, seconds', quiet, 'small'),
      field('From rows', rows, 'small'),
      field('Severity', severity),
      field('Of', scope),
    ),
    hint,
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'submit', class: 'primary' }, fresh ? 'Add' : 'Save'),
      h('button', { type: 'button', onclick: close }, 'Cancel'),
      !fresh && h('button', { type: 'button', class: 'quiet', onclick: remove }, 'Delete this rule'),
    ),
  );
}
