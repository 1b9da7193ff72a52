// The tools' buttons, and what is chosen beside a tool.

import {byId, make} from './dom.js';
import {TOOLS} from './tools.js';

/** @type {Record<string, string[]>} */
const OPTIONS_OF = {
  brush: ['size-option'], eraser: ['size-option'],
  line: ['snap-option'], region: ['region-option'],
};

export class ToolBar {
  /**
   * @param {import('./editor.js').Editor} editor
   * @param {import('./stage.js').Stage} stage
   */
  constructor(editor, stage) {
    this.editor = editor;
    /** @type {HTMLButtonElement[]} */
    this.buttons = TOOLS.map(tool => {
      const button = /** @type {HTMLButtonElement} */ (
        byId(`tool-${tool.name}`));
      const key = tool.key.toUpperCase();
      button.append(make('kbd', {'aria-hidden': 'true'}, key));
      button.title = `${tool.hint} (${key})`;
      button.setAttribute('aria-keyshortcuts', key);
      button.addEventListener('click', event => {
        editor.choose(tool.name);
        // A mouse goes on in the picture; who came by Tab stays.
        if (event.detail) stage.canvas.focus();
      });
      return button;
    });
    byId('tools').addEventListener('keydown', event => this.walk(event));
    const size = /** @type {HTMLInputElement} */ (byId('size'));
    size.addEventListener('input', () => {
      editor.options.radius = Number(size.value) / 2;
      this.show();
    });
    const snap = /** @type {HTMLInputElement} */ (byId('snap'));
    snap.addEventListener('change', () => {
      editor.options.snap = snap.checked;
    });
    const region = /** @type {HTMLSelectElement} */ (byId('region'));
    region.addEventListener('change', () => {
      editor.options.region = /** @type {0|1|2} */ (Number(region.value));
    });
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1});
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.buttons.indexOf(
      /** @type {HTMLButtonElement} */ (document.activeElement));
    const {length} = this.buttons;
    this.buttons[(at + step + length) % length].focus();
  }

  show() {
    const {tool, options} = this.editor;
    for (const [index, button] of this.buttons.entries()) {
      const chosen = TOOLS[index] === tool;
      button.setAttribute('aria-pressed', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    byId('hint').textContent = tool.hint;
    for (const id of ['size-option', 'snap-option', 'region-option']) {
      byId(id).hidden = !OPTIONS_OF[tool.name]?.includes(id);
    }
    byId('stage').dataset.tool = tool.name;
    const size = /** @type {HTMLInputElement} */ (byId('size'));
    size.value = String(2 * options.radius);
    byId('size-value').textContent = `${2 * options.radius} px`;
  }
}
