"""A network of seven convolutions, by the name of 'tiny'.

Most of a short run is tracing and compiling, which takes half as long for it.
What is told of Slurm, launch/ and the README's commands, and of a train step,
keeps to the networks that people have.
"""

import functools

from defectseg_jax.models import ARCHITECTURES
from defectseg_jax.models.unet import UNet

ARCHITECTURES['tiny'] = functools.partial(UNet, widths=(16, 24))
