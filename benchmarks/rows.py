"""What a benchmark has measured, beside its peer in the same run.

A machine is seldom quiet: medians of turns taken one after the other, and the
ratio of the two, say more than seconds.
"""

import dataclasses
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Row:
  """One thing that was measured.

  Attributes:
    what: that was measured.
    unit: of `turns`: s, ms, MiB; less is better.
    turns: of each turn.
    peer: what does the same; '' where nothing does.
    peer_turns: of each of its turns; none where it was not measured.
    why_no_peer: the reason then.
    roofline: fraction of what the machine's cores or memory can do, measured
      in the same run; None where it has no meaning.
  """

  what: str
  unit: str
  turns: Sequence[float]
  peer: str = ''
  peer_turns: Sequence[float] = ()
  why_no_peer: str = ''
  roofline: float | None = None

  def cells(self) -> list[str]:
    """Of a table, as `HEADER` names them."""
    peer, ratio = self.peer or '–', '–'
    if self.peer_turns:
      theirs = statistics.median(self.peer_turns)
      ratio = f'{statistics.median(self.turns) / theirs:.2f}'
      theirs_text = _number(theirs)
    else:
      theirs_text = '–'
      peer += f' ({self.why_no_peer})' if self.why_no_peer else ''
    return [
      f'{self.what}, {self.unit}',
      _number(statistics.median(self.turns)),
      f'{_number(min(self.turns))} to {_number(max(self.turns))}',
      *(peer, theirs_text, ratio),
      '–' if self.roofline is None else f'{self.roofline:.2f}',
    ]


HEADER = (
  *('', 'median', 'from, to', 'peer', 'its median', 'ratio'),
  'of the roofline',
)


def _number(value: float) -> str:
  """Three digits."""
  digits = max(0, 2 - len(str(int(abs(value)))) + 1)
  return f'{value:.{digits}f}'
