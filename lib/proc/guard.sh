# shellcheck shell=sh
# Ends groups of processes when their owner is gone without a word. Standard input is a pipe from the
# owner, which the kernel closes at its end, whatever that was: lines `watch GROUP` and `over GROUP`.
trap '' HUP INT TERM
groups=' '
while read -r word group; do
	case $word in
	watch) groups="$groups$group " ;;
	over)
		before=${groups%%" $group "*}
		after=${groups#*" $group "}
		groups="$before $after"
		;;
	esac
done
[ "$groups" != ' ' ] || exit 0
for group in $groups; do kill -s TERM -- "-$group"; done
sleep 2
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
