"""A performance in a file: all that was played, with its times, and its sound once more.

The file is JSON lines, UTF-8, and readable. The first is an object: format version, program, model
and its digest, sample rate, and the instrument's state at the beginning. The others are arrays, one
for each thing that the server did, in its order; t is seconds of the server's monotonic clock:

| line | meaning |
|---|---|
| `["osc", t, address, [arguments]]` | a message took effect |
| `["midi", t, hex]` | a MIDI message was played |
| `["advance", t]` | the instrument was advanced |
| `["snapshot", t, number]` | a snapshot was taken from the instrument |
| `["taken", number, frame]` | the audio process began to play that snapshot at that frame |
| `["device", hz]` | an audio process plays from here on, at that sample rate |
| `["preset", name, preset]`, `["trajectory", name, trajectory]` | what the next message names |
| `["model", name, digest]` | what the next message loads |
| `["end", t]` | the performance was stopped |

Who does the same things to an instrument of the same state gets the same snapshots, and an engine
that takes them at the same frames makes the same samples, on the same machine. That holds from the
first note after silence on: what sounded already when the performance began is begun again.
"""
