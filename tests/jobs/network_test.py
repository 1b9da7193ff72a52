"""A run's network, passed on: exported, predicted with, begun from."""

import json
import shutil
import sys

import jax
import numpy as np
import onnx
import pytest
import tiny
from random_networks import random_variables, write_random_network
from rich.console import Console
from sessions import Never, contents

import defectseg_jax as ds
from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import export as export_job
from defectseg_jax.jobs import predict as predict_job
from defectseg_jax.jobs import quantify as quantify_job
from defectseg_jax.models import ModelSettings
from defectseg_jax.runs import preparation
from defectseg_jax.runs.network_card import network_config, read_card
from defectseg_jax.runs.network_writing import write_network_of_run
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.requests import PredictRequest, QuantifyRequest
from defectseg_jax.training import state

# The run is trained once; its tests share a process.
of_a_run = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


def export(workdir, output, network=None):
  if network:
    config = network_config(network, read_card(network), None)
  else:
    config = workdir.read_config()
  export_job.export(
    config,
    workdir,
    str(output),
    console=Console(quiet=True),
    network=network and str(network),
  )


@pytest.fixture(scope='session')
def passed_on(trained_run, tmp_path_factory):
  """The file that a command makes of the run, in a folder of its own."""
  path = tmp_path_factory.mktemp('nets') / 'mine.safetensors'
  done = tiny.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', '--mode=export'),
      *(f'--workdir={trained_run}', f'--output={path}'),
    ]
  )
  assert done.returncode == 0, done.stderr
  assert done.stderr == ''
  assert 'MB, float32)' in done.stdout
  return path


class TestOfARun:
  pytestmark = of_a_run

  def test_the_network_is_the_run(self, trained_run, passed_on):
    run, network = ds.load_run(trained_run), ds.load_network(passed_on)
    # Weights, threshold and how they are applied, to the last bit.
    assert network.identity == run.identity
    assert network.detection == run.detection
    assert network.seen == run.seen
    assert network.settings.quantification == run.settings.quantification
    assert network.provenance.test_score == run.provenance.test_score
    assert 'foils, regions: 1 training' in network.provenance.training_data
    # Nobody's folders are passed on.
    for suffix in ('.json', '.md'):
      text = passed_on.with_suffix(suffix).read_text()
      assert str(trained_run.parent) not in text
      assert 'defectseg_jax.main --config' in text
    scores = json.loads(passed_on.with_suffix('.json').read_text())['scores']
    metrics = json.loads((trained_run / 'test_metrics.json').read_text())
    assert scores[1]['iu'] == metrics['mean']['iu']
    assert scores[0]['iu'] == run.progress.best().iu

  def test_a_session_goes_on_with_the_network(
    self, predict, passed_on, session, tmp_path, monkeypatch
  ):
    assert predict()
    before = contents(tmp_path / 'out')
    request = PredictRequest(
      output=str(tmp_path / 'out'),
      images=[str(session)],
      network=str(passed_on),
      thickness_nm=100.0,
    )

    def refuse(run, *_, **__):
      raise AssertionError('the network was asked')

    monkeypatch.setattr(ds.Run, 'look', refuse)
    config = network_config(passed_on, read_card(passed_on), None)
    assert predict_job.predict(
      config, None, request, Console(quiet=True), Never()
    )
    # Where the training data lay, a network does not tell.
    after = contents(tmp_path / 'out')
    for name in ('summary.json', 'paper/methods.md', 'paper/methods.tex'):
      assert after.pop(name) != before.pop(name)
    assert after == before
    page = (tmp_path / 'out' / 'report.html').read_text()
    assert f'{passed_on}, a network (SHA-256 ' in page
    assert 'micrographs of ' in page and 'on 1 test image' in page
    # The masks, measured by themselves, are those of the network.
    quantify_job.quantify(
      config,
      QuantifyRequest(
        output=str(tmp_path / 'numbers'),
        masks=[str(tmp_path / 'out' / 'masks')],
        network=str(passed_on),
        thickness_nm=100.0,
      ),
      Console(quiet=True),
      Never(),
    )
    text = (tmp_path / 'numbers' / 'summary.csv').read_text()
    assert 'number_density_corrected_per_m3' in text.splitlines()[0]

  def test_as_onnx(self, passed_on, tmp_path):
    export(None, tmp_path / 'net.onnx', passed_on)
    facts = {
      one.key: one.value
      for one in onnx.load(tmp_path / 'net.onnx').metadata_props
    }
    card = read_card(passed_on)
    assert float(facts['threshold']) == card.threshold
    assert json.loads(facts['seen_sizes']) == card.seen_sizes

  def test_too_large_a_network_is_halved(
    self, trained_run, tmp_path, monkeypatch
  ):
    workdir, path = Workdir(trained_run), tmp_path / 'net.safetensors'
    to = 'defectseg_jax.runs.network_writing.'
    monkeypatch.setattr(f'{to}MOST_BYTES', 1000)
    config = workdir.read_config()
    assert write_network_of_run(config, workdir, path).precision == 'float16'
    threshold = ds.load_run(trained_run).threshold
    assert ds.load_network(path).threshold == threshold
    monkeypatch.setattr(f'{to}_MOST_DIFFERENCE', 1e-9)
    path = tmp_path / 'other.safetensors'
    with pytest.raises(InputError, match='in float16 its probabilities differ'):
      write_network_of_run(config, workdir, path)
    assert not path.exists()

  def test_what_is_not_exported(self, trained_run, passed_on, tmp_path):
    with pytest.raises(InputError, match='is there already; give --output'):
      export(Workdir(trained_run), passed_on)
    with pytest.raises(InputError, match='is such a file already; copy it'):
      export(None, tmp_path / 'net.safetensors', passed_on)
    copy = shutil.copytree(trained_run, tmp_path / 'run')
    (copy / 'dev_detection.json').unlink()
    with pytest.raises(InputError, match=r'dev_detection\.json: cannot be op'):
      export(Workdir(copy), tmp_path / 'net.safetensors')
    assert not (tmp_path / 'net.safetensors').exists()


def test_the_card_is_made_again(tmp_path):
  path = write_random_network(tmp_path / 'net.safetensors')
  card = path.with_suffix('.json')
  content = json.loads(card.read_text()) | {'limits': ['Not *precipitates*.']}
  card.write_text(json.dumps(content))
  export(None, tmp_path / 'net.md', path)
  text = (tmp_path / 'net.md').read_text()
  assert '\n- Not *precipitates*.\n' in text
  with pytest.raises(InputError, match='lies beside it; give --output='):
    export(None, tmp_path / 'other.md', path)


def beginning(settings):
  """The first arrays of a run, without those that it draws itself."""
  fresh = state.TrainState(
    **dict.fromkeys(
      ('step', 'optimizer', 'plateau', 'rng', 'params', 'batch_stats')
    ),
    moving_average=None,
  )
  return preparation.warm_start(fresh, settings)


def test_begin_from_a_network(tmp_path, monkeypatch):
  path = write_random_network(tmp_path / 'net.safetensors')
  config = voids.get_config('scale=general')
  config.init_from = str(path)
  found = beginning(run_settings(config))
  params, batch_stats = random_variables()
  for tree in (
    {'params': found.params, 'batch_stats': found.batch_stats},
    found.moving_average,
  ):
    jax.tree.map(
      np.testing.assert_array_equal,
      tree,
      {'params': params, 'batch_stats': batch_stats},
    )
  # By its name; a folder of that name is called ./net.
  monkeypatch.setattr('defectseg_jax.runs.network_card.FOLDER', tmp_path)
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'net').mkdir()
  config.init_from = 'net'
  assert beginning(run_settings(config)).params.keys() == params.keys()
  config.init_from = './net'
  with pytest.raises(InputError, match='net: holds no checkpoint'):
    beginning(run_settings(config))
  config.init_from = 'nte'
  with pytest.raises(InputError, match=r'nte: is not the name of a network \('):
    beginning(run_settings(config))
  config.init_from = 'net'
  config.model.name = ModelSettings().name
  with pytest.raises(InputError, match=r'set --config\.model\.name=unet_350k'):
    beginning(run_settings(config))
