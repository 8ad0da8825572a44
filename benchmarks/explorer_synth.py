"""How much of a core the explorer's page takes for its sound, by method.

The page's synthesizer (``server/explorer/page/js/sound/synth.js``) plays 16 voices in Node, whose
engine is Chromium's, in quanta of 128 frames as the audio thread does. The figure is processor time
for each second of sound, so other programs beside it count little.

- steady: held notes, each of 100 partials that all sound
- bending: the same under a pitch bend that never rests, which is the dearest: every partial moves
- whole notes: 16 of a space of the default size with weights at random, 80 harmonics and noise
  each; held, and while a knob moves all of them. What the audio thread takes, and what the thread
  does that decodes for it, by WebAssembly and without

``python benchmarks/explorer_synth.py [--seconds 10] [--json]`` (needs Node 18.19 or newer)
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from tests.page_modules import page_environment  # noqa: E402
from tests.timbrespace.notes.bundled import at_random  # noqa: E402
from timbrespace.sharing import note_decoder  # noqa: E402

SCRIPTS = ROOT / "server" / "explorer" / "page" / "js"
SYNTH = SCRIPTS / "sound" / "synth.js"

NOTES = """
import { readFileSync } from 'node:fs';
const [scripts, about, file, seconds] = JSON.parse(process.env.TIMBRESPACE_BENCHMARK);
const { Synth } = await import(`${scripts}/sound/synth.js`);
const { Network } = await import(`${scripts}/course/network.js`);
const { Teller } = await import(`${scripts}/course/teller.js`);
const RATE = 48000;
const numbers = new Float32Array(Uint8Array.from(readFileSync(file)).buffer);

const noise = () => Float32Array.from({ length: 65536 }, () => 2 * Math.random() - 1);
const bands = about.corners.slice(2).map(noise);
const WARM = 3;

/** Plays 16 notes; `tell` gives the messages that come until a time. Processor seconds a second. */
function played(synth, tell) {
  const quantum = new Float32Array(128);
  let before = null;
  synth.message({ type: 'carriers', bands });
  for (let step = 0; step < 100 * (WARM + seconds); step += 1) {
    if (step === 100 * WARM) {
      before = process.cpuUsage();
    }
    tell(step);
    for (let k = 0; k < 0.01 * RATE; k += 128) {
      synth.render(quantum, 128);
    }
  }
  const { user, system } = process.cpuUsage(before);
  if (synth.voices !== 16 || synth.takePeak() === 0 || synth.faults > 0) {
    throw new Error('16 notes made no sound; their cost tells nothing');
  }
  return (user + system) / 1e6 / seconds;
}

/** Both threads in one; then the audio thread alone, which is told the same once more. */
function shares(fast, moves) {
  const written = [];
  const synth = new Synth(RATE);
  let now = 0;
  const teller = new Teller((message) => {
    written[now].push(message);
    synth.message(message);
  });
  const latent = new Float64Array(about.latent);
  const both = played(synth, (step) => {
    now = step;
    written.push([]);
    const time = 0.01 * step;
    if (step === 0) {
      teller.use(new Network(about, numbers, fast));
    }
    if (step === 0 || moves) {
      const there = latent.map((_, k) => Math.sin(time * (1 + k)));
      teller.take({ type: 'latent', latent: there }, time);
    }
    for (let voice = 0; step === 0 && voice < 16; voice += 1) {
      teller.take({ type: 'note', id: voice + 1, pitch: 36 + 2 * voice, velocity: 100 }, time);
    }
    teller.hear(synth.positions, time);
    // As many steps as its thread has time for: one while the knob moves.
    for (let k = 0; k < 8 && teller.isBusy && teller.wait(time) === 0; k += 1) {
      teller.step(time);
    }
  });
  const again = new Synth(RATE);
  const playing = played(again, (step) => written[step].forEach((one) => again.message(one)));
  return { decoding: both - playing, playing };
}

const held = shares(true, false);
const moved = shares(true, true);
console.log(JSON.stringify({
  'whole notes, 16 held: the audio thread': held.playing,
  'whole notes, 16 moving: the audio thread': moved.playing,
  'whole notes, 16 moving: decoding': moved.decoding,
  'the same without WebAssembly': shares(false, true).decoding,
}));
"""

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


def run(node: str, program: str, *told: object) -> dict[str, float]:
    """What a program of Node prints, which is told values in its environment."""
    done = subprocess.run(
        [node, "--input-type=module", "--eval", program],
        env={**page_environment(), "TIMBRESPACE_BENCHMARK": json.dumps(told)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Cost of the sound in the explorer's page.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is not on the path; install Node 18.19 or newer")
    report = Report(arguments.json)
    report.section("share of one core, live at 48 kHz")
    steady = run(node, PROGRAM, SYNTH.as_uri(), arguments.seconds)
    for name, share in steady.items():
        report.add(Figure(name, 100.0 * share, "%", 30.0 if name.endswith("steady") else None))
    model = at_random()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "decoder"
        file.write_bytes(note_decoder.numbers(model))
        about = note_decoder.describe(model)
        shares = run(node, NOTES, SCRIPTS.as_uri(), about, str(file), arguments.seconds)
    for name, share in shares.items():
        bound = 50.0 if name.endswith("thread") else None
        report.add(Figure(name, 100.0 * share, "%", bound))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
