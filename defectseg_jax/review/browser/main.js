// The page: opens the first image, and ties everything together.

import {Refused, Unreachable, get, post} from './api.js';
import {byId, complain, forgive, make, say} from './dom.js';
import {Editor} from './editor.js';
import {openImage} from './image.js';
import {commands, listen} from './keys.js';
import {Layers} from './layers.js';
import {CheckList, ImageList, showNumbers} from './panels.js';
import {Pointer} from './pointer.js';
import {Stage} from './stage.js';
import {Teach} from './teach.js';
import {ToolBar} from './toolbar.js';

const POLL_MS = 1000;

export class Program {
  constructor() {
    const canvas = /** @type {HTMLCanvasElement} */ (byId('picture'));
    this.stage = new Stage(canvas);
    this.editor = new Editor(this.stage, {
      onTool: () => this.tools?.show(),
      onChange: text => this.changed(text),
      onProblem: error => this.problem(error),
    });
    this.tools = new ToolBar(this.editor, this.stage);
    this.pointer = new Pointer(
      this.stage, this.editor, point => this.tellPlace(point));
    this.layers = new Layers(this.stage, this.editor);
    this.check = new CheckList(this.stage);
    this.list = new ImageList(name => this.open(name));
    this.teach = new Teach({
      onAccepted: () => this.reloadAll(),
      onShown: () => this.propose(),
      open: name => this.open(name),
    });
    this.opening = '';
    this.told = Infinity; // The version whose numbers were told.
    this.stopped = false;
    this.stage.onDraw = () => {
      byId('scale').textContent = `${Math.round(100 * this.stage.view.scale)}%`;
    };
    this.bind();
    this.tools.show();
    listen(this);
  }

  bind() {
    const does = /** @type {Record<string, () => void>} */ ({
      undo: () => this.editor.step('undo'),
      redo: () => this.editor.step('redo'),
      accept: () => this.accept(),
      previous: () => this.step(-1),
      next: () => this.step(1),
      closer: () => this.zoom(1.4),
      farther: () => this.zoom(1 / 1.4),
      fit: () => this.fit(),
      help: () => this.showHelp(),
      stop: () => this.stop(),
      'problem-close': forgive,
    });
    for (const [id, run] of Object.entries(does)) {
      byId(id).addEventListener('click', run);
    }
    // A menu closes once something is chosen, or one clicks elsewhere.
    const menu = /** @type {HTMLDetailsElement} */ (byId('handover'));
    document.addEventListener('click', event => {
      const {target} = event;
      if (!(target instanceof Node) || !menu.contains(target) ||
          /** @type {Element} */ (target).closest('a')) menu.open = false;
    });
    menu.addEventListener('keydown', event => {
      if (event.key === 'Escape') menu.open = false;
    });
  }

  async start() {
    try {
      await this.list.reload();
      const wanted = decodeURIComponent(location.hash.slice(1));
      const names = this.list.images.map(({name}) => name);
      const first = names.includes(wanted) ? wanted : names[0];
      if (first === undefined) complain('there is no image here', true);
      else await this.open(first);
      await this.teach.reload();
    } catch (error) {
      this.problem(/** @type {Error} */ (error));
    }
    setTimeout(() => this.poll(), POLL_MS);
  }

  /** @param {string} name */
  async open(name) {
    this.opening = name;
    this.editor.cancel();
    byId('stage').setAttribute('aria-busy', 'true');
    try {
      const image = await openImage(name, () => this.stage.redraw());
      if (this.opening !== name) return;
      this.stage.image?.close();
      image.store.onError = error => this.problem(error);
      image.onNumbers = () => {
        if (image === this.stage.image) this.counted();
      };
      this.stage.show(image);
      this.propose();
      history.replaceState(null, '', `#${encodeURIComponent(name)}`);
      document.title = `${name} – review`;
      this.stage.canvas.setAttribute(
        'aria-label', `${name}: arrows move the crosshair, Space acts, ` +
          'the question mark lists all keys');
      for (const kind of ['png', 'svg']) {
        byId(`figure-${kind}`).setAttribute(
          'href', `api/figures/${encodeURIComponent(name)}.${kind}`);
      }
      this.told = Infinity;
      this.changed('');
      if (this.check.name !== name) {
        this.check.load(name).catch(error => this.problem(error));
      }
    } catch (error) {
      this.problem(/** @type {Error} */ (error));
    } finally {
      byId('stage').setAttribute('aria-busy', 'false');
    }
  }

  /** @param {string} text */
  changed(text) {
    const {image} = this.stage;
    if (!image) return;
    this.layers.show();
    byId('last').textContent = text || 'everything is saved';
    this.counted();
    image.measure().catch(error => this.problem(error));
  }

  /** The numbers are of what is seen. */
  counted() {
    const image = /** @type {import('./image.js').EditedImage} */ (
      this.stage.image);
    showNumbers(image, this.list.find(image.name));
    const {accepted} = this.list;
    this.list.update(image);
    if (accepted !== this.list.accepted) {
      // Whether there are enough to learn from.
      this.teach.reload().catch(error => this.problem(error));
    }
    const {numbers, version} = image.data;
    byId('numbers').setAttribute(
      'aria-busy', String(numbers.version < version));
    if (numbers.version < version) return;
    if (version > this.told) {
      say(`${byId('last').textContent}. ${numbers.changes}`);
    }
    this.told = version;
  }

  /** @param {Error} error */
  problem(error) {
    if (error instanceof Unreachable) {
      if (!this.stopped) {
        complain('The program does not answer. What you did is on disk; give ' +
          'the same command again to go on.', true);
      }
      return;
    }
    complain(error.message);
    if (error instanceof Refused && error.status === 409) {
      const name = this.stage.image?.name;
      if (name) this.open(name);
    }
  }

  /** What is proposed for the image is seen before it is taken. */
  propose() {
    const {stage} = this;
    const lesson = this.teach.proposes(stage.image?.name);
    if (stage.image?.store.propose(lesson)) stage.redraw();
    this.layers.show();
  }

  /** @param {number} factor */
  zoom(factor) {
    const {view, cursor} = this.stage;
    if (cursor) {
      const [x, y] = view.toStage(...cursor);
      view.zoom(factor, x, y);
    } else {
      view.zoom(factor);
    }
    this.stage.redraw();
  }

  fit() {
    this.stage.view.fit();
    this.stage.redraw();
  }

  /** @param {number} by */
  step(by) {
    const name = this.list.neighbour(by);
    if (name !== undefined) this.open(name);
    else say(by > 0 ? 'this is the last image' : 'this is the first image');
  }

  accept() {
    const {image} = this.stage;
    if (image) this.editor.send({kind: 'done', value: !image.data.done});
  }

  /** @param {import('./types.js').Point|null} point */
  tellPlace(point) {
    const {image} = this.stage;
    const inside = point && image && point[0] >= 0 && point[1] >= 0 &&
      point[0] < image.data.height && point[1] < image.data.width;
    const id = inside ? this.stage.objectAt(...point) : null;
    byId('place').textContent = inside ?
      `${Math.floor(point[1])}, ${Math.floor(point[0])}` +
      `${id ? ` · object ${id}` : ''}` : '';
  }

  showHelp() {
    const dialog = /** @type {HTMLDialogElement} */ (byId('keys'));
    const rows = commands(this).filter(one => one.text).map(one => make(
      'tr', {}, make('th', {scope: 'row'}, make('kbd', {}, one.shown)),
      make('td', {}, one.text)));
    byId('key-rows').replaceChildren(
      ...rows,
      make('tr', {}, make('th', {scope: 'row'}, make('kbd', {}, 'Space')),
        make('td', {}, 'at the crosshair: click, set a point, or put the pen ' +
          'down and lift it; held with the mouse: move the picture')));
    dialog.showModal();
  }

  async stop() {
    this.stopped = true;
    try {
      await this.stage.image?.last;
      await post('stop', {});
      /** @type {HTMLDialogElement} */ (byId('ended')).showModal();
    } catch (error) {
      this.stopped = false;
      this.problem(/** @type {Error} */ (error));
    }
  }

  async reloadAll() {
    await this.list.reload();
    const name = this.stage.image?.name;
    if (name) await this.open(name);
  }

  /** Sees what another window did. */
  async poll() {
    if (this.stopped) return;
    try {
      const {versions, teaching, save_error: fault} = await get('state');
      if (fault) complain(`The mask is not written yet: ${fault}`);
      const {image} = this.stage;
      const now = image && versions[image.name];
      if (image && !image.waiting && !this.editor.drawing &&
          now !== undefined && now > image.version) {
        await this.open(image.name);
        say('the image was changed in another window');
      }
      if (teaching !== this.teach.phase || this.teach.works) {
        await this.teach.reload();
      }
      if (this.away) forgive();
      this.away = false;
    } catch (error) {
      this.away = error instanceof Unreachable;
      this.problem(/** @type {Error} */ (error));
    }
    setTimeout(() => this.poll(), POLL_MS);
  }
}

const program = new Program();
// For who looks how fast it is.
Object.assign(window, {program});
program.start();
