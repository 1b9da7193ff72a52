"""What a terminal and a file are shown of a run."""

import io
import itertools
import types

import pytest
from rich.console import Console

from defectseg_jax.reporting.progress_bar import TrainingDisplay

ROW = {
  'epoch': 99,
  'step': 1188,
  'loss': 0.08444,
  'learning_rate': 1e-3,
  'train_iu': 0.7,
  'dev_iu': 0.69291,
}


@pytest.fixture
def shown(monkeypatch):
  """All that is shown up to the second step of the last epoch."""

  def show(*, step_s=0, best=0.70466, **options):
    clock = types.SimpleNamespace(monotonic=itertools.count(0, step_s).__next__)
    monkeypatch.setattr('defectseg_jax.reporting.progress_bar.time', clock)
    console = Console(file=io.StringIO(), width=80, **options)
    with TrainingDisplay(
      console, epochs=100, steps_per_epoch=12, first_step=1176
    ) as display:
      display.show_step(98, 12, 0.08444)
      display.show_epoch(ROW, best)
      display.show_step(99, 2, 0.08444)
    return console.file.getvalue()

  return show


@pytest.mark.parametrize(('best', 'said'), [(0.70466, '0.705'), (None, '–')])
@pytest.mark.parametrize(
  ('step_s', 'left'), [(6, '30 s'), (900, '75 min'), (3600, '5.0 h')]
)
def test_80_columns_have_room_for_the_bar_and_for_every_word(
  shown, best, said, step_s, left
):
  lines = shown(
    step_s=step_s, best=best, force_terminal=True, color_system=None
  ).splitlines()
  line = next(line for line in reversed(lines) if '100/100' in line)
  assert f'loss 0.084  dev IU 0.693 (best {said}) at most {left} left' in line
  assert '…' not in line
  assert line.count('━') >= 5


def test_a_file_gets_a_line_an_epoch(shown):
  assert shown().splitlines() == [
    'epoch 99/100  loss 0.0844  train IU 0.7000  dev IU 0.6929 (best 0.7047)  '
    'learning rate 1.00e-03  at most – left'
  ]
