"""Run the command line as a module."""

from classifier.cli.main import main

main(prog_name="judge")
