"""``python -m hisbundle``: the command line."""

from hisbundle.cli import main

main()
