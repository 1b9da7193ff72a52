"""A search: random trials, then rounds that begin from the best of them.

settings.py  what is tried
space.py     what is drawn for a trial
rounds.py    which trials are to be trained next
checks.py    whether that makes sense
study.py     the folder of a search: its trials, and Optuna's record of them
outcomes.py  how each trial ended
pruning.py   when a trial is given up
worker.py    one process that trains trials until none is left
seat.py      what of it depends on the other workers of its process
crew.py      several of them, whose trials take their steps at once
named_lines.py  what they say, each line with whose it is
report.py    the table of the trials and their page
"""
