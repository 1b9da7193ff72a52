"""Is a file whole? A check for each format whose library does not notice.

Each is called before the file is read, and raises InputError.
"""
