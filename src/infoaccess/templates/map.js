// What a live map does; loaded after page.js, on pages with a map.
'use strict';

function startMap(box) {
  const data = read('map-' + box.dataset.map);
  const role = (name) => one(`[data-role="${name}"]`, box);
  const svg = one('.map-svg', box);
  const tip = one('.map-tip', box);
  const panel = one('.map-panel', box);
  const hint = panel.firstElementChild;
  const paths = new Map(all('[data-code]', svg).map((path) => [path.dataset.code, path]));
  const labels = {};
  for (const label of all('[data-label]', svg)) (labels[label.dataset.label] ??= []).push(label);
  const last = data.months.length - 1;
  const state = { month: last, measure: 0, unit: data.own, near: data.own || paths.keys().next().value, timer: 0 };
  const group = paths.get(state.near).parentElement.parentElement;
  const marks = ['chosen', 'near'].map((name) => group.appendChild(make('path', { class: 'map-' + name, fill: 'none', 'pointer-events': 'none', 'vector-effect': 'non-scaling-stroke' })));

  const cellOf = (code, measure = state.measure, month = state.month) => data.cells[data.measures[measure].id][code][month];
  const textOf = (cell) => (typeof cell === 'string' ? words[cell] : cell[1]);
  const detailOf = (cell) => (typeof cell === 'string' ? '' : cell[2]);
  const wholeOf = (cell) => textOf(cell) + (detailOf(cell) ? ` (${detailOf(cell)})` : '');
  function classOf(cell) {
    if (typeof cell === 'string') return cell;
    return data.measures[state.measure].breaks.filter((limit) => Math.round(cell[0] * 1000) >= Math.round(limit * 1000)).length;
  }

  function draw() {
    const measure = data.measures[state.measure];
    const counts = {};
    for (const [code, path] of paths) {
      const cell = cellOf(code);
      const place = classOf(cell);
      counts[place] = (counts[place] || 0) + 1;
      const fill = typeof cell === 'string' ? data.fills[cell] : measure.colours[place];
      path.setAttribute('fill', fill);
      for (const label of labels[code] || []) {
        label.setAttribute('fill', isDeep(fill) ? '#ffffff' : '#1b2733');
        label.setAttribute('stroke', isDeep(fill) ? fill : '#ffffff');
      }
      path.setAttribute('aria-label', `${data.units[code][0]}: ${wholeOf(cell)}`);
      path.setAttribute('tabindex', code === state.near ? 0 : -1);
    }
    all('[data-legend]', box).forEach((list) => { list.hidden = Number(list.dataset.legend) !== state.measure; });
    all('[data-class]', box).forEach((item) => { one('.count', item).textContent = `${counts[item.dataset.class] || 0}`; });
    role('measure').textContent = measure.label;
    all('[data-role="month"]', box).forEach((output) => { output.textContent = data.months[state.month][0]; });
    if (role('slider')) {
      role('slider').value = state.month;
      role('slider').setAttribute('aria-valuetext', data.months[state.month][0]);
    }
    marks[0].setAttribute('d', state.unit ? paths.get(state.unit).getAttribute('d') : '');
    role('units').value = state.unit || '';
    drawPanel();
  }

  function drawPanel() {
    panel.hidden = false;
    if (!state.unit) return panel.replaceChildren(hint);
    const [name, , , area] = data.units[state.unit];
    const fact = (place) => {
      const cell = cellOf(state.unit, place);
      return [make('dt', {}, data.measures[place].label), make('dd', {}, make('b', {}, textOf(cell)), ' ', detailOf(cell))];
    };
    const places = data.measures.map((_, place) => place).filter((place) => place !== state.measure);
    const facts = (...list) => make('dl', {}, ...list.flatMap(fact));
    panel.replaceChildren(
      make('p', { class: 'map-unit' }, make('b', {}, name), ' ',
        make('small', {}, [data.months[state.month][0], area].filter(Boolean).join(' · '))),
      facts(state.measure), ...(last ? [sparkline()] : []), facts(...places), ...(last ? [everyMonth()] : []));
  }

  function everyMonth() {
    const line = (tag, texts) => make('tr', {}, ...texts.map((text) => make(tag, {}, text)));
    const rows = data.months.map((month, place) => {
      const cell = cellOf(state.unit, state.measure, place);
      return line('td', [month[1], textOf(cell), detailOf(cell)]);
    });
    const head = make('thead', {}, line('th', [words.month, words.value, words.detail]));
    const table = make('table', {}, head, make('tbody', {}, ...rows.reverse()));
    const open = one('details', panel)?.open ? { open: '' } : {};
    return make('details', open, make('summary', {}, words.all_months), make('div', { class: 'scroll', tabindex: 0 }, table));
  }

  // A line of the unit's months; a month without a published figure leaves a gap.
  function sparkline() {
    const cells = data.months.map((_, month) => cellOf(state.unit, state.measure, month));
    const known = cells.filter((cell) => typeof cell !== 'string');
    const picture = make('svg', { viewBox: '0 0 300 110', class: 'spark', role: 'img', 'aria-label': words.series });
    if (!known.length) return picture;
    const lowest = known.reduce((a, b) => (b[0] < a[0] ? b : a));
    const highest = known.reduce((a, b) => (b[0] > a[0] ? b : a));
    const x = (month) => 58 + (month / last) * 232;
    const y = (value) => 82 - ((value - lowest[0]) / (highest[0] - lowest[0] || 1)) * 64;
    const text = (left, top, anchor, content) => make('text', { x: left, y: top, 'text-anchor': anchor }, content);
    picture.append(text(52, 22, 'end', highest[1]), text(58, 105, 'start', data.months[0][1]), text(290, 105, 'end', data.months[last][1]),
      make('line', { x1: 58, x2: 290, y1: 88, y2: 88, class: 'axis' }));
    if (highest[0] > lowest[0]) picture.append(text(52, 86, 'end', lowest[1]));
    let d = '';
    cells.forEach((cell, month) => {
      if (typeof cell === 'string') return;
      const follows = month && typeof cells[month - 1] !== 'string';
      d += `${follows ? 'L' : 'M'}${x(month).toFixed(1)} ${y(cell[0]).toFixed(1)}`;
      if (!follows && typeof (cells[month + 1] ?? '') === 'string') picture.append(make('circle', { cx: x(month), cy: y(cell[0]), r: 2.2 }));
    });
    picture.append(make('path', { d }));
    picture.append(make('line', { x1: x(state.month), x2: x(state.month), y1: 12, y2: 88, class: 'now' }));
    const now = cells[state.month];
    if (typeof now !== 'string') picture.append(make('circle', { cx: x(state.month), cy: y(now[0]), r: 4.5 }));
    return picture;
  }

  function showTip(code, left, top) {
    const stage = tip.parentElement.getBoundingClientRect();
    if (left === undefined) {
      const area = paths.get(code).getBoundingClientRect();
      [left, top] = [area.left + area.width / 2, area.top + area.height / 2];
    }
    const cell = cellOf(code);
    tip.replaceChildren(make('b', {}, data.units[code][0]), make('span', { class: 'tip-value' }, textOf(cell)),
      make('span', {}, detailOf(cell)), make('small', {}, data.months[state.month][0]));
    tip.hidden = false;
    const [wide, tall] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(0, Math.min(left - stage.left + 14, stage.width - wide))}px`;
    tip.style.top = `${top - stage.top > tall + 20 ? top - stage.top - tall - 12 : top - stage.top + 18}px`;
    marks[1].setAttribute('d', paths.get(code).getAttribute('d'));
  }
  function hideTip() { tip.hidden = true; marks[1].setAttribute('d', ''); }
  function choose(code) { state.unit = code; if (code) state.near = code; draw(); }
  function stop() {
    clearInterval(state.timer);
    state.timer = 0;
    role('play-word').textContent = words.play;
  }

  // The nearest unit in the arrow's direction, sideways distance counting double.
  function step(key) {
    const [, x, y] = data.units[state.near];
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = null;
    for (const [code, [, ux, uy]] of Object.entries(data.units)) {
      const ahead = (ux - x) * dx + (uy - y) * dy;
      const cost = ahead + 2 * Math.abs((ux - x) * dy + (uy - y) * dx);
      if (ahead > 1 && (!best || cost < best.cost)) best = { code, cost };
    }
    if (best) { state.near = best.code; draw(); paths.get(best.code).focus(); }
  }

  svg.setAttribute('role', 'group');
  svg.setAttribute('aria-label', box.closest('figure')?.getAttribute('aria-label') || '');
  for (const [code, path] of paths) {
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
    else if (event.key === 'Escape' && !tip.hidden) hideTip();
    else return;
    event.preventDefault();
  };
  role('units').onchange = (event) => choose(event.target.value || null);
  if (role('measures')) role('measures').onchange = (event) => { state.measure = Number(event.target.value); draw(); };
  if (last) {
    role('slider').oninput = (event) => { stop(); state.month = Number(event.target.value); draw(); };
    role('play').onclick = () => {
      if (state.timer) return stop();
      if (state.month === last) { state.month = 0; draw(); }
      role('play-word').textContent = words.pause;
      state.timer = setInterval(() => { state.month += 1; draw(); if (state.month >= last) stop(); }, 900);
    };
    stop();
  }

  startZoom(svg, one('.map-zoom', box), () => state.unit && data.units[state.unit].slice(1, 3));
  startFull(box, role('full'));
  all('.map-controls, .map-time, .map-zoom', box).forEach((part) => { part.hidden = false; });
  draw();
}

function isDeep(colour) {
  if (!colour.startsWith('#')) return false;
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 125;
}

function startZoom(svg, controls, centre) {
  const home = svg.getAttribute('viewBox').split(' ').map(Number);
  let view = [...home];
  const set = (x, y, wide) => {
    const tall = (wide * home[3]) / home[2];
    view = [Math.max(0, Math.min(x, home[2] - wide)), Math.max(0, Math.min(y, home[3] - tall)), wide, tall];
    svg.setAttribute('viewBox', view.join(' '));
    svg.classList.toggle('zoomed', wide < home[2]);
  };
  const zoom = (factor) => {
    const [x, y] = centre() || [view[0] + view[2] / 2, view[1] + view[3] / 2];
    const wide = Math.max(home[2] / 8, Math.min(home[2], view[2] / factor));
    set(x - wide / 2, y - ((wide * home[3]) / home[2]) / 2, wide);
  };
  one('[data-role="zoom-in"]', controls).onclick = () => zoom(1.6);
  one('[data-role="zoom-out"]', controls).onclick = () => zoom(1 / 1.6);
  let from = null;
  svg.onpointerdown = (event) => { if (view[2] < home[2]) from = [event.clientX, event.clientY, view[0], view[1]]; };
  addEventListener('pointermove', (event) => {
    if (!from) return;
    const pixels = view[2] / svg.getBoundingClientRect().width;
    set(from[2] - (event.clientX - from[0]) * pixels, from[3] - (event.clientY - from[1]) * pixels, view[2]);
  });
  for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => { from = null; });
}

function startFull(box, button) {
  // Alone on the screen the map still says what the page's banners say.
  box.prepend(...all('.bar .banner').map((banner) => make('p', { class: 'banner map-banner' }, banner.textContent)));
  const show = (full) => {
    box.classList.toggle('full', full);
    button.lastElementChild.textContent = full ? words.close_full : words.full;
  };
  button.onclick = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (box.requestFullscreen) box.requestFullscreen().catch(() => show(true));
    else show(!box.classList.contains('full')); // phones without the interface: fill the window
  };
  addEventListener('fullscreenchange', () => show(document.fullscreenElement === box));
  addEventListener('keydown', (event) => { if (event.key === 'Escape') show(false); });
}

for (const box of all('.map')) {
  startMap(box);
  box.closest('figure')?.classList.add('started');
}
