# seconds: 120 quick
# bash with job control, coreutils, find, tar.
cd /root && mkdir shell && cd shell || exit 1

# A terminal with an interactive shell: stop, list, go on in the background and in the foreground, interrupt.
type_keys() {
	sleep 2
	for keys in 'sleep 100\n' '\032' 'jobs\n' 'bg\n' 'jobs\n' 'fg\n' '\003' 'echo "interrupted: $?"\n' 'sleep 99 &\n' 'kill %%1; wait %%1; echo "killed: $?"\n' 'exit 5\n'; do
		# shellcheck disable=SC2059
		printf "$keys"; sleep 0.5
	done
}
type_keys | script -qec 'PS1= bash --norc --noprofile -i' /dev/null | tr -d '\r' | grep -o -E '(Stopped|Running) *sleep 100|interrupted: [0-9]+$|killed: [0-9]+$'
echo "script: ${PIPESTATUS[1]}"
bash <<'X'
(exit 7) & wait $!; echo "wait: $?"
set -o pipefail; true | false | true; echo "pipe: $?"
trap 'echo trapped' USR1; kill -USR1 $$
X
cp -r /usr/lib/python3.11/json /usr/lib/python3.11/email . && cp -a email again
find . -type f -name '*.py' | sort | xargs sha256sum | sha256sum
find . -type d -empty; touch -d @1000 old; touch -d @2000 email/parser.py; find email -newer old ! -newer email/parser.py -type f; find . -type f -size +20k | sort
ln -s json/__init__.py link; ln email/__init__.py hard; stat -c '%h %F %s' link hard; readlink -f link
tar cf a.tar json email link hard && mkdir out && tar xpf a.tar -C out && diff -r json out/json && diff -r email out/email && echo tar
tar czf a.tgz email && tar tzf a.tgz | sort | head -n 3; tar xzf a.tgz --to-stdout email/__init__.py | cmp - email/__init__.py && echo tgz
chmod 640 hard && chown 7:8 hard && stat -c '%a %u %g' hard && touch -d '2001-02-03 04:05:06 UTC' hard && stat -c '%y' hard
seq 5000 | shuf --random-source=/bin/ls | sort -n | md5sum; seq 1000 | split -l 300 - part. && cat part.* | wc; ls part.*
truncate -s 1M sparse && dd if=/bin/ls of=sparse bs=4096 seek=100 count=2 conv=notrunc 2>/dev/null && cp --sparse=always sparse copy && cmp sparse copy && echo sparse
mkdir -p a/b/c && mv json a/b && ls a/b | sort && mv -T a/b b && ls b && rmdir a && cp -al b b2 && rm -r b && ls b2
mkfifo fifo && (echo through >fifo &) && cat fifo; mknod null c 1 3 && echo gone >null && ls -l null | cut -c 1-10
install -m 600 /etc/passwd secret && setpriv --reuid 1 --clear-groups cat secret 2>&1 | sed 's/.*: //'
df . | tail -n 1 | awk '{ print ($2 > 0), ($3 <= $2) }'; du -s email | awk '{ print ($1 > 0) }'
cd .. && rm -rf shell && ls
