"""Layers of points, lines and outlines, and graphs in GraphML: what the readers of maps share.

- :mod:`~siting.readers.vector.layers` opens a file or frame and turns coordinates into degrees;
- :mod:`~siting.readers.vector.columns` says which header is which column;
- :mod:`~siting.readers.vector.points` makes places, facilities and candidates of a layer,
  :mod:`~siting.readers.vector.lines` a road graph (:mod:`~siting.readers.vector.maxspeed`: its speeds),
  :mod:`~siting.readers.vector.outlines` areas that points lie in;
- :mod:`~siting.readers.vector.graphml_file` parses GraphML;
- :mod:`~siting.readers.vector.ground` says at which site a row stands, and
  :mod:`~siting.readers.vector.joined` joins everything into an instance.
"""
