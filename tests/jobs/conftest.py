"""Fixtures: the config of a tiny run; of --mode=predict, images and the job."""

import dataclasses
import io
import shutil

import numpy as np
import pytest
import tifffile
import tiny
from devices import take_one_device
from rich.console import Console
from sessions import predict_images

from configs import voids
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.runs import loading
from defectseg_jax.sessions import predict_session


@pytest.fixture
def config(folder, tmp_path):
  """Of a tiny run on the fixture `folder`."""
  config = voids.get_config()
  fields = {
    **tiny.TINY,
    'data.dir': str(folder),
    'data.cache_dir': str(tmp_path / 'cache'),
  }
  config.update_from_flattened_dict(fields)
  return config


@pytest.fixture(scope='session')
def micrographs(tmp_path_factory):
  """Of the fixture `session`: never changed."""
  folder = tmp_path_factory.mktemp('micrographs') / 'session'
  folder.mkdir()
  for seed, (name, side) in enumerate((('x', 200), ('y', 131)), start=10):
    pixels, _ = tiny.foil(seed, side)
    write_tiff(folder / f'{name}.tif', pixels, pixel_size_nm=0.5)
  stack = np.stack([tiny.foil(seed, 96)[0] for seed in (20, 21)])
  tifffile.imwrite(
    folder / 'z.tif',
    stack,
    imagej=True,
    resolution=(4, 4),
    metadata={'unit': 'nm', 'axes': 'ZYX'},
  )
  return folder


@pytest.fixture
def session(micrographs, tmp_path):
  """Two calibrated micrographs, one of a stack of two, of other sizes."""
  return shutil.copytree(micrographs, tmp_path / 'session')


@pytest.fixture(scope='session')
def finished(trained_run, micrographs, tmp_path_factory):
  """What --mode=predict leaves of `micrographs`: never changed."""
  out = tmp_path_factory.mktemp('finished') / 'out'
  with pytest.MonkeyPatch.context() as patch:
    take_one_device(patch)
    assert predict_images(trained_run, out, [micrographs])
  return out


@pytest.fixture
def predicted(finished, tmp_path):
  """A session of the fixture `session` that is done, as by `predict()`."""
  return shutil.copytree(finished, tmp_path / 'out')


@pytest.fixture
def predict(trained_run, session, one_device, tmp_path):
  """Runs the job in this process; whether all could be done."""

  def go(*given, **fields):
    return predict_images(
      trained_run, tmp_path / 'out', given or [session], **fields
    )

  return go


@pytest.fixture
def say(predict):
  """Predicts all of the session; what was said."""

  def go(*given, **fields):
    console = Console(file=io.StringIO(), width=400)
    assert predict(*given, console=console, **fields)
    return console.file.getvalue()

  return go


@pytest.fixture
def another_network(monkeypatch):
  """From when it is called on, the network finds the left half of all."""

  def halves(pixels, **_):
    probabilities = np.zeros(pixels.shape, np.float32)
    probabilities[:, : pixels.shape[1] // 2] = 1.0
    return probabilities

  def begin(identity, probabilities=halves):
    read = loading.load_run
    monkeypatch.setattr(
      predict_session,
      'load_run',
      lambda *given, **more: dataclasses.replace(
        read(*given, **more),
        probabilities=probabilities,
        **({'identity': identity} if identity else {}),
      ),
    )

  return begin


@pytest.fixture
def no_network(another_network):
  """From when it is called on, whoever asks the network fails."""

  def refuse(pixels, **_):
    raise AssertionError('the network was asked')

  return lambda: another_network(None, refuse)
