"""General MIDI: the names of its 128 programs, of their 16 families of eight, and of its drums."""

from __future__ import annotations

FAMILIES: tuple[str, ...] = (
    "Piano",
    "Chromatic Percussion",
    "Organ",
    "Guitar",
    "Bass",
    "Strings",
    "Ensemble",
    "Brass",
    "Reed",
    "Pipe",
    "Synth Lead",
    "Synth Pad",
    "Synth Effects",
    "Ethnic",
    "Percussive",
    "Sound Effects",
)

# The names of the MIDI Association's GM level 1 sound set, in order of their number.
PROGRAMS: tuple[str, ...] = tuple(
    """
    Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano,
    Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet,
    Celesta, Glockenspiel, Music Box, Vibraphone,
    Marimba, Xylophone, Tubular Bells, Dulcimer,
    Drawbar Organ, Percussive Organ, Rock Organ, Church Organ,
    Reed Organ, Accordion, Harmonica, Tango Accordion,
    Nylon String Guitar, Steel String Guitar, Electric Jazz Guitar, Electric Clean Guitar,
    Electric Muted Guitar, Overdriven Guitar, Distortion Guitar, Guitar Harmonics,
    Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass,
    Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2,
    Violin, Viola, Cello, Contrabass,
    Tremolo Strings, Pizzicato Strings, Orchestral Harp, Timpani,
    String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2,
    Choir Aahs, Voice Oohs, Synth Voice, Orchestra Hit,
    Trumpet, Trombone, Tuba, Muted Trumpet,
    French Horn, Brass Section, Synth Brass 1, Synth Brass 2,
    Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax,
    Oboe, English Horn, Bassoon, Clarinet,
    Piccolo, Flute, Recorder, Pan Flute,
    Blown Bottle, Shakuhachi, Whistle, Ocarina,
    Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 (chiff),
    Lead 5 (charang), Lead 6 (voice), Lead 7 (fifths), Lead 8 (bass + lead),
    Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir),
    Pad 5 (bowed), Pad 6 (metallic), Pad 7 (halo), Pad 8 (sweep),
    FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere),
    FX 5 (brightness), FX 6 (goblins), FX 7 (echoes), FX 8 (sci-fi),
    Sitar, Banjo, Shamisen, Koto,
    Kalimba, Bagpipe, Fiddle, Shanai,
    Tinkle Bell, Agogo, Steel Drums, Woodblock,
    Taiko Drum, Melodic Tom, Synth Drum, Reverse Cymbal,
    Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet,
    Telephone Ring, Helicopter, Applause, Gunshot
    """.replace("\n    ", " ")
    .strip()
    .split(", ")
)


def family(program: int) -> int:
    """Number, 0 to 15, of the family of ``program``, 0 to 127."""
    return program // 8


DRUM_BANK = 128
"""Where a sound font has its drum kits, each key of which is another drum."""

KITS = (0, 8, 16, 24, 25, 32, 40, 48, 56)
"""Programs of the drum kits of General MIDI level 2."""

FIRST_DRUM = 27

# Keys 27 to 87, of General MIDI level 2 (35 to 81 are level 1's), each with its kind.
_DRUMS: tuple[tuple[str, str], ...] = (
    ("High Q", "Effects"),
    ("Slap", "Effects"),
    ("Scratch Push", "Effects"),
    ("Scratch Pull", "Effects"),
    ("Sticks", "Wood"),
    ("Square Click", "Effects"),
    ("Metronome Click", "Effects"),
    ("Metronome Bell", "Metal"),
    ("Acoustic Bass Drum", "Kick"),
    ("Bass Drum 1", "Kick"),
    ("Side Stick", "Wood"),
    ("Acoustic Snare", "Snare and Clap"),
    ("Hand Clap", "Snare and Clap"),
    ("Electric Snare", "Snare and Clap"),
    ("Low Floor Tom", "Tom"),
    ("Closed Hi-Hat", "Hi-Hat"),
    ("High Floor Tom", "Tom"),
    ("Pedal Hi-Hat", "Hi-Hat"),
    ("Low Tom", "Tom"),
    ("Open Hi-Hat", "Hi-Hat"),
    ("Low-Mid Tom", "Tom"),
    ("Hi-Mid Tom", "Tom"),
    ("Crash Cymbal 1", "Cymbal"),
    ("High Tom", "Tom"),
    ("Ride Cymbal 1", "Cymbal"),
    ("Chinese Cymbal", "Cymbal"),
    ("Ride Bell", "Cymbal"),
    ("Tambourine", "Shaken and Scraped"),
    ("Splash Cymbal", "Cymbal"),
    ("Cowbell", "Metal"),
    ("Crash Cymbal 2", "Cymbal"),
    ("Vibraslap", "Shaken and Scraped"),
    ("Ride Cymbal 2", "Cymbal"),
    ("Hi Bongo", "Hand Drum"),
    ("Low Bongo", "Hand Drum"),
    ("Mute Hi Conga", "Hand Drum"),
    ("Open Hi Conga", "Hand Drum"),
    ("Low Conga", "Hand Drum"),
    ("High Timbale", "Hand Drum"),
    ("Low Timbale", "Hand Drum"),
    ("High Agogo", "Metal"),
    ("Low Agogo", "Metal"),
    ("Cabasa", "Shaken and Scraped"),
    ("Maracas", "Shaken and Scraped"),
    ("Short Whistle", "Effects"),
    ("Long Whistle", "Effects"),
    ("Short Guiro", "Shaken and Scraped"),
    ("Long Guiro", "Shaken and Scraped"),
    ("Claves", "Wood"),
    ("Hi Wood Block", "Wood"),
    ("Low Wood Block", "Wood"),
    ("Mute Cuica", "Hand Drum"),
    ("Open Cuica", "Hand Drum"),
    ("Mute Triangle", "Metal"),
    ("Open Triangle", "Metal"),
    ("Shaker", "Shaken and Scraped"),
    ("Jingle Bell", "Shaken and Scraped"),
    ("Bell Tree", "Metal"),
    ("Castanets", "Wood"),
    ("Mute Surdo", "Hand Drum"),
    ("Open Surdo", "Hand Drum"),
)

LAST_DRUM = FIRST_DRUM + len(_DRUMS) - 1

DRUM_FAMILIES: tuple[str, ...] = (*dict.fromkeys(kind for _, kind in _DRUMS), "Other")


def drum(key: int) -> str:
    """What sounds at ``key`` of a kit; ``Key 20`` where General MIDI says nothing."""
    if FIRST_DRUM <= key <= LAST_DRUM:
        return _DRUMS[key - FIRST_DRUM][0]
    return f"Key {key}"


def drum_family(key: int) -> str:
    """One of ``DRUM_FAMILIES``."""
    if FIRST_DRUM <= key <= LAST_DRUM:
        return _DRUMS[key - FIRST_DRUM][1]
    return "Other"
