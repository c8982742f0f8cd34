# seconds: 900
# mem: 192M
# Programs that fill memory and swap (a file), or look at it: their status, and the shape of what they say.
cd /root && mkdir pressure && cd pressure || exit 1
dd if=/dev/zero of=swapfile bs=1M count=256 status=none && chmod 600 swapfile && mkswap swapfile >/dev/null && swapon swapfile
echo "swapon: status $?"
swapon -s | tr -s ' \t' ' '
shape() { # "WHAT": numbers are all the same
	sed -E 's/[0-9]+/N/g; s/ +/ /g; s/ $//' | sort | uniq -c | sed "s/^ */$1: /"
}
free | shape free
vmstat 1 3 | shape vmstat
stress() { # STRESSOR OPTION...; how much it does before it is killed or its time is over is chance
	timeout 100 stress-ng --temp-path . --$1 2 "${@:2}" -t 8 >said 2>&1 </dev/null
	how="status $?"
	grep -q -E 'skipped: [1-9]|be skipped|skipping' said && how="$how, skipped"
	echo "stress-ng $*: $how"
}
stress vm --vm-bytes 240M --oomable
stress vm --vm-bytes 240M --vm-populate --oomable
stress vm --vm-bytes 64M --vm-madvise nohugepage --verify
stress swap --oomable
stress mlock
stress madvise
stress-ng --vm 2 --vm-bytes 240M --oomable -t 100 >said 2>&1 </dev/null & load=$!
memtester 4M 1 2>&1 | tr -s '\b' '\n' | grep -c 'ok$'
echo "memtester under load: status ${PIPESTATUS[0]}"
vmstat 1 3 | shape 'vmstat under load'
free | shape 'free under load'
swapon -s | shape 'swapon under load'
kill $load; wait $load
swapoff swapfile
echo "swapoff: status $?"
cd .. && rm -rf pressure
exit 0
