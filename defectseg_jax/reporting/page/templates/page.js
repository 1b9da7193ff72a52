
// The page: which image is seen, and how.

const sections = all('.image');
const viewers = new Map();
let current = null;
let layer = null;

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

function show(section) {
  if (!section) return;
  if (!viewers.has(section)) viewers.set(section, new Viewer(section));
  current?.section.classList.remove('current');
  section.classList.add('current');
  current = viewers.get(section);
  const place = sections.indexOf(section);
  first('#which').selectedIndex = place;
  first('.place').textContent = `${place + 1} of ${sections.length}`;
  for (const button of all('[data-step]')) {
    button.disabled = !sections[place + Number(button.dataset.step)];
  }
  showLayer();
  current.moveBy(0, 0);
}

function follow(hash) {
  const [, image, object] = /^#(image-\d+)(?:-object-(\d+))?$/.exec(hash) ?? [];
  if (!image) return false;
  show(document.getElementById(image));
  if (!object) return false;
  current.pick(Number(object), true);
  current.svg.scrollIntoView({block: 'nearest'});
  return true;
}

if (sections.length) {
  first('.toolbar').hidden = false;
  for (const button of all('[data-step]')) {
    button.addEventListener('click', () => show(
      sections[sections.indexOf(current.section) +
        Number(button.dataset.step)]));
  }
  for (const button of all('[data-zoom]')) {
    button.addEventListener(
      'click', () => current.zoomBy(Number(button.dataset.zoom)));
  }
  for (const radio of all('[name=layer]')) {
    radio.addEventListener('change', () => {
      layer = radio.value;
      showLayer();
    });
  }
  first('#which').addEventListener(
    'change', event => show(sections[event.target.selectedIndex]));
  first('#outlines').addEventListener('change', event => first('.viewer')
    .classList.toggle('without-outlines', !event.target.checked));
  document.addEventListener('click', event => {
    const link = event.target.closest('a[href^="#image-"]');
    if (link && follow(link.hash)) event.preventDefault();
  });
  window.addEventListener('hashchange', () => follow(location.hash));
  window.addEventListener('resize', () => current.moveBy(0, 0));
  // On paper all is seen; the sheet takes no notice of the zoom.
  window.addEventListener('beforeprint', () => {
    for (const viewer of viewers.values()) viewer.draw(1, viewer.printedMark);
  });
  window.addEventListener('afterprint', () => current.moveBy(0, 0));
  show(sections[0]);
  follow(location.hash);
}
