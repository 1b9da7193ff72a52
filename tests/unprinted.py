"""Sessions of tests leave out the figures for print.

To draw them would take half of the time of each, and there are hundreds. The
fixture `printed` has them drawn.
"""

from defectseg_jax.sessions import paper_figures

write_figure = paper_figures.write_figure
paper_figures.write_figure = lambda folder, name, figure: None
