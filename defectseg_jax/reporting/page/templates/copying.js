
// A button at each table that copies it: a line a row, tabs between cells.

const INTERVAL = '95% interval';
const SHOWN_MS = 2000;

const oneLine = text => text.trim().replace(/\s*\n\s*/g, '; ')
  .replace(/\s+/g, ' ');

// A spreadsheet would reckon with a name that begins as a formula does.
function cellText(text) {
  const line = oneLine(text);
  return /^[=+@'-]/.test(line) && Number.isNaN(Number(line)) ? `'${line}` : line;
}

// What a cell shows, and by itself what stands below it in small.
function partsOf(cell) {
  const copied = cell.cloneNode(true);
  const take = selector => all(selector, copied).map(part => {
    part.remove();
    return oneLine(part.textContent);
  });
  const below = take('.interval');
  const beside = take('.applies');
  const units = cell.parentNode.closest('thead') ? take('.unit') : [];
  const text = [copied.textContent, ...beside].join('\n');
  return {
    text: units.length ? `${oneLine(text)} (${units})` : cellText(text),
    interval: cellText(below.join('; ')),
  };
}

// Columns whose cells have intervals become two.
function tableText(table) {
  const lines = [...table.rows].map(row => [...row.cells]
    .filter(cell => !cell.classList.contains('whisker')).map(partsOf));
  const wide = new Set(lines.flatMap(line => line.flatMap(
    (cell, column) => cell.interval ? [column] : [])));
  const heads = table.tHead?.rows.length ?? 0;
  return lines.map((line, row) => line.flatMap((cell, column) => {
    if (!wide.has(column)) return [cell.text];
    return [cell.text, row < heads ? INTERVAL : cell.interval];
  }).join('\t')).join('\n') + '\n';
}

// Where the browser gives no clipboard: a selection, to be copied by hand.
function select(text, bar) {
  first('textarea', bar)?.remove();
  const box = bar.appendChild(document.createElement('textarea'));
  box.readOnly = true;
  box.setAttribute('aria-label', 'The table as text');
  box.value = text;
  box.focus();
  box.select();
  if (!document.execCommand('copy')) return false;
  box.remove();
  return true;
}

async function copy(table, bar) {
  const button = first('button', bar);
  const text = tableText(table);
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = select(text, bar);
    if (done) button.focus();
  }
  const status = first('[role=status]', bar);
  status.textContent = done ? 'copied' : 'selected: press Ctrl+C';
  if (done) setTimeout(() => { status.textContent = ''; }, SHOWN_MS);
}

function addButton(table) {
  const bar = document.createElement('div');
  bar.className = 'copy';
  const button = bar.appendChild(document.createElement('button'));
  button.type = 'button';
  button.textContent = 'Copy table';
  button.addEventListener('click', () => copy(table, bar));
  const status = bar.appendChild(document.createElement('span'));
  status.setAttribute('role', 'status');
  (table.closest('.scroll') ?? table).before(bar);
}

const withButton = new WeakSet();
begins.push(() => {
  for (const table of all('table')) {
    if (!withButton.has(table)) addButton(table);
    withButton.add(table);
  }
});
