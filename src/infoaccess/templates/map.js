// What a live map does; loaded after page.js, on pages with a map.
'use strict';

const STATES = { s: 'suppressed', e: 'empty', m: 'missing', i: 'incomparable' };
const maps = {}; // what the page's maps know, by id: a map of change shows the months of the first map

// A cell is written as its state's first letter, as "tenths of a per cent;detail", or as [value, text, detail].
function readCell(data, raw) {
  if (Array.isArray(raw)) return { value: raw[0], text: raw[1], detail: raw[2] && raw[2] + data.unit };
  if (STATES[raw]) return { state: STATES[raw], text: data.words[STATES[raw]] || words[STATES[raw]], detail: '' };
  const [value, detail] = raw.split(';');
  const [whole, rest] = [Math.trunc(value / 10), value % 10];
  return { value: Number(value), text: data.format.replace(/0(.)0/, `${whole}$1${rest}`), detail: detail && detail + data.unit };
}

function prepare(id) {
  const data = read('map-' + id);
  const known = new Map();
  data.cell = (layer, measure, code, month) => {
    const { cells, first } = data.layers[layer];
    const list = cells[data.measures[measure].id][code];
    const key = [layer, measure, code].join();
    if (!known.has(key)) known.set(key, (typeof list === 'string' ? list.split('|') : list).map((raw) => readCell(data, raw)));
    return known.get(key)[month - first];
  };
  maps[id] = data;
  return data;
}

function everyMonth(data, layer, measure, code, open) {
  const line = (tag, texts) => make('tr', {}, ...texts.map((text) => make(tag, {}, text)));
  const { first, count } = data.layers[layer];
  const rows = data.months.slice(first, first + count).map((month, place) => {
    const cell = data.cell(layer, measure, code, first + place);
    return line('td', [month[1], cell.text, cell.detail]);
  });
  const table = make('table', {}, make('thead', {}, line('th', [words.month, words.value, words.detail])), make('tbody', {}, ...rows.reverse()));
  const scroll = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.all_months }, table);
  return make('details', open ? { open: '' } : {}, make('summary', {}, words.all_months), scroll);
}

function startMap(box) {
  const data = prepare(box.dataset.map);
  const base = maps[data.base] || data;
  const role = (name) => one(`[data-role="${name}"]`, box);
  const [svg, tip, panel] = [one('.map-svg', box), one('.map-tip', box), one('.map-panel', box)];
  const hint = panel.firstElementChild;
  const last = data.months.length - 1;
  const state = { month: last, measure: 0, mode: 0, layer: 0, unit: data.own, near: data.own, timer: 0 };
  const layers = data.layers.map((_, place) => new Map(all(`[data-layer="${place}"] [data-code]`, svg).map((unit) => [unit.dataset.code, unit])));
  const paths = () => layers[state.layer];
  const units = () => data.layers[state.layer].units;
  const group = one('[data-code]', svg).parentElement.parentElement;
  const marks = ['chosen', 'near'].map((name) => group.appendChild(make('use', { class: 'map-' + name, fill: 'none', 'pointer-events': 'none' })));
  const mark = (place, code) => (code ? marks[place].setAttribute('href', paths().get(code).getAttribute('href')) : marks[place].removeAttribute('href'));
  const cellOf = (code, measure = state.measure) => data.cell(state.layer, measure, code, state.month);
  const said = (cell) => cell.text + (cell.detail ? ` (${cell.detail})` : '');
  const placeOf = (cell) => cell.state || (data.measures[state.measure].breaks?.filter((limit) => cell.value >= limit).length ?? cell.value);

  function draw() {
    const measure = data.measures[state.measure];
    const [layer, says] = data.modes[state.mode][state.month];
    if (layer !== state.layer) [state.layer, state.unit, state.near] = [layer, null, null];
    all('[data-layer]', svg).forEach((part) => part.toggleAttribute('hidden', Number(part.dataset.layer) !== layer));
    state.near ??= paths().keys().next().value;
    const counts = {};
    for (const [code, path] of paths()) {
      const cell = cellOf(code);
      const place = placeOf(cell);
      counts[place] = (counts[place] || 0) + 1;
      const fill = cell.state ? data.fills[place] : measure.colours[place];
      path.setAttribute('fill', fill);
      for (const label of all(`[data-layer="${layer}"] [data-label="${code}"]`, svg)) {
        label.setAttribute('fill', isDeep(fill) ? '#ffffff' : '#1b2733');
        label.setAttribute('stroke', isDeep(fill) ? fill : '#ffffff');
      }
      path.setAttribute('aria-label', `${units()[code][0]}: ${said(cell)}`);
      path.setAttribute('aria-pressed', code === state.unit);
      path.setAttribute('tabindex', code === state.near ? 0 : -1);
    }
    all('[data-legend]', box).forEach((list) => { list.hidden = Number(list.dataset.legend) !== state.measure; });
    all('[data-class] .count', box).forEach((count) => { count.textContent = `${counts[count.parentElement.dataset.class] || 0}`; });
    role('measure').textContent = measure.label;
    all('[data-role="month"]', box).forEach((output) => { output.textContent = data.months[state.month][0]; });
    if (role('slider')) {
      role('slider').value = state.month;
      role('slider').setAttribute('aria-valuetext', data.months[state.month][0]);
    }
    if (role('says')) role('says').textContent = data.says[says];
    mark(0, state.unit);
    const names = Object.entries(units()).map(([code, [name]]) => [code, name]).sort((a, b) => a[1].localeCompare(b[1], 'vi'));
    role('units').replaceChildren(...[['', data.words.choose], ...names].map(([value, name]) => make('option', { value }, name)));
    role('units').value = state.unit || '';
    drawPanel();
  }

  function drawPanel() {
    panel.hidden = false;
    if (!state.unit) return panel.replaceChildren(hint);
    const [name, , , area, became] = units()[state.unit];
    const open = one('details', panel)?.open;
    const close = make('button', { type: 'button', class: 'map-close', 'aria-label': data.words.close, title: data.words.close }, '×');
    close.onclick = () => { const code = state.near; choose(null); paths().get(code).focus(); };
    const facts = (...list) => make('dl', {}, ...list.flatMap((place) => {
      const cell = cellOf(state.unit, place);
      return [make('dt', {}, data.measures[place].label), make('dd', {}, make('b', {}, cell.text), ' ', cell.detail)];
    }));
    const chosen = data.series ? data.series[state.measure] : [state.measure];
    const layer = data.base ? 0 : state.layer;
    const many = base.layers[layer].count > 1 && base.layers[layer].units[state.unit];
    const titled = (place) => (data.series ? [make('p', { class: 'map-series' }, base.measures[place].label)] : []);
    const lines = many ? chosen.flatMap((place) => [...titled(place), ...sparkline(base, layer, place, state.unit, data.base ? -1 : state.month)]) : [];
    const others = data.measures.map((_, place) => place).filter((place) => place !== state.measure);
    panel.replaceChildren(close,
      make('p', { class: 'map-unit' }, make('b', {}, name), ' ', make('small', {}, [data.months[state.month][0], area].filter(Boolean).join(' · '))),
      ...(became ? [make('p', { class: 'map-became' }, became)] : []),
      facts(state.measure), ...lines, ...(others.length ? [facts(...others)] : []),
      ...(many ? [everyMonth(base, layer, chosen[0], state.unit, open)] : []));
  }

  function showTip(code, left, top) {
    const stage = tip.parentElement.getBoundingClientRect();
    if (left === undefined) {
      const area = paths().get(code).getBoundingClientRect();
      [left, top] = [area.left + area.width / 2, area.top + area.height / 2];
    }
    const cell = cellOf(code);
    tip.replaceChildren(make('b', {}, units()[code][0]), make('span', { class: 'tip-value' }, cell.text),
      make('span', {}, cell.detail), make('small', {}, data.months[state.month][0]));
    tip.hidden = false;
    const [wide, tall] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(0, Math.min(left - stage.left + 14, stage.width - wide))}px`;
    tip.style.top = `${top - stage.top > tall + 20 ? top - stage.top - tall - 12 : top - stage.top + 18}px`;
    mark(1, code);
  }
  // The mark stays on the unit that the keyboard is on.
  function hideTip() { tip.hidden = true; mark(1, one('[data-code]:focus-visible', svg)?.dataset.code); }
  function choose(code) {
    state.unit = code;
    if (code) state.near = code;
    draw();
    if (code && innerWidth < 900) panel.scrollIntoView({ block: 'nearest' });
  }
  function stop() {
    clearInterval(state.timer);
    state.timer = 0;
    role('play-word').textContent = words.play;
  }

  // The nearest unit in the arrow's direction, sideways distance counting double.
  function step(key) {
    const [, x, y] = units()[state.near];
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = null;
    for (const [code, [, ux, uy]] of Object.entries(units())) {
      const ahead = (ux - x) * dx + (uy - y) * dy;
      const cost = ahead + 2 * Math.abs((ux - x) * dy + (uy - y) * dx);
      if (ahead > 1 && (!best || cost < best.cost)) best = { code, cost };
    }
    if (best) { state.near = best.code; draw(); paths().get(best.code).focus(); }
  }

  svg.setAttribute('role', 'group');
  svg.setAttribute('aria-label', box.closest('figure')?.getAttribute('aria-label') || '');
  for (const [code, path] of layers.flatMap((layer) => [...layer])) {
    path.setAttribute('role', 'button');
    path.onpointermove = (event) => showTip(code, event.clientX, event.clientY);
    path.onpointerleave = hideTip;
    path.onclick = () => choose(code);
    path.onfocus = () => showTip(code);
    path.onblur = hideTip;
  }
  svg.onkeydown = (event) => {
    if (event.key.startsWith('Arrow')) step(event.key);
    else if (event.key === 'Enter' || event.key === ' ') choose(state.near);
    else return;
    event.preventDefault();
  };
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || (tip.hidden && !state.unit)) return;
    const inside = panel.contains(document.activeElement);
    hideTip();
    choose(null);
    if (inside) paths().get(state.near).focus();
    event.preventDefault();
  });
  role('units').onchange = (event) => choose(event.target.value || null);
  for (const name of ['measure', 'mode']) {
    if (role(name + 's')) role(name + 's').onchange = (event) => { state[name] = Number(event.target.value); draw(); };
  }
  if (role('slider')) {
    role('slider').oninput = (event) => { stop(); state.month = Number(event.target.value); draw(); };
    role('play').onclick = () => {
      if (state.timer) return stop();
      if (state.month === last) { state.month = 0; draw(); }
      role('play-word').textContent = words.pause;
      const pace = matchMedia('(prefers-reduced-motion: reduce)').matches ? 2500 : 900;
      state.timer = setInterval(() => { state.month += 1; draw(); if (state.month >= last) stop(); }, pace);
    };
    stop();
  }

  startZoom(svg, one('.map-zoom', box), () => state.unit && units()[state.unit].slice(1, 3));
  startFull(box, role('full'));
  all('.map-controls, .map-time, .map-zoom', box).forEach((part) => { part.hidden = false; });
  draw();
}

function isDeep(colour) {
  if (!colour.startsWith('#')) return false;
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 112;
}

for (const box of all('.map')) {
  startMap(box);
  box.closest('figure')?.classList.add('started');
}
