# shellcheck shell=sh
# Writes a file whole or not at all: $1 is its path, $2 its permissions, $3 how many bytes come in.
# A connection that breaks leaves a part of them, which is no file.
set -eu
umask 077
new=$1.tower-new
trap 'rm -f "$new"' EXIT
cat >"$new"
if [ "$(wc -c <"$new")" -ne "$3" ]; then
	echo "not all of it arrived, or more" >&2
	exit 1
fi
chmod "$2" "$new"
sync
mv -f "$new" "$1"
