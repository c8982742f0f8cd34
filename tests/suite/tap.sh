# SPDX-License-Identifier: MIT
# TAP for tests of the suite (host side); sourced by them, with the project as current directory.
build=${QUIRE_BUILD:-$PWD/build}
scratch=$build/t/$(basename "$0" .t) # a room of its own: two run beside each other
mkdir -p "$scratch"
n=0

# One builds at a time: what another suite is about to use must not be half there.
make() {
	flock "$build/.making" make "$@"
}

# variant DIR VARIABLE=VALUE...: builds a kernel for tests only, $build/DIR/quire.elf, without debug information
variant() {
	dir=$build/$1
	shift
	make -s -j"$(nproc)" O="$dir" KCFLAGS=-g0 "$@" "$dir/quire.elf"
}

# ok "what" COMMAND...: the command succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	if "$@" >"$scratch/out" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		tail -n 15 "$scratch/out" | sed 's/^/# /'
	fi
}

# is "what" GOT WANTED; what the last command said on its standard error, kept in $scratch/err, is shown when it is red
is() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# got '$2', wanted '$3'" | head -n 5
		[ ! -s "$scratch/err" ] || tail -n 30 "$scratch/err" | sed 's/^/# /'
	fi
}

# no_complaint LOG [WHAT [PATTERN]]: no line of a kernel's log tells of its own mistakes. What does is shown, and the log kept.
no_complaint() {
	tests/complaints "$1" ${3:+"$3"} >"$scratch/complaints"
	is "${2:+$2: }no complaint in the log" $? 0
	[ -s "$scratch/complaints" ] || return
	head -n 60 "$scratch/complaints" | sed 's/^/# /'
	cp "$1" "$scratch/complaint.$n" 2>/dev/null && echo "# all of it: $scratch/complaint.$n"
}

# mistake "what" "sentence" COMMAND...: exits with 125 and says the sentence (a pattern of grep)
mistake() {
	what=$1 sentence=$2
	shift 2
	said=$("$@" 2>&1 >/dev/null </dev/null)
	is "$what: 125" "$?" 125
	n=$((n + 1))
	if printf '%s\n' "$said" | grep -q "$sentence"; then
		echo "ok $n - $what: says what to do"
	else
		echo "not ok $n - $what: says what to do"
		echo "# said '$said'"
	fi
}

# relay FILE [WHAT]: the lines of a program's TAP become part of this one
relay() {
	while read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			n=$((n + 1))
			echo "${line%%ok *}ok $n - ${2:+$2: }${line#* - }"
			;;
		'#'*) echo "$line" ;;
		esac
	done <"$1"
}

# A disk FILE in a slot that can be emptied, by way of the monitor SOCKET: options of quire run. CPUs in one thread: while the slot goes,
# one may write to a device through the memory map of the other, and QEMU 7.2 dies of it (memory_region_dispatch_write of no region).
hot_disk() {
	echo "--accel tcg,thread=single --qemu-arg -global --qemu-arg ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off" \
		"--qemu-arg -device --qemu-arg pcie-root-port,id=rp0,chassis=1,slot=1" \
		"--qemu-arg -drive --qemu-arg if=none,id=hot,format=raw,file=$1" \
		"--qemu-arg -device --qemu-arg virtio-blk-pci,drive=hot,bus=rp0,id=hot" \
		"--qemu-arg -monitor --qemu-arg unix:$2,server=on,wait=off"
}

# unplug STDERR SOCKET: the button is pressed when a program asks for it in the file STDERR
unplug() {
	for _ in $(seq 900); do
		grep -q 'unplug now' "$1" && break
		sleep 0.1
	done
	/usr/bin/python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"device_del hot\n"); time.sleep(1)' "$2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$n"
}
