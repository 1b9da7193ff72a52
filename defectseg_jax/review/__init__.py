"""Look, correct, label and teach: a session's images, edited by a person."""
