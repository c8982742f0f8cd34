# SPDX-License-Identifier: MIT
# Debian's strace, gdb, pmap and smem do on Quire what they do on Linux: tests/debuggers/debuggers.sh on both kernels.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
for tool in gcc strace gdb pmap smem; do
	command -v $tool >/dev/null || skip_all "$tool is not installed: tools/setup.sh check"
done
make -s -f tests/tests.mk O="$build" guest-tests >&2 || exit 125
gcc -g -O0 -pthread -o "$scratch/crash" tests/debuggers/crash.c || exit 125
db=$(ls /usr/lib/x86_64-linux-gnu/libthread_db.so.1)
for k in linux quire; do
	out=$scratch/debuggers.$k
	timeout 200 ./quire run --kernel $k --accel tcg --mem 768M --timeout 190 \
		--add /usr/bin/gdb --add /usr/bin/python3 --add /usr/share/gdb ${db:+--add "$db"} --add /usr/bin/strace \
		--add /usr/bin/pmap --add /usr/bin/smem --add "$scratch/crash:/tests/crash" \
		--add tests/guest/tap.sh:/tests/tap.sh --add tests/debuggers/debuggers.sh:/tests/debuggers.sh \
		-- sh /tests/debuggers.sh >"$out" 2>&1
	ok "$k: the run ends" test $? -lt 2
	sed -n -e "s/^ok [0-9]* - /$k: /p" "$out" | while IFS= read -r name; do echo "$name"; done >"$out.good"
	while IFS= read -r name; do ok "$name" true; done <"$out.good"
	sed -n "s/^not ok [0-9]* - /$k: /p" "$out" >"$out.bad"
	while IFS= read -r name; do ok "$name" false; done <"$out.bad"
	grep '^#' "$out"
done
results() { grep -c -E '^(not )?ok ' "$scratch/debuggers.$1"; }
ok 'linux: as many results as the other' test "$(results linux)" -ge "$(results quire)"
ok 'quire: as many results as the other' test "$(results quire)" -ge "$(results linux)"
finish
