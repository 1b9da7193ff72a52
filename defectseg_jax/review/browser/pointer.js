// Mouse, pen and fingers on the picture.

/** @typedef {import('./types.js').Point} Point */

const CLICK_PX = 4; // A hand shakes; by eye.
const DOUBLE_MS = 350;
const PEN_ERASER = 5; // The button that a pen's other end is.

export class Pointer {
  /**
   * @param {import('./stage.js').Stage} stage
   * @param {import('./editor.js').Editor} editor
   * @param {(at: Point|null) => void} onMove
   */
  constructor(stage, editor, onMove) {
    this.stage = stage;
    this.editor = editor;
    this.onMove = onMove;
    /** @type {Map<number, {x: number, y: number}>} */
    this.down = new Map();
    /** @type {{x: number, y: number, moved: boolean, pans: boolean}|null} */
    this.drag = null;
    this.penDown = false;
    this.spaceHeld = false;
    this.spaceUsed = false;
    this.lastClick = {time: -DOUBLE_MS, x: 0, y: 0};
    const {canvas} = stage;
    canvas.addEventListener('pointerdown', event => this.press(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.lift(event));
    canvas.addEventListener('pointercancel', event => this.drop(event));
    canvas.addEventListener('pointerleave', () => this.leave());
    canvas.addEventListener('contextmenu', event => event.preventDefault());
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const factor = 1.0016 ** -(event.deltaY * lines);
      stage.view.zoom(factor, ...this.at(event));
      stage.redraw();
    }, {passive: false});
  }

  /**
   * @param {MouseEvent} event
   * @returns {[number, number]} x and y on the stage
   */
  at(event) {
    const box = this.stage.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {MouseEvent} event */
  pointOf(event) {
    return this.stage.view.toImage(...this.at(event));
  }

  /** @param {PointerEvent} event */
  press(event) {
    const {stage, editor} = this;
    if (!stage.image) return;
    // A hand that rests on the screen beside its pen does nothing.
    if (event.pointerType === 'touch' && this.penDown) return;
    if (event.pointerType === 'pen') {
      this.down.clear();
      editor.cancelStroke();
    }
    this.penDown = event.pointerType === 'pen';
    stage.canvas.focus({preventScroll: true});
    stage.canvas.setPointerCapture(event.pointerId);
    const [x, y] = this.at(event);
    this.down.set(event.pointerId, {x, y});
    stage.cursor = null;
    if (this.down.size === 2) {
      // Two fingers move the picture; what one of them began is no stroke.
      editor.cancelStroke();
      this.drag = null;
      return;
    }
    if (this.down.size > 2) return;
    const pans = event.button === 1 || event.button === 2 || this.spaceHeld ||
      editor.tool.gesture === 'click';
    this.drag = {x, y, moved: false, pans};
    editor.options.erase = event.altKey || event.button === PEN_ERASER;
    this.spaceUsed ||= this.spaceHeld;
    if (!pans && editor.tool.gesture === 'stroke') {
      editor.begin(this.pointOf(event));
    }
  }

  /** @param {PointerEvent} event */
  move(event) {
    const {stage, editor} = this;
    const point = this.pointOf(event);
    this.onMove(point);
    const before = this.down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') {
        const hovered = stage.objectAt(...point);
        if (hovered !== stage.hovered || editor.paints) {
          stage.hovered = hovered;
          editor.showBrush(point);
          stage.redraw();
        }
      }
      return;
    }
    const [x, y] = this.at(event);
    if (this.down.size === 2) this.pinch(event.pointerId, x, y);
    const {drag} = this;
    if (drag) {
      drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > CLICK_PX;
      if (drag.pans && drag.moved) {
        stage.view.pan(x - before.x, y - before.y);
        stage.redraw();
      } else if (!drag.pans && (drag.moved || editor.paints)) {
        this.follow(event);
      }
    }
    this.down.set(event.pointerId, {x, y});
    if (editor.paints && event.pointerType !== 'touch') {
      editor.showBrush(point);
    }
  }

  /**
   * All places that the pointer was at since the last frame.
   *
   * @param {PointerEvent} event
   */
  follow(event) {
    const {editor} = this;
    // A line goes from point to point; the others may be drawn freely.
    if (editor.tool.name === 'line') return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) {
      editor.extend(this.pointOf(one));
    }
  }

  /** @param {PointerEvent} event */
  lift(event) {
    const {editor, drag} = this;
    if (!this.down.delete(event.pointerId)) return;
    this.drag = null;
    this.penDown = false;
    if (!drag) return;
    const point = this.pointOf(event);
    if (drag.pans) {
      const clicked = event.button === 0 && !drag.moved && !this.spaceHeld;
      if (clicked && editor.tool.gesture === 'click') {
        editor.begin(point);
        editor.finish();
      }
      return;
    }
    if (editor.tool.gesture === 'stroke') {
      if (drag.moved) editor.extend(point);
      editor.finish();
      return;
    }
    const [time, x, y] = [performance.now(), drag.x, drag.y];
    const last = this.lastClick;
    const twice = time - last.time < DOUBLE_MS && !drag.moved &&
      Math.hypot(x - last.x, y - last.y) <= CLICK_PX;
    this.lastClick = {time, x, y};
    if (drag.moved && editor.tool.name !== 'line') editor.finish();
    else if (twice && editor.drawing) editor.finish();
    else editor.extend(point);
  }

  /** @param {PointerEvent} event */
  drop(event) {
    if (!this.down.delete(event.pointerId)) return;
    this.drag = null;
    this.penDown = false;
    this.editor.cancel();
  }

  leave() {
    const {stage} = this;
    this.onMove(null);
    stage.hovered = null;
    stage.brush = null;
    stage.redraw();
  }

  /**
   * Two fingers: the places under them stay under them.
   *
   * @param {number} id of the one that moved
   * @param {number} x
   * @param {number} y
   */
  pinch(id, x, y) {
    const {stage} = this;
    const [[, other]] = [...this.down].filter(([key]) => key !== id);
    const before = /** @type {{x: number, y: number}} */ (this.down.get(id));
    const far = Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
    const now = Math.max(Math.hypot(x - other.x, y - other.y), 1);
    stage.view.pan((x - before.x) / 2, (y - before.y) / 2);
    stage.view.zoom(now / far, (x + other.x) / 2, (y + other.y) / 2);
    stage.redraw();
  }
}
