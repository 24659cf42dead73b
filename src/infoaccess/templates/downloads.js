// Each table of the page as a file, made here from what the table shows: CSV, and .xlsx as a zip without compression.
'use strict';

const [thousand, point] = root.lang === 'vi' ? ['\\.', ','] : [',', '\\.'];
const NUMBER = new RegExp(`^([+−-]?)(\\d{1,3}(?:${thousand}\\d{3})+|\\d+)(?:${point}(\\d+))?(\\s?%)?([¹²]?)$`);
const FORMULA = /^[=+\-@\t\r＝＋－＠]./s; // a lone sign is none

// A printed number as {value, format}; null for a text, so for every sign of what is hidden or missing.
function numberOf(text) {
  const found = NUMBER.exec(text);
  if (!found) return null;
  const [, sign, whole, part = '', percent, mark] = found;
  const value = Number(`${sign && sign !== '+' ? '-' : ''}${whole.replace(/\D/g, '')}.${part}0`);
  const plain = `#,##0${part && '.' + '0'.repeat(part.length)}${percent ? (root.lang === 'vi' ? '" "%' : '%') : ''}${mark && `"${mark}"`}`;
  const format = sign ? `+${plain};"−"${plain};${plain}` : plain;
  return { value: percent ? Number((value / 100).toPrecision(12)) : value, format };
}

// Without what only a screen reader says: it stands beside the sign that is printed.
function printed(cell) {
  const copy = cell.cloneNode(true);
  all('.sr', copy).forEach((part) => part.remove());
  return copy.textContent.trim();
}

// One heading a column ("upper – lower"), then the rows that are shown, in the order in which they stand.
function gridOf(table) {
  const names = [];
  [...table.tHead.rows].forEach((row, tier) => {
    let at = 0;
    for (const cell of row.cells) {
      while (names[at]?.until > tier) at += 1;
      for (const end = at + cell.colSpan; at < end; at += 1) {
        names[at] = { until: tier + cell.rowSpan, text: [names[at]?.text, printed(cell)].filter(Boolean).join(' – ') };
      }
    }
  });
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => [...row.cells].map((cell) => {
    const text = printed(cell);
    return { text, number: cell.tagName === 'TD' ? numberOf(text) : null };
  }));
  return { names: names.map((name) => name.text), rows };
}

function csvOf({ names, rows }) {
  const field = (text, number) => {
    const safe = !number && FORMULA.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [names.map((name) => field(name)), ...rows.map((row) => row.map(({ text, number }) => field(text, number)))];
  return '\ufeff' + lines.map((line) => line.join(',') + '\r\n').join('');
}

// ---- .xlsx: the fewest parts that Excel and LibreOffice open; texts are inline strings, never formulas
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = 'http://schemas.openxmlformats.org/';
const MAIN = `xmlns="${OFFICE}spreadsheetml/2006/main"`;
const relations = (...targets) => `${HEAD}<Relationships xmlns="${OFFICE}package/2006/relationships">${targets.map(([kind, target], place) =>
  `<Relationship Id="r${place + 1}" Type="${OFFICE}officeDocument/2006/relationships/${kind}" Target="${target}"/>`).join('')}</Relationships>`;
const xml = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const letters = (place) => (place > 25 ? letters(Math.floor(place / 26) - 1) : '') + String.fromCharCode(65 + (place % 26));

function bookOf({ names, rows }, name, above, below) {
  const formats = [...new Set(rows.flat().flatMap(({ number }) => (number ? [number.format] : [])))];
  const text = (content, style = 0) => (place) => [place, style, ' t="inlineStr"', `<is><t xml:space="preserve">${xml(content)}</t></is>`];
  const value = ({ text: content, number }) => (number ? (place) => [place, 2 + formats.indexOf(number.format), '', `<v>${number.value}</v>`] : text(content));
  const lines = [...above.map((line) => [text(line, 1)]), names.map((line) => text(line, 1)), ...rows.map((row) => row.map(value)), [], ...below.map((line) => [text(line)])];
  const first = above.length + 1;
  const cells = lines.map((line, up) => `<row r="${up + 1}">${line.map((cell, place) => cell(letters(place) + (up + 1)))
    .map(([at, style, type, inner]) => `<c r="${at}" s="${style}"${type}>${inner}</c>`).join('')}</row>`).join('');
  const widths = names.map((label, place) => Math.min(44, Math.max(9, label.length * 0.7, ...rows.map((row) => row[place].text.length)) + 2));
  const list = (tag, items) => `<${tag} count="${items.length}">${items.join('')}</${tag}>`;
  const look = (number, font) => `<xf numFmtId="${number}" fontId="${font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>`;
  const font = (bold) => `<font>${bold}<sz val="11"/><name val="Arial"/></font>`;
  const sheet = `${HEAD}<worksheet ${MAIN}><sheetViews><sheetView workbookViewId="0"><pane xSplit="1" ySplit="${first}" topLeftCell="B${first + 1}" activePane="bottomRight" state="frozen"/></sheetView></sheetViews>` +
    `<cols>${widths.map((width, place) => `<col min="${place + 1}" max="${place + 1}" width="${width}" customWidth="1"/>`).join('')}</cols>` +
    `<sheetData>${cells}</sheetData><autoFilter ref="A${first}:${letters(names.length - 1)}${first + rows.length}"/></worksheet>`;
  const styles = `${HEAD}<styleSheet ${MAIN}>${formats.length ? list('numFmts', formats.map((format, place) => `<numFmt numFmtId="${164 + place}" formatCode="${xml(format)}"/>`)) : ''}` +
    list('fonts', [font(''), font('<b/>')]) + list('fills', ['none', 'gray125'].map((kind) => `<fill><patternFill patternType="${kind}"/></fill>`)) +
    list('borders', ['<border><left/><right/><top/><bottom/><diagonal/></border>']) + list('cellStyleXfs', ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>']) +
    `${list('cellXfs', [look(0, 0), look(0, 1), ...formats.map((_, place) => look(164 + place, 0))])}<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;
  const parts = [['xl/workbook', 'sheet.main'], ['xl/sheet', 'worksheet'], ['xl/styles', 'styles']];
  const kinds = `${HEAD}<Types xmlns="${OFFICE}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${parts.map(([part, kind]) =>
    `<Override PartName="/${part}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`).join('')}</Types>`;
  const book = `${HEAD}<workbook ${MAIN} xmlns:r="${OFFICE}officeDocument/2006/relationships"><sheets><sheet name="${xml(name.slice(0, 31))}" sheetId="1" r:id="r1"/></sheets></workbook>`;
  return zipOf([['[Content_Types].xml', kinds], ['_rels/.rels', relations(['officeDocument', 'xl/workbook.xml'])], ['xl/workbook.xml', book],
    ['xl/_rels/workbook.xml.rels', relations(['worksheet', 'sheet.xml'], ['styles', 'styles.xml'])], ['xl/sheet.xml', sheet], ['xl/styles.xml', styles]]);
}

function zipOf(files) {
  const bytes = (...pairs) => Uint8Array.from(pairs.flatMap(([size, value]) => Array.from({ length: size }, (_, place) => (value >>> (8 * place)) & 255)));
  const crc = (data) => {
    let sum = ~0;
    for (const byte of data) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
    }
    return ~sum >>> 0;
  };
  const [parts, index] = [[], []];
  let at = 0;
  for (const [name, text] of files) {
    const [label, data] = [name, text].map((one) => new TextEncoder().encode(one));
    const about = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 33], [4, crc(data)], [4, data.length], [4, data.length], [2, label.length], [2, 0]];
    const local = [bytes([4, 0x04034b50], ...about), label, data];
    index.push(bytes([4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), label);
    parts.push(...local);
    at += local.reduce((sum, part) => sum + part.length, 0);
  }
  const long = index.reduce((sum, part) => sum + part.length, 0);
  return [...parts, ...index, bytes([4, 0x06054b50], [4, 0], [2, files.length], [2, files.length], [4, long], [4, at], [2, 0])];
}

// ---- two buttons under each table
function save(name, type, parts) {
  const link = make('a', { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

all('figure table, .prose table').forEach((table, place) => {
  const part = table.closest('.exhibit');
  const id = part.id || `table_${place + 1}`;
  const caption = one('figcaption', part)?.textContent || one('h2', part)?.textContent || id;
  const take = (kind, label, type, make_) => {
    const button = make('button', { type: 'button', 'aria-label': words['take_' + kind].replace('{table}', caption) }, label);
    button.onclick = () => save(`${words.file}_${id}.${kind}`, type, make_(gridOf(table)));
    return button;
  };
  const banners = all('.bar .banner').map((banner) => banner.textContent);
  const notes = all('.notes li', part).map((note) => note.textContent);
  const box = table.closest('.scroll') || table;
  box.after(make('p', { class: 'take' }, words.take + ' ',
    take('csv', 'CSV', 'text/csv;charset=utf-8', (grid) => [csvOf(grid)]),
    take('xlsx', 'Excel', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      (grid) => bookOf(grid, id, [caption, one('.bar-line').innerText.replace(/\s+/g, ' ').trim(), ...banners], notes))));
});
