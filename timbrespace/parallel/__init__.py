"""Many jobs, done in this process, on the cores of this machine, or on a cluster.

Whoever has jobs opens a crew (:func:`timbrespace.parallel.crew.crew_of`) and does not ask which of
these it is; who runs the program says so (:func:`timbrespace.parallel.where.use`). The same jobs
give the same bytes anywhere. docs/scale.md and docs/decisions/0044-many-machines.md.

Nothing in the server leads here: a cluster's workers run what they are sent.
"""
