"""`python -m opskit`: the command line."""

from opskit.cli.main import main

if __name__ == "__main__":
    main()
