# seconds: 300
# redis-server on a Unix socket: saves in the background (fork and copy on write) while redis-benchmark writes; what was
# saved is there after a restart.
cd /root && mkdir redis && cd redis || exit 1
start() {
	redis-server --port 0 --unixsocket /root/redis/s --dir /root/redis --save '' --daemonize no --logfile log >/dev/null &
	for _ in $(seq 100); do redis-cli -s s ping 2>/dev/null | grep -x PONG && return; sleep 0.1; done
}
start
redis-benchmark -s s -q -n 20000 -r 5000 -d 200 -t set,lpush,hset -P 16 >said 2>&1 & bench=$!
for _ in 1 2 3; do
	sleep 0.5; redis-cli -s s bgsave
	while redis-cli -s s info persistence | grep -q 'bgsave_in_progress:1'; do sleep 0.1; done
	redis-cli -s s info persistence | grep -o 'last_bgsave_status:[a-z]*'
done
wait $bench; echo "benchmark: $?"; grep -c 'requests per second' said
redis-cli -s s set last word && redis-cli -s s save
before=$(redis-cli -s s debug digest 2>/dev/null; redis-cli -s s dbsize)
redis-cli -s s shutdown nosave; wait
redis-check-rdb dump.rdb | grep -c 'RDB looks OK'
start
after=$(redis-cli -s s debug digest 2>/dev/null; redis-cli -s s dbsize); [ "$before" = "$after" ] && echo same
redis-cli -s s get last; redis-cli -s s shutdown nosave; wait
cd .. && rm -rf redis
