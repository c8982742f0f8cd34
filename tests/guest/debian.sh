#!/usr/bin/bash
# SPDX-License-Identifier: MIT
# Debian's own dynamic programs, as they come. Run by bash: BusyBox sh would use its own applets.
# needs: /usr/bin/ls /usr/bin/grep /usr/bin/bash /usr/bin/sha256sum /usr/bin/sort /usr/bin/python3
. /tests/tap.sh
mkdir -p /tmp/deb && cd /tmp/deb || exit 1

ok 'they are not BusyBox' sh -c '[ ! -L /usr/bin/sort ] && [ ! -L /usr/bin/ls ]'
ok 'ls -l' sh -c '/usr/bin/ls -l / | /usr/bin/grep -q " usr$"'
is 'ls --version' "$(/usr/bin/ls --version | head -n 1 | cut -c1-18)" 'ls (GNU coreutils)'
is 'grep -c' "$(seq 1 1000 | /usr/bin/grep -c 7)" 271
is 'grep -P' "$(echo abc123 | /usr/bin/grep -oP '\d+')" 123
is 'bash: command substitution' "$(bash -c 'echo $(echo in; (echo sub)) ${BASH_VERSION%%.*}')" 'in sub 5'
is 'bash: process substitution' "$(bash -c 'cat <(echo one) <(echo two)' | tr '\n' ' ')" 'one two '
is 'bash: pipes and PIPESTATUS' "$(bash -c 'true | false | exit 3; echo ${PIPESTATUS[*]}')" '0 1 3'
is 'bash: coprocess' "$(bash -c 'coproc cat; echo hi >&${COPROC[1]}; read -u ${COPROC[0]} x; echo $x')" hi
is 'bash: trap of a signal' "$(bash -c 'trap "echo got" USR1; kill -USR1 $$')" got
is 'sha256sum' "$(printf abc | sha256sum | cut -c1-16)" ba7816bf8f01cfea
seq 1 60000 | sed 's/.*/& some more text to fill the line/' >many
is 'sort with a temporary file' "$(sort -S 200k -rn many | sort -S 200k -n | cmp - many && echo same)" same
ok 'sort: no temporary file is left' sh -c '! ls /tmp/sort* 2>/dev/null'
is 'sort --parallel' "$(sort --parallel=4 -n many | md5sum | cut -c1-8)" "$(md5sum <many | cut -c1-8)"
is 'python3 -c' "$(python3 -c 'print(6 * 7)')" 42
is 'python3 with threads' "$(python3 -c '
import threading, queue
q = queue.Queue()
total = []
def work():
    while True:
        n = q.get()
        if n is None: return
        total.append(sum(range(n)))
ts = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in ts]
[q.put(n) for n in range(400)]
[q.put(None) for t in ts]
[t.join() for t in ts]
print(len(total), sum(total))
')" '400 10586800'
is 'python3: subprocess' "$(python3 -c 'import subprocess
print(subprocess.run(["echo", "child"], capture_output=True).stdout)')" "b'child\\n'"
is 'python3: mmap' "$(python3 -c 'import mmap
m = mmap.mmap(-1, 1 << 20); m[1000:1005] = b"quire"; print(m.find(b"quire"))')" 1000
is 'python3: a large list' "$(python3 -c 'print(sum([i * i for i in range(300000)]))')" 8999955000050000
is 'python3: an exception leaves with 1' "$(python3 -c 'raise SystemExit(5)'; echo $?)" 5
finish
