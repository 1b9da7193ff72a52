"""Simulates patches of domains with the code of a checkout, and times them."""

import argparse
import functools
import importlib
import sys
import time
from typing import Any

from benchmarks import workers


@functools.cache
def _settings(defect: str) -> tuple[Any, Any]:
  """Of scale=general; read once, as a run does."""
  config = importlib.import_module(f'configs.{defect}').get_config(
    'scale=general'
  )
  fields = config.to_dict()
  settings = importlib.import_module('defectseg_jax.simulation.domain.settings')
  simulation = importlib.import_module('defectseg_jax.simulation')
  return (
    settings.domain_settings(fields['domain']),
    simulation.foil_parameters(fields['foil']),
  )


def simulate(defect: str, number: int, side_px: int) -> Any:
  """One patch; the number decides which."""
  patches = importlib.import_module('defectseg_jax.simulation.domain.patches')
  domain, foil = _settings(defect)
  return patches.simulate_patch(
    domain, foil, defect=defect, side_px=side_px, seed=(9, number)
  )


def milliseconds(defect: str, number: int, side_px: int) -> float:
  """What a patch takes of this process's time."""
  _settings(defect)
  begin = time.process_time()
  simulate(defect, number, side_px)
  return 1e3 * (time.process_time() - begin)


if __name__ == '__main__':
  parser = argparse.ArgumentParser()
  parser.add_argument('--checkout', required=True)
  workers.limit_threads()
  # Before any import of the package: it may be another's.
  sys.path.insert(0, parser.parse_args().checkout)
  workers.serve({'milliseconds': milliseconds})
