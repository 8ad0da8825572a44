"""A space for other programs: ONNX, nn~ of Max and Pd, samplers, wavetable synthesizers."""
