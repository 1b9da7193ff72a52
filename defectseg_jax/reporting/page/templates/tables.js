'use strict';

// The script runs before the page is read: hundreds of images take seconds, and
// a click is answered meanwhile. What is not read yet is found when it is asked
// for, by `on`, or when `begin` is called: after the first image, and at the end.

document.documentElement.classList.add('js');

const begins = [];
const begin = () => begins.forEach(act => act());
document.addEventListener('DOMContentLoaded', begin);

const on = (type, selector, act) => document.addEventListener(type, event => {
  const part = event.target.closest?.(selector);
  if (part) act(part, event);
});

const first = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) =>
  [...within.querySelectorAll(selector)];

// Tables that are sorted by the button in a column's head.

const words = new Intl.Collator(undefined, {numeric: true});

function compare(one, other) {
  const difference = Number(one) - Number(other);
  return Number.isNaN(difference) ? words.compare(one, other) : difference;
}

function sort(head, down) {
  const body = head.closest('table').tBodies[0];
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

const sorted = head => head.getAttribute('aria-sort');
on('click', '.sort', button => {
  const head = button.closest('th');
  sort(head, sorted(head) === 'ascending');
});
// Rows that were read since stand at the end.
begins.push(() => {
  for (const head of all('th[aria-sort]:not([aria-sort=none])')) {
    sort(head, sorted(head) === 'descending');
  }
});
