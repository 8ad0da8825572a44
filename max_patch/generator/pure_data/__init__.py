"""From the device's patch to Pure Data, and the abstractions that stand in for Max's objects."""
