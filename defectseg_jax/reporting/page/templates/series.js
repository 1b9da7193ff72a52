
// A series: the frame that the slider is at.

on('input', '#frame-slider', slider => {
  for (const [place, frame] of all('.series .frame').entries()) {
    frame.classList.toggle('current', place === Number(slider.value));
  }
});
