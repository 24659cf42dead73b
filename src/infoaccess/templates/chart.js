// The reading line of a chart: pointer, finger and arrow keys; loaded after page.js, on pages with a chart.
'use strict';

function startChart(box) {
  const data = read('chart-' + box.dataset.chart);
  const views = all('.chart-view', box).map((part, place) => ({ part, svg: one('svg', part), ...data.views[place] }));
  const view = () => views.find(({ part }) => part.offsetParent) || views[0];
  const last = data.heads.length - 1;
  const across = data.axis === 'y' ? 'vertical' : 'horizontal';
  const reader = make('div', { class: 'chart-reader', role: 'slider', tabindex: 0, 'aria-orientation': across,
    'aria-label': words.chart_read, 'aria-valuemin': 0, 'aria-valuemax': last });
  const tip = make('div', { class: 'chart-tip', 'aria-hidden': 'true', hidden: '' });
  let stop = data.axis === 'x' ? last : 0;
  let marks = null;
  box.append(reader, tip);

  const hide = () => { marks?.remove(); tip.hidden = true; };
  const say = () => {
    const told = data.texts[stop].map((text, place) => (data.names[place] ? `${data.names[place]}: ` : '') + text);
    reader.setAttribute('aria-valuenow', stop);
    reader.setAttribute('aria-valuetext', `${data.heads[stop]}. ${told.join('; ')}`);
  };

  function show() {
    const { svg, box: [left, top, right, bottom], at, dots } = view();
    const place = at[stop];
    hide();
    marks = svg.appendChild(make('g', { class: 'chart-marks' }));
    if (data.axis === 'x') {
      marks.append(make('line', { x1: place, x2: place, y1: top, y2: bottom }));
      dots[stop].forEach((y, one) => { if (y !== null) marks.append(make('circle', { cx: place, cy: y, r: 5, fill: data.colours[one] })); });
    } else if (data.axis === 'y') {
      marks.append(make('rect', { x: left, y: place[0], width: right - left, height: place[1] }));
      svg.prepend(marks);
    } else marks.append(make('circle', { class: 'ring', cx: place[0], cy: place[1], r: 9 }));
    tip.replaceChildren(make('b', {}, data.heads[stop]), ...data.texts[stop].map((text, one) => {
      const key = make('i', { class: 'chart-key' });
      if (data.colours[one]) key.style.background = data.colours[one];
      return make('span', {}, ...(data.colours[one] ? [key] : []), data.names[one] ? `${data.names[one]}: ` : '', make('b', {}, text));
    }));
    tip.hidden = false;
    // The tip stands beside the line, on the side that has room, and never over the edge of the chart.
    const [own, whole] = [svg.getBoundingClientRect(), box.getBoundingClientRect()];
    const scale = own.width / svg.viewBox.baseVal.width;
    const x = own.left - whole.left + scale * (data.axis === 'x' ? place : data.axis === 'y' ? right * 0.45 : place[0]);
    const y = own.top - whole.top + scale * (data.axis === 'x' ? top : data.axis === 'y' ? place[0] + place[1] : place[1] + 12);
    const beside = x + 14 + tip.offsetWidth <= whole.width ? x + 14 : x - 14 - tip.offsetWidth;
    // On a telephone a tip on lines stands above them, where the lines are named.
    const above = data.axis === 'x' && whole.width < 500 ? y - tip.offsetHeight - 2 : Math.min(y, whole.height - tip.offsetHeight);
    tip.style.left = `${Math.max(0, beside)}px`;
    tip.style.top = `${Math.max(0, above)}px`;
    say();
  }

  function nearest(event) {
    const { svg, at } = view();
    const own = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / own.width;
    const [x, y] = [(event.clientX - own.left) * scale, (event.clientY - own.top) * scale];
    const far = { x: (one) => Math.abs(one - x), y: ([top, tall]) => Math.abs(top + tall / 2 - y), xy: ([a, b]) => Math.hypot(a - x, b - y) };
    const distances = at.map(far[data.axis]);
    return distances.indexOf(Math.min(...distances));
  }

  for (const kind of ['pointermove', 'pointerdown']) reader.addEventListener(kind, (event) => { stop = nearest(event); show(); });
  reader.addEventListener('pointerleave', () => { if (!reader.matches(':focus-visible')) hide(); });
  reader.addEventListener('focus', () => { if (reader.matches(':focus-visible')) show(); });
  reader.addEventListener('blur', hide);
  reader.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: data.axis === 'x' ? -1 : 1, ArrowLeft: -1, ArrowUp: data.axis === 'x' ? 1 : -1, PageUp: -12, PageDown: 12 };
    const to = { Home: 0, End: last }[event.key] ?? stop + (by[event.key] ?? NaN);
    if (event.key === 'Escape') hide();
    if (isNaN(to)) return;
    stop = Math.max(0, Math.min(last, to));
    show();
    event.preventDefault();
  });
  addEventListener('resize', () => { if (!tip.hidden) show(); });
  say();
}

all('.chart').forEach(startChart);
