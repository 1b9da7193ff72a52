"""The process that learns a lesson, where it knows the tests' network."""

import tests.tiny_network  # noqa: F401
from defectseg_jax.review.lesson_program import main

if __name__ == '__main__':
  main()
