# about: redis with twice the memory, read and written by a Zipf law
# disk: 32M
# swap: 512M
prepare() { :; }
work() {
	redis-server --port 0 --unixsocket "$PWD/s" --save '' --enable-debug-command yes --logfile log >said &
	for _ in $(seq 300); do redis-cli -s s ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done
	redis-cli -s s debug populate 48000 key 4000
	./load redis s 48000 8000
	status=$?
	redis-cli -s s dbsize
	redis-cli -s s shutdown nosave
	wait
	return $status
}
check() { :; }
