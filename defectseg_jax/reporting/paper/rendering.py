"""Sentences with citations to Markdown (as pandoc reads it) and to LaTeX."""

import re
from collections.abc import Callable, Iterable, Sequence

from defectseg_jax.reporting.paper.references import CITED

_LATEX = str.maketrans(
  {
    '\\': r'\textbackslash{}',
    **{one: f'\\{one}' for one in '&%$#_{}'},
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': r'\textless{}',
    '>': r'\textgreater{}',
    '±': r'$\pm$',
    '–': r'\textendash{}',
    '∞': r'$\infty$',
  }
)
_SUPERSCRIPTS = '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'
_RAISED = re.compile(f'[{_SUPERSCRIPTS}]+')
_LOWERED = str.maketrans(_SUPERSCRIPTS, '-0123456789')
# What begins a link, a picture, code or markup where Markdown is read.
_MARKDOWN = re.compile(r'([\\`*_\[\]<>|])')


def latex_text(text: str) -> str:
  r"""Text that LaTeX shows as it is.

  Examples:
    >>> latex_text('50 % of a_1, 10²¹ m⁻³')
    '50 \\% of a\\_1, 10$^{21}$ m$^{-3}$'
  """
  return _RAISED.sub(
    lambda found: f'$^{{{found[0].translate(_LOWERED)}}}$',
    # Two hyphens of a flag would become a dash.
    text.translate(_LATEX).replace('--', '-{}-'),
  )


def markdown_text(text: str) -> str:
  r"""Text that Markdown shows as it is.

  Examples:
    >>> markdown_text('a_1 | b')
    'a\\_1 \\| b'
  """
  return _MARKDOWN.sub(r'\\\1', text)


def methods_markdown(paragraphs: Iterable[Sequence[str]]) -> str:
  """The Methods; citations stand as `[@key; @other]`."""
  return '# Methods\n\n' + _document(
    paragraphs, ' ', markdown_text, lambda keys: f'[@{"; @".join(keys)}]'
  )


def methods_latex(paragraphs: Iterable[Sequence[str]]) -> str:
  r"""The Methods as a section; citations stand as `\cite{key,other}`."""
  return '\\section*{Methods}\n\n' + _document(
    paragraphs, '\n', latex_text, lambda keys: f'\\cite{{{",".join(keys)}}}'
  )


def _document(
  paragraphs: Iterable[Sequence[str]],
  between: str,
  shown: Callable[[str], str],
  cite: Callable[[Sequence[str]], str],
) -> str:
  """Paragraphs of sentences, as they are shown and cited."""

  def with_citations(sentence: str) -> str:
    # Text and keys take turns.
    return ''.join(
      cite(re.findall(r'\w+', part)) if index % 2 else shown(part)
      for index, part in enumerate(CITED.split(sentence))
    )

  texts = [between.join(map(with_citations, one)) for one in paragraphs]
  return '\n\n'.join(texts) + '\n'
