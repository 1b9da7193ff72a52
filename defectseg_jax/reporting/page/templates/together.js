
// Shows and hides the outlines of a defect, in all images: boxes, and keys.

function showOutlines(box) {
  for (const outlines of all('.foil path')) {
    if (outlines.dataset.layer === box.value) {
      outlines.classList.toggle('off', !box.checked);
    }
  }
}

on('change', '.layers input', showOutlines);
// A browser keeps what was chosen when it loads the page again.
begins.push(() => all('.layers input').forEach(showOutlines));
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const box = all('.layers input')[Number(event.key) - 1];
  if (!box) return;
  box.checked = !box.checked;
  showOutlines(box);
});
