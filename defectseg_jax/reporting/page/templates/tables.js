'use strict';

const first = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) =>
  [...within.querySelectorAll(selector)];

// Tables that are sorted by the button in a column's head.

const words = new Intl.Collator(undefined, {numeric: true});

function compare(one, other) {
  const difference = Number(one) - Number(other);
  return Number.isNaN(difference) ? words.compare(one, other) : difference;
}

function sort(head) {
  const body = head.closest('table').tBodies[0];
  const down = head.getAttribute('aria-sort') === 'ascending';
  const value = row => row.cells[head.cellIndex]?.dataset.value ?? '';
  const rows = [...body.rows].sort((one, other) => {
    // What has no value comes last in either direction.
    const empty = (value(one) === '') - (value(other) === '');
    return empty || (down ? -1 : 1) * compare(value(one), value(other));
  });
  for (const other of all('[aria-sort]', head.parentNode)) {
    other.setAttribute('aria-sort', 'none');
  }
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  body.append(...rows);
}

for (const button of all('.sort')) {
  button.addEventListener('click', () => sort(button.closest('th')));
}
