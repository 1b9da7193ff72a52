// Numbers of a tile to a picture of it.

import {clamp} from './view.js';

/** @typedef {import('./tiles.js').Tile} Tile */

export const OBJECT_BIT = 1 << 26;
const IDENTITY = (1 << 27) - 1; // Whether it is an object, and which.
export const ID = OBJECT_BIT - 1;
const REGION_SHIFT = 28;

// What an outline tells: 1 taken out, 2 the network's, 3 a person's, 4 that a
// network that learnt proposes it.
export const OUT = 1;
export const NETWORK = 2;
export const BY_HAND = 3;
export const PROPOSED = 4;
/** @type {Record<number, number[]>} */
export const COLOURS = {
  [OUT]: [255, 96, 88],
  [NETWORK]: [64, 224, 208],
  [BY_HAND]: [255, 205, 60],
  [PROPOSED]: [255, 110, 255],
};
const REGION_COLOURS = [[0, 0, 0], [150, 150, 255], [235, 110, 200]];

/**
 * How objects are drawn.
 *
 * @typedef {object} Style
 * @property {boolean} outlines
 * @property {boolean} fill
 * @property {boolean} out
 * @property {boolean} regions
 * @property {(id: number) => number} codeOf an object of the image
 */

/**
 * @param {number} value
 * @param {Style} style
 */
function codeOf(value, style) {
  const id = value & ID;
  if (!id) return 0;
  if (!(value & OBJECT_BIT)) return style.out ? OUT : 0;
  return style.codeOf(id);
}

/**
 * A colour as ImageData has it, in one number (little-endian).
 *
 * @param {number[]} colour
 * @param {number} alpha
 */
function packed([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** @param {Tile} tile */
function canvasOf(tile) {
  if (!tile.canvas) {
    tile.canvas = document.createElement('canvas');
    tile.canvas.width = tile.width;
    tile.canvas.height = tile.height;
  }
  return tile.canvas;
}

/**
 * @param {Tile} tile
 * @param {(pixels: Uint32Array) => void} fill
 */
function paint(tile, fill) {
  const canvas = canvasOf(tile);
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext('2d'));
  const image = context.createImageData(tile.width, tile.height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Greys through a table.
 *
 * @param {Tile} tile
 * @param {Uint32Array} table a colour for each of 256 values
 * @param {string} style its name
 */
export function paintValues(tile, table, style) {
  const values = tile.data;
  if (!values) return null;
  if (tile.canvas && tile.style === style) return tile.canvas;
  tile.style = style;
  return paint(tile, pixels => {
    for (let at = 0; at < pixels.length; at++) pixels[at] = table[values[at]];
  });
}

/**
 * Outlines, fills and regions, pixel for pixel.
 *
 * @param {Tile} tile
 * @param {Style} style
 * @param {boolean} outlines whether outlines are painted, too
 * @param {string} name of the style
 */
export function paintObjects(tile, style, outlines, name) {
  const values = tile.data;
  if (!values) return null;
  if (tile.canvas && tile.style === name) return tile.canvas;
  tile.style = name;
  const {width, height} = tile;
  const wide = width + 2;
  return paint(tile, pixels => {
    for (let row = 0; row < height; row++) {
      let from = (row + 1) * wide + 1;
      let to = row * width;
      for (let column = 0; column < width; column++, from++, to++) {
        const value = values[from];
        if (!value) continue;
        const identity = value & IDENTITY;
        const region = value >>> REGION_SHIFT;
        if (region && style.regions) {
          const way = region === 1 ? row + column : row - column;
          const stripe = (way & 15) < 3;
          pixels[to] = packed(REGION_COLOURS[region], stripe ? 150 : 56);
        }
        const code = identity ? codeOf(value, style) : 0;
        if (!code) continue;
        const edge = outlines && (
          (values[from - 1] & IDENTITY) !== identity ||
          (values[from + 1] & IDENTITY) !== identity ||
          (values[from - wide] & IDENTITY) !== identity ||
          (values[from + wide] & IDENTITY) !== identity);
        if (edge) {
          pixels[to] = packed(COLOURS[code], code === OUT ? 190 : 255);
        } else if (style.fill && code !== OUT) {
          pixels[to] = packed(COLOURS[code], 64);
        }
      }
    }
  });
}

/**
 * Outlines as lines between pixels, for a close look.
 *
 * @param {Tile} tile
 * @param {Style} style
 */
export function outlinePaths(tile, style) {
  const values = /** @type {Uint32Array} */ (tile.data);
  /** @type {Map<number, Path2D>} */
  const paths = new Map([OUT, NETWORK, BY_HAND, PROPOSED].map(
    code => [code, new Path2D()]));
  const {width, height} = tile;
  const wide = width + 2;
  // Runs of one colour become one line: across first, then down.
  for (const [lines, length, step, along] of [
    [height, width, wide, 1], [width, height, 1, wide]]) {
    for (let line = 0; line <= lines; line++) {
      let at = line * step + along;
      let before = 0;
      let from = 0;
      for (let place = 0; place <= length; place++, at += along) {
        const one = values[at];
        const other = values[at + step];
        // Nearly everywhere both are the same.
        const code = place === length || (one & IDENTITY) === (other & IDENTITY) ?
          0 : Math.max(codeOf(one, style), codeOf(other, style));
        if (code === before) continue;
        if (before) {
          const path = /** @type {Path2D} */ (paths.get(before));
          path.moveTo(...cornerOf(along, line, from));
          path.lineTo(...cornerOf(along, line, place));
        }
        before = code;
        from = place;
      }
    }
  }
  return paths;
}

/**
 * @param {number} along 1 across, else down
 * @param {number} line
 * @param {number} place on it
 * @returns {[number, number]} x and y
 */
function cornerOf(along, line, place) {
  return along === 1 ? [place, line] : [line, place];
}

/**
 * Grey to colour: black and white points from 0 to 255, and gamma.
 *
 * @param {number} black
 * @param {number} white
 * @param {number} gamma
 */
export function greyTable(black, white, gamma) {
  const table = new Uint32Array(256);
  const range = Math.max(white - black, 1);
  for (let value = 0; value < 256; value++) {
    const share = clamp((value - black) / range, 0, 1);
    const grey = Math.round(255 * share ** (1 / gamma));
    table[value] = packed([grey, grey, grey], 255);
  }
  return table;
}

/** Probabilities: nothing, violet, orange, yellow. */
export function heatTable() {
  const stops = [[60, 0, 90], [190, 40, 110], [250, 140, 40], [255, 245, 140]];
  const table = new Uint32Array(256);
  for (let value = 0; value < 256; value++) {
    const place = value / 255 * (stops.length - 1);
    const at = Math.min(Math.floor(place), stops.length - 2);
    const mixed = stops[at].map((from, channel) =>
      Math.round(from + (stops[at + 1][channel] - from) * (place - at)));
    table[value] = packed(mixed, Math.round(200 * (value / 255) ** 0.6));
  }
  return table;
}

/**
 * What a threshold would take.
 *
 * @param {number} threshold
 */
export function thresholdTable(threshold) {
  return Uint32Array.from({length: 256}, (_, value) =>
    value / 255 >= threshold ? packed([255, 150, 220], 120) : 0);
}
