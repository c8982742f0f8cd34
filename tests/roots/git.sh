# seconds: 180 quick
# git init, add, commit, log, fsck, gc, clone, merge.
cd /root && export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_PAGER=cat
git init -q -b main repo && cd repo || exit 1
cp -r /usr/lib/python3.11/asyncio . && git add -A && git commit -q -m one && git log --oneline --stat | tail -n 3
git fsck --full --strict && git gc -q && git fsck --full && git count-objects -v | grep -E '^(count|packs|in-pack|garbage)'
echo change >>asyncio/tasks.py && git diff --stat && git commit -q -am two && git checkout -q -b side HEAD~1 && git rm -q asyncio/log.py && git commit -q -m three
git merge -q -m four main && git log --oneline --graph && git status --short && git fsck --full --strict
git clone -q . ../clone && cd ../clone && git rev-parse HEAD && git fsck && git ls-files | wc -l
cd .. && rm -rf repo clone
