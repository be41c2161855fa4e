# shellcheck shell=sh
# Writes the files whole, links followed, and brings the network up by them; cut off anywhere, it is
# done again. What the machine had before the first time stays beside each. Standard input has a line
# per line of each file, the file's name first. What is unsettled is there from the first change to
# the last; after a restart the files are in force anyway.
set -eu
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
input=$(cat)
put() {
	if [ -L "$2" ]; then set -- "$1" "$(readlink -f "$2")" "$3"; fi
	mkdir -p "${2%/*}"
	printf '%s\n' "$input" | sed -n "s/^$1|//p" >"$2.new"
	chmod "$3" "$2.new"
	sync
	mv "$2.new" "$2"
}
keep() {
	[ -e "$1" ] && [ ! -e "$1.before-tower" ] || return 0
	cp -p "$1" "$1.before-tower.new"
	sync
	mv "$1.before-tower.new" "$1.before-tower"
}
: >/run/tower-network-unsettled
keep /etc/mactab
keep /etc/network/interfaces
put mactab /etc/mactab 0644
put service /etc/init.d/tower-cards 0755
put interfaces /etc/network/interfaces 0644
sync
rc-update -q add tower-cards boot
rc-update -q add networking boot
rc-service -q networking stop || :
rc-service -q tower-cards restart
rc-service -q networking start
rm /run/tower-network-unsettled
