# shellcheck shell=sh disable=SC2154
# Has the guard keep what was loaded: $1 is what firewall_load.sh was told. Whoever asks again, as
# after a lost answer, gets the same answer. Tells the settings that the kernel refused.
change=$run/$1
[ -d "$change" ] ||
	fail "it knows of no such change: it was started anew, or another change came after this one"
[ ! -e "$change/loaded" ] || mv "$change/pending" "$change/confirmed" 2>/dev/null
await "done"
cat "$change/done"
