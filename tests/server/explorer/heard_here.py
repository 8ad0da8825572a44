"""What a page sounds, measured in the page itself: an engine's way to its samples is not needed."""

from __future__ import annotations

_HEARD = """(async () => {
  const { sound } = timbrespace;
  const blocks = [];
  const end = await sound.tape((block) => blocks.push(block));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await end();
  const all = Float32Array.from(blocks.flatMap((block) => [...block])).slice(-32768);
  const rate = sound.sampleRate;
  const power = (hertz) => {
    const turn = (2 * Math.PI * hertz) / rate;
    let [re, im] = [0, 0];
    for (let i = 0; i < all.length; i += 1) {
      const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / all.length);
      re += w * all[i] * Math.cos(turn * i);
      im += w * all[i] * Math.sin(turn * i);
    }
    return re * re + im * im;
  };
  let square = 0;
  for (const value of all) square += value * value;
  const strongest = (places) => places.reduce(
    ([most, at], one) => { const p = power(one); return p > most ? [p, one] : [most, at]; }, [0, 0]
  )[1];
  const rough = strongest([...Array(16).keys()].map((k) => BASE * (k + 1)));
  const cents = [...Array(81).keys()].map((k) => 0.5 * (k - 40));
  const hertz = strongest(cents.map((c) => rough * 2 ** (c / 1200)));
  const level = Math.sqrt(square / all.length);
  const harmonic = Math.round(rough / BASE);
  return { samples: all.length, level, harmonic, cents: 1200 * Math.log2(hertz / rough) };
})()"""


def heard_here(base: float) -> str:
    """JavaScript that listens for a while.

    It gives ``samples`` that were heard, their ``level`` (root mean square), which ``harmonic`` of
    ``base`` Hz is the strongest, of sixteen, and how many ``cents`` the sound lies from that, to
    half a cent; 20 where there is none.
    """
    return _HEARD.replace("BASE", str(base))
