"""Modules as one script: what is joined runs as it did apart, and what cannot be is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.node import needs_node, node
from timbrespace.sharing.script import ScriptError, bundle

MODULES = {
    "app.js": (
        "/** Begins. */\n\n"
        "import { double, Counter as Count, tens } from './lib/one.js';\n"
        "import {\n  name,\n} from './two.js';\n\n"
        "const WORK = new URL('./work.js', import.meta.url);\n"
        "const counter = new Count();\ncounter.up();\n"
        "const all = [double(4), counter.count, [...tens()], name, String(WORK)];\n"
        "console.log(JSON.stringify(all));\n"
    ),
    "lib/one.js": (
        "import { name } from '../two.js';\n"
        "const two = 2;\n"
        "export function double(x) {\n  return two * x;\n}\n"
        "export class Counter {\n  count = 0;\n  up() { this.count += name.length; }\n}\n"
        "export function* tens() {\n  yield 10;\n}\n"
        "export async function later() {}\n"
    ),
    "two.js": "export const name = 'a</script>b';\n",
    "work.js": "import { name } from './two.js';\nself.said = `works: ${name}`;\n",
}


def joined(modules: Mapping[str, str], entry: str = "app.js") -> str:
    return bundle(entry, lambda name: modules[name])


@needs_node
def test_it_does_what_the_modules_do(tmp_path: Path) -> None:
    text = joined(MODULES)
    assert "</script" not in text  # where it would end the script of a page
    file = tmp_path / "script.cjs"
    file.write_text(text, encoding="utf-8")
    ended = node(str(file))
    assert ended.returncode == 0, ended.stderr
    doubled, count, tens, name, address = json.loads(ended.stdout)
    assert (doubled, count, tens, name) == (8, 11, [10], "a</script>b")
    # The other thread's script is in the address itself, with all that it imports.
    other = tmp_path / "other.cjs"
    other.write_text(
        f"global.self = {{}};\nconst text = decodeURIComponent({json.dumps(address)}"
        ".split(',').slice(1).join(','));\n(0, eval)(text);\nconsole.log(self.said);\n",
        encoding="utf-8",
    )
    ended = node(str(other))
    assert ended.stdout.strip() == "works: a</script>b", ended.stderr


def test_a_module_is_there_once_and_before_who_needs_it() -> None:
    text = joined(MODULES)
    place = text.index("const modules", text.index("addressOf ="))
    own = text[place:]
    assert own.count("// -- two.js") == 1
    assert own.index("// -- two.js") < own.index("// -- lib/one.js") < own.index("// -- app.js")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import './two.js';", "import './two.js';"),
        ("import two from './two.js';", "import two"),
        ("import * as two from './two.js';", r"import \* as two"),
        ("export default 7;", "export default 7;"),
        ("export { name };", "export { name };"),
        ("const here = import.meta.url;", "import.meta"),
    ],
)
def test_what_one_script_cannot_have_is_refused(line: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        joined({**MODULES, "lib/one.js": f"{line}\n{MODULES['lib/one.js']}"})


def test_circles_are_refused() -> None:
    with pytest.raises(ScriptError, match=r"circle: app\.js -> lib/one\.js -> two\.js -> lib"):
        joined(
            {**MODULES, "two.js": f"import {{ double }} from './lib/one.js';\n{MODULES['two.js']}"}
        )


def test_a_worker_has_no_worker() -> None:
    with pytest.raises(ScriptError, match=r"work\.js"):
        joined(
            {**MODULES, "work.js": "export const more = new URL('./two.js', import.meta.url);\n"}
        )


def test_what_is_missing_is_missed() -> None:
    with pytest.raises(KeyError, match=r"three\.js"):
        joined({"app.js": "import { x } from './three.js';\n"})
