// What the person does to the image: the tool, the stroke, the operation.

import {thinned, toolOf} from './tools.js';
import {clamp} from './view.js';

/** @typedef {import('./types.js').Point} Point */

const LARGEST_RADIUS = 256;

export class Editor {
  /**
   * @param {import('./stage.js').Stage} stage
   * @param {{
   *   onTool: () => void,
   *   onChange: (text: string) => void,
   *   onProblem: (error: Error) => void,
   * }} listener
   */
  constructor(stage, listener) {
    this.stage = stage;
    this.listener = listener;
    this.tool = toolOf('look');
    /** @type {import('./tools.js').Options} */
    this.options = {radius: 8, snap: true, region: 1, erase: false};
    /** @type {Point[]} */
    this.points = [];
    this.penDown = false; // With the keyboard.
  }

  get image() {
    return this.stage.image;
  }

  /** Whether there is something that Enter would finish. */
  get drawing() {
    return this.points.length > 0;
  }

  get paints() {
    return this.tool.name === 'brush' || this.tool.name === 'eraser';
  }

  /** @param {string} name */
  choose(name) {
    this.cancel();
    this.tool = toolOf(name);
    this.showBrush();
    this.listener.onTool();
    this.stage.redraw();
  }

  /** @param {number} factor */
  resize(factor) {
    const {options} = this;
    const step = factor > 1 ? Math.ceil : Math.floor;
    options.radius = clamp(
      step(options.radius * factor * 2) / 2, 0.5, LARGEST_RADIUS);
    this.showBrush();
    this.listener.onTool();
    this.stage.redraw();
  }

  /** @param {Point|null} [at] */
  showBrush(at = this.stage.brush?.at ?? null) {
    this.stage.brush = this.paints && at ?
      {at, radius: this.options.radius} : null;
  }

  // Gestures. Points are rows and columns of the image.

  /** @param {Point} point */
  begin(point) {
    this.points = [point];
    this.show();
  }

  /** @param {Point} point */
  extend(point) {
    this.points.push(point);
    this.show();
  }

  /** Takes the last point away. */
  back() {
    this.points.pop();
    this.show();
  }

  /** Drops what a pointer draws; points that were set one by one stay. */
  cancelStroke() {
    if (this.tool.gesture === 'stroke') this.cancel();
  }

  cancel() {
    this.points = [];
    this.penDown = false;
    this.stage.stroke = null;
    this.stage.redraw();
  }

  show() {
    const {name} = this.tool;
    const erases = this.options.erase && name === 'brush';
    this.stage.stroke = {
      points: this.points,
      tool: erases ? 'eraser' : name,
      radius: name === 'line' ? 1.5 : this.options.radius,
    };
    this.stage.redraw();
  }

  /** Sends what was drawn. */
  finish() {
    const points = thinned(this.points.map(point => this.within(point)));
    const {stroke} = this.stage;
    const {tool} = this;
    this.cancel();
    if (!points.length || !this.image) return;
    if (points.length < tool.fewest) {
      const more = tool.fewest - points.length;
      this.listener.onProblem(new Error(
        `${tool.name}: ${more} more point${more > 1 ? 's' : ''} needed`));
      return;
    }
    const pending = tool.name === 'look' || !stroke ? undefined : stroke;
    this.send(tool.operation(points, this.options), pending);
  }

  /**
   * @param {object} operation
   * @param {import('./image.js').Pending} [pending]
   */
  send(operation, pending) {
    if (this.image) this.follow(this.image.change(operation, pending));
  }

  /** @param {'undo'|'redo'} verb */
  step(verb) {
    const {image} = this;
    if (!image) return;
    this.cancel();
    this.follow(image.change({}, undefined, verb));
  }

  /** @param {Promise<import('./types.js').Changed>} sent */
  async follow(sent) {
    try {
      this.listener.onChange((await sent).text);
    } catch (error) {
      this.listener.onProblem(/** @type {Error} */ (error));
    }
    this.stage.redraw();
  }

  /**
   * A place inside of the image.
   *
   * @param {Point} point
   * @returns {Point}
   */
  within([row, column]) {
    const {data} = /** @type {import('./image.js').EditedImage} */ (this.image);
    return [
      clamp(row, 0, data.height - 0.01), clamp(column, 0, data.width - 0.01)];
  }

  // The keyboard.

  /** Does at the crosshair what a click would. */
  act() {
    const {stage, tool, image} = this;
    if (!image) return;
    if (!stage.cursor) {
      stage.cursor = this.within(
        stage.view.toImage(stage.view.width / 2, stage.view.height / 2));
      stage.redraw();
      return;
    }
    if (tool.gesture === 'click') {
      this.begin(stage.cursor);
      this.finish();
    } else if (this.paints) {
      if (this.penDown) {
        this.finish();
      } else {
        this.begin(stage.cursor);
        this.penDown = true;
      }
    } else {
      this.extend(stage.cursor);
    }
  }

  /**
   * @param {number} rows
   * @param {number} columns
   */
  moveCursor(rows, columns) {
    const {stage} = this;
    const {view} = stage;
    const from = stage.cursor ??
      view.toImage(view.width / 2, view.height / 2);
    stage.cursor = this.within([from[0] + rows, from[1] + columns]);
    view.reveal(...stage.cursor);
    stage.hovered = stage.objectAt(...stage.cursor);
    this.showBrush(stage.cursor);
    if (this.penDown) this.extend(stage.cursor);
    stage.redraw();
  }
}
