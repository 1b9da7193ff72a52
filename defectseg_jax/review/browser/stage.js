// The picture: draws what is seen, when something changed.

import {circle, corners} from './marks.js';
import * as paint from './paint.js';
import {TILE} from './tiles.js';
import {View, clamp} from './view.js';

/** @typedef {import('./image.js').EditedImage} EditedImage */
/** @typedef {import('./types.js').Point} Point */

// From so many pixels of the screen for one of the image on, lines are thin.
const CLOSE = 3;
const LARGEST_BAR = 0.22; // Of the width of the stage.

export class Stage {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext('2d', {alpha: false}));
    this.view = new View();
    /** @type {EditedImage|null} */
    this.image = null;
    this.layers = {
      outlines: true, fill: false, out: true, regions: true, heat: false,
      proposed: true};
    this.levels = {black: 0, white: 255, gamma: 1};
    this.table = paint.greyTable(0, 255, 1);
    this.heat = paint.heatTable();
    /** @type {number|null} Shown while a threshold is chosen. */
    this.threshold = null;
    /** @type {Point|null} Where the keyboard is. */
    this.cursor = null;
    /** @type {number|null} */
    this.hovered = null;
    /** @type {{points: Point[], tool: string, radius: number}|null} */
    this.stroke = null;
    /** @type {{at: Point, radius: number}|null} */
    this.brush = null;
    /** @type {{row: number, column: number}|null} */
    this.target = null;
    this.asked = false;
    this.frames = 0;
    /** @type {() => void} */
    this.onDraw = () => {};
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** Whether a network that learnt proposes something for the image. */
  get proposes() {
    return Boolean(this.image?.store.lesson);
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  resize() {
    const {clientWidth, clientHeight} = this.canvas;
    const fits = this.image && this.view.fits;
    const middle = this.view.toImage(
      this.view.width / 2, this.view.height / 2);
    this.view.width = Math.max(clientWidth, 1);
    this.view.height = Math.max(clientHeight, 1);
    this.canvas.width = Math.round(this.view.width * this.ratio);
    this.canvas.height = Math.round(this.view.height * this.ratio);
    if (fits) this.view.fit();
    else this.view.centre(...middle);
    this.draw();
  }

  /** @param {EditedImage} image */
  show(image) {
    const same = this.image?.name === image.name;
    this.image = image;
    this.view.imageWidth = image.data.width;
    this.view.imageHeight = image.data.height;
    this.hovered = null;
    if (!same) {
      this.cursor = this.target = this.stroke = null;
      this.view.fit();
    }
    this.redraw();
  }

  redraw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  setLevels() {
    const {black, white, gamma} = this.levels;
    this.table = paint.greyTable(black, white, gamma);
    this.redraw();
  }

  draw() {
    const {context, canvas, image, view, ratio} = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = getComputedStyle(canvas).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!image) return;
    const {store, data} = image;
    const level = clamp(
      Math.round(-Math.log2(view.scale * ratio)), 0, data.levels - 1);
    const seen = [
      view.row, view.column,
      view.row + view.height / view.scale,
      view.column + view.width / view.scale];
    store.begin();
    this.drawLayer('pixels', level, seen, tile => paint.paintValues(
      tile, this.table, JSON.stringify(this.levels)));
    if (data.has_probabilities) this.drawProbabilities(level, seen);
    this.drawObjects(level, seen);
    if (this.proposes && this.layers.proposed) this.drawProposal(level, seen);
    store.end();
    this.drawMarks();
    this.frames++;
    this.onDraw();
  }

  /**
   * Coarser tiles stand in for those that are not there yet.
   *
   * @param {import('./types.js').Kind} kind
   * @param {number} level
   * @param {number[]} seen
   * @param {(tile: import('./tiles.js').Tile) => HTMLCanvasElement|null} make
   */
  drawLayer(kind, level, seen, make) {
    const {store, data} = /** @type {EditedImage} */ (this.image);
    const tiles = store.within(kind, level, seen);
    if (tiles.some(tile => !tile.data) && kind === 'pixels') {
      const last = data.levels - 1;
      if (level < last) store.within(kind, last, seen);
      for (let coarse = last; coarse > level; coarse--) {
        for (const tile of store.tiles.values()) {
          if (tile.kind === kind && tile.level === coarse && tile.data) {
            this.drawTile(tile, make(tile));
          }
        }
      }
    }
    for (const tile of tiles) this.drawTile(tile, make(tile));
    return tiles;
  }

  /**
   * @param {import('./tiles.js').Tile} tile
   * @param {HTMLCanvasElement|null} canvas
   */
  drawTile(tile, canvas) {
    if (!canvas) return;
    const {context, view, ratio} = this;
    const [top, left, bottom, right] = tile.box;
    const times = view.scale * ratio;
    const x = Math.round((left - view.column) * times);
    const y = Math.round((top - view.row) * times);
    const width = Math.round((right - view.column) * times) - x;
    const height = Math.round((bottom - view.row) * times) - y;
    if (x > this.canvas.width || y > this.canvas.height) return;
    if (x + width < 0 || y + height < 0) return;
    // Each pixel is seen where one is looked at.
    context.imageSmoothingEnabled = times * tile.step < CLOSE;
    context.drawImage(canvas, x, y, width, height);
  }

  /**
   * @param {number} level
   * @param {number[]} seen
   */
  drawProbabilities(level, seen) {
    const {threshold} = this;
    if (threshold === null && !this.layers.heat) return;
    const table = threshold === null ?
      this.heat : paint.thresholdTable(threshold);
    this.drawLayer('probabilities', level, seen, tile =>
      paint.paintValues(tile, table, `p${threshold}`));
  }

  /**
   * @param {number} level
   * @param {number[]} seen
   */
  drawObjects(level, seen) {
    const image = /** @type {EditedImage} */ (this.image);
    const {outlines, fill, out, regions} = this.layers;
    this.drawOutlined('objects', level, seen, {
      outlines, fill, regions, out: out && outlines,
      codeOf: id => image.byHand(id) ? paint.BY_HAND : paint.NETWORK});
  }

  /**
   * On top: what has its colour will be, and what has it not will go.
   *
   * @param {number} level
   * @param {number[]} seen
   */
  drawProposal(level, seen) {
    this.drawOutlined('proposal', level, seen, {
      outlines: true, fill: false, regions: false, out: false,
      codeOf: () => paint.PROPOSED});
  }

  /**
   * @param {'objects'|'proposal'} kind
   * @param {number} level
   * @param {number[]} seen
   * @param {paint.Style} style
   */
  drawOutlined(kind, level, seen, style) {
    const {context, view, ratio} = this;
    const {outlines, fill, out, regions} = style;
    const close = view.scale * ratio >= CLOSE;
    const name = [outlines, fill, out, regions, close].join();
    const tiles = this.drawLayer(kind, level, seen, tile =>
      paint.paintObjects(tile, style, outlines && !close, name));
    if (!close || !outlines) return;
    for (const tile of tiles) {
      if (!tile.data) continue;
      tile.paths ??= paint.outlinePaths(tile, {...style, out: true});
      const times = view.scale * ratio * tile.step;
      const [top, left] = tile.box;
      context.setTransform(
        times, 0, 0, times,
        (left - view.column) * view.scale * ratio,
        (top - view.row) * view.scale * ratio);
      for (const [code, path] of tile.paths) {
        if (code === paint.OUT && !style.out) continue;
        context.lineWidth = 1.6 * ratio / times;
        context.strokeStyle = `rgb(${paint.COLOURS[code].join()})`;
        context.stroke(path);
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
    }
  }

  drawMarks() {
    const {context, ratio, view} = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const image = /** @type {EditedImage} */ (this.image);
    for (const one of image.pending) this.drawStroke(one, 0.55);
    if (this.stroke) this.drawStroke(this.stroke, 0.9);
    const hovered = this.hovered === null ?
      null : image.objects.get(this.hovered);
    if (hovered) {
      const [top, left, bottom, right] = hovered.box;
      const [x, y] = view.toStage(top, left);
      corners(
        context, x, y, (right - left) * view.scale, (bottom - top) * view.scale);
    }
    if (this.target) {
      const [x, y] = view.toStage(this.target.row, this.target.column);
      circle(this.context, x, y, Math.max(18, 14 * view.scale), '#ffe14d');
    }
    if (this.brush) {
      const [x, y] = view.toStage(...this.brush.at);
      circle(this.context, x, y, this.brush.radius * view.scale, '#fff');
    }
    if (this.cursor) this.drawCursor(...this.cursor);
    this.drawBar();
  }

  /**
   * @param {{points: Point[], tool: string, radius: number}} stroke
   * @param {number} alpha
   */
  drawStroke({points, tool, radius}, alpha) {
    const {context, view} = this;
    if (!points.length) return;
    const at = points.map(([row, column]) => view.toStage(row, column));
    const wide = tool === 'brush' || tool === 'eraser' || tool === 'line';
    context.save();
    context.globalAlpha = wide ? alpha * 0.6 : alpha;
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = tool === 'eraser' ? '#ff6058' : '#ffcd3c';
    context.lineWidth = wide ? Math.max(2 * radius * view.scale, 1.5) : 2;
    context.beginPath();
    context.moveTo(at[0][0], at[0][1]);
    for (const [x, y] of at) context.lineTo(x, y);
    if (tool === 'lasso' || tool === 'polygon' || tool === 'region') {
      context.closePath();
      context.fillStyle = 'rgb(255 205 60 / 0.18)';
      context.fill();
    }
    context.stroke();
    if (tool !== 'brush' && tool !== 'eraser' && points.length < 60) {
      context.fillStyle = '#fff';
      for (const [x, y] of at) context.fillRect(x - 2.5, y - 2.5, 5, 5);
    }
    context.restore();
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  drawCursor(row, column) {
    const {context, view} = this;
    const [x, y] = view.toStage(row, column);
    for (const [width, style] of /** @type {[number, string][]} */ (
      [[4, 'rgb(0 0 0 / 0.7)'], [1.8, '#fff']])) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 4 * dx, y + 4 * dy);
        context.lineTo(x + 16 * dx, y + 16 * dy);
      }
      context.stroke();
    }
  }

  drawBar() {
    const {context, view} = this;
    const nm = /** @type {EditedImage} */ (this.image).data.pixel_size_nm;
    const most = LARGEST_BAR * view.width / view.scale * (nm ?? 1);
    const power = 10 ** Math.floor(Math.log10(most));
    const length = power * (
      [5, 2, 1].find(times => times * power <= most) ?? 1);
    const width = length / (nm ?? 1) * view.scale;
    const [x, y] = [view.width - width - 18, view.height - 18];
    const text = `${Number(length.toPrecision(2))} ${nm ? 'nm' : 'px'}`;
    context.font = '600 13px system-ui, "DejaVu Sans", sans-serif';
    context.textAlign = 'center';
    const wide = Math.max(width, context.measureText(text).width);
    context.fillStyle = 'rgb(0 0 0 / 0.55)';
    context.fillRect(
      x + (width - wide) / 2 - 8, y - 24, wide + 16, 34);
    context.fillStyle = '#fff';
    context.fillRect(x, y, width, 3);
    context.fillText(text, x + width / 2, y - 7);
  }

  /**
   * What object is at a place; null where nobody knows yet, or nothing is.
   *
   * @param {number} row
   * @param {number} column
   */
  objectAt(row, column) {
    const {image} = this;
    if (!image || row < 0 || column < 0) return null;
    if (row >= image.data.height || column >= image.data.width) return null;
    for (let level = 0; level < image.data.levels; level++) {
      const side = TILE * 2 ** level;
      const place = [Math.floor(row / side), Math.floor(column / side)];
      const tile = image.store.tiles.get(
        `objects/${level}/${place[0]}/${place[1]}`);
      if (!tile?.data) continue;
      const r = Math.floor(row / tile.step) - place[0] * TILE + 1;
      const c = Math.floor(column / tile.step) - place[1] * TILE + 1;
      return (tile.data[r * (tile.width + 2) + c] & paint.ID) || null;
    }
    return null;
  }
}
