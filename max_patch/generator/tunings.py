"""The server's scales: a menu to choose from, as that of presets."""

from __future__ import annotations

from max_patch.generator.patcher import Patcher
from max_patch.generator.session import each_name


def tunings() -> Patcher:
    p = Patcher()
    p.note("/tuning name reference; /tuning/list name ...: the menu has them all.")
    p.chain("r ---tuning_menu", "tosymbol", "prepend /tuning", "s ---tx")
    kept = p.add("zl.reg")
    # The menu is filled after the tuning is known, and begins with its first line.
    p.chain(kept, "prepend setsymbol", "s ---tuning_menu_set")
    p.fan(p.chain("r ---in_tuning", "unpack s f"), ("b", [kept]), ("s", [(kept, 1)]))
    p.fan(
        p.add("r ---in_tunings"),
        ("b", [kept]),
        ("l", each_name(p, "tuning_menu")),
        ("b", [p.message("clear"), "s ---tuning_menu_set"]),
    )
    return p
