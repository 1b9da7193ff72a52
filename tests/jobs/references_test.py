"""--mode=references: from a network to what is known of it."""

import shutil

import pytest
from rich.console import Console
from sessions import After, Never

from configs import voids
from defectseg_jax.applicability.references import read_references
from defectseg_jax.errors import InputError
from defectseg_jax.files import claim, write_whole
from defectseg_jax.jobs import references as job
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.runs.loading import load_run
from defectseg_jax.runs.network_card import FOLDER, references_path
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Stopped

pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def network(tmp_path, monkeypatch, one_device):
  """A network without references; the job makes three of them."""
  monkeypatch.setattr(job, 'COUNT', 3)
  monkeypatch.setattr(job, '_AT_ONCE', 1)
  for suffix in ('.safetensors', '.json'):
    shutil.copy(FOLDER / f'dislocations{suffix}', tmp_path / f'net{suffix}')
  return tmp_path / 'net.safetensors'


def make(network, interruption=None):
  config = load_network(network).settings
  job.references(
    config, None, str(network), Console(quiet=True), interruption or Never()
  )


def test_stopped_it_goes_on_to_the_same_table(network, tmp_path):
  make(network)
  path = references_path(network)
  whole = path.read_text()
  run = load_network(network)
  assert len(run.references) == 3
  assert {one.f1 >= 0 for one in run.references} == {True}
  assert 'density_length_per_m2' in run.references[0].truths

  path.unlink()
  with pytest.raises(Stopped):
    make(network, After(2))
  assert 0 < len(path.read_text().splitlines()) - 1 < 3
  make(network)
  assert path.read_text() == whole


def test_references_belong_to_their_weights(network):
  make(network)
  path = references_path(network)
  identity = load_network(network).reference_identity
  assert len(read_references(path, network=identity)) == 3
  text = path.read_text()
  path.write_text(text.replace(identity[:16], 'f' * 16))
  with pytest.raises(InputError, match='other weights'):
    load_network(network)


def test_a_network_of_a_folder_has_no_domain_to_draw_from(trained_run):
  workdir = Workdir(trained_run)
  with pytest.raises(InputError, match='scale=general'):
    job.references(
      workdir.read_config(), workdir, None, Console(quiet=True), Never()
    )
  assert not workdir.references.exists()
  assert load_run(trained_run).judge is None


def test_two_at_once_do_not_write_one_table(tmp_path):
  path = tmp_path / 'net.safetensors'
  path.touch()
  table = references_path(path)
  # What a killed one has left goes, and what is not of this table stays.
  other = tmp_path / f'.part-{"0" * 16}.csv'
  other.touch()
  with write_whole(table, beside=True) as temporary:
    temporary.touch()
    left = tmp_path / (temporary.name[: -len('0123.csv')] + '0123.csv')
    left.touch()
  with claim(table, flag='--network', beside=True):
    assert other.exists() and not left.exists()
    with pytest.raises(InputError, match='is at work here'):
      job.references(
        voids.get_config(), None, str(path), Console(quiet=True), Never()
      )
  workdir = Workdir(tmp_path / 'run')
  with pytest.raises(InputError, match='there is no such file'):
    job.references(
      voids.get_config(), workdir, None, Console(quiet=True), Never()
    )
  assert not workdir.path.exists()
  workdir.path.mkdir()
  workdir.write_config(voids.get_config(), current_provenance())
  with (
    workdir.claim(voids.get_config()),
    pytest.raises(InputError, match='is at work here'),
  ):
    job.references(
      voids.get_config(), workdir, None, Console(quiet=True), Never()
    )
