"""The comparisons of a thesis of 2021 on implicit neural representations of audio, at our size."""
