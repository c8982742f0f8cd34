# SPDX-License-Identifier: MIT
# Which CPU is what in machines of several shapes: what Linux 6.1 prints in the same QEMU, noted here on 2026-11-21 by
#   ./quire run --kernel linux --cpu MODEL --qemu-arg -smp --qemu-arg 4,SHAPE -- cat /proc/cpuinfo
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

# shape MODEL SHAPE "LINE OF CPU 0" ...: physical id, siblings, core id, cpu cores, apicid, initial apicid
shape() {
	out=$(./quire run --accel tcg --timeout 180 --cpu "$1" --qemu-arg -smp --qemu-arg "4,$2" -- awk '
		/^processor/ { printf "%s: ", $3 }
		/^(physical id|siblings|core id|cpu cores|apicid)/ { printf "%s ", $NF }
		/^initial apicid/ { print $NF }
		/^microcode/ && !m++ { more = more "microcode " $3 "\n" }
		/^cache size/ && !n++ { more = more "cache " $4 }
		END { printf "%s", more }' /proc/cpuinfo)
	is "$1, $2" "$out" "$3"
}
shape max sockets=2,cores=2,threads=1 '0: 0 2 0 2 0 0
1: 0 2 1 2 1 1
2: 1 2 0 2 2 2
3: 1 2 1 2 3 3
microcode 0x1000065
cache 512'
shape EPYC sockets=1,cores=2,threads=2 '0: 0 4 0 4 0 0
1: 0 4 1 4 1 1
2: 0 4 2 4 2 2
3: 0 4 3 4 3 3
microcode 0x1000065
cache 512'
shape Skylake-Client sockets=1,cores=2,threads=2 '0: 0 4 0 2 0 0
1: 0 4 0 2 1 1
2: 0 4 1 2 2 2
3: 0 4 1 2 3 3
microcode 0x1
cache 16384'
shape core2duo sockets=2,cores=2,threads=1 '0: 0 2 0 2 0 0
1: 0 2 1 2 1 1
2: 1 2 0 2 2 2
3: 1 2 1 2 3 3
microcode 0x1
cache 16384'
ok 'the log tells the caches' sh -c "./quire run --accel tcg --timeout 180 -- dmesg | grep -q 'CPU: caches: L1d 64 KiB 2-way, .*; line 64 bytes'"
finish
