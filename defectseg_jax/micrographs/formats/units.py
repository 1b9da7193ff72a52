"""A unit of length, as people and programs write it -> nanometres."""

import functools
import re
import unicodedata

# In small letters, without a plural's s: people write nm, NM and Nm, and
# nothing here is a megametre.
_WORDS = {
  1e-3: ('pm', 'picometer', 'picometre'),
  0.1: ('a', 'å', 'ang', 'angstrom', 'ångstrom', 'angström', 'ångström'),
  1.0: ('nm', 'nanometer', 'nanometre'),
  1e3: (
    'um',
    'μm',
    'mum',
    'u',
    'μ',
    'mu',
    'micron',
    'micrometer',
    'micrometre',
  ),
  1e6: ('mm', 'millimeter', 'millimetre'),
  1e7: ('cm', 'centimeter', 'centimetre'),
  25.4e6: ('in', 'inch', 'inche', '"'),
  1e9: ('m', 'meter', 'metre'),
}
_NM_PER_UNIT = {word: nm for nm, words in _WORDS.items() for word in words}

# What programs write of an image that nobody calibrated. ImageJ calls it pixel,
# OME reference frame.
_NO_UNIT = (
  *('', 'pixel', 'px', 'pix', 'none', 'null', 'undefined', 'unknown'),
  *('dimensionless', 'referenceframe', 'arbitrary', 'au', 'a.u.'),
)

# 1/nm, 1 / nm, nm^-1, nm-1, nm**-1, 1/[nm]; an angle is a diffraction pattern's
# too.
_RECIPROCAL = re.compile(r'1/.*|.*(\^|\*\*)?-1|m?rad|μrad|milliradian|radian')


def nm_per_unit(unit: str) -> float | None:
  """Nanometres in one unit; None where it is no length.

  Args:
    unit: as the file has it, in any case, singular or plural: 'nm', 'NM',
      'nanometres', EMD's '[n_m]', ImageJ's escaped backslash-u00B5 'm'.

  Examples:
    >>> nm_per_unit('µm'), nm_per_unit('Ang'), nm_per_unit('[n_m]')
    (1000.0, 0.1, 1.0)
    >>> nm_per_unit('degree') is None
    True
  """
  return _NM_PER_UNIT.get(_key(unit))


def is_no_unit(unit: str) -> bool:
  """Whether a program wrote that nobody calibrated: '', 'pixels', '[]'."""
  return _key(unit) in _NO_UNIT


def is_reciprocal(unit: str) -> bool:
  """Whether it is that of a diffraction pattern, as '1/nm' and 'mrad' are.

  Examples:
    >>> is_reciprocal('1 / nm'), is_reciprocal('Å⁻¹'), is_reciprocal('nm')
    (True, True, False)
  """
  return _RECIPROCAL.fullmatch(_key(unit)) is not None


@functools.lru_cache(maxsize=64)
def _key(unit: str) -> str:
  """The unit in small letters, without plural, brackets, 'per pixel'."""
  text = unit.strip('\0').replace('\\u00B5', 'µ').replace('\\u00b5', 'µ')
  # The micro sign and the Greek mu are two characters, so are the angstrom sign
  # and the Nordic letter; NFKC makes both the same, and digits of exponents.
  text = unicodedata.normalize('NFKC', text).replace('\u2212', '-').casefold()
  text = re.sub(r'[\s\[\]<>_]', '', text)
  text = re.sub(r'(?<=.)(/|per)(px|pixels?)$', '', text)
  return text.removesuffix('s') if len(text) > 2 else text
