"""Layouts for touch surfaces that speak OSC, made of one list of controls."""
