# SPDX-License-Identifier: MIT
# quire profile: every instruction is attributed; the documents are well-formed; mistakes are told.
. tests/suite/tap.sh
make -s -f tools/tools.mk O="$build" tool >&2 || exit 1
kernels=linux
[ -e "$build/quire.elf" ] && kernels='linux quire'
work='i=0; while [ $i -lt 5 ]; do cat /etc/passwd >/dev/null; i=$((i + 1)); done'

entry() { # NAME: how often it was entered
	awk -v name="$1" '$1 == name { print $3 }' "$scratch/table"
}

for k in $kernels; do
	p="timeout 300 ./quire profile --kernel $k --timeout 280"
	$p --top 0 --svg "$scratch/p.svg" --collapsed "$scratch/p.txt" --json "$scratch/p.json" -- sh -c "$work" \
		>"$scratch/table" 2>"$scratch/e" || tail -n 5 "$scratch/e" | sed 's/^/# /'
	total=$(awk '$1 == "all" { print $2 }' "$scratch/table")
	is "$k: collapsed stacks add up to all instructions" "$(awk '{ n += $NF } END { printf "%d", n }' "$scratch/p.txt")" "$total"
	is "$k: so do the entries" "$(awk '$1 == "all" { exit } NR > 1 { split(substr($0, 31), c, " "); n += c[1] } END { printf "%d", n }' "$scratch/table")" "$total"
	is "$k: each entry has a name" "$(grep -c 'no such system call' "$scratch/table")" 0
	is "$k: five times fork, exec, exit" "$(entry 'vfork()') $(entry 'fork()') $(entry 'clone()') $(entry 'exit_group()')" "$(entry 'vfork()') $(entry 'fork()') $(entry 'clone()') 6"
	is "$k: the call stack of a file fault" "$(grep -c '^page fault;asm_exc_page_fault;.*handle_mm_fault;.*filemap_map_pages' "$scratch/p.txt" | grep -vx 0 >/dev/null; echo $?)" 0
	is "$k: functions of exec lie below execve()" "$(grep 'load_elf_binary' "$scratch/p.txt" | grep -cv '^execve()')" 0
	is "$k: no stack is out of bounds" "$(awk '{ n = gsub(/;/, ";"); if (n > 60) print n }' "$scratch/p.txt" | head -n 1)" ""
	ok "$k: the flame graph is XML with counts" python3 -c '
import sys, xml.dom.minidom
doc = xml.dom.minidom.parse(sys.argv[1])
assert any("instructions" in t.firstChild.data for t in doc.getElementsByTagName("title"))
boxes = [g for g in doc.getElementsByTagName("g") if g.getAttribute("data-d") == "1"]
assert sum(int(g.getAttribute("data-w")) for g in boxes) <= int(sys.argv[2])' "$scratch/p.svg" "$total"
	ok "$k: the trace is JSON, its calls nest" python3 -c '
import json, sys
depth, time = {}, 0.0
for e in json.load(open(sys.argv[1]))["traceEvents"]:
    assert e["ts"] >= time
    time = e["ts"]
    depth[e["tid"]] = depth.get(e["tid"], 0) + (1 if e["ph"] == "B" else -1)
    assert depth[e["tid"]] >= 0
assert depth and not any(depth.values())' "$scratch/p.json"
	$p --top 0 -- sh -c "$work" >"$scratch/again" 2>/dev/null
	# What the program caused; timers, kernel threads and the console come when they come.
	for run in table again; do
		awk '$1 == "all" { exit } NR > 1 && !/^\(/ && !/interrupt/ { split(substr($0, 31), c, " "); n += c[1] } END { printf "%d", n }' \
			"$scratch/$run" >"$scratch/sum.$run"
	done
	is "$k: a second run agrees within 1 %" "$(awk '{ n[++i] = $1 } END { d = n[1] - n[2]; if (d < 0) d = -d; print (n[1] > 0 && d * 100 <= n[1]) }' \
		"$scratch/sum.table" "$scratch/sum.again")" 1
done

./quire profile --calls do_exit --timeout 100 -- true >"$scratch/table" 2>/dev/null
ok '--calls: the way to a function' grep -q '^ *1 times by exit_group() > .* > do_exit$' "$scratch/table"
ok '--calls: what it calls' grep -q '^ *[1-9][0-9]* *[1-9][0-9]*    __mmput$' "$scratch/table"
./quire profile --calls no_such_function --timeout 100 -- true >"$scratch/table" 2>/dev/null
is '--calls: of one that is never called' "$(sed -n 2p "$scratch/table" | tr -d ' ')" never

mistake 'profile without a program' 'no program given' ./quire profile
mistake 'profile of a program that is not there' 'there is no program nothing-of-this-name' ./quire profile -- nothing-of-this-name
mistake 'profile --top x' 'a number of rows' ./quire profile --top x -- true
mistake 'profile --svg into nowhere' 'No such file' ./quire profile --svg /nowhere/x.svg -- true
./quire profile --kernel quire --svg /nowhere/x.svg --collapsed "$scratch/p.txt" -- true >"$scratch/table" 2>/dev/null
ok 'the table comes all the same' grep -q '^all  *[0-9]' "$scratch/table"
ok 'and the other document' grep -q '^execve();' "$scratch/p.txt"
./quire profile --kernel quire --json /dev/full -- true >"$scratch/table" 2>"$scratch/e"
is 'a full disk' "$? $(grep -c '/dev/full: No space left' "$scratch/e") $(grep -c '^all ' "$scratch/table")" '125 1 1'
# No image of Linux, and none to be had.
rm -rf "$scratch/nolinux" && mkdir -p "$scratch/nolinux/bin"
for f in quire.elf tools user; do ln -s "$(realpath "$build")/$f" "$scratch/nolinux/$f"; done
printf '#!/bin/sh\nexit 1\n' >"$scratch/nolinux/bin/apt-cache"
cp "$scratch/nolinux/bin/apt-cache" "$scratch/nolinux/bin/apt-get"
chmod +x "$scratch"/nolinux/bin/*
PATH=$(realpath "$scratch/nolinux/bin"):$PATH QUIRE_BUILD=$(realpath "$scratch/nolinux") \
	timeout 100 ./quire profile --kernel both -- true >"$scratch/table" 2>"$scratch/e"
is 'profile of both without Linux: status' $? 125
ok 'it is told' grep -q 'Linux is left out' "$scratch/e"
ok 'the table of Quire comes' grep -q '^all  *[0-9]' "$scratch/table"
rm -rf "$scratch/nolinux"
mistake 'profile with two CPUs' 'leave --smp 2 out' ./quire profile --smp 2 -- true
# A QEMU without plugins: its help has no such line.
mkdir -p "$scratch/bin"
printf '#!/bin/sh\necho "usage: qemu"\n' >"$scratch/bin/qemu-system-x86_64"
chmod +x "$scratch/bin/qemu-system-x86_64"
mistake 'a QEMU without plugins' 'built without plugins' env PATH="$(realpath "$scratch/bin"):$PATH" ./quire profile -- true
# In a build directory without it.
rm -rf "$scratch/noplugin" && mkdir -p "$scratch/noplugin/tools"
ln -s "$(realpath "$build")/quire.elf" "$scratch/noplugin"
mistake 'no plugin' 'make. builds it' env QUIRE_BUILD="$(realpath "$scratch/noplugin")" "$build/tools/quire" profile -- true
finish
