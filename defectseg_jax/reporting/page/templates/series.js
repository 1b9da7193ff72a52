
// A series: the frame that the slider is at.

const slider = first('#frame-slider');
if (slider) {
  const frames = all('.series .frame');
  slider.addEventListener('input', () => {
    for (const [place, frame] of frames.entries()) {
      frame.classList.toggle('current', place === Number(slider.value));
    }
  });
}
