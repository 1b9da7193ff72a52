"""Electron micrographs of steel into numbers, by DefectSegNet in JAX.

    import defectseg_jax as ds

    run = ds.load_run('runs/voids')
    micrograph = ds.read_micrograph('foil.dm4')
    found = run.predict(micrograph, thickness_nm=177).measure()
    found.summary['number_density_per_m3'], found.objects, found.overlay()

What stands in `__all__` is the library; docs/library.md has examples. The
import is light: what a name needs is loaded when the name is first used.
"""

from typing import TYPE_CHECKING

from defectseg_jax.lazy import make_getattr

if TYPE_CHECKING:
  from defectseg_jax.errors import InputError
  from defectseg_jax.micrographs import (
    Micrograph,
    read_mask,
    read_micrograph,
    read_micrographs,
    write_mask,
  )
  from defectseg_jax.quantification import (
    Measurement,
    QuantificationSettings,
    measure,
  )
  from defectseg_jax.runs.loading import load_run
  from defectseg_jax.runs.network_file import load_network
  from defectseg_jax.runs.prediction import Found, Prediction
  from defectseg_jax.runs.run import Run

__version__ = '0.2.0'

__all__ = [
  'Found',
  'InputError',
  'Measurement',
  'Micrograph',
  'Prediction',
  'QuantificationSettings',
  'Run',
  '__version__',
  'load_network',
  'load_run',
  'measure',
  'read_mask',
  'read_micrograph',
  'read_micrographs',
  'write_mask',
]

# The module that each name stands in.
_HOMES = {
  'Found': 'runs.prediction',
  'InputError': 'errors',
  'Measurement': 'quantification',
  'Micrograph': 'micrographs',
  'Prediction': 'runs.prediction',
  'QuantificationSettings': 'quantification',
  'Run': 'runs.run',
  'load_network': 'runs.network_file',
  'load_run': 'runs.loading',
  'measure': 'quantification',
  'read_mask': 'micrographs',
  'read_micrograph': 'micrographs',
  'read_micrographs': 'micrographs',
  'write_mask': 'micrographs',
}


__getattr__ = make_getattr(__name__, _HOMES)


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
