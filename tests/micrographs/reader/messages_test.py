"""Whoever touched a damaged file may say anything."""

import io
import json
import pathlib

import numpy as np
import pytest

from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.reader import messages
from defectseg_jax.micrographs.reader.box import BoxError

MOST = 2**20
NOWHERE = pathlib.Path('nowhere.tif')


def _sent(frame, path=NOWHERE):
  """As the other process sends it, with the numbers behind the message."""
  stream = io.BytesIO()
  messages.send_frame(stream, frame, path, stream.write)
  stream.seek(0)
  return stream


def _received(stream, most_bytes=MOST, path=NOWHERE):
  def take(room):
    if stream.readinto(room) < len(room):
      raise BoxError('it ended')

  message = messages.receive(stream)
  return messages.receive_frame(message, path, take, most_bytes=most_bytes)


def _nothing(room):
  room[:] = bytes(len(room))


@pytest.mark.parametrize('kind', ['?', 'u1', '>u2', 'i4', '<f4', 'f8', 'c8'])
def test_an_image_arrives_as_it_was_sent(kind):
  values = np.arange(24).reshape(4, 6).astype(kind)[:, ::-2]
  frame = Frame(
    values,
    palette=np.arange(12, dtype=np.uint8).reshape(4, 3),
    white_is_zero=True,
    pixel_size_nm=np.float64(0.1),
    scale_doubt='in µm\udcff',
  )
  found = _received(_sent(frame))
  assert found.values.dtype == values.dtype
  np.testing.assert_array_equal(found.values, values)
  np.testing.assert_array_equal(found.palette, frame.palette)
  assert found.white_is_zero and found.pixel_size_nm == 0.1
  assert found.scale_doubt == frame.scale_doubt
  assert found.values.flags.writeable


@pytest.mark.parametrize('kind', ['u1', '>u2', '<f4'])
@pytest.mark.parametrize('page', [0, 1])
def test_what_stands_in_the_file_is_read_from_there(tmp_path, kind, page):
  path = tmp_path / 'a.raw'
  stack = np.arange(48).reshape(2, 4, 6).astype(kind)
  path.write_bytes(b'header' + stack.tobytes())
  mapped = np.memmap(path, kind, 'r', offset=6, shape=stack.shape)
  stream = _sent(Frame(mapped[page]), path)
  offset = 6 + page * stack[0].nbytes
  assert f'"offset": {offset}'.encode() in stream.getvalue()
  found = _received(stream, path=path).values
  np.testing.assert_array_equal(found, stack[page])
  assert found.dtype.isnative and found.flags.writeable
  # Of another file, or not in one run, the numbers themselves are sent.
  for values, asked in ((mapped[page], NOWHERE), (mapped[page][:, 1:], path)):
    stream = _sent(Frame(values), asked)
    assert b'"offset": null' in stream.getvalue()
    np.testing.assert_array_equal(_received(stream).values, values)


@pytest.mark.parametrize('offset', [-1, 10, 10**30, 'x'])
def test_what_does_not_stand_in_the_file_is_not_read(tmp_path, offset):
  path = tmp_path / 'a.raw'
  path.write_bytes(bytes(30))
  stream = _sent(Frame(np.zeros((5, 5), np.uint8)))
  message = messages.receive(stream) | {'offset': offset}
  with pytest.raises(messages.MessageError):
    messages.receive_frame(message, path, _nothing, most_bytes=MOST)


def test_one_that_ends_too_early_is_noticed():
  content = _sent(Frame(np.ones((5, 5)))).getvalue()
  for length in range(len(content)):
    with pytest.raises(messages.MessageError):
      _received(io.BytesIO(content[:length]))


def test_one_with_too_many_bytes_is_not_taken():
  frame = Frame(np.ones((5, 5), np.uint8))
  assert _received(_sent(frame), 25).values.shape == (5, 5)
  with pytest.raises(MemoryError):
    _received(_sent(frame), 24)


@pytest.mark.parametrize(
  'changed',
  [
    {'arrays': [['|O', [2, 2]]]},
    {'arrays': [['<U1', [2, 2]]]},
    {'arrays': [['|u1', [-2, 2]]]},
    {'arrays': [['|u1', [4]]]},
    {'arrays': [['|u1', [1, 1, 2, 2]]]},
    {'arrays': [['no type', [2, 2]]]},
    {'arrays': [['|u1', 'no shape']]},
    {'arrays': []},
    {'arrays': [['|u1', [2, 2]]] * 3},
    {'arrays': None},
    {'pixel_size_nm': 'wide'},
    {'pixel_size_nm': []},
  ],
)
def test_what_is_no_image_is_refused(changed):
  message = messages.receive(_sent(Frame(np.ones((2, 2), np.uint8))))
  with pytest.raises((messages.MessageError, MemoryError)):
    messages.receive_frame(
      message | changed, NOWHERE, _nothing, most_bytes=MOST
    )


@pytest.mark.parametrize(
  'content',
  [b'', b'\0\0', b'\xff' * 9, b'\0\0\0\2{', b'\0\0\0\2{}', b'\0\0\0\2[]'],
)
def test_what_is_no_message_is_refused(content):
  with pytest.raises(messages.MessageError):
    messages.read_end(messages.receive(io.BytesIO(content)))


def test_an_end_says_what_was_wrong():
  end = messages.End('a.tif: bad', [('tifffile', 30, 'odd')], [('W', 'x')])
  message = json.loads(json.dumps({'is': 'end', **end._asdict()}))
  assert messages.read_end(message) == end
  with pytest.raises(messages.MessageError):
    messages.read_end(message | {'log': [1]})
