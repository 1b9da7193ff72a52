"""The process that learns, with the tests' small network by its name."""

from defectseg_jax.review.lesson_program import main
from tests import tiny_network  # noqa: F401

if __name__ == '__main__':
  main()
