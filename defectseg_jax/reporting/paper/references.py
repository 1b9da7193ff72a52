"""What the Methods may cite, by key: the entries of a .bib file."""

import re
from collections.abc import Iterable

_ENTRIES = {
  'roberts2019': (
    'Roberts, Graham and Haile, Simon Y. and Sainju, Rajat and Edwards, Danny '
    'J. and Hutchinson, Brian and Zhu, Yuanyuan',
    'Deep learning for semantic segmentation of defects in advanced STEM '
    'images of steels',
    ('Scientific Reports', 9, '12744', 2019),
  ),
  'garwood1936': (
    'Garwood, F.',
    'Fiducial limits for the Poisson distribution',
    ('Biometrika', 28, '437--442', 1936),
  ),
  'gundersen1977': (
    'Gundersen, H. J. G.',
    'Notes on the estimation of the numerical density of arbitrary profiles: '
    'the edge effect',
    ('Journal of Microscopy', 111, '219--223', 1977),
  ),
  'paule1982': (
    'Paule, Robert C. and Mandel, John',
    'Consensus values and weighting factors',
    (
      'Journal of Research of the National Bureau of Standards',
      *(87, '377--385', 1982),
    ),
  ),
  'hartung2001': (
    'Hartung, Joachim and Knapp, Guido',
    'A refined method for the meta-analysis of controlled clinical trials with '
    'binary outcome',
    ('Statistics in Medicine', 20, '3875--3889', 2001),
  ),
  'seeger1958': (
    'Seeger, A.',
    'On the theory of radiation damage and radiation hardening',
    (
      'Proceedings of the Second United Nations International Conference on '
      'the Peaceful Uses of Atomic Energy',
      6,
      '250',
      1958,
    ),
  ),
  'gladman1999': (
    'Gladman, T.',
    'Precipitation hardening in metals',
    ('Materials Science and Technology', 15, '30--36', 1999),
  ),
  'bacon1973': (
    'Bacon, D. J. and Kocks, U. F. and Scattergood, R. O.',
    'The effect of dislocation self-interaction on the Orowan stress',
    ('Philosophical Magazine', 28, '1241--1263', 1973),
  ),
  'taylor1934': (
    'Taylor, G. I.',
    'The mechanism of plastic deformation of crystals. Part I. Theoretical',
    ('Proceedings of the Royal Society A', 145, '362--387', 1934),
  ),
  'brailsford1972': (
    'Brailsford, A. D. and Bullough, R.',
    'The rate theory of swelling due to void growth in irradiated metals',
    ('Journal of Nuclear Materials', 44, '121--135', 1972),
  ),
}

_KEY = f'(?:{"|".join(_ENTRIES)})'
# Only of these keys: names of files may hold anything.
CITED = re.compile(rf'\[@({_KEY}(?:; @{_KEY})*)\]')


def keys_of(sentences: Iterable[str]) -> list[str]:
  """Keys that sentences cite, each once, in their order.

  Examples:
    >>> keys_of(['So [@paule1982; @garwood1936].', 'So too [@paule1982].'])
    ['paule1982', 'garwood1936']
  """
  found: dict[str, None] = {}
  for sentence in sentences:
    for group in CITED.findall(sentence):
      found |= dict.fromkeys(re.findall(r'\w+', group))
  return list(found)


def bibtex(keys: Iterable[str]) -> str:
  """Entries of these keys, and of no other."""
  return '\n'.join(_entry(key) for key in keys)


def _entry(key: str) -> str:
  authors, title, (journal, volume, pages, year) = _ENTRIES[key]
  return (
    f'@article{{{key},\n'
    f'  author = {{{authors}}},\n'
    f'  title = {{{{{title}}}}},\n'
    f'  journal = {{{journal}}},\n'
    f'  volume = {{{volume}}},\n'
    f'  pages = {{{pages}}},\n'
    f'  year = {{{year}}},\n'
    '}\n'
  )
