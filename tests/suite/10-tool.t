# SPDX-License-Identifier: MIT
# The quire command without booting anything: mistakes, help, packing, the cpio it writes.
. tests/suite/tap.sh

mistake 'no program' 'no program given' ./quire run
mistake 'unknown command' 'quire help' ./quire nonsense
mistake 'unknown option' 'lists them' ./quire run --nonsense -- true
mistake 'option without value' 'needs a value' ./quire run --mem
mistake 'bad size' 'a size such as' ./quire run --mem lots -- true
mistake 'bad number' 'whole number' ./quire run --smp two -- true
mistake 'no CPU' 'at least one CPU' ./quire run --smp 0 -- true
mistake 'icount with two CPUs' 'leave --smp 2 out' ./quire run --icount --smp 2 -- true
mistake 'icount with KVM' 'tcg only' ./quire run --icount --accel kvm -- true
mistake 'bad machine' 'q35 or microvm' ./quire run --machine pc -- true
mistake 'bad kernel' 'quire, linux or the path' ./quire run --kernel minix -- true
mistake 'kernel file not there' 'No such file' ./quire run --kernel /none/such -- true
mistake 'program not there' 'there is no program' ./quire run --kernel linux --accel tcg -- /none/such
mistake 'file to add not there' 'No such file' ./quire run --kernel linux --accel tcg --add /none -- true
mistake 'disk not there' 'truncate -s' ./quire run --kernel linux --accel tcg --disk /none -- true
mistake 'nodes on microvm' 'q35' ./quire run --machine microvm --numa 2 -- true
mistake 'nodes do not add up' 'must add up' ./quire run --kernel linux --accel tcg --numa 1M+2M -- true
mistake 'log not writable' 'console-log' ./quire run --kernel linux --accel tcg --console-log /none/x -- true
mistake 'no QEMU for a user' 'apt-get install' \
	env PATH="$scratch/bin" /bin/sh -c '
		mkdir -p "$0/bin"
		for t in sh dirname readlink make cc ld musl-gcc apt-get mkdir date uname sed cat; do
			p=$(PATH=/usr/bin:/bin command -v $t) && ln -sf "$p" "$0/bin/$t"
		done
		printf "#!/bin/sh\necho 1000\n" >"$0/bin/id"; chmod +x "$0/bin/id"
		tools/setup.sh run' "$scratch"
ok 'help' sh -c './quire help | grep -q shell'
ok 'help of run' sh -c './quire run --help | grep -q -- --console-log'

# The archive is read back by cpio(1): what the tool packs is what GNU cpio sees.
cat >"$scratch/fakeqemu" <<'X'
#!/bin/sh
for a; do
	[ "$prev" = -initrd ] && cp "$a" "$OUT"
	prev=$a
done
X
chmod +x "$scratch/fakeqemu"
mkdir -p "$scratch/fake" && ln -sf ../fakeqemu "$scratch/fake/qemu-system-x86_64"
mkdir -p "$scratch/add/sub" && echo data >"$scratch/add/sub/file" && ln -sf sub/file "$scratch/add/link"
OUT=$scratch/initrd PATH="$scratch/fake:$PATH" ./quire run --kernel /bin/true --accel tcg \
	--add "$scratch/add:/added" -- /bin/bash >/dev/null 2>&1
ok 'cpio reads the archive' sh -c "cpio -it <$scratch/initrd >$scratch/list 2>/dev/null"
for f in init usr/bin/busybox usr/bin/bash usr/bin/sh bin tmp etc/passwd added/sub/file added/link \
	usr/lib/x86_64-linux-gnu/libc.so.6; do
	ok "it holds $f" grep -qx "$f" "$scratch/list"
done
ok 'it holds the dynamic linker' sh -c "grep -q 'ld-linux-x86-64.so.2' $scratch/list"
is 'each path once' "$(sort "$scratch/list" | uniq -d | wc -l)" 0
rm -rf "$scratch/x" && mkdir "$scratch/x"
(cd "$scratch/x" && cpio -id --no-absolute-filenames <../initrd >/dev/null 2>&1)
ok 'contents are the host'\''s' cmp "$scratch/x/usr/bin/bash" /bin/bash
is 'a symbolic link keeps its target' "$(readlink "$scratch/x/added/link")" sub/file

# What is red on Linux only is run once more; Quire gets no second try.
# again NAME "what is red at first" ["... and later" ["what is run at the end of the first"]]: the TAP of tests/suite/run
again() {
	suite=$scratch/$1.t
	printf '[ -e %s.ran ] && red="%s" end= || red="%s" end="%s"; touch %s.ran\n' "$suite" "${3:-}" "$2" "${4:-}" "$suite" >"$suite"
	printf 'echo "${red:+not }ok 1 - ${red:-linux: all}"; $end; echo 1..1\n' >>"$suite"
	rm -f "$suite.ran"
	QUIRE_BUILD="$scratch/b" sh tests/suite/run "$suite" | grep -v '^1\.\.' | tr '\n' '|'
}
note='# Linux was red alone, and all was run again; the first time:|#'
is 'red on Linux: again' "$(again one 'linux: it')" "$note not ok 1 - linux: it|ok 1 - linux: all|"
is 'the first time is kept' "$(cat "$scratch/b/tap/one.t.again")" 'not ok 1 - linux: it'
is 'red on Linux twice: red' "$(again two 'linux: it' 'linux: it')" "$note not ok 1 - linux: it|not ok 1 - linux: it|"
is 'red on Quire: not again' "$(again three 'quire: as on Linux')" 'not ok 1 - quire: as on Linux|'
is 'red on nobody in particular: not again' "$(again four 'it')" 'not ok 1 - it|'
is 'red as well on nobody in particular: not again' "$(again six 'linux: it' '' 'echo not ok 2 - that')" \
	'not ok 1 - linux: it|not ok 2 - that|'
is 'red on Quire, which is to be as Linux: not again' "$(again seven 'it is as on Linux')" 'not ok 1 - it is as on Linux|'
is 'no plan: not again' "$(again eight 'linux: it' '' exit)" 'not ok 1 - linux: it|'
is 'a suite of Linux without a plan: again' "$(again nine-linux 'it' '' exit)" "$note not ok 1 - it|# no plan|ok 1 - linux: all|"
is 'a suite of Linux: again' "$(again five-linux 'it')" "$note not ok 1 - it|ok 1 - linux: all|"
finish
