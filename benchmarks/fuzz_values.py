"""Values that somebody may write where another one is meant."""

import math
from typing import Any

_NUMBERS = (
  *(0, -1, 1, 2, 3, 7, 10, 99, 1000, 2**31, 2**40, 2**63, 10**30, -(2**40)),
  *(0.0, -0.0, -0.5, 0.1, 0.5, 0.999, 1.0, 1.5, 5.0, 10.0, 50.0, 1e6, 1e12),
  *(1e21, 1e300, -1e300, 5e-324, 1e-12, math.nan, math.inf, -math.inf),
)
_TEXTS = (
  *('', ' ', 'voids', 'dislocation', 'None', 'no', 'NaN', 'ten', '10%', '0,32'),
  *('1,200', '1e', '0x10', '1_000', '(1.0, 2.0)', '{}', '../..', '/', '.'),
  *('~', '/dev/null', '/proc/self/mem', 'a' * 300, 'ä µ 名', 'a\nb', '=cmd|x'),
  *('--', '-1-', '*', '[', '"', "'", '%s', '{0}', '9' * 5000, '\x1b[31m'),
)
_OTHERS = (
  *(None, True, False, (), (1.0,), (2.0, 1.0), (1.0, 2.0), (0.0, 0.0)),
  *((math.nan, 1.0), (1.0, math.inf), (-1.0, 1.0), (1, 2, 3), ('a', 'b')),
  *((1e-300, 1e300), [1, 2], {}, {'a': 1}, b'bytes', 1j),
  *(('log', 1e-5, 1e-2), ('log', 0.0, 1.0), ('uniform', 1.0, 0.0)),
  *(('integer', 1, 2**40), ('choice',), ('choice', 'a'), ('gauss', 0, 1)),
)
ALL_VALUES = (*_NUMBERS, *_NUMBERS, *_TEXTS, *_OTHERS)


def as_text(value: Any, *, quoted: bool = False) -> str:
  """A value as it is written in a flag, or `quoted`, in a config file."""
  if not quoted:
    return value if isinstance(value, str) else str(value)
  if isinstance(value, tuple):
    return f'({"".join(f"{as_text(one, quoted=True)}, " for one in value)})'
  if isinstance(value, float) and not math.isfinite(value):
    return f'float({str(value)!r})'
  return repr(value)
