"""What a journal begins from: layers before the first change, as a file.

As np.savez_compressed would write it, in a fifth of the time.
"""

import hashlib
import io
import pathlib
import zipfile

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.review.layers import Layers, blocks_of_rows


def pack(layers: Layers) -> bytes:
  """The content of the file; the same layers give the same bytes.

  Args:
    layers: of which no object is out.
  """
  # Of numbers as narrow as the ids allow there is less to pack.
  narrow = np.min_scalar_type(int(layers.ids.max(initial=0)))
  content = io.BytesIO()
  with zipfile.ZipFile(
    content, 'w', zipfile.ZIP_DEFLATED, compresslevel=1
  ) as packed:
    for name, kind in (('ids', narrow), ('regions', np.dtype(np.uint8))):
      layer = getattr(layers, name)
      with packed.open(f'{name}.npy', 'w', force_zip64=True) as stream:
        np.lib.format.write_array_header_1_0(
          stream,
          {
            'descr': np.lib.format.dtype_to_descr(kind),
            'fortran_order': False,
            'shape': layer.shape,
          },
        )
        for rows in blocks_of_rows(layer.shape):
          stream.write(layer[rows].astype(kind).tobytes())
  return content.getvalue()


def read(path: pathlib.Path, checksum: str) -> Layers:
  """The layers of a file.

  Args:
    path: of the file.
    checksum: that the journal says it has.

  Raises:
    InputError: it cannot be read, is another one, or is damaged.
  """
  remedy = (
    'move it and the .jsonl beside it out of the folder; the mask holds what '
    'was saved last'
  )
  try:
    content = path.read_bytes()
  except OSError as error:
    raise file_error(path, f'{error.strerror}', remedy) from error
  if hashlib.sha256(content).hexdigest() != checksum:
    raise file_error(path, 'is not what the journal begins from', remedy)
  try:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
      ids, regions = (
        arrays['ids'].astype(np.int32, copy=False),
        arrays['regions'],
      )
  except (ValueError, KeyError, zipfile.BadZipFile) as error:
    raise file_error(path, f'is damaged ({error})', remedy) from error
  return Layers(ids, np.zeros(ids.shape, ids.dtype), regions)
