// Which part of an image is seen, and how large.

const LARGEST_SCALE = 64;
// Of the scale at which the image fills the stage: all of it with a rim, and
// the smallest.
const FIT = 0.98;
const SMALLEST_PART = 0.5;

export class View {
  constructor() {
    this.scale = 1; // Pixels of the page for one of the image.
    this.row = 0; // Of the upper left corner, in pixels of the image.
    this.column = 0;
    this.width = 1; // Of the stage, in pixels of the page.
    this.height = 1;
    this.imageWidth = 1;
    this.imageHeight = 1;
  }

  fitScale() {
    return Math.min(
      this.width / this.imageWidth, this.height / this.imageHeight);
  }

  fit() {
    this.scale = this.fitScale() * FIT;
    this.centre(this.imageHeight / 2, this.imageWidth / 2);
  }

  /** Whether all of the image is seen, as large as can be. */
  get fits() {
    return Math.abs(this.scale - this.fitScale() * FIT) < 1e-9;
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  centre(row, column) {
    this.row = row - this.height / this.scale / 2;
    this.column = column - this.width / this.scale / 2;
    this.keepInside();
  }

  /**
   * @param {number} factor
   * @param {number} x of the place that stays where it is
   * @param {number} y
   */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const [row, column] = this.toImage(x, y);
    const least = Math.min(SMALLEST_PART * this.fitScale(), 1);
    this.scale = clamp(this.scale * factor, least, LARGEST_SCALE);
    this.row = row - y / this.scale;
    this.column = column - x / this.scale;
    this.keepInside();
  }

  /**
   * @param {number} dx in pixels of the page
   * @param {number} dy
   */
  pan(dx, dy) {
    this.column -= dx / this.scale;
    this.row -= dy / this.scale;
    this.keepInside();
  }

  // The middle of the stage always shows something of the image.
  keepInside() {
    const halfRows = this.height / this.scale / 2;
    const halfColumns = this.width / this.scale / 2;
    this.row = clamp(this.row, -halfRows, this.imageHeight - halfRows);
    this.column = clamp(
      this.column, -halfColumns, this.imageWidth - halfColumns);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {import('./types.js').Point}
   */
  toImage(x, y) {
    return [this.row + y / this.scale, this.column + x / this.scale];
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  toStage(row, column) {
    return [(column - this.column) * this.scale, (row - this.row) * this.scale];
  }

  /**
   * Brings a place into view, with something around it.
   *
   * @param {number} row
   * @param {number} column
   */
  reveal(row, column) {
    const [x, y] = this.toStage(row, column);
    const rim = Math.min(60, this.width / 4, this.height / 4);
    this.pan(
      clamp(x, rim, this.width - rim) - x,
      clamp(y, rim, this.height - rim) - y);
  }
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
