/* SPDX-License-Identifier: MIT */
/*
 * Every kind of lock of the kernel, outermost first.
 *
 * A task that holds a lock takes only locks that stand further down. Two of the same rank may be held
 * together only when the inner one is taken by a _nested() form. A debug build checks this at run time
 * (sync/lockdep.c); the table in docs/ is generated from these lines.
 *
 *	R(NAME, kind, "what it guards")		kind: spin, rwlock, mutex, rwsem, seq
 *
 * To add one, find its place: below all locks under which it is taken, above all that are taken under it.
 */
#ifndef QUIRE_SYNC_RANKS_H
#define QUIRE_SYNC_RANKS_H

#define LOCK_RANKS(R)								\
	/* ---- whole subsystems: taken first, held long ---- */		\
	R(CPU_HOTPLUG, rwsem, "set of online CPUs")				\
	R(INITCALL, mutex, "registration during start-up")			\
	R(REBOOT, mutex, "reboot(2)")						\
	R(URING, mutex, "submission to an io_uring, and what is registered with it")	\
	R(CRED_GUARD, mutex, "signal->cred_guard_mutex: one exec or ptrace attach at a time")	\
	R(PCI_BUS, mutex, "functions and drivers of PCI")			\
	R(VIRTIO_BUS, mutex, "drivers and devices of the virtio bus")		\
	R(FILE_POS, mutex, "file->f_pos_lock")					\
	R(SEQ_FILE, mutex, "seq_file->lock")					\
	R(UTS, rwsem, "names of the machine")					\
	R(VPORT_READ, mutex, "reader of a virtio console port")			\
	R(MMTEST, mutex, "calls of one open /dev/mmtest")			\
	R(EPOLL_GLOBAL, mutex, "nesting of epoll sets")				\
	R(EPOLL, mutex, "ep->mtx: one epoll set")				\
	R(AIO_RING, mutex, "taker of the events of an asynchronous context")	\
	R(DEVTMPFS, mutex, "the mount of devtmpfs")				\
	/* ---- files ---- */							\
	R(NAMESPACE, rwsem, "mount tree")					\
	R(SB_UMOUNT, rwsem, "sb->s_umount")					\
	R(SWAPON, mutex, "swapon and swapoff: one at a time")			\
	R(ZRAM_DEVICES, mutex, "set of zram disks")				\
	R(ZRAM_INIT, rwsem, "zram: set-up and reset of a disk")			\
	R(DISK_OPEN, mutex, "disk->open_mutex: opening, partitions, removal")	\
	R(PIPE, mutex, "pipe->mutex")						\
	R(SB_SYNC, mutex, "sb->s_sync_lock: one sync waits for the inodes at a time") \
	R(UNIX_READ, mutex, "sk->read: one reader of a local socket")		\
	R(SB_RENAME, mutex, "sb->s_vfs_rename_mutex")				\
	R(INODE, rwsem, "inode->i_rwsem")					\
	R(CGROUP, mutex, "tree of control groups and its configuration")	\
	R(KERNFS, mutex, "trees of the kernel file systems (proc, sys, debug)")	\
	R(TTY, mutex, "tty_mutex: table of terminals")				\
	R(TTY_LDISC, mutex, "tty->ldisc_lock")					\
	R(TTY_WRITE, mutex, "tty->write_lock: one writer of a terminal")	\
	/* ---- address spaces ---- */						\
	R(EXEC_UPDATE, rwsem, "signal->exec_update_lock: credentials and mm of a task change together") \
	R(MMAP, rwsem, "mm->mmap_lock: layout of an address space")		\
	R(VMA, rwsem, "vma->vm_lock: one VMA stands still")			\
	R(MM_ALL_LOCKS, mutex, "one mm_take_all_locks at a time")		\
	R(MEMORY_FAILURE, mutex, "frames taken out of use and back: one at a time")	\
	R(INVALIDATE, rwsem, "mapping->invalidate_lock: truncation against faults")	\
	R(I_MMAP, rwsem, "mapping->i_mmap_rwsem: VMAs that map a file")		\
	R(ANON_VMA, rwsem, "anon_vma root: VMAs that may map an anonymous page")	\
	R(MMU_NOTIFIER, rwsem, "who hears of changes of an address space")	\
	R(EXT2_XATTR, rwsem, "ext2: extended attributes of an inode")		\
	R(EXT2_TRUNCATE, mutex, "ext2: tree of blocks of an inode")		\
	R(EXT2_CUTS, mutex, "ext2: writing what no longer names freed blocks")	\
	/* ---- memory that may sleep ---- */					\
	R(IPC, mutex, "System V objects of one kind")				\
	R(LEDGER, mutex, "pages lost on purpose, to test the ledger")		\
	R(RECLAIM_POLICY, mutex, "who reclaims how: policies of nodes and control groups")	\
	R(TRACE, mutex, "trace events and their rings")				\
	R(BIO_POOLS, mutex, "making of the pools of bios")			\
	R(ZSWAP_ENABLE, mutex, "zswap: its first enabling")			\
	R(ZS_CACHES, mutex, "making of the slab caches of zsmalloc")		\
	R(SLAB_MUTEX, mutex, "list of slab caches")				\
	R(PCPU_MUTEX, mutex, "growth of per-CPU chunks")			\
	R(IOREMAP, mutex, "memory types of mapped device memory")		\
	R(KERNEL_TABLES, mutex, "page tables of the vmalloc range")		\
	R(VMAP_PURGE, mutex, "lazy unmapping of vmalloc areas")			\
	R(DMA_POOLS, mutex, "list of dma_pools")				\
	R(SHRINKER, rwsem, "list of shrinkers")					\
	R(OOM, mutex, "one choice of a victim at a time")			\
	R(IRQ_REQUEST, mutex, "request_irq and free_irq")			\
	R(BRD, rwsem, "pages of a RAM disk: against a discard")			\
	R(WORKQUEUE, mutex, "list of work queues")				\
	R(WORKER_POOL_MUTEX, mutex, "creation of workers")			\
	R(RCU_BARRIER, mutex, "one rcu_barrier at a time")			\
	R(SLEEP_LEAF, mutex, "a mutex under which no other sleeping lock is taken")	\
	R(TEST_M, mutex, "self tests")						\
	/* ---- from here on spinlocks ---- */					\
	R(OOM_VERDICT, spin, "record of the last choice of a victim")		\
	R(OOM_REAPER, spin, "victims that wait for the reaper")			\
	R(MMLIST, spin, "mmlist_lock")						\
	R(MM_ARG, spin, "mm->arg_lock: argument and environment addresses")	\
	R(FILE_LOCKS, spin, "locks of files (fcntl, flock), leases")		\
	R(FSNOTIFY, spin, "who watches which inode, and events not read yet")	\
	R(FASYNC_LIST, rwlock, "who wants SIGIO for a file")			\
	R(FASYNC, spin, "file->f_owner: who gets it")				\
	R(TASKLIST, rwlock, "tasklist_lock: processes, parents, groups, sessions")	\
	R(CGROUP_TASKS, spin, "members of control groups")			\
	R(TASK, spin, "task->alloc_lock: mm, files, fs, comm")			\
	R(FILES, spin, "files->file_lock: table of descriptors")		\
	R(FS_STRUCT, spin, "fs->lock: root and working directory")		\
	R(MOUNT, seq, "mount_lock: hash of mounts")				\
	R(RENAME, seq, "rename_lock")						\
	R(DENTRY, spin, "dentry->d_lockref")					\
	R(SB_INODES, spin, "inodes of a super block")				\
	R(INODE_HASH, spin, "inode hash table")					\
	R(WB_LIST, spin, "wb->list_lock: dirty inodes of a device")		\
	R(SHMEM_SWAP, spin, "list of shmem inodes with pages on swap")		\
	R(INODE_LOCK, spin, "inode->i_lock")					\
	R(DCACHE_HASH, spin, "chains of the dentry hash")			\
	R(LIST_LRU, spin, "list_lru: objects of one node, oldest first")		\
	R(SB_LIST, spin, "list of super blocks")				\
	R(FILE, spin, "file->f_lock")						\
	R(CHRDEV, spin, "table of character devices")				\
	R(FS_TYPES, spin, "list of file system types")				\
	R(DELAYED_FPUT, spin, "files whose last reference went in the wrong context")	\
	R(EXT2_GROUP, spin, "ext2: bitmaps and counts of a group")		\
	R(EXT2_SB, spin, "ext2: super block, cache of attribute blocks")		\
	R(AIO_CTX, spin, "requests and events of an asynchronous context")	\
	R(URING_CTX, spin, "requests and completions of an io_uring")		\
	R(URING_WQ, spin, "requests that wait for workers of their process")	\
	R(EVENTFD, spin, "counter of an eventfd")				\
	R(TIMERFD, spin, "expirations of a timerfd")				\
	R(UFFD, spin, "who waits for a userfaultfd")				\
	R(UNIX_TABLE, spin, "names of local sockets")				\
	R(UNIX_GC, spin, "descriptors of local sockets that travel in messages")	\
	R(UNIX_SOCK, spin, "one local socket: its state, peer, messages")	\
	R(PAGE_TABLE, spin, "mm->page_table_lock: upper levels")		\
	R(PTL, spin, "lock of one page table, in its descriptor")		\
	R(MAPPING_PRIVATE, spin, "mapping->private_lock")			\
	R(SWAP, spin, "swap_info->lock")					\
	R(ZSWAP_LRU, spin, "zswap: entries by age")				\
	R(XARRAY, spin, "xa_lock: a page cache or another tree")		\
	R(LRUVEC, spin, "LRU lists of a node")					\
	R(SHADOW, spin, "shadow entries of evicted pages")			\
	R(FUTEX, spin, "hash bucket of futexes")				\
	R(POSIX_TIMER, spin, "k_itimer.it_lock: one POSIX timer")		\
	R(SIGHAND, spin, "sighand->siglock")					\
	R(UIDHASH, spin, "table of user_structs")				\
	R(SIGNAL_STATS, seq, "signal->stats_lock: times of threads that are gone")	\
	R(ITIMER, spin, "interval timers")					\
	R(VPORT_IN, spin, "input queue of a virtio console port")		\
	R(TTY_FLIP, spin, "tty->flip_lock: characters that arrived")		\
	R(TTY_OUT, spin, "tty->out_lock: characters to send")			\
	R(PTY_FIFO, spin, "characters between the two ends of a pty")		\
	R(TTY_CTRL, spin, "tty->ctrl_lock: session and process group")		\
	R(VCONSOLE_CONTROL, spin, "control queue of the virtio console")	\
	R(VPORT_OUT, spin, "output queue of a virtio console port")		\
	R(BDEV_TABLE, spin, "all block devices, majors")			\
	R(BLK_HCTX, spin, "one hardware queue of a disk: requests, the driver's ring")	\
	R(PIDMAP, spin, "allocation of process numbers")			\
	R(IDA, spin, "an id allocator")						\
	R(RESOURCE, rwlock, "tree of physical addresses and ports")		\
	R(MUTEX_WAIT, spin, "mutex->wait_lock, rwsem->wait_lock")		\
	R(KTHREAD_CREATE, spin, "requests to kthreadd")				\
	R(WB_WORK, spin, "wb->work_lock: works of a flusher")			\
	R(BDI_LIST, spin, "table of devices of the page cache")		\
	R(UNIX_PEER_WAIT, spin, "sk->peer_wait: who waits for room at a local socket")	\
	R(PSI, spin, "psi_group.lock: totals, averages, triggers of pressure")	\
	R(MEMCG, spin, "protection of control groups is being computed")	\
	R(WAITQUEUE, spin, "wait_queue_head.lock")				\
	R(EPOLL_WQ, spin, "wait queues of an epoll set: woken by those of its files")	\
	R(EPOLL_READY, spin, "ep->lock: list of ready files")			\
	R(COMPLETION, spin, "completion.wait.lock")				\
	R(WORKER_POOL, spin, "pool->lock: works and workers")			\
	R(DMA_POOL, spin, "blocks of a dma_pool")				\
	R(ZS_MOVABLE, spin, "zsmalloc: which zspage a page belongs to")		\
	R(ZS_CLASS, spin, "zsmalloc: the zspages of one class of sizes")	\
	R(SLAB_RCU, spin, "slabs of a cache that wait for a grace period")	\
	R(RCU, spin, "state of the grace period")				\
	R(DIRTY_LIMITS, spin, "estimates behind the limits on dirty pages")	\
	R(PERCPU_COUNTER, spin, "percpu_counter.lock")				\
	R(VMAP_AREA, spin, "tree of vmalloc areas")				\
	R(SET_MEMORY, spin, "large kernel pages being split, rights of kernel pages")	\
	R(PCPU, spin, "per-CPU chunks")						\
	R(SLAB_NODE, spin, "partial slabs of a node")				\
	R(MEMPOOL, spin, "stock of a mempool")					\
	R(MEMCG_LIST, spin, "list of memory control groups")			\
	R(WMARK, spin, "recomputation of watermarks")				\
	R(ZONE, spin, "zone->lock: free lists of a zone")			\
	R(IRQ_DESC, spin, "irq_desc->lock")					\
	R(IOAPIC, spin, "registers of an I/O APIC")				\
	R(PCI_CONFIG, spin, "configuration space of PCI")			\
	R(TIMER_BASE, spin, "timer wheel of a CPU")				\
	R(PI, spin, "task->pi_lock: wake-ups and affinity")			\
	R(RQ, spin, "run queue of a CPU")					\
	R(HRTIMER_BASE, spin, "fine timers of a CPU")				\
	R(JIFFIES, spin, "who advances jiffies")				\
	R(TIMEKEEPING, spin, "timekeeper")					\
	R(RANDOM, spin, "entropy pool")						\
	R(PAGE_OWNER, spin, "call traces of page_owner")			\
	R(TRACE_BUFFER, spin, "trace ring of a CPU")				\
	R(CONSOLE_LIST, spin, "list of consoles")				\
	R(SERIAL, spin, "registers of a serial port")				\
	R(PRINTK, spin, "message log")						\
	R(CLOCK_BASE, spin, "base of the monotonic clock: taken at any reading of a narrow counter") \
	R(LOCKDEP, spin, "reports of lock errors")				\
	/* ---- the self tests' own, in this order ---- */			\
	R(TEST_A, spin, "self tests")						\
	R(TEST_B, spin, "self tests")						\
	R(TEST_IRQ, spin, "self tests: used in both ways")

#define LOCK_RANK_ENUM(name, kind, what)	LOCK_##name,
enum lock_rank {
	LOCK_UNRANKED,		/* order is not checked; recursion is */
	LOCK_RANKS(LOCK_RANK_ENUM)
	NR_LOCK_RANKS
};

#endif
