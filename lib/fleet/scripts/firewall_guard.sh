# shellcheck shell=sh disable=SC2154
# All that happens once rules are to be loaded happens in this process, which lives on when the
# session that started it ends: it loads, waits, and then keeps the new rules or takes the old ones
# back. Others ask by renaming `pending`: exactly one does. $1 are the seconds that it waits, by a
# clock that nobody sets; $2 is the process that has the lock until then.
#
# The kept files of both families change with one rename, of a link to their folder, so a machine
# that loses its power starts with both old ones or both new ones. The settings come last: that an
# interface loses its IPv6 addresses could not be taken back.
change=${0%/*}
token=${change##*/}
trap '' HUP INT TERM
{ echo -1000 >/proc/$$/oom_score_adj; } 2>/dev/null
end() {
	printf '%s' "$2" >"$change/end"
	mv "$change/end" "$change/$1"
	rm -f "$change"/*4 "$change"/*6 "$change"/*.kept "$change/settings" "$change/input" "$change/error" "$0"
	rm -f "$run.locks/$$"
	exit
}
load() { iptables-restore -w 5 <"$change/${1}4" && ip6tables-restore -w 5 <"$change/${1}6"; }
back() {
	until load old; do sleep 1; done
	end back "$1"
}
uptime() { read -r up rest </proc/uptime; up=${up%.*}; }
keep() {
	mkdir -p /etc/iptables /etc/sysctl.d && cd /etc/iptables || return
	rm -f tower.new rules-save.new rules6-save.new
	if [ "$(readlink rules-save)" != tower/rules-save ] ||
		[ "$(readlink rules6-save)" != tower/rules6-save ]; then
		mkdir "tower-rules.$token.old" || return
		for file in rules-save rules6-save; do
			[ ! -e "$file" ] || cp -p "$file" "tower-rules.$token.old" || return
		done
		sync
		ln -s "tower-rules.$token.old" tower.new && mv -fT tower.new tower || return
		for file in rules-save rules6-save; do
			ln -s "tower/$file" "$file.new" && mv -fT "$file.new" "$file" || return
		done
	fi
	mkdir "tower-rules.$token" && cat "$change/new4.kept" >"tower-rules.$token/rules-save" &&
		cat "$change/new6.kept" >"tower-rules.$token/rules6-save" &&
		cat "$change/settings" >/etc/sysctl.d/tower.conf.new || return
	sync
	ln -s "tower-rules.$token" tower.new && mv -fT tower.new tower || return
	mv -f /etc/sysctl.d/tower.conf.new /etc/sysctl.d/tower.conf
	sync
	for old in tower-rules.*; do [ "$old" = "tower-rules.$token" ] || rm -rf "$old"; done
}
set_all() {
	while IFS= read -r line; do
		key=${line%% = *}
		value=${line#* = }
		path=$(setting "$key")
		[ -e "$path" ] || continue
		[ "$(tr '\t' ' ' <"$path")" = "$value" ] && continue
		{ printf '%s\n' "$value" >"$path"; } 2>/dev/null || printf '%s\n' "$key"
	done <"$change/settings"
}
lock "$2" || { nap; lock "$2"; } || end back "$busy"
load new 2>"$change/error" ||
	back "the old rules are back, as it could not load the new ones: $(head -c 300 "$change/error")"
uptime
until=$((up + $1))
: >"$change/loaded"
while [ -e "$change/pending" ]; do
	uptime
	[ "$up" -lt "$until" ] || mv "$change/pending" "$change/expired" 2>/dev/null
	nap
done
[ ! -e "$change/expired" ] || back "it took too long; the old rules are back"
umask 022
keep 2>"$change/error" ||
	back "the old rules are back, as the new ones cannot be kept: $(head -c 300 "$change/error")"
end "done" "$(set_all)"
