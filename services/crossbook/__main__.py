"""`python -m crossbook` is the `crossbook` command."""

from crossbook.cli.main import run

if __name__ == "__main__":
    run()
