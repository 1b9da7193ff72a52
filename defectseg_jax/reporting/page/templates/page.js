
// The page: which image is seen, and how.

const AGAIN_MS = 50; // Until an image that is not read yet is looked for again.

const viewers = new Map();
let current = null;
let layer = null;
let wanted = null; // Of what is asked for, the last.

function showLayer() {
  const names = all('.layer', current.svg).map(image => image.dataset.layer);
  const name = names.includes(layer) ? layer :
    first('.layer.printed', current.svg)?.dataset.layer;
  for (const part of all('.layer, .of-layer', current.section)) {
    part.classList.toggle('shown', part.dataset.layer === name);
  }
  for (const radio of all('[name=layer]')) {
    radio.disabled = !names.includes(radio.value);
    radio.checked = radio.value === name;
  }
}

function bringUp(section) {
  if (!viewers.has(section)) viewers.set(section, new Viewer(section));
  current?.section.classList.remove('current');
  section.classList.add('current');
  current = viewers.get(section);
  showLayer();
  current.moveBy(0, 0);
}

// Shows the image that stands so far down the list, and then does something.
function show(place, then) {
  const {options} = first('#which');
  if (!options[place]) return;
  const mine = wanted = {};
  const section = document.getElementById(`image-${options[place].value}`);
  const loading = document.readyState === 'loading';
  // Something follows it in the page once it is read to its end.
  const isRead = section && (section.nextSibling || !loading);
  first('#which').selectedIndex = place;
  first('.place').textContent = `${place + 1} of ${options.length}` +
    (isRead ? '' : ', is still being read');
  for (const button of all('[data-step]')) {
    button.disabled = !options[place + Number(button.dataset.step)];
  }
  if (isRead) {
    bringUp(section);
    then?.();
  } else if (loading) {
    setTimeout(() => { if (wanted === mine) show(place, then); }, AGAIN_MS);
  }
}

function follow(hash) {
  const [, image, object] = /^#image-(\d+)(?:-object-(\d+))?$/.exec(hash) ?? [];
  if (!image) return false;
  const place = all('option', first('#which'))
    .findIndex(option => option.value === image);
  show(place, object && (() => {
    current.pick(Number(object), true);
    current.svg.scrollIntoView({block: 'nearest'});
  }));
  return Boolean(object);
}

on('click', '[data-step]', button => show(
  first('#which').selectedIndex + Number(button.dataset.step)));
on('click', '[data-zoom]', button =>
  current.zoomBy(Number(button.dataset.zoom)));
on('change', '[name=layer]', radio => {
  layer = radio.value;
  showLayer();
});
on('change', '#which', list => show(list.selectedIndex));
on('change', '#outlines', box => first('.viewer')
  .classList.toggle('without-outlines', !box.checked));
on('click', 'a[href^="#image-"]', (link, event) => {
  if (follow(link.hash)) event.preventDefault();
});
window.addEventListener('hashchange', () => follow(location.hash));
window.addEventListener('resize', () => current?.moveBy(0, 0));
// On paper all is seen; the sheet takes no notice of the zoom.
window.addEventListener('beforeprint', () => {
  for (const viewer of viewers.values()) viewer.draw(1, viewer.printedMark);
});
window.addEventListener('afterprint', () => current?.moveBy(0, 0));

begins.push(() => {
  if (current || !first('.image')) return;
  first('.toolbar').hidden = false;
  show(0);
  follow(location.hash);
});
