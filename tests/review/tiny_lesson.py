"""The process that learns a lesson, where it knows the tests' network."""

import tests.tiny_network  # noqa: F401
from defectseg_jax.review import lesson_program

# Beside other tests a low priority would be none.
lesson_program._NICENESS = 0

if __name__ == '__main__':
  lesson_program.main()
