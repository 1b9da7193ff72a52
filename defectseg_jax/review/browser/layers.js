// How the picture is shown: greys, layers, and the threshold.

import {byId} from './dom.js';

/** @typedef {'outlines'|'fill'|'out'|'regions'|'heat'|'proposed'} Layer */

/** @param {string} id */
const input = id => /** @type {HTMLInputElement} */ (byId(id));
/** @type {('black'|'white'|'gamma')[]} */
const LEVELS = ['black', 'white', 'gamma'];
const PLAIN = {black: 0, white: 255, gamma: 1};

export class Layers {
  /**
   * @param {import('./stage.js').Stage} stage
   * @param {import('./editor.js').Editor} editor
   */
  constructor(stage, editor) {
    this.stage = stage;
    for (const name of /** @type {Layer[]} */ (Object.keys(stage.layers))) {
      const box = input(`layer-${name}`);
      box.checked = stage.layers[name];
      box.addEventListener('change', () => {
        stage.layers[name] = box.checked;
        stage.redraw();
      });
    }
    for (const name of LEVELS) {
      input(name).addEventListener('input', () => this.read());
    }
    byId('plain').addEventListener('click', () => {
      for (const name of LEVELS) input(name).value = String(PLAIN[name]);
      this.read();
    });
    const threshold = input('threshold');
    threshold.addEventListener('input', () => {
      stage.threshold = Number(threshold.value);
      this.tell();
      stage.redraw();
    });
    threshold.addEventListener('change', () => {
      stage.threshold = null;
      editor.send({kind: 'threshold', value: Number(threshold.value)});
    });
    // What is only looked at is no change.
    threshold.addEventListener('blur', () => this.show());
  }

  read() {
    const {levels} = this.stage;
    for (const name of LEVELS) levels[name] = Number(input(name).value);
    byId('gamma-value').textContent = levels.gamma.toFixed(2);
    this.stage.setLevels();
  }

  /** @param {Layer} name */
  toggle(name) {
    const box = input(`layer-${name}`);
    if (!box.disabled) box.click();
  }

  /** Follows the image. */
  show() {
    const data = this.stage.image?.data;
    const known = Boolean(data?.has_probabilities && data.threshold !== null);
    byId('threshold-box').hidden = !known;
    input('layer-heat').disabled = !data?.has_probabilities;
    const {proposes} = this.stage;
    for (const id of ['proposed-option', 'proposed-key']) {
      byId(id).hidden = !proposes;
    }
    this.stage.threshold = null;
    if (data && known) {
      input('threshold').value = String(data.threshold);
      this.tell();
    }
    this.stage.redraw();
  }

  tell() {
    const value = Number(input('threshold').value);
    byId('threshold-value').textContent = value.toFixed(2);
  }

  focusThreshold() {
    if (byId('threshold-box').hidden) return;
    /** @type {HTMLDetailsElement} */ (byId('view-box')).open = true;
    input('threshold').focus();
    input('threshold').scrollIntoView({block: 'nearest'});
  }
}
