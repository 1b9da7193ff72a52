"""Jobs in the process of a test: who interrupts them, what they leave."""

import csv

import pytest
import tifffile
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.jobs import predict as job
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.sessions.requests import PredictRequest

# The images of the fixture `session`.
NAMES = ['x', 'y', 'z[0]', 'z[1]']


class Never:
  """Nobody interrupts."""

  def defer_exit(self):
    pass

  def allow_exit(self):
    pass

  def check(self):
    pass

  def should_stop(self):
    return False


class After(Never):
  """Interrupts when it is asked for the n-th time."""

  def __init__(self, times):
    self.left = times

  def check(self):
    if self.should_stop():
      self.allow_exit()

  def should_stop(self):
    self.left -= 1
    return self.left <= 0

  def allow_exit(self):
    if self.left <= 0:
      raise Stopped(143)


def rows_of(path):
  with path.open(newline='') as stream:
    return list(csv.DictReader(stream))


def by_image(out):
  return {row['image']: row for row in rows_of(out / 'summary.csv')}


def contents(folder):
  """All that follows from the session, and not from when it was done.

  Without figures for print, which one started by launch/ has.
  """
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in sorted(folder.rglob('*'))
    if path.is_file()
    and path.name not in ('session.json', 'report.html')
    and 'figures' not in path.parts
  }


def corrected(path):
  """Saves a mask with a block more, as an editor that knows no scale."""
  mask = tifffile.imread(path)
  mask[:40, :40] = 255
  tifffile.imwrite(path, mask)
  return mask


def wrong(predict, tmp_path, *given, **fields):
  before = sorted(tmp_path.rglob('*'))
  with pytest.raises(InputError) as caught:
    predict(*given, **fields)
  assert sorted(tmp_path.rglob('*')) == before
  assert len(str(caught.value).splitlines()) == 1
  return str(caught.value)


def predict_images(
  trained_run,
  out,
  images,
  *,
  interruption=None,
  config=None,
  console=None,
  workdir=None,
  share=False,
  **fields,
):
  """Runs the job in this process; whether all could be done."""
  fields = {
    'output': str(out),
    'thickness_nm': 100.0,
    'images': [*map(str, images)],
    **fields,
  }
  workdir = workdir or Workdir(trained_run)
  return job.predict(
    config or workdir.read_config(),
    workdir,
    PredictRequest(**fields),
    console or Console(quiet=True),
    interruption or Never(),
    share=share,
  )
