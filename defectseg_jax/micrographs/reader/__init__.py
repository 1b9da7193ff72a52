"""Files are read by another process, so that a bad one costs no session.

Libraries that unpack images crash on some damaged files, loop for ever on
others, or ask for all memory. `pool` is the door, `process` this side,
`program` the other, `messages` and `shapes` what they say to each other, `bell`
how one wakes the other, `box` by what they hand over numbers, `plain` what
needs no handing over, `outlines` who parses those, and `limits` what a file may
take.
"""
