"""``python -m meeple``."""

from meeple.cli import main

if __name__ == "__main__":
    main()
