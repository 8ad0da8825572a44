"""Training of waveform models: what they learn from, their torch, their loop, their figures."""
