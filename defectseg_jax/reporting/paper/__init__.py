"""What goes into the text of a paper: Methods, references, tables.

record      what was done, as methods and tables read it
methods     the sentences, a small function for each part of the Methods
intervals   those on intervals and means
series      those on frames of one experiment
together    those on several defects of the same micrographs
phrases     parts of sentences
references  what they cite
rendering   sentences to Markdown and LaTeX
tables      one table, and its digits
workbook    that table as a spreadsheet
writing     the files
"""

from defectseg_jax.reporting.paper.record import Record
from defectseg_jax.reporting.paper.writing import write_paper

__all__ = ['Record', 'write_paper']
