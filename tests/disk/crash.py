#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kill the machine while it writes to ext2, and look whether what it had acknowledged is on the disk.

    tests/disk/crash.py [--kernel quire|linux] [--kills N] [--seed S] [--build DIR]

Each kill: tests/disk/crash.c writes in the guest and says what is synced; QEMU is killed (SIGKILL) at a seeded number of
lines and milliseconds; e2fsck -fy repairs, e2fsck -fn then finds nothing, and every file that was acknowledged holds the
generation that was, or a later one. The image goes on living through ten kills. TAP.

A removal that was not synced may not be on the disk, while the file that got the inode since is: ext2 has no journal, and
e2fsck then counts two links. What is written to the old name later is written to that file. So
such names go before the next round; that two acknowledged files are one is a mistake.
"""
import argparse, os, random, shutil, signal, struct, subprocess, sys, threading, time

CHUNK = 512
LATER = 60  # generations that may have been begun since: four and one in each of ten rounds


def chunk(t, f, g, at):
    x = (t * 7919 + f * 104729 + g * 1299709 + at * 15485863 + 1) & 0xffffffff
    words = []
    for _ in range(CHUNK // 4):
        x = (x * 1664525 + 1013904223) & 0xffffffff
        words.append(x)
    return struct.pack('<128I', *words)


class Record:
    """What the guest acknowledged: files, name -> (generation, size), None: removal begun; removed, name -> generation."""

    def __init__(self):
        self.files = {}
        self.removed = {}
        self.trouble = []

    def line(self, line):
        kind, rest = line[:1], line[1:].split()
        if kind == '+':
            self.files[rest[0]] = (int(rest[1]), int(rest[2]))
            self.removed.pop(rest[0], None)
        elif kind == '?':
            self.files[rest[0]] = None
        elif kind == '-':
            self.files.pop(rest[0], None)
            self.removed[rest[0]] = int(rest[1])
        elif kind == '!':
            self.trouble.append(line)

    def forget_unsure(self):
        """Before the next round: what was being removed may or may not be there."""
        for name in [n for n, v in self.files.items() if v is None]:
            del self.files[name]
        self.removed.clear()


def kill_machine(quire):
    """SIGKILL to QEMU, the child of the command, which then ends."""
    path = '/proc/%d/task/%d/children' % (quire.pid, quire.pid)
    with open(path) as children:
        for pid in children.read().split():
            os.kill(int(pid), signal.SIGKILL)


def run_round(args, image, record, seed, number, rng):
    """None when the machine was killed, or a sentence about how it ended before."""
    lines, delay = rng.randrange(5, 220), rng.random() * 0.05
    quire = subprocess.Popen(
        ['./quire', 'run', '--kernel', args.kernel, '--accel', 'tcg', '--smp', '2', '--mem', '128M' if args.kernel == 'quire' else '256M',
         '--timeout', '600', '--console-log', args.dir + '/log', '--disk', image, '--', args.build + '/tests/disk/crash', '/dev/vda',
         '/tmp/m', str(seed), str(number)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(args.dir + '/stderr', 'w'), text=True, bufsize=1)
    count, killer = 0, None
    for line in quire.stdout:
        record.line(line.rstrip('\n'))
        count += 1
        if line[:1] == '?' and killer is None:
            quire.stdin.write('.')
            quire.stdin.flush()
        if count == lines:
            killer = threading.Timer(delay, kill_machine, [quire])
            killer.start()
    status = quire.wait()
    if killer is None:
        with open(args.dir + '/stderr') as stderr:
            return 'the guest ended by itself after %d of %d lines, status %d: %s' % (
                count, lines, status, ' '.join(record.trouble) or stderr.read()[-300:].replace('\n', ' '))
    killer.join()
    return None


def mixed(data, choices):
    return all(any(d == c[i] for c in choices) for i, d in enumerate(data))


def check_file(path, name, generation, size):
    t, f = (int(x) for x in name.split('.'))
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except OSError:
        return '%s generation %d is not there' % (name, generation)
    if len(data) < size:
        return '%s has %d bytes, %d were acknowledged' % (name, len(data), size)
    for at in range(0, size, CHUNK):
        have = data[at:at + CHUNK]
        if have == chunk(t, f, generation, at // CHUNK):
            continue
        choices = [chunk(t, f, g, at // CHUNK) for g in range(generation, generation + LATER)]
        if not mixed(have, choices):
            return '%s generation %d: wrong at %d of %d' % (name, generation, at, size)
    return None


def names_of_inodes(image):
    """Inode -> paths of the files in the writers' directories."""
    found = {}
    for t in range(3):
        listed = subprocess.run(['debugfs', '-R', 'ls -l /t%d' % t, image], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in listed.stdout.splitlines():
            words = line.split()
            if len(words) > 2 and words[1].startswith('100'):
                found.setdefault(words[0], []).append('/t%d/%s' % (t, words[-1]))
    return found


def part(image, record):
    """Remove the other names of acknowledged files. How many there were; and a sentence about two that are one, or None."""
    acknowledged = {'/t' + name.replace('.', '/') for name, state in record.files.items() if state is not None}
    others = []
    for paths in names_of_inodes(image).values():
        ours = [p for p in paths if p in acknowledged]
        if len(ours) > 1:
            return 0, ' and '.join(ours) + ' are one inode'
        others += [p for p in paths if ours and p not in acknowledged]
    for path in others:
        subprocess.run(['debugfs', '-w', '-R', 'rm ' + path, image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return len(others), None


def is_back(path, name, generation):
    """Does the file hold a generation that was removed? (A later one may have been begun.)"""
    t, f = (int(x) for x in name.split('.'))
    try:
        with open(path, 'rb') as file:
            data = file.read(CHUNK)
    except OSError:
        return False
    return any(data == chunk(t, f, g, 0) for g in range(1, generation + 1))


def check(args, image, record):
    """A sentence about what is wrong, or None."""
    if record.trouble:
        return record.trouble[0]
    shutil.copyfile(image, args.dir + '/crashed.img')
    repair = subprocess.run(['e2fsck', '-fy', image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if repair.returncode > 2:
        return 'e2fsck -fy: status %d' % repair.returncode
    again = subprocess.run(['e2fsck', '-fn', image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if again.returncode:
        return 'e2fsck -fn finds something after the repair: ' + again.stdout[-300:]
    tree = args.dir + '/tree'
    shutil.rmtree(tree, ignore_errors=True)
    os.mkdir(tree)
    subprocess.run(['debugfs', '-R', 'rdump / ' + tree, image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name, state in record.files.items():
        if state is not None:
            wrong = check_file(tree + '/t' + name.replace('.', '/'), name, *state)
            if wrong:
                return wrong + '\n# ' + repair.stdout.replace('\n', '\n# ')[-1500:]
    for name, generation in record.removed.items():
        if is_back(tree + '/t' + name.replace('.', '/'), name, generation):
            return '%s generation %d is back' % (name, generation)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--kernel', default='quire')
    parser.add_argument('--kills', type=int, default=200)
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--build', default='build')
    args = parser.parse_args()
    args.dir = '%s/t/crash-%s' % (args.build, args.kernel)
    shutil.rmtree(args.dir, ignore_errors=True)
    os.makedirs(args.dir)
    image, failed, acknowledged, parted = args.dir + '/img', 0, 0, 0
    print('# seed %d' % args.seed)
    for n in range(args.kills):
        rng = random.Random(args.seed * 1000 + n)
        if n % 10 == 0 or wrong:
            size = rng.choice([1024, 1024, 2048, 4096])
            record = Record()
            with open(image, 'wb') as file:
                file.truncate(48 << 20)
            subprocess.run(['mke2fs', '-q', '-F', '-t', 'ext2', '-b', str(size), '-N', '3000', image], check=True)
        early = run_round(args, image, record, args.seed, n, rng)
        wrong = early or check(args, image, record)
        if not wrong:
            others, wrong = part(image, record)
            parted += others
        here = sum(1 for v in record.files.values() if v)
        acknowledged += here
        record.forget_unsure()
        if wrong:
            failed += 1
            shutil.copyfile(args.dir + '/crashed.img', '%s/failed-%d.img' % (args.dir, n)) if not early else None
        print('%sok %d - %s: kill %d of seed %d: %d files as acknowledged%s' %
              ('not ' if wrong else '', n + 1, args.kernel, n, args.seed, here, '\n# ' + wrong if wrong else ''), flush=True)
    print('1..%d\n# %d kills, %d files; %d had another name, too' % (args.kills, args.kills, acknowledged, parted))
    sys.exit(1 if failed else 0)


main()
