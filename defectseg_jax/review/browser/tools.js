// The tools: their keys, what they say, and the operation that comes of them.

/** @typedef {import('./types.js').Point} Point */

/**
 * How a tool is used: a click; a stroke that ends where the pointer is lifted;
 * or points, one a click, until Enter.
 *
 * @typedef {'click'|'stroke'|'points'} Gesture
 */

/**
 * What is chosen beside the tool.
 *
 * @typedef {object} Options
 * @property {number} radius of brush and eraser, in pixels of the image
 * @property {boolean} snap
 * @property {0|1|2} region
 * @property {boolean} erase while Alt is held
 */

/**
 * @typedef {object} Tool
 * @property {string} name as in index.html
 * @property {string} key
 * @property {Gesture} gesture
 * @property {number} fewest points
 * @property {string} hint
 * @property {(points: Point[], options: Options) => object} operation
 */

const LINE_WIDTH_PX = 3;
const NEAR_PX = 0.5; // Of the image; by eye.

/** @type {Tool[]} */
export const TOOLS = [
  {
    name: 'look', key: 'v', gesture: 'click', fewest: 1,
    hint: 'Click an object to take it out, or in again. Drag to move the picture.',
    operation: ([[row, column]]) => ({kind: 'toggle', row, column}),
  },
  {
    name: 'grow', key: 'g', gesture: 'click', fewest: 1,
    hint: 'Click a missed object: its outline is found around the place.',
    operation: ([[row, column]]) => ({kind: 'grow', row, column}),
  },
  {
    name: 'brush', key: 'b', gesture: 'stroke', fewest: 1,
    hint: 'Paint. A stroke that begins on an object adds to it. [ and ] change the size, Alt erases.',
    operation: (points, {radius, erase}) => (
      {kind: 'paint', points, radius_px: radius, erase, id: null}),
  },
  {
    name: 'eraser', key: 'e', gesture: 'stroke', fewest: 1,
    hint: 'Rub out. [ and ] change the size.',
    operation: (points, {radius}) => (
      {kind: 'paint', points, radius_px: radius, erase: true, id: null}),
  },
  {
    name: 'lasso', key: 'l', gesture: 'stroke', fewest: 3,
    hint: 'Draw around an object. Alt takes the area away.',
    operation: (points, {erase}) => (
      {kind: 'polygon', points, erase, id: null}),
  },
  {
    name: 'polygon', key: 'p', gesture: 'points', fewest: 3,
    hint: 'Click the corners; Enter or a double click closes. Alt takes the area away.',
    operation: (points, {erase}) => (
      {kind: 'polygon', points, erase, id: null}),
  },
  {
    name: 'line', key: 'd', gesture: 'points', fewest: 2,
    hint: 'Click along a dislocation; Enter or a double click ends it.',
    operation: (points, {snap}) => (
      {kind: 'line', points, width_px: LINE_WIDTH_PX, snap}),
  },
  {
    name: 'split', key: 'x', gesture: 'stroke', fewest: 1,
    hint: 'Draw a cut through an object, or click it to part it in two.',
    operation: points => ({kind: 'split', points}),
  },
  {
    name: 'merge', key: 'm', gesture: 'stroke', fewest: 2,
    hint: 'Draw from one object to another: they become one.',
    operation: points => ({kind: 'merge', points}),
  },
  {
    name: 'region', key: 'r', gesture: 'points', fewest: 3,
    hint: 'Click the corners of an area, or draw around it; Enter closes.',
    operation: (points, {region}) => (
      {kind: 'region', points, value: region}),
  },
];

/** @param {string} name */
export function toolOf(name) {
  return TOOLS.find(one => one.name === name) ?? TOOLS[0];
}

/**
 * Points of a stroke without those that say nothing, in hundredths of a pixel.
 *
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function thinned(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const [index, point] of points.entries()) {
    const before = kept.at(-1);
    if (!before || index === points.length - 1 ||
        Math.hypot(point[0] - before[0], point[1] - before[1]) > NEAR_PX) {
      kept.push(/** @type {Point} */ (
        point.map(value => Math.round(value * 100) / 100)));
    }
  }
  return kept;
}
