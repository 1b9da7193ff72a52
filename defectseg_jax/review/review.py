"""A session that a person looks through and corrects."""

import collections
import contextlib
import dataclasses
import pathlib
import threading

from rich.console import Console

from defectseg_jax.disk import file_checksum
from defectseg_jax.errors import InputError
from defectseg_jax.review.bare import Bare, begin_bare, write_bare_results
from defectseg_jax.review.document import Document
from defectseg_jax.review.doubt import doubt
from defectseg_jax.review.opening import Opened, ReviewImage, open_session
from defectseg_jax.review.reported import (
  journal_sizes,
  note_reported,
  unreported,
)
from defectseg_jax.sessions.asked import Asked
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import MASKS

# Documents that stay open; one of 4096 x 4096 pixels needs some 300 MB.
_MOST_PIXELS_OPEN = 4 * 4096 * 4096
# Every change is in the journal at once; the mask may wait so long.
_SAVE_EACH_S = 0.5


class Review:
  """A folder that one process looks through and corrects.

  Attributes:
    path: of the folder.
    defect: what its masks show.
    has_network: whether a network made its masks.
    save_error: why the last save did not work; '' where it did.
  """

  def __init__(self, folder: SessionFolder, held: contextlib.ExitStack) -> None:
    """Use `open`; this takes a folder that the process holds.

    Raises:
      InputError: it is no session that a review can go on with.
    """
    self._folder, self._held = folder, held
    self.path = folder.path
    self.save_error = ''
    self._opened: Opened = open_session(folder)
    self.defect = self._opened.asked.settings.defect
    self.has_network = self._opened.asked.limits is not None
    self._documents: collections.OrderedDict[str, Document] = (
      collections.OrderedDict()
    )
    self._lock, self._saving = threading.RLock(), threading.RLock()
    self._stopped = threading.Event()
    self._saver = threading.Thread(
      target=self._save_again_and_again, name='saver', daemon=True
    )
    self._saver.start()

  @classmethod
  def open(
    cls, folder: str | pathlib.Path, *, bare: Bare | None = None
  ) -> 'Review':
    """Opens a session, and keeps other processes out until `close`.

    Args:
      folder: of a session that `predict` made; of a review that began from bare
        micrographs; or a new folder, where `bare` is to be labelled.
      bare: micrographs to be labelled from nothing. None where the folder is a
        session already.

    Raises:
      InputError: the folder is no session, another process works in it, or a
        file of it cannot be read.
    """
    path = pathlib.Path(folder).expanduser()
    if bare is None and not (path / 'session.json').exists():
      raise InputError(
        f'{path}: is no session; give the folder that --mode=predict wrote, or '
        '--input with the micrographs to be labelled'
      )
    session = SessionFolder(path, overwrite=False)
    with contextlib.ExitStack() as held:
      held.enter_context(session.hold())
      if bare is not None:
        begin_bare(session, bare)
      review = cls(session, held)
      review._held = held.pop_all()
      return review

  @property
  def network(self) -> str | None:
    """Name, file or run's folder of the network that made the masks."""
    asked = self._opened.asked
    return asked.request.get('network') or asked.workdir

  @property
  def images(self) -> list[ReviewImage]:
    """The images in the order of their names."""
    with self._lock:
      found = []
      for image in self._opened.images:
        document = self._documents.get(image.name)
        if document is not None:
          image = dataclasses.replace(
            image,
            done=document.done,
            corrected_objects=document.corrected()[0],
          )
        found.append(image)
      return found

  def document(self, name: str) -> Document:
    """An image to edit. A few stay open; others are saved and closed.

    Raises:
      InputError: there is no such image, or it cannot be read.
    """
    with self._lock:
      if name in self._documents:
        self._documents.move_to_end(name)
        return self._documents[name]
    # In this order, as whoever saves takes them.
    with self._saving, self._lock:
      if name not in self._opened.sources:
        raise InputError(f'{name}: the session has no such image')
      if name not in self._documents:
        self._documents[name] = Document(self._opened.sources[name])
        self._close_oldest()
      return self._documents[name]

  def doubt(self, name: str) -> float:
    """How unsure the session's network is of an image; 0 without one.

    Its probabilities are read, which takes long for many images.
    """
    source = self._opened.sources[name]
    probabilities = source.probabilities()
    if probabilities is None or source.limits is None:
      return 0.0
    return doubt(probabilities, source.limits.threshold)

  def save(self) -> None:
    """Writes what changed and is not in masks/ yet; a thread does so, too.

    Raises:
      InputError: there are more objects than a mask can number.
      OSError: the disk does not take them.
    """
    with self._lock:
      documents = list(self._documents.values())
    # Who comes while the other thread saves waits for it.
    with self._saving:
      for document in documents:
        if document.unsaved:
          self._save(document)

  def write_results(self) -> None:
    """Makes report.html, summary.csv and the rest anew, as predict would.

    Raises:
      InputError: a micrograph or the network is not there any more.
    """
    # After a kill a mask may be older than the journal.
    for image in unreported(self.path):
      if image in self._opened.sources:
        self.document(image)
    self.save()
    with self._lock:
      sizes = journal_sizes(self.path)
      asked = self._opened.asked
      if asked.limits is None:
        write_bare_results(self._folder, asked)
      else:
        self._predict_again(asked)
      self._opened = open_session(self._folder)
      for name, document in self._documents.items():
        document.take_numbers(self._opened.sources[name])
      note_reported(self.path, sizes)

  def _predict_again(self, asked: Asked) -> None:
    # Loads JAX, which nothing else of a review needs.
    from defectseg_jax.sessions import predict_session
    from defectseg_jax.sessions.given import Given

    request, workdir, config = asked.again(self.path)
    run = predict_session.read_run(config, workdir, request)
    predict_session.predict_session(
      *(Given.of(request), run, self._folder),
      asked=(config, workdir),
      console=Console(quiet=True),
      check_interruption=lambda: None,
    )

  def close(self) -> None:
    """Saves everything, and lets the folder go."""
    self._stopped.set()
    if self._saver.is_alive():
      self._saver.join()
    try:
      self.save()
    finally:
      with self._lock:
        for document in self._documents.values():
          document.close()
        self._documents.clear()
      self._held.close()

  def __enter__(self) -> 'Review':
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _save(self, document: Document) -> None:
    document.save()
    corrected, objects = document.corrected()
    with self._lock:
      name = document.name
      done = self._folder.record_of(name)
      if done is None:
        return
      mask = self._folder.path / f'{MASKS}/{name}.tif'
      edits = {
        'mask': file_checksum(mask),
        'corrected': corrected,
        'objects': objects,
      }
      self._folder.note_done(name, dataclasses.replace(done, edits=edits))
      self._opened.note(name, done=document.done, corrected=corrected)

  def _save_again_and_again(self) -> None:
    while not self._stopped.wait(_SAVE_EACH_S):
      try:
        self.save()
        self.save_error = ''
      except (InputError, OSError) as error:
        # The journal has everything; whoever shows the page says it.
        self.save_error = ' '.join(str(error).split())

  def _close_oldest(self) -> None:
    """Closes the documents that were used longest ago, if there are many."""

    def pixels() -> int:
      return sum(one.ids.size for one in self._documents.values())

    while len(self._documents) > 1 and pixels() > _MOST_PIXELS_OPEN:
      document = next(iter(self._documents.values()))
      document.close()
      self._save(document)
      self._documents.pop(document.name)
