# shellcheck shell=sh
# Ends a group of processes when its owner is gone without a word. Standard input is a pipe from the
# owner, which the kernel closes at its end, whatever that was: a line with the group's number, then
# one as soon as the group is over.
trap '' HUP INT TERM
read -r group || exit 0
if read -r _; then exit 0; fi
kill -s TERM -- "-$group"
sleep 2
kill -s KILL -- "-$group" 2>/dev/null
