// Tiles of an image: fetched when they are seen, a bounded number kept.

import {getTile} from './api.js';

/** @typedef {import('./types.js').Kind} Kind */

export const TILE = 512;
// Of each of three kinds; the largest screen shows forty.
const MOST_TILES = 72;
const MOST_AT_ONCE = 5;

export class Tile {
  /**
   * @param {Kind} kind
   * @param {number} level
   * @param {number} row
   * @param {number} column
   * @param {number} width
   * @param {number} height
   */
  constructor(kind, level, row, column, width, height) {
    this.kind = kind;
    this.level = level;
    this.row = row;
    this.column = column;
    this.width = width;
    this.height = height;
    /** @type {Uint8Array|Uint32Array|null} */
    this.data = null;
    this.wanted = 0; // The version that it should show.
    this.shown = -1;
    this.loading = false;
    this.seen = 0;
    /** @type {HTMLCanvasElement|null} */
    this.canvas = null;
    this.style = ''; // That the canvas was painted in.
    /** @type {Map<number, Path2D>|null} */
    this.paths = null;
  }

  /** Pixels of the image for one of the tile. */
  get step() {
    return 2 ** this.level;
  }

  /** Its place in the image: top, left, bottom, right. */
  get box() {
    const side = TILE * this.step;
    const [top, left] = [this.row * side, this.column * side];
    return [
      top, left, top + this.height * this.step, left + this.width * this.step];
  }
}

export class TileStore {
  /**
   * @param {import('./types.js').ImageData_} image
   * @param {() => void} changed called when there is something new to draw
   */
  constructor(image, changed) {
    this.image = image;
    this.changed = changed;
    this.version = image.version;
    /** @type {number|null} The lesson whose proposal is seen. */
    this.lesson = null;
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {Tile[]} */
    this.queue = [];
    this.running = 0;
    this.clock = 0;
    this.closed = false;
    /** @type {(error: Error) => void} */
    this.onError = () => {};
  }

  /**
   * The tiles of a level that lie in a box; they are fetched where need be.
   *
   * @param {Kind} kind
   * @param {number} level
   * @param {number[]} box
   */
  within(kind, level, box) {
    const {height, width} = this.image;
    const side = TILE * 2 ** level;
    const [top, left] = [Math.max(box[0], 0), Math.max(box[1], 0)];
    const bottom = Math.min(box[2], height);
    const right = Math.min(box[3], width);
    const found = [];
    for (let r = Math.floor(top / side); r * side < bottom; r++) {
      for (let c = Math.floor(left / side); c * side < right; c++) {
        found.push(this.tile(kind, level, r, c));
      }
    }
    return found;
  }

  /**
   * @param {Kind} kind
   * @param {number} level
   * @param {number} row
   * @param {number} column
   */
  tile(kind, level, row, column) {
    const key = `${kind}/${level}/${row}/${column}`;
    let tile = this.tiles.get(key);
    if (!tile) {
      const {height, width} = this.image;
      const small = (/** @type {number} */ side, /** @type {number} */ at) =>
        Math.min(Math.ceil(side / 2 ** level) - at * TILE, TILE);
      tile = new Tile(
        kind, level, row, column, small(width, column), small(height, row));
      tile.wanted = kind === 'objects' ? this.version : 0;
      this.tiles.set(key, tile);
    }
    tile.seen = ++this.clock;
    if (tile.shown < tile.wanted && !tile.loading) {
      if (!this.queue.includes(tile)) this.queue.push(tile);
    }
    return tile;
  }

  /** Called before tiles are asked for, so that old wishes lapse. */
  begin() {
    this.queue = [];
  }

  /** Called after tiles were asked for. */
  end() {
    this.forget();
    this.pump();
  }

  /**
   * Objects in a box are not what they were.
   *
   * @param {import('./types.js').Box} box
   * @param {number} version
   */
  invalidate(box, version) {
    this.version = version;
    const [top, left, bottom, right] = box;
    if (bottom <= top || right <= left) return;
    for (const tile of this.tiles.values()) {
      if (tile.kind !== 'objects') continue;
      const rim = tile.step; // A tile shows a pixel of its neighbours, too.
      const [t, l, b, r] = tile.box;
      if (t - rim < bottom && l - rim < right && b + rim > top &&
          r + rim > left) {
        tile.wanted = version;
      }
    }
  }

  /** They are another network's now. */
  dropProbabilities() {
    this.drop('probabilities');
  }

  /**
   * @param {number|null} lesson whose proposal is to be seen; null for none
   * @returns {boolean} whether that is another one than before
   */
  propose(lesson) {
    if (lesson === this.lesson) return false;
    this.lesson = lesson;
    this.drop('proposal');
    return true;
  }

  /** @param {Kind} dropped */
  drop(dropped) {
    for (const [key, {kind}] of this.tiles) {
      if (kind === dropped) this.tiles.delete(key);
    }
  }

  /** Whether no tile is on its way; for who looks how fast the page is. */
  get fresh() {
    return !this.running && !this.queue.length;
  }

  forget() {
    const all = [...this.tiles].filter(
      ([, tile]) => !tile.loading && tile.level < this.image.levels - 1);
    const most = MOST_TILES * 3;
    if (all.length <= most) return;
    all.sort(([, one], [, other]) => one.seen - other.seen);
    for (const [key] of all.slice(0, -most)) this.tiles.delete(key);
  }

  pump() {
    while (this.running < MOST_AT_ONCE && this.queue.length) {
      const tile = /** @type {Tile} */ (this.queue.shift());
      if (!tile.loading && tile.shown < tile.wanted) this.load(tile);
    }
  }

  /** @param {Tile} tile */
  async load(tile) {
    const version = tile.wanted;
    tile.loading = true;
    this.running++;
    try {
      const place = [tile.level, tile.row, tile.column];
      const bytes = await getTile(this.image.name, tile.kind, place);
      if (this.closed) return;
      tile.data = tile.kind === 'objects' || tile.kind === 'proposal' ?
        new Uint32Array(bytes) : new Uint8Array(bytes);
      tile.shown = version;
      tile.style = '';
      tile.paths = null;
    } catch (error) {
      // It is asked for again when it is next seen.
      this.onError(/** @type {Error} */ (error));
    } finally {
      tile.loading = false;
      this.running--;
    }
    if (!this.closed) {
      this.changed();
      this.pump();
    }
  }

  close() {
    this.closed = true;
    this.queue = [];
    this.tiles.clear();
  }
}
