/**
 * The shell script around every durable process. It is constant: what to run comes in as "$@", so no text ever becomes shell.
 *
 * - It works from inside the directory and compares the ticket in `started`: a wrapper that comes so late that its directory was
 *   thrown away and made anew finds another ticket there and runs nothing.
 * - `ln` publishes `pid` atomically and exclusively. Whoever loses (to another wrapper, or to a void marker) runs nothing.
 * - A void marker also goes when its directory is removed, with a late wrapper inside: `started` is removed before it, and is therefore
 *   looked for once more by whoever published a pid.
 * - `pid` is synced before the program starts, so that "no pid" means "never ran" even after a power cut.
 * - `trap ... INT` is a handler and not "ignore": the program gets default dispositions, the wrapper outlives the group's signal
 *   and records the exit. A signal that comes before the program starts keeps it from starting (128 + signal is recorded).
 * - A signal that comes while the program is being forked could reach nobody. Whoever interrupts has written `interrupted` before, which is
 *   looked for once the program would get the signal itself.
 * - `command -p` finds the standard tools whatever PATH the program is given; `exec` keeps shell builtins out of the way.
 */
const SCRIPT = `
set -u
umask 077
dir=$1 ticket=$2 cwd=$3
shift 3
cd "$dir" && read -r record <started || exit 1
case $record in *"$ticket"*) ;; *) exit 1 ;; esac

stop=
trap 'stop=129' HUP
trap 'stop=130' INT
trap 'stop=143' TERM
twentieth() { printf '%s\\n' "\${20}"; }
stopped() {
  read -r signal 2>/dev/null <"$dir/interrupted" || return 0
  case $signal in SIGTERM) exit 143 ;; *) exit 130 ;; esac
}
joined() { printf '%s\\n' "$*"; }
boot=-
if [ -r /proc/$$/stat ]; then
  read -r stat </proc/$$/stat
  start=$(twentieth \${stat##*) })
  [ ! -r /proc/sys/kernel/random/boot_id ] || read -r boot </proc/sys/kernel/random/boot_id
else
  start=$(export TZ=UTC0 LC_ALL=C; joined $(command -p ps -o lstart= -p $$))
fi
[ -n "$start" ] || exit 1

: >out
: >err
printf '%s\\n' $$ "$start" "$boot" >"pid.$ticket" || exit 1
command -p sync "pid.$ticket" || command -p sync || exit 1
command -p ln "pid.$ticket" pid || exit 1
read -r record <started || exit 1
case $record in *"$ticket"*) ;; *) exit 1 ;; esac
command -p sync . || command -p sync || stop=126

if [ -n "$stop" ]; then
  code=$stop
else
  (cd "$cwd" && stopped && exec "$@") </dev/null >out 2>err
  code=$?
fi

trap '' INT TERM HUP
printf '%s\\n' "$code" >exit.new && command -p sync exit.new
command -p mv -f exit.new exit && command -p sync .
`

/** What a wrapper is told: its directory (absolute), the ticket that must stand in `started`, and the program with its directory. */
export type WrapperTask = { dir: string; ticket: string; cwd: string; argv: readonly string[] }

export function wrapperArgv(task: WrapperTask): string[] {
  return ['-c', SCRIPT, 'groundcrew-run', task.dir, task.ticket, task.cwd, ...task.argv]
}

/** An absolute path, since the PATH that a program is given need not lead to a shell. */
export const SHELL = '/bin/sh'
