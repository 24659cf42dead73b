// Two manifests side by side, figure by figure; loaded after page.js.
'use strict';

function startCompare(form) {
  const data = read('compared');
  const role = (name) => one(`[data-role="${name}"]`);
  const [before, after, figure, moved] = ['before', 'after', 'figure', 'moved'].map(role);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, data.decimal === ',' ? '.' : ',');
  const tenths = (number, digits) => {
    const [whole, rest] = (number / 10 ** digits).toFixed(digits).split('.');
    return grouped(whole) + data.decimal + rest;
  };

  // A figure: its value (a whole number: people, or hundred-thousandths of 1) or null, and what was printed.
  function figureOf(raw, share) {
    const [, digits, rest] = /^(\d*)(.*)$/s.exec(raw);
    const value = digits ? Number(digits) : null;
    if (rest.startsWith('~')) return { value, text: rest.slice(1) || '–' };
    return { value, text: (share ? `${tenths(Math.floor((value + 50) / 100), 1)}\u00a0%` : grouped(value)) + rest };
  }

  // A change of rates that one digit would not show is printed with more.
  function changeOf(then, now, share) {
    if (then.value === null || now.value === null) {
      if (then.text === now.text) return '–';
      return then.value === null && now.value !== null ? words.shown : then.value !== null ? words.hidden : '–';
    }
    if ([then, now].some(({ text }) => text.endsWith('¹'))) return words.uncompared;
    const by = now.value - then.value;
    const sign = by > 0 ? '+' : by < 0 ? '−' : '';
    if (!share) return sign + grouped(Math.abs(by));
    const far = Math.abs(by);
    const digits = !far || Math.round(far / 100) ? 1 : Math.round(far / 10) ? 2 : 3;
    return `${sign}${tenths(Math.round(far / 10 ** (3 - digits)), digits)} ${words.points}`;
  }

  const option = (value, text) => make('option', { value }, text);
  [...data.versions.entries()].reverse().forEach(([place, version]) => {
    for (const select of [before, after]) select.append(option(place, `${version.name} (${version.state})`));
  });
  data.figures.forEach(([id, label]) => figure.append(option(id, label)));

  function rowsOf(then, now) {
    const found = { rows: [], compared: 0, differ: 0, fresh: [], gone: [], other: 0 };
    const [here, there] = [data.units[now.era], data.units[then.era]];
    const order = (place) => (here[place][1].length === 2 ? '' : here[place][1]);
    for (const place of Object.keys(now.held).sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
      const [name, code] = here[place];
      if (!(place in then.held)) {
        if (place in there) found.fresh.push(name); else found.other += 1;
        continue;
      }
      const [a, b] = [then.held[place].split('|'), now.held[place].split('|')];
      data.figures.forEach(([id, label], at) => {
        if (a[at] === '~' || b[at] === '~') return;
        const share = id.endsWith('.rate');
        const [was, is] = [figureOf(a[at], share), figureOf(b[at], share)];
        const differs = was.value === null || is.value === null ? was.text !== is.text : was.value !== is.value;
        found.compared += 1;
        found.differ += differs;
        if ((figure.value && figure.value !== id) || (moved.checked && !differs)) return;
        const mark = id.includes('smartphone') && then.month <= '2024-10' && now.month >= '2024-09' && then.month < now.month ? '²' : '';
        const change = changeOf(was, is, share);
        const known = was.value !== null && is.value !== null && change !== words.uncompared;
        found.rows.push([[name, label, was.text, is.text, known ? change + mark : change],
          [name, label, was.value, is.value, known ? is.value - was.value : null], code.length === 2, mark]);
      });
    }
    found.gone = Object.keys(then.held).filter((place) => !(place in now.held) && place in here).map((place) => there[place][0]);
    return found;
  }

  function draw() {
    const [then, now] = [data.versions[before.value], data.versions[after.value]];
    const found = rowsOf(then, now);
    role('caption').textContent = fill(words.caption, { before: then.name, after: now.name });
    const said = [fill(words.count, { changed: found.differ, compared: found.compared, shown: found.rows.length })];
    if (found.fresh.length) said.push(fill(words.fresh, { names: found.fresh.join(', ') }));
    if (found.gone.length) said.push(fill(words.gone, { names: found.gone.join(', ') }));
    if (found.other) said.push(fill(words.other, { count: found.other }));
    if (found.rows.some((row) => row[3])) said.push(words.twog);
    if (found.rows.some((row) => row[0][4] === words.uncompared)) said.push(words.uneven);
    role('said').replaceChildren(...said.map((text) => make('p', {}, text)));
    const align = ['left', 'left', 'right', 'right', 'right'];
    const heads = [words.unit, words.figure, words.before, words.after, words.change].map((text, place) =>
      make('th', { scope: 'col', class: align[place], 'data-column': place }, text));
    const rows = found.rows.map(([cells, sort, city]) => make('tr', city ? { class: 'bold' } : {}, ...cells.map((text, place) =>
      make(place ? 'td' : 'th', { class: align[place], ...(place ? {} : { scope: 'row' }), ...(sort[place] === null ? {} : { 'data-sort': sort[place] }) }, text))));
    const table = make('table', { 'data-filter': '1' }, make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows));
    const box = one('#result .scroll');
    one('#result .filter')?.remove();
    box.replaceChildren(table);
    startTable(table);
    history.replaceState(null, '', `#${then.folder}:${now.folder}`);
  }

  // The address says what is compared: compare.html#2024-12:2025-06, or #2025-06 against the month before it.
  const places = location.hash.slice(1).split(':').map((name) => data.versions.findIndex((version) => version.folder === name));
  const last = places.at(-1) >= 0 ? places.at(-1) : data.versions.length - 1;
  const earlier = data.versions.findLastIndex((version, place) => place < last && version.month < data.versions[last].month);
  after.value = last;
  before.value = places.length > 1 && places[0] >= 0 ? places[0] : earlier >= 0 ? earlier : Math.max(0, last - 1);
  form.hidden = one('#result').hidden = false;
  for (const input of [before, after, figure, moved]) input.onchange = draw;
  draw();
}

startCompare(one('#compare'));
