// SPDX-License-Identifier: MIT
/*
 * Options of local sockets, all of level SOL_SOCKET: socket(7), unix(7); Linux 6.1: net/core/sock.c. Some only mean
 * something to a network; they are remembered, as there, and change nothing.
 */
#include <base/errno.h>
#include <base/math.h>
#include <kernel/cred.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <seam/uaccess.h>
#include <asm/socket.h>
#include <linux/capability.h>
#include "unix_internal.h"

#define MIN_SNDBUF 4608
#define MIN_RCVBUF 2304
#define MAX_BUF	   212992 /* net.core.wmem_max, rmem_max */

/* Options that are a bit of sk->options: their places in it. */
static const u8 flag_options[] = { SO_DEBUG,	 SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST,
				   SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK,  SO_REUSEPORT };

static int flag_of(int name)
{
	for (int i = 0; i < (int)ARRAY_SIZE(flag_options); i++)
		if (flag_options[i] == name)
			return i;
	return -1;
}

/* --- setting ----------------------------------------------------------------------------------------- */

/* Twice what is asked for: Linux's way to count the heads of messages, too. */
static int set_buf(int *buf, int val, int least, bool force)
{
	if (force && !capable(CAP_NET_ADMIN))
		return -EPERM;
	if (!force)
		val = min_t(unsigned int, val, MAX_BUF);
	val = clamp(val, 0, S32_MAX / 2);
	WRITE_ONCE(*buf, max(val * 2, least));
	return 0;
}

/* A struct timeval into jiffies; nothing is for ever. */
static int set_timeout(long *timeout, const void __user *user, int len)
{
	s64 t[2];

	if (len < (int)sizeof(t))
		return -EINVAL;
	if (copy_from_user(t, user, sizeof(t)))
		return -EFAULT;
	if (t[1] < 0 || t[1] >= USEC_PER_SEC)
		return -EDOM;
	if (t[0] < 0)
		*timeout = 0;
	else if ((!t[0] && !t[1]) || t[0] >= MAX_SCHEDULE_TIMEOUT / HZ - 1)
		*timeout = MAX_SCHEDULE_TIMEOUT;
	else
		*timeout = t[0] * HZ + usecs_to_jiffies(t[1]);
	return 0;
}

static int set_linger(struct unix_sock *sk, const void __user *user, int len)
{
	if (len < (int)sizeof(sk->linger))
		return -EINVAL;
	return copy_from_user(&sk->linger, user, sizeof(sk->linger)) ? -EFAULT : 0;
}

static int set_flag(struct unix_sock *sk, int name, bool on)
{
	u32 bit = 1U << flag_of(name);

	if (name == SO_DEBUG && on && !capable(CAP_NET_ADMIN))
		return -EACCES;
	spin_lock(&sk->lock);
	sk->options = on ? sk->options | bit : sk->options & ~bit;
	spin_unlock(&sk->lock);
	return 0;
}

static int set_stamp(struct unix_sock *sk, bool on, bool ns)
{
	WRITE_ONCE(sk->stamp_ns, ns);
	WRITE_ONCE(sk->passstamp, on);
	return 0;
}

static int set_int(struct unix_sock *sk, int name, int val)
{
	if (flag_of(name) >= 0)
		return set_flag(sk, name, val);
	switch (name) {
	case SO_PASSCRED:
		WRITE_ONCE(sk->passcred, val);
		return 0;
	case SO_TIMESTAMP_OLD:
		return set_stamp(sk, val, false);
	case SO_TIMESTAMPNS_OLD:
		return set_stamp(sk, val, true);
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		return set_buf(&sk->sndbuf, val, MIN_SNDBUF, name == SO_SNDBUFFORCE);
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		return set_buf(&sk->rcvbuf, val, MIN_RCVBUF, name == SO_RCVBUFFORCE);
	case SO_RCVLOWAT:
		WRITE_ONCE(sk->rcvlowat, val < 0 ? S32_MAX : val ? val : 1);
		return 0;
	case SO_PEEK_OFF:
		return unix_set_peek_off(sk, val);
	case SO_PRIORITY:
		if ((val < 0 || val > 6) && !capable(CAP_NET_ADMIN) && !capable(CAP_NET_RAW))
			return -EPERM;
		sk->priority = val;
		return 0;
	case SO_MARK:
		if (!capable(CAP_NET_ADMIN) && !capable(CAP_NET_RAW))
			return -EPERM;
		sk->mark = val;
		return 0;
	}
	return -ENOPROTOOPT;
}

int unix_setsockopt(struct unix_sock *sk, int level, int name, const void __user *user, int len)
{
	int val;

	if (len < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (len < (int)sizeof(int))
		return -EINVAL;
	if (get_user(val, (const int __user *)user))
		return -EFAULT;
	switch (name) {
	case SO_LINGER:
		return set_linger(sk, user, len);
	case SO_RCVTIMEO_OLD:
		return set_timeout(&sk->rcvtimeo, user, len);
	case SO_SNDTIMEO_OLD:
		return set_timeout(&sk->sndtimeo, user, len);
	}
	return set_int(sk, name, val);
}

/* --- asking ------------------------------------------------------------------------------------------ */

static int get_int(struct unix_sock *sk, int name, int *val)
{
	int flag = flag_of(name);

	if (flag >= 0) {
		*val = sk->options >> flag & 1;
		return 0;
	}
	switch (name) {
	case SO_TYPE:
		*val = sk->type;
		break;
	case SO_DOMAIN:
		*val = AF_UNIX;
		break;
	case SO_PROTOCOL:
		*val = 0;
		break;
	case SO_ERROR:
		*val = -unix_error(sk);
		break;
	case SO_ACCEPTCONN:
		*val = READ_ONCE(sk->state) == UNIX_LISTENING;
		break;
	case SO_PASSCRED:
		*val = sk->passcred;
		break;
	case SO_TIMESTAMP_OLD:
		*val = sk->passstamp && !sk->stamp_ns;
		break;
	case SO_TIMESTAMPNS_OLD:
		*val = sk->passstamp && sk->stamp_ns;
		break;
	case SO_SNDBUF:
		*val = sk->sndbuf;
		break;
	case SO_RCVBUF:
		*val = sk->rcvbuf;
		break;
	case SO_RCVLOWAT:
		*val = sk->rcvlowat;
		break;
	case SO_SNDLOWAT: /* cannot be changed */
		*val = 1;
		break;
	case SO_PEEK_OFF:
		*val = sk->peek_off;
		break;
	case SO_PRIORITY:
		*val = sk->priority;
		break;
	case SO_MARK:
		*val = sk->mark;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

/* As much of @val as there is room for. */
static int put_val(const void *val, int size, void __user *user, int len, int __user *ulen)
{
	len = min(len, size);
	return copy_to_user(user, val, len) || put_user(len, ulen) ? -EFAULT : 0;
}

static int get_timeout(long timeout, void __user *user, int len, int __user *ulen)
{
	s64 t[2] = { 0, 0 };

	if (timeout != MAX_SCHEDULE_TIMEOUT) {
		t[0] = timeout / HZ;
		t[1] = timeout % HZ * (USEC_PER_SEC / HZ);
	}
	return put_val(t, sizeof(t), user, len, ulen);
}

static int get_peercred(struct unix_sock *sk, void __user *user, int len, int __user *ulen)
{
	struct ucred cred;

	spin_lock(&sk->lock);
	cred = sk->peercred;
	spin_unlock(&sk->lock);
	return put_val(&cred, sizeof(cred), user, len, ulen);
}

/* The supplementary groups of the peer: all, or -ERANGE and how many bytes they are. */
static int get_peergroups(struct unix_sock *sk, void __user *user, int len, int __user *ulen)
{
	const struct cred *cred;
	int n, err = -ENODATA;

	spin_lock(&sk->lock);
	cred = get_cred(sk->peer_cred);
	spin_unlock(&sk->lock);
	if (!cred)
		return err;
	n = cred->group_info->ngroups * (int)sizeof(gid_t);
	if (len < n)
		err = put_user(n, ulen) ? -EFAULT : -ERANGE;
	else
		err = copy_to_user(user, cred->group_info->gid, n) || put_user(n, ulen) ? -EFAULT
											: 0;
	put_cred(cred);
	return err;
}

static int get_peername(struct unix_sock *sk, void __user *user, int len, int __user *ulen)
{
	struct unix_sock *peer = unix_peer_get(sk);
	struct unix_address *addr;
	int err;

	if (!peer)
		return -ENOTCONN;
	addr = unix_address_get(peer);
	unix_put(peer);
	err = (addr ? addr->len : 2) < len ? -EINVAL : unix_name_to_user(addr, user, ulen);
	unix_address_put(addr);
	return err;
}

int unix_getsockopt(struct unix_sock *sk, int level, int name, void __user *user, int __user *ulen)
{
	int len, val, err;

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (get_user(len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	switch (name) {
	case SO_LINGER:
		return put_val(&sk->linger, sizeof(sk->linger), user, len, ulen);
	case SO_RCVTIMEO_OLD:
		return get_timeout(sk->rcvtimeo, user, len, ulen);
	case SO_SNDTIMEO_OLD:
		return get_timeout(sk->sndtimeo, user, len, ulen);
	case SO_PEERCRED:
		return get_peercred(sk, user, len, ulen);
	case SO_PEERGROUPS:
		return get_peergroups(sk, user, len, ulen);
	case SO_PEERNAME:
		return get_peername(sk, user, len, ulen);
	}
	err = get_int(sk, name, &val);
	return err ? err : put_val(&val, sizeof(val), user, len, ulen);
}
