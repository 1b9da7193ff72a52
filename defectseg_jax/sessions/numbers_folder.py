"""The folder of measured masks: what is in it is results, made again whole."""

from defectseg_jax.sessions.folder import SessionFolder


class NumbersFolder(SessionFolder):
  """The files that `quantify` writes.

  numbers.json names them, with their checksums, as session.json does those of a
  session: so the same command can be given again, and takes its own files away,
  and nobody else's. A session of `predict` is no such folder, and the other way
  round: its masks and its numbers stay together.
  """

  INDEX = 'numbers.json'
