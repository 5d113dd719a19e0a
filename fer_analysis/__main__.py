"""`python -m fer_analysis` is the `fer` command."""

from fer_analysis.cli import main

if __name__ == "__main__":
    main()
