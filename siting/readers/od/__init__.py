"""Origin-destination tables: travel times from sites to places, made by another program.

:func:`read_od` makes an instance of one, :func:`od_frame` the table alone. The flow:
:mod:`~siting.readers.od.source` opens a file or frame (:mod:`~siting.readers.od.csv_source`: what
CSV comes in) and reads it in chunks, :mod:`~siting.readers.od.layout` says what its columns mean,
:mod:`~siting.readers.od.pairs` collects and checks the pairs,
:mod:`~siting.readers.od.people` reads the places, and :mod:`~siting.readers.od.reader` joins all.
"""

from siting.readers.od.reader import od_frame, read_od

__all__ = ["od_frame", "read_od"]
