// Every key, once: what it does, and how the help calls it.

import {TOOLS} from './tools.js';

/**
 * @typedef {object} Command
 * @property {string[]} keys as `KeyboardEvent.key` has them, with Ctrl+ before
 * @property {string} shown in the help
 * @property {string} text
 * @property {() => void} run
 */

const STEP_PX = 10; // Of the page, for an arrow; by eye.

/**
 * @param {import('./main.js').Program} program
 * @returns {Command[]}
 */
export function commands(program) {
  const {editor, stage} = program;
  const {view} = stage;
  /**
   * @param {number} rows
   * @param {number} columns
   */
  const arrow = (rows, columns) => ({
    near: () => editor.moveCursor(rows, columns),
    far: () => editor.moveCursor(
      rows * STEP_PX / view.scale, columns * STEP_PX / view.scale),
    pan: () => {
      view.pan(-columns * 80, -rows * 80);
      stage.redraw();
    },
  });
  const arrows = /** @type {[string, number, number][]} */ ([
    ['ArrowUp', -1, 0], ['ArrowDown', 1, 0],
    ['ArrowLeft', 0, -1], ['ArrowRight', 0, 1]]);
  return [
    ...TOOLS.map(tool => ({
      keys: [tool.key], shown: tool.key.toUpperCase(),
      text: `${tool.name}: ${tool.hint}`,
      run: () => editor.choose(tool.name),
    })),
    {keys: ['Enter'], shown: 'Enter',
      text: 'finish what is drawn; else accept the image, or open it again',
      run: () => editor.drawing ? editor.finish() : program.accept()},
    {keys: ['Escape'], shown: 'Esc', text: 'drop what is drawn',
      run: () => editor.cancel()},
    {keys: ['Backspace'], shown: 'Backspace',
      text: 'take the last point back', run: () => editor.back()},
    {keys: ['Ctrl+z', 'u'], shown: 'Ctrl Z', text: 'undo',
      run: () => editor.step('undo')},
    {keys: ['Ctrl+Shift+z', 'Ctrl+y', 'Shift+u'], shown: 'Ctrl Shift Z',
      text: 'redo', run: () => editor.step('redo')},
    {keys: ['['], shown: '[', text: 'a smaller brush',
      run: () => editor.resize(1 / 1.25)},
    {keys: [']'], shown: ']', text: 'a larger brush',
      run: () => editor.resize(1.25)},
    {keys: ['n'], shown: 'N', text: 'the next place to check',
      run: () => program.check.step(1)},
    {keys: ['Shift+n'], shown: 'Shift N', text: 'the one before',
      run: () => program.check.step(-1)},
    {keys: ['PageDown'], shown: 'Page Down', text: 'the next image',
      run: () => program.step(1)},
    {keys: ['PageUp'], shown: 'Page Up', text: 'the image before',
      run: () => program.step(-1)},
    {keys: ['t'], shown: 'T', text: 'the threshold of this image',
      run: () => program.layers.focusThreshold()},
    {keys: ['o'], shown: 'O', text: 'outlines on and off',
      run: () => program.layers.toggle('outlines')},
    {keys: ['f'], shown: 'F', text: 'fill objects, or not',
      run: () => program.layers.toggle('fill')},
    {keys: ['h'], shown: 'H', text: "the network's probabilities",
      run: () => program.layers.toggle('heat')},
    {keys: ['+', '='], shown: '+', text: 'closer',
      run: () => program.zoom(1.4)},
    {keys: ['-'], shown: '−', text: 'farther',
      run: () => program.zoom(1 / 1.4)},
    {keys: ['0'], shown: '0', text: 'all of the image',
      run: () => program.fit()},
    {keys: ['1'], shown: '1', text: 'a pixel of the image for one of the page',
      run: () => program.zoom(1 / view.scale)},
    ...arrows.flatMap(([key, rows, columns], index) => {
      const moves = arrow(rows, columns);
      const tell = (/** @type {string} */ text) => index ? '' : text;
      return [
        {keys: [key], shown: '← ↑ → ↓', run: moves.far,
          text: tell('move the crosshair')},
        {keys: [`Shift+${key}`], shown: 'Shift ←', run: moves.near,
          text: tell('move it by one pixel')},
        {keys: [`Ctrl+${key}`], shown: 'Ctrl ←', run: moves.pan,
          text: tell('move the picture')},
      ];
    }),
    {keys: ['?'], shown: '?', text: 'this list',
      run: () => program.showHelp()},
  ];
}

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const {key} = event;
  const single = key.length === 1 ? key.toLowerCase() : key;
  const letter = /^[a-z]$/.test(single);
  const shift = event.shiftKey && (letter || key.length > 1);
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${
    shift ? 'Shift+' : ''}${single}`;
}

/**
 * Listens to the keyboard, but not where somebody types or chooses.
 *
 * @param {import('./main.js').Program} program
 */
export function listen(program) {
  const byKey = new Map(commands(program).flatMap(
    one => one.keys.map(key => /** @type {[string, Command]} */ ([key, one]))));
  const {pointer, stage} = program;
  const onStage = (/** @type {EventTarget|null} */ target) =>
    target === stage.canvas || target === document.body;
  document.addEventListener('keydown', event => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.altKey || document.querySelector('dialog[open]')) return;
    if (target.closest('select, textarea, input:not([type=checkbox])')) {
      // Letters choose tools there, too; arrows, + and 0 are the field's.
      if (!/^[a-z?]$/i.test(event.key) || target.closest('select')) return;
    }
    if (event.key === ' ' && onStage(target)) {
      event.preventDefault();
      if (!event.repeat) [pointer.spaceHeld, pointer.spaceUsed] = [true, false];
      return;
    }
    const own = ['Enter', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'];
    if (own.includes(event.key) && !onStage(target)) return;
    const command = byKey.get(nameOf(event));
    if (!command) return;
    event.preventDefault();
    command.run();
  });
  document.addEventListener('keyup', event => {
    if (event.key !== ' ' || !pointer.spaceHeld) return;
    pointer.spaceHeld = false;
    // Held while the picture was moved, it is no click.
    if (!pointer.spaceUsed && onStage(event.target)) program.editor.act();
  });
}
