
// One image: its picture, its objects, and the row of one of them.

const NOTHING = '–';
const LARGEST_ZOOM = 40;
const STEP = 1.5;

function text(value) {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value === null || value === '' ? NOTHING : String(value);
}

// Fractions of a column to as many decimals, four digits of the largest.
function writerOf(values) {
  const fractions = values.filter(
    value => typeof value === 'number' && !Number.isInteger(value));
  if (!fractions.length) return text;
  const largest = Math.max(...fractions.map(Math.abs));
  const decimals = Math.min(
    Math.max(3 - Math.floor(Math.log10(largest)), 0), 12);
  return value =>
    typeof value === 'number' ? value.toFixed(decimals) : text(value);
}

function roundBelow(length) {
  const power = 10 ** Math.floor(Math.log10(length));
  return power * [5, 2, 1].find(times => times * power <= length * 1.000001);
}

class Viewer {
  constructor(section) {
    const data = JSON.parse(first('.data', section).textContent);
    this.section = section;
    this.svg = first('.picture', section);
    this.size = this.svg.viewBox.baseVal;
    this.scene = first('.scene', section);
    this.marks = first('.marks', section);
    this.printedMark = this.marks.getAttribute('font-size');
    this.zoom = 1;
    this.x = this.y = 0;
    this.picked = null;
    this.columns = data.columns;
    const id = data.columns.indexOf('id');
    this.objects = new Map(data.rows.map(row => [row[id], row]));
    this.paths = new Map();
    for (const path of all('.object', section)) this.takeApart(path);
    this.lines = new Map();
    this.cells = all('.chosen dd', section);
    this.listenToPicture();
    if (this.objects.size) this.fillTable(data.shown);
  }

  // Outlines of an image are few parts of the page until it is looked at.
  takeApart(together) {
    const lines = together.getAttribute('d').split('\n');
    for (const [place, id] of together.dataset.ids.split(' ').entries()) {
      const path = document.createElementNS(together.namespaceURI, 'path');
      path.setAttribute('class', together.getAttribute('class'));
      path.setAttribute('d', lines[place]);
      path.id = `${this.section.id}-object-${id}`;
      path.dataset.id = id;
      together.before(path);
      this.paths.set(Number(id), path);
    }
    together.remove();
  }

  fillTable(shown) {
    const body = first('.objects tbody', this.section);
    const places = shown.map(name => this.columns.indexOf(name));
    const writers = places.map(place =>
      writerOf([...this.objects.values()].map(values => values[place])));
    for (const [id, values] of this.objects) {
      const line = body.insertRow();
      for (const [number, name] of shown.entries()) {
        const value = values[places[number]];
        const cell = line.insertCell();
        cell.dataset.value = value ?? '';
        if (typeof value === 'number') cell.className = 'number';
        if (name !== 'id') {
          cell.textContent = writers[number](value);
          continue;
        }
        const button = cell.appendChild(document.createElement('button'));
        button.type = 'button';
        button.tabIndex = this.lines.size ? -1 : 0;
        button.textContent = id;
        button.setAttribute('aria-label', `Object ${id}`);
      }
      line.dataset.id = id;
      this.lines.set(id, line);
    }
    const idOf = event => Number(event.target.closest('tr').dataset.id);
    body.addEventListener('click', event => this.pick(idOf(event), true));
    body.addEventListener('pointerover', event => this.hover(idOf(event)));
    body.addEventListener('pointerleave', () => this.hover(null));
    body.addEventListener('keydown', event => {
      const line = event.target.closest('tr');
      const next = {ArrowDown: 'nextSibling', ArrowUp: 'previousSibling'};
      const other = line[next[event.key]];
      if (!other) return;
      event.preventDefault();
      this.pick(Number(other.dataset.id), true);
      first('button', other).focus();
    });
  }

  listenToPicture() {
    const {svg} = this;
    const idOf = event =>
      Number(event.target.closest('.object')?.dataset.id) || null;
    let from = null;
    let moved = false;
    svg.addEventListener('wheel', event => {
      const factor = 1.0015 ** -event.deltaY;
      // Where all of it is seen, the wheel goes on down the page.
      if (factor < 1 && this.zoom === 1) return;
      event.preventDefault();
      this.zoomBy(factor, this.pointOf(event));
    }, {passive: false});
    svg.addEventListener('pointerdown', event => {
      if (event.button === 0) from = this.pointOf(event);
      moved = false;
    });
    svg.addEventListener('pointermove', event => {
      if (!from || !event.buttons) return;
      const to = this.pointOf(event);
      const far = Math.hypot(to.x - from.x, to.y - from.y);
      if (!moved && far < 4 * this.pixel()) return;
      moved = true;
      svg.setPointerCapture(event.pointerId);
      svg.classList.add('dragged');
      this.moveBy(to.x - from.x, to.y - from.y);
      from = to;
    });
    for (const name of ['pointerup', 'pointercancel']) {
      svg.addEventListener(name, () => {
        from = null;
        svg.classList.remove('dragged');
      });
    }
    svg.addEventListener('click', event => {
      if (!moved) this.pick(idOf(event));
    });
    svg.addEventListener('pointerover', event => this.hover(idOf(event)));
    svg.addEventListener('pointerleave', () => this.hover(null));
    svg.addEventListener('keydown', event => {
      const far = this.size.width / 10;
      const does = {
        '+': () => this.zoomBy(STEP),
        '=': () => this.zoomBy(STEP),
        '-': () => this.zoomBy(1 / STEP),
        '0': () => this.zoomBy(0),
        ArrowLeft: () => this.moveBy(far, 0),
        ArrowRight: () => this.moveBy(-far, 0),
        ArrowUp: () => this.moveBy(0, far),
        ArrowDown: () => this.moveBy(0, -far),
        Escape: () => this.pick(null),
      }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      does();
    });
  }

  // Zoom and place, in pixels of the micrograph.

  pixel() {
    return 1 / (this.svg.getScreenCTM()?.a || 1);
  }

  pointOf(event) {
    return new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(this.svg.getScreenCTM().inverse());
  }

  zoomBy(factor, at) {
    const {width, height} = this.size;
    at ??= {x: width / 2, y: height / 2};
    const zoom = Math.min(Math.max(this.zoom * factor, 1), LARGEST_ZOOM);
    this.x = at.x - (at.x - this.x) * zoom / this.zoom;
    this.y = at.y - (at.y - this.y) * zoom / this.zoom;
    this.zoom = zoom;
    this.moveBy(0, 0);
  }

  moveBy(x, y) {
    const inside = (place, side) =>
      Math.min(Math.max(place, side * (1 - this.zoom)), 0);
    this.x = inside(this.x + x, this.size.width);
    this.y = inside(this.y + y, this.size.height);
    this.draw(this.zoom);
  }

  draw(zoom, mark = 13 * this.pixel() / zoom) {
    this.scene.setAttribute(
      'transform', `translate(${this.x} ${this.y}) scale(${this.zoom})`);
    this.marks.setAttribute('font-size', mark);
    this.svg.classList.toggle('zoomed', this.zoom > 1);
    first('.scale').textContent = `${Math.round(100 * this.zoom)}%`;
    const bar = first('.bar', this.svg);
    if (!bar) return;
    const nm = Number(this.svg.dataset.pixelSizeNm);
    const long = roundBelow(this.size.width * nm / zoom / 4);
    const wide = long * zoom / nm;
    const {f} = bar.transform.baseVal[0].matrix;
    const edge = this.size.height - f;
    bar.setAttribute(
      'transform', `translate(${this.size.width - edge - wide} ${f})`);
    first('line', bar).setAttribute('x2', wide);
    first('text', bar).setAttribute('x', wide / 2);
    first('text', bar).textContent = `${Number(long.toPrecision(3))} nm`;
  }

  // Objects.

  hover(id) {
    first('.object.hover', this.svg)?.classList.remove('hover');
    this.paths.get(id)?.classList.add('hover');
    this.tell(id ?? this.picked);
  }

  pick(id, reveal = false) {
    const line = this.lines.get(id);
    first('.picked', this.svg)?.classList.remove('picked');
    this.lines.get(this.picked)?.removeAttribute('aria-current');
    this.picked = id;
    this.tell(id);
    const status = first('.chosen [role=status]', this.section);
    if (status) status.textContent = id ? `Object ${id} selected` : '';
    if (!line) return;
    line.setAttribute('aria-current', 'true');
    for (const button of all('[tabindex="0"]', line.parentNode)) {
      button.tabIndex = -1;
    }
    first('button', line).tabIndex = 0;
    const box = line.closest('.scroll');
    box.scrollTop = line.offsetTop - box.clientHeight / 2;
    const path = this.paths.get(id);
    if (!path) return;
    path.classList.add('picked');
    path.parentNode.append(path); // In front of its neighbours.
    if (reveal) this.reveal(path.getBBox());
  }

  reveal({x, y, width, height}) {
    const wanted = Math.min(
      this.size.width / width, this.size.height / height) / 6;
    this.zoom = Math.min(Math.max(wanted, 1), 8);
    this.x = this.size.width / 2 - this.zoom * (x + width / 2);
    this.y = this.size.height / 2 - this.zoom * (y + height / 2);
    this.moveBy(0, 0);
  }

  tell(id) {
    const values = this.objects.get(id);
    if (!this.cells.length) return;
    first('.which', this.section).textContent = values ? id : NOTHING;
    this.columns.filter(name => name !== 'id').forEach((name, place) => {
      const value = values?.[this.columns.indexOf(name)] ?? null;
      this.cells[place].textContent = text(value);
    });
  }
}
