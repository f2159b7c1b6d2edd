"""Road graphs as arrays: in and out of networkx, links to points beside them, travel times."""
