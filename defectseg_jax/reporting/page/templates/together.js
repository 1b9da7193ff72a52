// Shows and hides the outlines of a defect, in all images: boxes, and keys.
(() => {
  const boxes = [...document.querySelectorAll('.layers input')];
  const show = (box) => {
    for (const layer of document.querySelectorAll('.foil path')) {
      if (layer.dataset.layer === box.value) {
        layer.classList.toggle('off', !box.checked);
      }
    }
  };
  for (const box of boxes) {
    box.addEventListener('change', () => show(box));
    // A browser keeps what was chosen when it loads the page again.
    show(box);
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = boxes[Number(event.key) - 1];
    if (!box) return;
    box.checked = !box.checked;
    show(box);
  });
})();
