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
  'guizar2008': (
    'Guizar-Sicairos, Manuel and Thurman, Samuel T. and Fienup, James R.',
    'Efficient subpixel image registration algorithms',
    ('Optics Letters', 33, '156--158', 2008),
  ),
  'vanderwalt2014': (
    'van der Walt, St{\\\'e}fan and Sch{\\"o}nberger, Johannes L. and '
    'Nunez-Iglesias, Juan and Boulogne, Fran{\\c{c}}ois and Warner, Joshua D. '
    'and Yager, Neil and Gouillart, Emmanuelle and Yu, Tony and the '
    'scikit-image contributors',
    'scikit-image: image processing in Python',
    ('PeerJ', 2, 'e453', 2014),
  ),
  'virtanen2020': (
    'Virtanen, Pauli and Gommers, Ralf and Oliphant, Travis E. and others',
    'SciPy 1.0: fundamental algorithms for scientific computing in Python',
    ('Nature Methods', 17, '261--272', 2020),
  ),
  'jaqaman2008': (
    'Jaqaman, Khuloud and Loerke, Dinah and Mettlen, Marcel and Kuwata, '
    'Hirotaka and Grinstein, Sergio and Schmid, Sandra L. and Danuser, '
    'Gaudenz',
    'Robust single-particle tracking in live-cell time-lapse sequences',
    ('Nature Methods', 5, '695--702', 2008),
  ),
  'kaplan1958': (
    'Kaplan, E. L. and Meier, Paul',
    'Nonparametric estimation from incomplete observations',
    ('Journal of the American Statistical Association', 53, '457--481', 1958),
  ),
  'besag1977': (
    'Besag, Julian and Diggle, Peter J.',
    'Simple Monte Carlo tests for spatial pattern',
    ('Applied Statistics', 26, '327--333', 1977),
  ),
  'lancaster1961': (
    'Lancaster, H. O.',
    'Significance tests in discrete distributions',
    ('Journal of the American Statistical Association', 56, '223--234', 1961),
  ),
  'ohser1983': (
    'Ohser, J.',
    'On estimators for the reduced second moment measure of point processes',
    (
      'Mathematische Operationsforschung und Statistik, series Statistics',
      *(14, '63--71', 1983),
    ),
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
