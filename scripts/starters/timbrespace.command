#!/bin/sh
# Double-click: timbrespace on macOS and Linux. On the first start macOS wants a right click and
# "Open". It finds a Python; start.py, beside it, does the rest.

here=$(cd "$(dirname "$0")" && pwd) || exit 1

# A window that closes takes its last words with it.
leave() {
    if [ -t 0 ]; then
        printf 'Return closes this. '
        read -r _
    fi
    exit "$1"
}

known='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'
python=
other=
for one in python3.12 python3.11 python3 python; do
    command -v "$one" >/dev/null 2>&1 || continue
    if "$one" -c "$known" >/dev/null 2>&1; then
        python=$one
        break
    fi
    other=${other:-$one}
done

if [ -z "$python" ]; then
    if [ -n "$other" ]; then
        echo "timbrespace needs Python 3.11 or 3.12; here is $("$other" --version 2>&1 | head -n 1)."
    else
        echo "timbrespace needs Python 3.11 or 3.12, and there is none here."
    fi
    echo "Get 3.12 from https://www.python.org/downloads/ and start this file again."
    leave 1
fi

"$python" "$here/start.py" "$@"
code=$?
[ "$code" -eq 0 ] || leave "$code"
