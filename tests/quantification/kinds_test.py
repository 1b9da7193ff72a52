"""What differs between particles and lines, and the names of the room."""

import importlib
import subprocess
import sys

import pytest

from defectseg_jax import quantification
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.settings import QuantificationSettings


def test_dislocations_are_lines_and_all_else_particles():
  assert kind_of('dislocations').has_test_lines
  for defect in ('voids', 'precipitates', 'grain boundaries', ''):
    kind = kind_of(defect)
    assert not kind.has_test_lines
    assert (kind.defect, kind.sizes_noun) == (defect, defect)
    assert ('swelling' in kind.headlines) == (defect != 'precipitates')


@pytest.mark.parametrize('defect', ['voids', 'dislocations'])
def test_the_settings_of_objects_are_settings(defect):
  settings = QuantificationSettings()
  assert all(
    hasattr(settings, name) for name in kind_of(defect).object_settings
  )


def test_the_room_exports_its_names():
  assert set(quantification._MODULES) == set(quantification.__all__)
  for name, module in quantification._MODULES.items():
    home = importlib.import_module(f'defectseg_jax.quantification.{module}')
    assert getattr(quantification, name) is getattr(home, name)
  assert set(quantification.__all__) <= set(dir(quantification))
  with pytest.raises(AttributeError, match='nothing'):
    quantification.nothing  # noqa: B018


def test_the_room_waits_with_what_takes_long_to_import():
  program = (
    'import sys; import defectseg_jax.quantification.plausibility; '
    'sys.exit(any(name in sys.modules for name in ("scipy", "skimage", "jax")))'
  )
  assert subprocess.run([sys.executable, '-c', program]).returncode == 0
