# shellcheck shell=sh disable=SC2154,SC2015
# Loads rules: $1 is what a confirmation must know, $2 the seconds until the old ones come back.
# Standard input has a line per line of each file, the file's name first; a last line says that
# nothing is missing. The answer to the change before this one stays, for who still asks.
change=$run/$1
lock || { sleep "0.$(($$ % 9 + 1))"; lock; } || fail "$busy"
trap 'rm -f "$run.locks/$$"' EXIT
leave() { rm -rf "$change"; fail "$@"; }
last=$(cat "$run/last" 2>/dev/null)
for old in "$run"/*; do [ "$old" = "$run/$last" ] || rm -rf "$old"; done
mkdir -p "$change" && printf '%s' "$1" >"$run/last" && cat >"$change/input" ||
	leave "$run cannot be written"
[ "$(tail -n 1 "$change/input")" = "end|" ] || leave "it did not hear all of the new rules"
for file in new4 new6 settings guard; do
	sed -n "s/^$file|//p" "$change/input" >"$change/$file" || leave "$run cannot be written"
done
iptables-save >"$change/old4" || leave "its IPv4 rules cannot be saved"
ip6tables-save >"$change/old6" || leave "its IPv6 rules cannot be saved"
# lacking A B: the tables of A that B does not have, open and empty.
lacking() {
	awk 'FILENAME == ARGV[1] { if (/^\*/) had[$0] = 1; next }
		/^\*/ { skip = $0 in had }
		skip || $2 == "-" { next }
		/^:/ { $2 = "ACCEPT" }
		/^(\*|:|COMMIT)/' "$2" "$1"
}
for family in 4 6; do
	cp "$change/new$family" "$change/new$family.kept" &&
		lacking "$change/old$family" "$change/new$family.kept" >>"$change/new$family" &&
		lacking "$change/new$family" "$change/old$family" >"$change/more$family" &&
		cat "$change/more$family" >>"$change/old$family" || leave "$run cannot be written"
done
iptables-restore -w 5 --test <"$change/new4" 2>"$change/error" ||
	leave "it refuses the IPv4 rules: $(head -c 300 "$change/error")"
ip6tables-restore -w 5 --test <"$change/new6" 2>"$change/error" ||
	leave "it refuses the IPv6 rules: $(head -c 300 "$change/error")"
command -v setsid >/dev/null || leave "there is no setsid"
: >"$change/pending" || leave "$run cannot be written"
setsid sh "$change/guard" "$2" "$$" </dev/null >/dev/null 2>&1 &
await loaded
