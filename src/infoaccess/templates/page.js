// What every page of this package does: theme, tables, search. `map.js` and `chart.js` use the helpers at the top.
'use strict';

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const words = read('words');
const SVG = 'http://www.w3.org/2000/svg';
const SHAPES = ['svg', 'g', 'use', 'path', 'circle', 'line', 'rect', 'text'];

// Texts only ever become text nodes or attributes, never markup.
function make(tag, attributes = {}, ...children) {
  const element = SHAPES.includes(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Searching forgives missing accents; a query with accents is taken at its word.
const lower = (text) => text.normalize('NFC').toLowerCase();
const plain = (text) => lower(text).normalize('NFD').replace(/[\u0300-\u036f]/g, '').replaceAll('đ', 'd');
const matches = (text, query) => lower(text).includes(lower(query)) ||
  (plain(query) === lower(query) && plain(text).includes(plain(query)));

// ---- light and dark
const root = document.documentElement;
const isDark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
function startTheme() {
  try { root.dataset.theme = localStorage.getItem('theme') || ''; } catch { /* storage may be closed to files */ }
  const button = one('#theme');
  button.hidden = false;
  button.onclick = () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try { localStorage.setItem('theme', root.dataset.theme); } catch { /* the choice lasts for this page */ }
  };
}

// ---- tables
function startTable(table) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const key = (row, column) => {
    const text = row.cells[column].dataset.sort;
    return text === undefined ? null : text !== '' && isFinite(text) ? Number(text) : text;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null); // missing stays last, both ways
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'vi');
    return sign * order;
  };
  const heads = all('th[data-column]', table);
  for (const head of heads) {
    const button = make('button', { type: 'button', class: 'sort', title: words.sort }, ...head.childNodes);
    head.append(button);
    button.onclick = () => {
      const next = { none: 'ascending', ascending: 'descending', descending: 'none' }[head.getAttribute('aria-sort') || 'none'];
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      const column = Number(head.dataset.column);
      let rows = original;
      if (next !== 'none') {
        head.setAttribute('aria-sort', next);
        // Totals are bold and stay above what they add up.
        const totals = original.filter((row) => row.classList.contains('bold'));
        const others = original.filter((row) => !row.classList.contains('bold'));
        others.sort((a, b) => compare(key(a, column), key(b, column), next === 'ascending' ? 1 : -1));
        rows = [...totals, ...others];
      }
      body.append(...rows);
    };
  }
  if (!table.dataset.filter) return;
  const count = make('span', { class: 'filter-count', role: 'status' });
  const input = make('input', { type: 'search', placeholder: words.filter_hint, autocomplete: 'off' });
  const label = make('label', {}, words.filter + ' ', input);
  table.parentElement.before(make('p', { class: 'filter' }, label, ' ', count));
  input.oninput = () => {
    original.forEach((row) => { row.hidden = !matches(row.textContent, input.value.trim()); });
    const shown = original.filter((row) => !row.hidden).length;
    count.textContent = input.value ? words.rows.replace('{shown}', shown).replace('{all}', original.length) : '';
  };
}

// ---- maps: looking closer, alone on the screen, a unit's months
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
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.defaultPrevented) show(false); });
}

// A line of a unit's months; what is withheld or missing leaves a gap and a sign on the axis.
function sparkline(data, layer, measure, code, now) {
  const { first, count } = data.layers[layer];
  const last = first + count - 1;
  const cells = Array.from({ length: count }, (_, place) => data.cell(layer, measure, code, first + place));
  const known = cells.filter((cell) => !cell.state);
  const picture = make('svg', { viewBox: '0 0 300 112', class: 'spark', role: 'img', 'aria-label': `${words.series}: ${data.measures[measure].label}` });
  const x = (place) => 58 + (place / (count - 1 || 1)) * 232;
  const text = (left, top, anchor, content) => picture.append(make('text', { x: left, y: top, 'text-anchor': anchor }, content));
  const line = (name, left, right, top, bottom) => picture.append(make('line', { class: name, x1: left, x2: right, y1: top, y2: bottom }));
  line('axis', 58, 290, 88, 88);
  data.breaks.filter((month) => month > first && month <= last).forEach((month) => line('axis', x(month - first), x(month - first), 12, 88));
  if (now >= first && now <= last) line('now', x(now - first), x(now - first), 12, 88);
  text(58, 108, 'start', data.months[first][1]);
  text(290, 108, 'end', data.months[last][1]);
  const ends = known.map((cell) => cell.value);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const y = (value) => 80 - ((value - low) / (high - low || 1)) * 62;
  if (known.length) text(52, 22, 'end', known.find((cell) => cell.value === high).text);
  if (high > low) text(52, 84, 'end', known.find((cell) => cell.value === low).text);
  let d = '';
  const signs = new Set();
  cells.forEach((cell, place) => {
    if (cell.state) {
      signs.add(cell.state);
      const sign = { suppressed: 'm-3-3l6 6m0-6l-6 6', missing: 'm-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0' }[cell.state];
      if (sign) picture.append(make('path', { class: 'gap', d: `M${x(place).toFixed(1)} 93${sign}` }));
      return;
    }
    const follows = place && !cells[place - 1].state;
    const alone = !follows && (cells[place + 1]?.state ?? true);
    d += `${follows ? 'L' : 'M'}${x(place).toFixed(1)} ${y(cell.value).toFixed(1)}`;
    if (alone || first + place === now) picture.append(make('circle', { cx: x(place), cy: y(cell.value), r: alone ? 2.2 : 4.5 }));
  });
  picture.append(make('path', { d }));
  const gaps = ['suppressed', 'missing'].filter((state) => signs.has(state)).map((state) => data.words['gap_' + state]);
  return [picture, ...(gaps.length ? [make('p', { class: 'map-series' }, gaps.join('   '))] : [])];
}

// ---- list of units
function startFinder(input) {
  input.closest('.finder').hidden = false;
  input.oninput = () => {
    all('.unit').forEach((unit) => { unit.hidden = !matches(unit.dataset.name, input.value.trim()); });
    all('[data-group]').forEach((group) => { group.hidden = !one('.unit:not([hidden])', group); });
    one('.nothing').hidden = !!one('.unit:not([hidden])');
  };
}

startTheme();
// Whether a table goes on beyond its frame is not to be seen where scroll bars hide.
function startMore(box) {
  const note = make('p', { class: 'more', hidden: '' });
  box.after(note);
  const tell = () => {
    const [down, across] = [box.scrollHeight > box.clientHeight + 2, box.scrollWidth > box.clientWidth + 2];
    note.textContent = [down ? words.more_rows : '', across ? words.more_columns : ''].join(' ').trim();
    note.hidden = !note.textContent;
  };
  const watch = new ResizeObserver(tell);
  watch.observe(box);
  if (box.firstElementChild) watch.observe(box.firstElementChild);
}

all('figure table').forEach(startTable);
all('figure > .scroll').forEach(startMore);
if (one('#finder')) startFinder(one('#finder'));
if (innerWidth < 700 && one('.toc details')) one('.toc details').open = false;
