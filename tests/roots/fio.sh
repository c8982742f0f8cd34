# seconds: 400
# fio: each engine writes at random and reads back with checksums, buffered and (where the engine can) direct.
cd /root && mkdir fio && cd fio || exit 1
for engine in sync psync vsync pvsync mmap libaio io_uring; do
	for direct in 0 1; do
		[ $engine$direct = mmap1 ] && continue
		depth=1
		case $engine in libaio | io_uring) depth=16 ;; esac
		fio --name=job --filename=file --size=16M --bsrange=4k-64k --bs_unaligned=0 --rw=randwrite --ioengine=$engine --direct=$direct \
			--iodepth=$depth --verify=crc32c --verify_fatal=1 --do_verify=1 --fsync=64 --end_fsync=1 --randseed=7 --output=said \
			--fallocate=none --numjobs=1 --thread >errors 2>&1
		status=$?
		echo "$engine direct=$direct: status $status $(grep -c -i -E 'verify:|error=|bad ' said errors | tr '\n' ' ')"
		[ $status = 0 ] || tail -n 5 said errors
		rm -f file
	done
done
cd .. && rm -rf fio
