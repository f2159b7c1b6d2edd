"""Fuzzing of everything that reads what others wrote: ``python -m tests.fuzz [TARGET] [--cases N]``.

A case is a small set of files, made by damaging good ones. Whatever reads it must either refuse it with
complaints, or give something that is what an independent and slow reading says too; it never raises
anything else, and never takes longer than a time limit. A case is made from one number, so that a fault
is made again by that number alone; the test suite runs a few of every target, and coverage-guided
fuzzing (``--guided``, with atheris) feeds bytes of its own choice to the same checks.
"""
