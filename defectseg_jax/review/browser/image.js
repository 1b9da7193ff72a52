// One image as the page knows it: what it holds, and how it is changed.

import {Refused, get, pathOf, post} from './api.js';
import {TileStore} from './tiles.js';

/** @typedef {import('./types.js').ImageData_} ImageData_ */
/** @typedef {import('./types.js').Changed} Changed */
/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').Box} Box */

/**
 * A mark that is shown until the server has answered.
 *
 * @typedef {object} Pending
 * @property {import('./types.js').Point[]} points
 * @property {string} tool
 * @property {number} radius
 */

const MARK_MS = 120; // Until tiles show what came of a mark; by eye.

export class EditedImage {
  /**
   * @param {ImageData_} data
   * @param {() => void} redraw
   */
  constructor(data, redraw) {
    // They are asked for beside the picture.
    data.numbers = {
      version: -1, headlines: [], changes: '', corrected: 0, warnings: []};
    this.data = data;
    this.redraw = redraw;
    this.store = new TileStore(data, redraw);
    /** @type {Map<number, {box: Box, state: State}>} */
    this.objects = new Map();
    /** @type {Pending[]} */
    this.pending = [];
    this.take(data.objects);
    /** @type {Promise<unknown>} */
    this.last = Promise.resolve();
    this.waiting = 0;
    this.lost = false;
    this.measuring = false;
    /** @type {() => void} */
    this.onNumbers = () => {};
  }

  get name() {
    return this.data.name;
  }

  get version() {
    return this.data.version;
  }

  /** @param {import('./types.js').ObjectRow[]} rows */
  take(rows) {
    for (const [id, top, left, bottom, right, state] of rows) {
      this.objects.set(id, {box: [top, left, bottom, right], state});
    }
  }

  /** @param {number} id */
  byHand(id) {
    const state = this.objects.get(id)?.state;
    return state === 'changed' || state === 'drawn';
  }

  /**
   * Asks for a change, after those that are under way.
   *
   * @param {object} body
   * @param {Pending} [pending] what to show meanwhile
   * @param {'operations'|'undo'|'redo'} verb
   * @returns {Promise<Changed>}
   */
  change(body, pending, verb = 'operations') {
    if (pending) this.pending.push(pending);
    this.waiting++;
    const sent = this.last.then(async () => {
      if (this.lost) throw new Refused(409, 'not done: reload the image');
      try {
        const changed = await post(
          `${pathOf(this.name)}/${verb}`, {...body, version: this.version});
        this.accept(changed);
        return changed;
      } catch (error) {
        if (error instanceof Refused && error.status === 409) this.lost = true;
        throw error;
      }
    });
    this.last = sent.catch(() => {}).then(() => {
      this.waiting--;
      this.redraw();
      if (pending) setTimeout(() => this.drop(pending), MARK_MS);
    });
    return sent;
  }

  /** @param {Pending} pending */
  drop(pending) {
    this.pending = this.pending.filter(one => one !== pending);
    this.redraw();
  }

  /** @param {Changed} changed */
  accept(changed) {
    const {data} = this;
    data.version = changed.version;
    data.done = changed.done;
    data.can_undo = changed.can_undo;
    data.can_redo = changed.can_redo;
    data.threshold = changed.threshold;
    if (data.lesson !== changed.lesson) this.store.dropProbabilities();
    data.lesson = changed.lesson;
    for (const id of changed.objects.gone) this.objects.delete(id);
    this.take(changed.objects.changed);
    if (changed.numbers) data.numbers = changed.numbers;
    this.store.invalidate(changed.box, changed.version);
    // What a person touched has another colour, also where it did not grow.
    for (const [, top, left, bottom, right] of changed.objects.changed) {
      this.store.invalidate([top, left, bottom, right], changed.version);
    }
  }

  /** Asks for the numbers that no change brought, until they are the newest. */
  async measure() {
    if (this.measuring) return;
    this.measuring = true;
    try {
      while (this.data.numbers.version < this.version && !this.store.closed) {
        this.data.numbers = await get(`${pathOf(this.name)}/numbers`);
        this.onNumbers();
      }
    } finally {
      this.measuring = false;
    }
  }

  close() {
    this.store.close();
  }
}

/**
 * @param {string} name
 * @param {() => void} redraw
 */
export async function openImage(name, redraw) {
  return new EditedImage(await get(pathOf(name)), redraw);
}
