// What stands beside the picture: numbers, images, what to check first.

import {get, pathOf} from './api.js';
import {byId, make, say} from './dom.js';

/** @typedef {import('./types.js').Place} Place */
/** @typedef {import('./types.js').ListedImage} ListedImage */

// Of warnings, those that say why an image is to be looked at.
const VERDICTS = ['network_does_not_apply', 'network_check'];

/**
 * @param {import('./image.js').EditedImage} image
 * @param {ListedImage} [listed] what is known of it
 */
export function showNumbers(image, listed) {
  const {numbers, done, can_undo: canUndo, can_redo: canRedo} = image.data;
  const rows = numbers.headlines.map(({label, text, unit, interval}) => make(
    'tr', {},
    make('th', {scope: 'row'}, label),
    make('td', {}, make('b', {}, text),
      unit.startsWith('10') ? ` × ${unit}` : ` ${unit}`,
      make('span', {class: 'interval'}, interval))));
  byId('headlines').replaceChildren(...rows);
  byId('changes').textContent = numbers.changes;
  const others = numbers.warnings.filter(({name}) => !VERDICTS.includes(name));
  byId('warnings').replaceChildren(...others.map(({name, message}) => make(
    'li', {}, make('strong', {}, name.replaceAll('_', ' ')), ` ${message}`)));
  const verdict = verdictOf(image, listed);
  byId('verdict').hidden = !verdict;
  byId('verdict').textContent = verdict;
  byId('verdict-word').textContent = verdict && listed?.applies || '';
  byId('undo').toggleAttribute('disabled', !canUndo);
  byId('redo').toggleAttribute('disabled', !canRedo);
  const accept = byId('accept');
  accept.setAttribute('aria-pressed', String(done));
  byId('accept-text').textContent = done ? 'Accepted' : 'Accept image';
}

/**
 * Why its numbers are to be doubted; empty where they are not.
 *
 * @param {import('./image.js').EditedImage} image
 * @param {ListedImage} [listed]
 */
function verdictOf(image, listed) {
  if (!listed?.applies || listed.applies === 'applies') return '';
  const {numbers, done} = image.data;
  const told = numbers.warnings.some(({name}) => VERDICTS.includes(name));
  // The numbers of a mask that a person changed say nothing of the network.
  if (told || numbers.version < 0) return listed.reason ?? '';
  return done ? '' :
    'what you did not correct here is still as the network found it';
}

export class ImageList {
  /** @param {(name: string) => void} open */
  constructor(open) {
    /** @type {ListedImage[]} */
    this.images = [];
    /** @type {string[]} What teaches most first; empty where not asked for. */
    this.order = [];
    this.current = '';
    this.open = open;
    const choice = /** @type {HTMLSelectElement} */ (byId('which'));
    choice.addEventListener('change', () => open(choice.value));
    byId('order').addEventListener('change', () => this.reload());
  }

  /** @param {string} name */
  find(name) {
    return this.images.find(one => one.name === name);
  }

  async reload() {
    const {checked} = /** @type {HTMLInputElement} */ (byId('order'));
    const {folder, defect, images} = await get('images');
    this.images = images;
    this.order = checked ? await get('order') : [];
    byId('folder').textContent = folder;
    byId('defect').textContent = defect;
    this.fill();
  }

  /** In the order in which they are shown. */
  get sorted() {
    return this.order.length ?
      this.order.flatMap(name => this.find(name) ?? []) : this.images;
  }

  get accepted() {
    return this.images.filter(one => one.done).length;
  }

  fill() {
    const choice = /** @type {HTMLSelectElement} */ (byId('which'));
    choice.replaceChildren(...this.sorted.map(
      ({name}) => make('option', {value: name}, name)));
    choice.value = this.current;
    byId('images').replaceChildren(...this.sorted.map(one => this.row(one)));
    byId('progress').textContent =
      `${this.accepted} of ${this.images.length} accepted`;
  }

  /** @param {ListedImage} one */
  row(one) {
    const notes = [
      one.applies && one.applies !== 'applies' ? one.applies : '',
      one.corrected ? `${one.corrected} corrected` : ''].filter(Boolean);
    const button = make(
      'button', {type: 'button', title: one.reason ?? ''},
      make('span', {class: `mark ${one.done ? 'done' : ''}`},
        one.done ? '✓' : '○'),
      make('span', {class: 'name'}, one.name),
      make('span', {class: 'quiet'}, notes.join(', ')));
    if (one.done) button.append(make('span', {class: 'hidden'}, ' accepted'));
    if (one.name === this.current) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => this.open(one.name));
    return make('li', {}, button);
  }

  /** @param {import('./image.js').EditedImage} image */
  update(image) {
    const one = this.find(image.name);
    const moved = this.current !== image.name;
    this.current = image.name;
    if (!one) return;
    const {done, numbers} = image.data;
    const corrected = numbers.version < 0 ? one.corrected : numbers.corrected;
    if (!moved && one.done === done && one.corrected === corrected) return;
    one.done = done;
    one.corrected = corrected;
    this.fill();
  }

  /** @param {number} step */
  neighbour(step) {
    const names = this.sorted.map(({name}) => name);
    return names[names.indexOf(this.current) + step];
  }
}

export class CheckList {
  /** @param {import('./stage.js').Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {Place[]} */
    this.places = [];
    this.at = -1;
    this.name = '';
    this.loaded = false;
  }

  /** @param {string} name of the image */
  async load(name) {
    this.name = name;
    this.loaded = false;
    this.places = [];
    this.at = -1;
    this.fill();
    const places = await get(`${pathOf(name)}/check`);
    if (this.name !== name) return;
    this.places = places;
    this.loaded = true;
    this.fill();
  }

  fill() {
    byId('check').replaceChildren(...this.places.map((place, index) => {
      const button = make(
        'button', {type: 'button'},
        make('b', {}, place.id === null ? '?' : String(place.id)),
        make('span', {}, place.text));
      button.addEventListener('click', () => this.go(index));
      return make('li', {}, button);
    }));
    byId('check-box').hidden = !this.places.length;
    byId('check-count').textContent = String(this.places.length);
  }

  /** @param {number} index */
  go(index) {
    const place = this.places[index];
    if (!place) return;
    this.at = index;
    const {stage} = this;
    const all = [...byId('check').querySelectorAll('button')];
    for (const [number, button] of all.entries()) {
      if (number === index) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
    all[index]?.scrollIntoView({block: 'nearest'});
    if (stage.view.scale < 1.5) stage.view.scale = 1.5;
    stage.view.centre(place.row, place.column);
    stage.target = place;
    stage.cursor = [place.row, place.column];
    stage.redraw();
    say(`${index + 1} of ${this.places.length}: ${place.text}`);
  }

  /** @param {number} step */
  step(step) {
    const {length} = this.places;
    if (!length) {
      say('nothing is left to check in this image');
      return;
    }
    this.go((this.at + step + length) % length);
  }
}
