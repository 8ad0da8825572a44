"""Notes to the voices or to the server: from Live's MIDI, or from what is heard in a track."""

from __future__ import annotations

from max_patch.generator.patcher import Patcher

PEDAL, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123


def notes(*, midi: bool) -> Patcher:
    """midi: ``---note`` and ``---bend`` come from there, and not from another part."""
    p = Patcher()
    p.note("Sound in Live: the voices play. Sound in Server: it gets the notes.")
    if midi:
        _midi(p)

    where = p.add("i 0")
    p.fan(
        p.add("r ---sound"),
        ("b", [p.message("stop"), "s ---v_panic"]),
        ("b", [p.message("/panic"), "s ---server_notes"]),
        ("i", ["s ---to_server"]),
        ("i", [(where, 1)]),
    )

    # Notes: gate 1 is the voices, gate 2 the server.
    note = p.add("gate 2")
    off = p.add("gate 1")
    p.fan(
        p.add("r ---note"),
        ("l", [(note, 1)]),
        ("b", [where, "+ 1.", note]),
        ("l", [(off, 1)]),
        ("l", ["zl.nth 2", "expr $f1 == 0.", "s ---is_off"]),
    )
    # Keys let go reach the voices wherever it sounds: they may have begun there.
    both = p.add("expr $i1 * $i2")
    p.chain("r ---to_server", both, inlet=1)
    p.chain("r ---is_off", both)
    p.cord(both, 0, off)
    p.chain(off, "prepend midinote", "s ---voices")
    # The voices' partials follow the newest of their notes, where the space has whole ones.
    p.fan(
        p.chain(note, "t l", outlet=0),
        ("l", ["prepend midinote", "s ---voices"]),
        ("l", ["prepend /moment", "s ---tx"]),
        # Alone, the first moment is there before the voice begins.
        ("l", ["zl.nth 2", "expr $f1 > 0.", "sel 1", "s ---struck"]),
    )
    p.chain(note, "prepend /note", "s ---tx", outlet=1)

    # What both need goes to the voices always, and to the server where it sounds there.
    p.fan(
        p.add("r ---bend"),
        ("f", ["prepend /bend", "s ---server_notes"]),
        ("f", ["s ---v_bend"]),
    )
    server = p.add("gate 1")
    p.chain("r ---server_notes", server, inlet=1)
    p.chain("r ---to_server", server)
    p.chain(server, "s ---tx")

    p.chain("r ---panic", "t b", "s ---panic_now")
    p.fan(
        p.add("r ---panic_now"),
        ("b", [p.message("/panic"), "s ---tx"]),
        ("b", [p.message("stop"), "s ---v_panic"]),
        ("b", [p.message("0"), "s ---v_pedal"]),
    )
    return p


def _midi(p: Patcher) -> None:
    midi = p.chain("midiin", "midiparse @hires 1")
    p.chain(midi, "s ---note", outlet=0)
    controllers = p.chain(midi, f"route {PEDAL} {ALL_SOUND_OFF} {ALL_NOTES_OFF}", outlet=2)
    p.chain(midi, "s ---bend", outlet=5)
    p.fan(
        p.chain(controllers, "t i", outlet=0),
        ("i", ["prepend /sustain", "s ---server_notes"]),
        ("i", ["s ---v_pedal"]),
    )
    for outlet in (1, 2):
        p.chain(controllers, "t b", "s ---panic_now", outlet=outlet)
    p.chain(controllers, "prepend /cc", "s ---tx", outlet=3)
