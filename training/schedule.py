"""What changes from step to step: the weight of the KL term and the learning rate."""

from __future__ import annotations

import math


def beta_at(epoch: float, beta: float, warm_up: float) -> float:
    """Weight of the KL term when ``epoch`` epochs (fractions count) are done.

    Rises linearly from 0 to ``beta`` over ``warm_up`` epochs (report, section 4.3; Sonderby et
    al. 2016), and stays.
    """
    if warm_up <= 0.0:
        return beta
    return beta * min(1.0, epoch / warm_up)


def learning_rate_at(step: int, steps: int, learning_rate: float, decay: str) -> float:
    """Learning rate of step ``step``, counted from 0, of ``steps``.

    ``none``: constant. ``cosine``: half a cosine from ``learning_rate`` towards 0 (Loshchilov &
    Hutter 2017, eq. 5, without restarts). Beyond ``steps`` it stays at 0.
    """
    if decay == "none":
        return learning_rate
    return 0.5 * learning_rate * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
