// "Learn from my corrections": how far it is, and what it proposes.

import {get, post} from './api.js';
import {byId, complain, make, say} from './dom.js';

const BUTTONS = ['start', 'stop', 'accept', 'refuse'];

/**
 * @typedef {object} Listener
 * @property {() => void} onAccepted called when images have changed
 * @property {() => void} onShown called when there is another proposal, or none
 * @property {(name: string) => void} open shows an image
 */

export class Teach {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    this.phase = '';
    /** @type {Record<string, string>} What is proposed, by image. */
    this.proposals = {};
    /** @type {number|null} The lesson that proposes it. */
    this.lesson = null;
    for (const what of BUTTONS) {
      byId(`teach-${what}`).addEventListener('click', () => this.ask(what));
    }
  }

  get works() {
    return this.phase === 'training' || this.phase === 'proposing';
  }

  /**
   * The lesson that proposes something for an image; null without one.
   *
   * @param {string|undefined} name
   */
  proposes(name) {
    return name !== undefined && name in this.proposals ? this.lesson : null;
  }

  /** @param {string} what */
  async ask(what) {
    try {
      this.show(await post('teach', {what}));
      if (what === 'accept') this.listener.onAccepted();
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
    }
  }

  async reload() {
    this.show(await get('teach'));
  }

  /** @param {Record<string, any>} state */
  show(state) {
    const before = this.phase;
    const {phase} = state;
    const ready = phase === 'ready';
    this.phase = phase;
    this.proposals = ready ? state.proposals : {};
    this.lesson = ready ? state.lesson : null;
    byId('teach-start').hidden = this.works || ready;
    byId('teach-stop').hidden = !this.works;
    byId('teach-accept').hidden = byId('teach-refuse').hidden = !ready;
    const bar = /** @type {HTMLProgressElement} */ (byId('teach-bar'));
    bar.hidden = !this.works;
    bar.value = state.fraction ?? 0;
    byId('teach-text').textContent = wordsOf(state);
    this.showProposals();
    if (before && phase !== before) {
      say(`learning: ${wordsOf(state)}`);
      if (ready || phase === 'failed') {
        /** @type {HTMLDetailsElement} */ (byId('teach-box')).open = true;
        byId('teach-box').scrollIntoView({block: 'nearest'});
      }
    }
    this.listener.onShown();
  }

  showProposals() {
    const found = Object.entries(this.proposals);
    byId('teach-proposals').replaceChildren(...found.map(([name, text]) => {
      const button = make(
        'button', {type: 'button'}, make('span', {class: 'name'}, name),
        make('span', {class: 'quiet'}, text));
      button.addEventListener('click', () => this.listener.open(name));
      return make('li', {}, button);
    }));
    const question = byId('teach-question');
    question.hidden = this.phase !== 'ready';
    question.textContent = found.length ?
      `Take its objects in ${found.length === 1 ? 'this image' :
        `these ${found.length} images`}? What you drew, changed or took out ` +
        'stays, each image can be undone, and the old network is kept.' :
      'No image is left to propose anything for.';
  }
}

/** @param {Record<string, any>} state */
function wordsOf(state) {
  if (state.text) return state.text;
  if (state.error) return state.error;
  switch (state.phase) {
    case 'training': {
      const left = state.seconds_left;
      const time = left === null || left === undefined ? '' :
        `, ${left > 90 ? `${Math.round(left / 60)} min` :
          `${Math.round(left)} s`} left`;
      return `learning: ${Math.round(100 * (state.fraction ?? 0))}%${time}`;
    }
    case 'proposing': return 'looking at the other images';
    case 'failed': return 'it could not learn';
    default: return state.note || 'The network learns from the images that you accepted, ' +
      'and proposes on the rest. Nothing is replaced before you agree.';
  }
}
