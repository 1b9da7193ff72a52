// "Learn from my corrections": how far it is, and what it proposes.

import {get, post} from './api.js';
import {byId, complain, make, say} from './dom.js';

const BUTTONS = ['start', 'stop', 'accept', 'refuse'];

export class Teach {
  /** @param {() => void} onAccepted called when images have changed */
  constructor(onAccepted) {
    this.onAccepted = onAccepted;
    this.phase = '';
    for (const what of BUTTONS) {
      byId(`teach-${what}`).addEventListener('click', () => this.ask(what));
    }
  }

  /** @param {string} what */
  async ask(what) {
    try {
      this.show(await post('teach', {what}));
      if (what === 'accept') this.onAccepted();
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
    }
  }

  async reload() {
    this.show(await get('teach'));
  }

  /** @param {Record<string, any>} state */
  show(state) {
    const {phase} = state;
    const works = phase === 'training' || phase === 'proposing';
    byId('teach-start').hidden = works || phase === 'ready';
    byId('teach-stop').hidden = !works;
    byId('teach-accept').hidden = phase !== 'ready';
    byId('teach-refuse').hidden = phase !== 'ready';
    const bar = /** @type {HTMLProgressElement} */ (byId('teach-bar'));
    bar.hidden = !works;
    bar.value = state.fraction ?? 0;
    byId('teach-text').textContent = wordsOf(state);
    const proposals = Object.entries(state.proposals ?? {});
    byId('teach-proposals').replaceChildren(...proposals.map(
      ([name, text]) => make(
        'li', {}, make('span', {class: 'name'}, name), ` ${text}`)));
    if (this.phase && phase !== this.phase) {
      say(`learning: ${wordsOf(state)}`);
      if (phase === 'ready' || phase === 'failed') {
        /** @type {HTMLDetailsElement} */ (byId('teach-box')).open = true;
      }
    }
    this.phase = phase;
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
    case 'ready': return 'it has a proposal';
    case 'failed': return 'it could not learn';
    default: return state.note || 'The network learns from the images that you accepted, ' +
      'and proposes on the rest. Nothing is replaced before you agree.';
  }
}
