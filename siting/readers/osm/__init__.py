"""OpenStreetMap extracts: roads, settlements, facilities and public buildings."""

from siting.readers.osm.reader import read_osm as read_osm
