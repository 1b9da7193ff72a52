"""The requests that flags make of a session, checked before a job is loaded.

Neither JAX nor TensorFlow is imported for them.
"""

import os
from collections.abc import Sequence
from typing import Any

from defectseg_jax import command_line
from defectseg_jax.errors import InputError
from defectseg_jax.given_config import Source
from defectseg_jax.sessions.requests import (
  PredictRequest,
  QuantifyRequest,
  ReviewRequest,
)

# Of --mode=review, read where a network looks at micrographs first.
_OF_PREDICT = (
  *('calibration', 'samples', 'surface', 'object_diameter_nm'),
  'thickness_uncertainty',
  *('pixel_size_uncertainty', 'valid', 'find_specimen', 'replace_outliers'),
  *('orientations', 'engine', 'include'),
)


def predict_request(
  config: Any,
  words: Sequence[str],
  *,
  network: str | None = None,
  below: str = '',
) -> PredictRequest:
  """What --mode=predict is asked to do.

  Args:
    config: of the network; gets the uncertainties that flags state.
    words: of the command line, without a flag: more micrographs.
    network: the one that is meant, of several; None for that of --network.
    below: the folder of all, where that of this network's defect is; '' where
      --output is its own.
  """
  flags = _session_flags(os.path.join('results', config.defect))
  if below:
    flags['output'] = os.path.join(below, config.defect)
  request = PredictRequest(
    images=[*command_line.INPUT.value, *words],
    object_diameter_nm=command_line.OBJECT_DIAMETER_NM.value,
    network=network if below else command_line.NETWORK.value,
    orientations=command_line.ORIENTATIONS.value,
    engine=command_line.ENGINE.value,
    **flags,
    # Not those of the run, whose masks are others.
    **command_line.mask_flags({}),
  )
  request.set_uncertainties(config)
  return request


def together_requests(
  several: Sequence[Source], words: Sequence[str]
) -> list[PredictRequest]:
  """What --mode=predict is asked to do by several networks, a request for each.

  Raises:
    InputError: a flag is wrong, or is of one defect alone.
  """
  if command_line.SHARE.value:
    raise InputError(
      '--share: is of one network; leave it out, or start a command for each '
      'network'
    )
  for flag, why in (
    (command_line.REFERENCE, 'true masks are of one defect'),
    (command_line.OBJECT_DIAMETER_NM, 'a diameter is that of one defect'),
  ):
    if flag.value is not None:
      raise InputError(
        f'--{flag.name}: {why}; leave it out, or name one network'
      )
  below = command_line.OUTPUT.value or os.path.join('results', 'together')
  return [
    predict_request(one.config, words, network=one.network, below=below)
    for one in several
  ]


def quantify_request(config: Any, words: Sequence[str]) -> QuantifyRequest:
  """What --mode=quantify is asked to do, likewise."""
  network = command_line.NETWORK.value
  request = QuantifyRequest(
    masks=[*command_line.INPUT.value, *words],
    micrographs=command_line.MICROGRAPHS.value,
    detection=command_line.DETECTION.value,
    network=network,
    **_session_flags(),
    **command_line.mask_flags({} if network else config.data),
  )
  request.set_uncertainties(config)
  return request


def review_request(config: Any, words: Sequence[str]) -> ReviewRequest:
  """What --mode=review is asked to do.

  Args:
    config: of the network, or of what is labelled from nothing; or None.
    words: as above.

  Raises:
    InputError: a flag is missing, or would not be read.
  """
  images = [*command_line.INPUT.value, *words]
  predicts = None
  if command_line.NETWORK.value or command_line.WORKDIR.value:
    if not images:
      raise InputError(
        '--input: is missing; give the micrographs that the network is to look '
        'at, or leave the network out to open the session in --output'
      )
    predicts = predict_request(config, words)
  else:
    command_line.require_network_for(_OF_PREDICT)
  return ReviewRequest(
    output=command_line.OUTPUT.value or '',
    images=images,
    predict=predicts,
    defect=config and config.defect,
    pixel_size_nm=command_line.PIXEL_SIZE_NM.value,
    thickness_nm=command_line.THICKNESS_NM.value,
    port=command_line.PORT.value,
    open_browser=command_line.OPEN_BROWSER.value,
  )


def _session_flags(output: str = '') -> dict[str, Any]:
  """What --mode=predict and --mode=quantify both take.

  Args:
    output: the folder to write, if none is given.
  """
  return {
    'output': command_line.OUTPUT.value or output,
    'pixel_size_nm': command_line.PIXEL_SIZE_NM.value,
    'thickness_nm': command_line.THICKNESS_NM.value,
    'calibration': command_line.CALIBRATION.value,
    'samples': command_line.SAMPLES.value,
    'thickness_uncertainty': command_line.THICKNESS_UNCERTAINTY.value,
    'pixel_size_uncertainty': command_line.PIXEL_SIZE_UNCERTAINTY.value,
    'surface': command_line.SURFACE.value,
    'series': command_line.SERIES.value,
    'reference': command_line.REFERENCE.value,
    'valid': command_line.VALID.value,
    'find_specimen': command_line.FIND_SPECIMEN.value,
    'replace_outliers': command_line.REPLACE_OUTLIERS.value,
    'include': command_line.INCLUDE.value,
    'overwrite': command_line.OVERWRITE.value,
  }
