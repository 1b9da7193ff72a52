"""Parts of the sentences of the Methods."""

from collections.abc import Iterable, Mapping
from typing import Any


def uncertain(relative: float) -> str:
  """In brackets after a constant; '' of one that is taken as exact."""
  if not relative:
    return ''
  return f' (relative standard uncertainty {100 * relative:g} %)'


def listed(texts: Mapping[str, Any]) -> str:
  """Names with what is said of each.

  Examples:
    >>> listed({'a': 'damaged.', 'b': ''})
    'a (damaged); b'
  """
  return '; '.join(
    f'{name} ({text.rstrip(".")})' if text else name
    for name, text in texts.items()
  )


def joined(texts: Iterable[str]) -> str:
  """`a, b and c`."""
  *others, last = texts
  return f'{", ".join(others)} and {last}' if others else last


def range_of(values: Iterable[float]) -> str:
  """The least and the largest of some numbers, or the one that all are.

  Examples:
    >>> range_of([2.0, 0.5]), range_of([2.0, 2.0])
    ('0.5 to 2', '2')
  """
  texts = [f'{one:.4g}' for one in sorted(set(values))]
  return texts[0] if texts[0] == texts[-1] else f'{texts[0]} to {texts[-1]}'


def count_of(count: int, noun: str) -> str:
  """`1 frame`, `2 frames`."""
  return f'{count} {noun}{"s" * (count != 1)}'


def count_of_images(count: int) -> str:
  """`1 image`, `2 images`."""
  return count_of(count, 'image')
