# about: a control group at half its working set
# disk: 32M
prepare() { :; }
work() {
	mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || return
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/half || return
	echo 16M >/sys/fs/cgroup/half/memory.max
	(echo 0 >/sys/fs/cgroup/half/cgroup.procs && exec ./load touch 32 10)
}
check() { :; }
