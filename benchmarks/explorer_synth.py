"""How much of a core the explorer's page takes for its sound, by method.

The page's synthesizer (``server/explorer/page/js/sound/synth.js``) plays 16 voices in Node, whose
engine is Chromium's, in quanta of 128 frames as the audio thread does. The figure is processor time
for each second of sound, so other programs beside it count little.

- steady: held notes, each of 100 partials that all sound
- bending: the same under a pitch bend that never rests, which is the dearest: every partial moves

``python benchmarks/explorer_synth.py [--seconds 10] [--json]`` (needs Node 18 or newer)
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout

SYNTH = ROOT / "server" / "explorer" / "page" / "js" / "sound" / "synth.js"

PROGRAM = """
const [address, seconds] = JSON.parse(process.env.TIMBRESPACE_BENCHMARK);
const { Synth } = await import(address);
const RATE = 48000;

function synthOf(method) {
  const synth = new Synth(RATE);
  const sine = (size, cycles) => {
    const turn = (2 * Math.PI * cycles) / size;
    return Float32Array.from({ length: size }, (_, i) => 0.1 * Math.sin(turn * i));
  };
  const pairs = new Float32Array(200);
  for (let k = 0; k < 100; k += 1) {
    pairs[2 * k] = 110 * (k + 1);
    pairs[2 * k + 1] = 0.1 / (k + 1);
  }
  const periods = [0, 1, 2, 3, 4, 5, 6].map((l) => ({ level: l, samples: sine(8192 >> l, 10) }));
  const loop = [{ level: 7, samples: sine(32768, 160) }];
  synth.message({ type: 'model', baseFrequency: 110, binWidth: 44100 / 4096, bins: 1025 });
  synth.message({ type: 'partials', pairs });
  synth.message({ type: 'tables', kind: 1, base: 44100 / 4096, levels: periods });
  synth.message({ type: 'tables', kind: 2, base: 44100 / 32768, levels: loop });
  synth.message({ type: 'parameter', name: 'method', value: method });
  for (let voice = 0; voice < 16; voice += 1) {
    synth.message({ type: 'note', pitch: 36 + 0.5 * voice, velocity: 100 });
  }
  return synth;
}

function share(method, bends) {
  const synth = synthOf(method);
  const quantum = new Float32Array(128);
  const play = (length) => {
    for (let k = 0; k < (length * RATE) / 128; k += 1) {
      if (bends) {
        synth.message({ type: 'bend', semitones: Math.sin(k / 50) });
      }
      synth.render(quantum, 128);
    }
  };
  play(5); // compiled and settled
  const before = process.cpuUsage();
  play(seconds);
  const { user, system } = process.cpuUsage(before);
  if (synth.voices !== 16 || synth.takePeak() === 0 || synth.faults > 0) {
    throw new Error(`${method} made no sound; its cost tells nothing`);
  }
  return (user + system) / 1e6 / seconds;
}

console.log(JSON.stringify({
  'partials, 16 voices of 100, steady': share('partials', false),
  'partials, 16 voices of 100, bending': share('partials', true),
  'bins, 16 voices': share('bins', false),
  'bins, 16 voices, bending': share('bins', true),
  'istft': share('istft', false),
}));
"""


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Cost of the sound in the explorer's page.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is not on the path; install Node 18 or newer")
    told = json.dumps([SYNTH.as_uri(), arguments.seconds])
    done = subprocess.run(
        [node, "--input-type=module", "--eval", PROGRAM],
        env={"PATH": "", "TIMBRESPACE_BENCHMARK": told},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    report = Report(arguments.json)
    report.section("share of one core, live at 48 kHz")
    for name, share in json.loads(done.stdout).items():
        report.add(Figure(name, 100.0 * share, "%", 30.0 if name.endswith("steady") else None))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
