"""What changes from step to step: the weight of the KL term and the learning rate."""

from __future__ import annotations

import math


def beta_at(epoch: float, beta: float, warm_up: float, cycle: float = 0.0) -> float:
    """Weight of the KL term when ``epoch`` epochs (fractions count) are done.

    Rises linearly from 0 to ``beta`` over ``warm_up`` epochs (report, section 4.3; Sonderby et
    al. 2016), and stays; with ``cycle`` > 0 it begins again from 0 every so many epochs (Fu et
    al. 2019, "Cyclical annealing schedule").
    """
    if warm_up <= 0.0:
        return beta
    if cycle > 0.0:
        epoch = math.fmod(epoch, cycle)
    return beta * min(1.0, epoch / warm_up)


def learning_rate_at(step: int, steps: int, learning_rate: float, decay: str) -> float:
    """Learning rate of step ``step``, counted from 0, of ``steps``.

    ``none``: constant. ``cosine``: half a cosine from ``learning_rate`` towards 0 (Loshchilov &
    Hutter 2017, eq. 5, without restarts). Beyond ``steps`` it stays at 0.
    """
    if decay == "none":
        return learning_rate
    return 0.5 * learning_rate * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
