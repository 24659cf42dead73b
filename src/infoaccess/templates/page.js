// What every page of this package does: theme, tables, charts, search. `map.js` uses the helpers at the top.
'use strict';

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const words = read('words');
const SVG = 'http://www.w3.org/2000/svg';
const SHAPES = ['svg', 'path', 'circle', 'line', 'text'];

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

// ---- charts
async function startPlots() {
  const store = one('#plotly-gz');
  if (!store || !window.DecompressionStream) return; // the static picture stays
  const bytes = Uint8Array.from(atob(store.textContent), (sign) => sign.charCodeAt(0));
  const source = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const script = make('script');
  script.textContent = await new Response(source).text();
  document.head.append(script);
  for (const plot of all('.plot')) {
    const figure = plot.closest('figure');
    const { data, layout = {} } = read('plot-' + plot.dataset.plot);
    figure?.classList.add('started');
    try {
      const ours = { paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)' };
      if (matchMedia('(pointer: coarse)').matches) ours.dragmode = false; // a finger scrolls the page
      await window.Plotly.newPlot(plot, data, { ...layout, ...ours }, { displayModeBar: false, responsive: true });
    } catch (error) {
      figure?.classList.remove('started');
      console.error(error);
    }
  }
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
all('figure table').forEach(startTable);
if (one('#finder')) startFinder(one('#finder'));
if (innerWidth < 700 && one('.toc details')) one('.toc details').open = false;
startPlots();
