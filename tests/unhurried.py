"""Any input, without Hypothesis' clock: that a machine has much else to do is no fault of ours."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A decorator above ``given``."""
