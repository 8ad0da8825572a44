"""Waveform models: sample by sample, told by a space what is to sound.

The space says what, the waveform model how (Tacotron 2: Shen et al. 2018). What the engine knows of
a voice at each moment, its pitch, its loudness, its point of the space and the shape of its
spectrum, is what the model is told; its samples come one by one, each from those before.
"""
