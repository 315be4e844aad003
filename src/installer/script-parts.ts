/**
 * What the scripts of a package have in common: constants at the head, which are all that differs between kinds, and
 * functions. /bin/sh of macOS is bash 3.2, its tools are those of BSD, and each is called by its whole path. What a
 * script prints stands in /var/log/install.log, which every user of the Mac may read: none prints a value of
 * config.yaml, and none sets -x.
 */
import { EXIT_SECONDS } from './launchd.ts';
import { PACKAGE_MARK } from './package-mark.ts';
import { PACKAGE_FILES, type Product, plistOf } from './product.ts';

/** Seconds for a service to be gone, and for launchd to take it again. */
const STOP_SECONDS = EXIT_SECONDS + 5;
const START_SECONDS = 15;

export const constants = (product: Product) => `
set -u
umask 077
cd /
TITLE='${product.title}'
KIND=${product.kind}
LABEL=${product.label}
ROOT=${product.root}
CONFIG=$ROOT/config.yaml
UPGRADE=$ROOT/.upgrade
SAVED=$UPGRADE/config.yaml
PLIST=${plistOf(product)}
MARK='${PACKAGE_MARK}'
PROGRAM='bin app LICENSES ${PACKAGE_FILES} VERSION contents.json'
`;

/** Only /bin/launchctl knows what runs: its word is asked for each time. */
export const FUNCTIONS = `
fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 1
}

# Whether all these are there, and nobody but root could have put them there.
is_roots() {
  [ -z "$(/usr/bin/find "$@" -prune \\( -type l -o ! -user root -o -perm -020 -o -perm -002 \\) 2>&1)" ]
}

# Whether there is no configuration, or one that a package has just laid down. What cannot be read may be another.
is_unfinished() {
  [ -s "$1" ] || return 0
  first_line=
  IFS= read -r first_line <"$1"
  [ "$first_line" = "$MARK" ]
}

# Whether a configuration is one that somebody runs: what others could have put there is not.
is_in_use() {
  is_roots "$ROOT" "$(/usr/bin/dirname "$1")" "$1" && ! is_unfinished "$1"
}

# Of what kind the one is that somebody runs, also while an upgrade that was cut off has it set aside. No payload holds
# it: the program writes it, from the configuration itself.
kind_in_use() {
  if is_in_use "$CONFIG"; then
    /bin/cat "$ROOT/KIND" 2>/dev/null
  elif is_in_use "$SAVED"; then
    /bin/cat "$UPGRADE/KIND" 2>/dev/null
  fi
}

# Copies a configuration. On the disk first, by a name of its own: what has the name of the copy is whole, and stays in
# a power cut.
copy_whole() {
  /bin/rm -f "$2.unfinished" &&
    /bin/cp -p "$1" "$2.unfinished" &&
    /bin/sync &&
    /bin/mv -f "$2.unfinished" "$2" &&
    /bin/sync
}

# Ends a service and waits until it is gone: until then it holds its port and its database.
stop() {
  /bin/launchctl bootout "system/$1" >/dev/null 2>&1
  waited=0
  while /bin/launchctl print "system/$1" >/dev/null 2>&1; do
    [ "$waited" -lt ${STOP_SECONDS} ] || return 1
    /bin/sleep 1
    waited=$((waited + 1))
  done
}

# Starts a service. launchd refuses while an earlier one is still leaving, so it is asked again.
start() {
  tried=0
  until /bin/launchctl print "system/$1" >/dev/null 2>&1; do
    [ "$tried" -lt ${START_SECONDS} ] || return 1
    /bin/launchctl bootstrap system "${plistOf({ label: '$1' })}" || /bin/sleep 1
    tried=$((tried + 1))
  done
}
`;
