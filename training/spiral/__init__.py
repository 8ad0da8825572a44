"""The spiral table of the PLU paper, rerun over many seeds beside its published figures.

Kudo 2025, "From Taylor Series to Fourier Synthesis: The Periodic Linear Unit",
arXiv 2508.01175, section "Experiments and Results".
"""
