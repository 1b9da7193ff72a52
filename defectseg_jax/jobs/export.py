"""--mode=export: a network as a file, to be passed on or for other programs."""

import pathlib

import ml_collections
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_files, write_text
from defectseg_jax.runs.bioimageio_package import write_package
from defectseg_jax.runs.network_card import network_path, read_card
from defectseg_jax.runs.network_card_text import card_text
from defectseg_jax.runs.network_writing import write_network_of_run
from defectseg_jax.runs.onnx_writing import write_onnx
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training.checksums import unverified_text


def export(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  output: str,
  *,
  console: Console,
  network: str | None = None,
) -> None:
  """Writes a network in the form that the suffix of the file asks for.

  .safetensors is the network with its cards, to be passed on; .onnx is for
  programs that have no JAX; .zip is a package of the bioimage.io specification,
  and .md the card for people, of a network file.

  Args:
    config: of the run or the network.
    workdir: of the run; None where a network is named.
    output: the file to make.
    console: where the result goes.
    network: name or path of a network that needs no run.

  Raises:
    InputError: the suffix is another, the file is there already, or as the
      functions for each suffix say.
  """
  path = pathlib.Path(output).expanduser()
  if path.suffix not in ('.safetensors', '.onnx', '.zip', '.md'):
    raise InputError(
      f'--output={output}: must end in .safetensors, to be passed on, or in '
      '.onnx, for programs without JAX, or .zip, for those of bioimage.io'
    )
  if path.suffix == '.md':
    _export_card(network, path, console)
    return
  if workdir is not None and (word := unverified_text(workdir.path)):
    console.print(escape(word), soft_wrap=True)
  with new_files(path) as made:
    if path.suffix in ('.onnx', '.zip'):
      with console.status('Exporting'):
        difference = _write_graph(config, workdir, network, made, path.suffix)
      said = f'\nLargest difference from JAX: {difference:.1e}'
    elif workdir is None:
      raise InputError(
        f'--output={output}: {network} is such a file already; copy it with '
        'its .json and .md, or give the --workdir of a run'
      )
    else:
      card = write_network_of_run(config, workdir, made)
      said = (
        f' ({made.stat().st_size / 1e6:.2f} MB, {card.precision})\nCard: '
        f'{path.with_suffix(".json")}; for people: {path.with_suffix(".md")}'
      )
  console.print(escape(f'Network: {path}{said}'), soft_wrap=True)


def _write_graph(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  network: str | None,
  made: pathlib.Path,
  suffix: str,
) -> float:
  if suffix == '.onnx':
    return write_onnx(config, workdir, network, made)
  if network is None:
    raise InputError(
      '--output: a package has the card of a network; give '
      '--output=NAME.safetensors first, then --network=NAME.safetensors '
      '--output=NAME.zip'
    )
  return write_package(config, network, made)


def _export_card(
  network: str | None, path: pathlib.Path, console: Console
) -> None:
  """Makes NAME.md again, after NAME.json was changed."""
  if network is None:
    raise InputError(
      f'{path}: is the card of a network; name that by --network'
    )
  found = network_path(network)
  if path.absolute() != found.with_suffix('.md').absolute():
    raise InputError(
      f'{path}: the card of {network} lies beside it; give '
      f'--output={found.with_suffix(".md")}'
    )
  with new_files(path, replace=True) as made:
    write_text(made, card_text(found.stem, read_card(found)))
  console.print(f'Card: {escape(str(path))}', soft_wrap=True)
