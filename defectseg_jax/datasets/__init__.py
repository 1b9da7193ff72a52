"""Micrographs to batches of patches: the only room with TensorFlow in it.

`folder` finds micrographs and their masks, or `simulated` makes them; `builder`
preprocesses them, divides them into regions and keeps these in the `cache`;
`pipeline` gives the regions and the stream of patches. Only `builder`,
`pipeline` and `augmentation` load TensorFlow.
"""
