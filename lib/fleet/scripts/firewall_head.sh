# shellcheck shell=sh
# What all that looks at rules or changes them begins with: POSIX sh, nothing but iptables beside.
set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
fail() { printf '%s\n' "$*" >&2; exit 1; }
setting() { printf '/proc/sys/%s' "$1" | tr . /; }
