// Rings and corners around what is meant, seen on all greys.

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 */
export function circle(context, x, y, radius, colour) {
  for (const [width, style] of /** @type {[number, string][]} */ (
    [[3, 'rgb(0 0 0 / 0.6)'], [1.5, colour]])) {
    context.beginPath();
    context.arc(x, y, Math.max(radius, 1), 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

/**
 * The four corners of what the pointer is on.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
export function corners(context, x, y, width, height) {
  const [left, top, right, bottom] = [
    x - 4, y - 4, x + width + 4, y + height + 4];
  const arm = Math.min(10, (right - left) / 3, (bottom - top) / 3);
  context.beginPath();
  for (const [cx, cy, dx, dy] of [
    [left, top, arm, arm], [right, top, -arm, arm],
    [left, bottom, arm, -arm], [right, bottom, -arm, -arm]]) {
    context.moveTo(cx + dx, cy);
    context.lineTo(cx, cy);
    context.lineTo(cx, cy + dy);
  }
  context.lineWidth = 2;
  context.strokeStyle = '#fff';
  context.stroke();
}
