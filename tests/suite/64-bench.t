# SPDX-License-Identifier: MIT
# The benchmark: mistakes, its forms of output, figures that repeat; and the guard, which only warns.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
t=$scratch/bench
q='timeout 300 ./quire bench'

mistake 'unknown operation' 'no operation nonsense' ./quire bench nonsense
mistake 'pattern that names nothing' 'bench --list' ./quire bench 'x*'
mistake 'unknown option' 'lists them' ./quire bench --nonsense
mistake 'the beginning of an option' 'no option' ./quire bench --c "$t.csv" syscall-null
mistake 'two documents for standard output' 'cannot both' ./quire bench --csv - --json - syscall-null
mistake 'a record of a part' 'whole table' ./quire bench --record syscall-null
mistake 'a record without Linux' 'whole table' ./quire bench --record --baseline -
mistake 'option without value' 'needs a value' ./quire bench --csv
mistake 'boot with an argument' 'usage: ./quire bench boot' ./quire bench boot nonsense
ok 'help' sh -c './quire bench --help | grep -q baseline'
make -s -f tools/tools.mk O="$build" bench-programs >&2
is 'the list and the program name the same operations' \
	"$(./quire bench --list | sort)" "$("$build/bench/bench" --list | sort)"
is 'each once' "$(./quire bench --list | sort | uniq -d)" ''

# One call for the forms of output. Linux's figures are recorded, so this boots Linux once at most.
$q --baseline D --csv "$t.csv" --json "$t.json" syscall-null 'anon-*fault' page-hot-0 >"$t.txt" 2>"$t.err"
is 'it ends well' $? 0
is 'the text has a row each' "$(grep -c -e '^syscall-null' -e '^anon-' -e '^page-hot-0' "$t.txt")" 4
ok 'and a mean' grep -q 'geometric mean against D: 0\.[0-9]* (4 of 4' "$t.txt"
ok 'JSON parses, every figure is a number above zero' /usr/bin/python3 - "$t.json" <<'X'
import json, sys
d = json.load(open(sys.argv[1]))
assert [o["name"] for o in d["operations"]] == ["syscall-null", "anon-read-fault", "anon-write-fault", "page-hot-0"]
for o in d["operations"]:
    for m in "quire", "D":
        f = o[m]
        assert f["rest"] > 0 and abs(f["total"] - f["data"] - f["rest"]) < 0.02, f
    assert abs(o["ratio"]["D"] - o["quire"]["rest"] / o["D"]["rest"]) < 1e-3
w = d["operations"][2]
assert w["quire"]["data"] > 64 and w["D"]["data"] > 64, "a page was cleared"
assert "lru" in w["linux_also"]
assert d["qemu"] and 0 < d["geometric_means"]["D"] < 5
X
is 'CSV: as many columns in each row' "$(/usr/bin/python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1])))
print(len(rows), {len(r) for r in rows}, rows[0][0], rows[0][-1])' "$t.csv")" "5 {18} operation linux_also"
is 'the plugin and the time stamp counter agree' "$(grep -c 'plugin counted' "$t.err")" 0

# Whatever else is wrong in the call is told, and the rest of the table comes.
rm -f "$t.json"
$q --baseline nonsense nonsense syscall-null --csv /nowhere/x.csv --json "$t.json" >"$t.txt" 2>"$t.err"
is 'a call with mistakes: status' $? 125
ok 'the baseline is told' grep -q 'baseline nonsense: some of A,C,D' "$t.err"
ok 'the file is told' grep -q '/nowhere/x.csv: No such file' "$t.err"
ok 'the name is told' grep -q 'no operation nonsense' "$t.err"
ok 'the row comes' grep -q '^syscall-null  *[0-9]' "$t.txt"
ok 'and the other document' grep -q '"name": "syscall-null"' "$t.json"
$q --baseline - --json /dev/full syscall-null >"$t.txt" 2>"$t.err"
is 'a full disk: status' $? 125
ok 'it is told' grep -q '/dev/full: No space left' "$t.err"

rm -f "$build"/bench/ranges-* "$build"/bench/marks-* "$build"/bench/report-*
ok 'figures repeat' $q --twice --baseline - syscall-null anon-read-fault 'cow-*' fork-exit-wait 'pread-*'
sed -i 's/^op syscall-null 1000 81/op syscall-null 1000 91/; s/^\(op anon-read-fault [0-9]* \)/\19/' "$build"/bench/quire-*
$q --baseline - syscall-null anon-read-fault 'cow-*' fork-exit-wait 'pread-*' >"$t.txt" 2>"$t.err"
is 'a figure that does not repeat: status' $? 1
ok 'and it is told' grep -q 'anon-read-fault on quire did not repeat' "$t.err"
rm -f "$build"/bench/quire-*
is 'no file of one call is left behind' "$(ls "$build"/bench | grep -e '^ranges' -e '^marks' -e '^report')" ''

# Without something that is needed the rest still comes.
mkdir -p "$scratch/noplugin"
cat >"$scratch/noplugin/qemu-system-x86_64" <<'X'
#!/bin/sh
[ "$1" = -help ] && { /usr/bin/qemu-system-x86_64 -help | grep -v '^-plugin'; exit; }
exec /usr/bin/qemu-system-x86_64 "$@"
X
chmod +x "$scratch/noplugin/qemu-system-x86_64"
PATH=$(realpath "$scratch/noplugin"):$PATH $q --baseline - syscall-null >"$t.txt" 2>"$t.err"
is 'a QEMU without plugins' $? 0
ok 'is told in a sentence' grep -q 'built without plugins' "$t.err"
ok 'the count comes without its data part' grep -q '^syscall-null  *[0-9][0-9]*  *-  *-' "$t.txt"

# No image of Linux, and none to be had: a build directory of its own and an apt that knows nothing.
rm -rf "$scratch/nolinux" && mkdir -p "$scratch/nolinux/bin"
for f in quire.elf tools user bench; do ln -s "$(realpath "$build")/$f" "$scratch/nolinux/$f"; done
printf '#!/bin/sh\nexit 1\n' >"$scratch/nolinux/bin/apt-cache"
cp "$scratch/nolinux/bin/apt-cache" "$scratch/nolinux/bin/apt-get"
chmod +x "$scratch"/nolinux/bin/*
PATH=$(realpath "$scratch/nolinux/bin"):$PATH QUIRE_BUILD=$(realpath "$scratch/nolinux") $q --baseline D syscall-null >"$t.txt" 2>"$t.err"
is 'no image of Linux' $? 0
ok 'is told in a sentence' grep -q 'left out of the table' "$t.err"
ok 'the row of Quire comes' grep -q '^syscall-null  *[0-9]' "$t.txt"
rm -rf "$scratch/nolinux"

# The guard: warnings are diagnostics, never failures.
$q --guard >"$t.guard" 2>"$t.err"
is 'the guard ends well' $? 0
grep '^#' "$t.guard"
recorded=$(ls bench/results/guard-* 2>/dev/null | head -n 1)
if grep -q 'nothing is recorded' "$t.guard"; then
	echo "# this version of QEMU has no record"
else
	cp "$recorded" "$t.saved"
	trap 'cp "$t.saved" "$recorded"' EXIT HUP INT TERM
	sed -i 's/^\(op syscall-null 1000\) [0-9]* 1 [0-9]*/\1 60000 1 60000/; s/^\(fn entry_SYSCALL_64\) .*/\1 9000/
		s/^op mmap-munmap-4k /op gone /; s/^\(op anon-write-fault [0-9]* [0-9]*\) 1/\1 0/' "$recorded"
	$q --guard >"$t.guard" 2>"$t.err"
	cp "$t.saved" "$recorded"
	trap - EXIT HUP INT TERM
	ok 'an operation that is not recorded is told' grep -q '^# warning: mmap-munmap-4k is not recorded' "$t.guard"
	ok 'one that cannot be compared, too' grep -q '^# warning: anon-write-fault cannot be compared' "$t.guard"
	ok 'growth is told with the function that grew' \
		grep -q '^# warning: syscall-null takes .* recorded are 60 .*entry_SYSCALL_64 grew most, from 9' "$t.guard"
fi
finish
