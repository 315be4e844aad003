/**
 * What the Installer runs before and after it lays down the payload (docs/mdm.md says it for people). All that differs
 * between kinds are the constants at the head of each script. What a script prints stands in /var/log/install.log,
 * which every user of the Mac may read: no script prints a value of config.yaml, and none sets -x.
 *
 * The Installer writes the package's config.yaml over the one that is there, and may be cut off anywhere. Therefore the
 * package's own begins with a line (PACKAGE_MARK) that `service prepare` takes away when it is complete: a file without
 * it is one that somebody runs, and is never thrown away. From the first script to the last the service is disabled, so
 * that a Mac which restarts in between does not run a half-laid program.
 */
import { EXIT_SECONDS } from './launchd.ts';
import { type Product, plistOf } from './product.ts';

/** `keep`: the configuration that is there stays. `replace`: the package's takes its place, the names stay. */
export type ConfigPolicy = 'keep' | 'replace';

/** The first line of a configuration whose installation is not complete. */
export const PACKAGE_MARK = '# From a package. The installation that laid it down is not complete.';

/** As `is_in_use` of the scripts judges it. */
export const bearsMark = (text: string): boolean => text.split('\n', 1)[0] === PACKAGE_MARK;

/** Seconds for a service to be gone, and for launchd to take it again. */
const STOP_SECONDS = EXIT_SECONDS + 5;
const START_SECONDS = 15;

const constants = (product: Product) => `
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
`;

/** `fail` and what several scripts do. Only /bin/launchctl knows what runs: its word is asked for each time. */
const FUNCTIONS = `
fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 1
}

# Whether a configuration is one that somebody runs, and not one that a package has just laid down.
is_in_use() {
  [ -s "$1" ] || return 1
  read -r first_line <"$1"
  [ "$first_line" != "$MARK" ]
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

# Copies a configuration. By a name of its own first: what has the name of the copy is whole, and stays in a power cut.
copy_whole() {
  /bin/rm -f "$2.unfinished" &&
    /bin/cp -p "$1" "$2.unfinished" &&
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

# Starts the service. launchd refuses while an earlier one is still leaving, so it is asked again.
start() {
  /bin/launchctl enable "system/$LABEL"
  tried=0
  until /bin/launchctl print "system/$LABEL" >/dev/null 2>&1; do
    [ "$tried" -lt ${START_SECONDS} ] || return 1
    /bin/launchctl bootstrap system "$PLIST" || /bin/sleep 1
    tried=$((tried + 1))
  done
}
`;

/** `version`: of the package. */
export function preinstall(product: Product, policy: ConfigPolicy, version: string): string {
  return `#!/bin/sh
# Stops the service and sets its configuration aside, before the Installer lays down the files.
# Arguments: the package, the target, the volume of the target.
${constants(product)}${FUNCTIONS}
# For when nothing was laid down yet: what ran before runs on.
fail_and_go_on() {
  if [ -f "$PLIST" ] && is_in_use "$CONFIG"; then start; fi
  fail "$1" "$2"
}

# Whoever else owns these could lay his configuration where ours is looked for, or have ours written elsewhere.
own_folders() {
  [ ! -L "$ROOT" ] && /bin/mkdir -p "$ROOT" &&
    /usr/sbin/chown root:wheel "$ROOT" && /bin/chmod 0755 "$ROOT" &&
    [ ! -L "$UPGRADE" ] && /bin/mkdir -p "$UPGRADE" && [ -O "$UPGRADE" ] && /bin/chmod 0700 "$UPGRADE"
}

if [ "$#" -ge 3 ] && [ "$3" != / ]; then
  fail "$TITLE is installed on the startup volume alone" 'install it with: installer -pkg FILE -target /'
fi
${product.kind === 'server' && policy === 'keep' ? NOT_A_STANDALONE : ''}${notOlder(version)}
for label in ${[product.label, ...product.ancestors].join(' ')}; do
  stop "$label" || fail_and_go_on "$label does not end" 'see what holds it: sudo launchctl print system/'"$label"
done
/bin/launchctl disable "system/$LABEL"
${product.ancestors.map((label) => `/bin/rm -f ${plistOf({ ...product, label })}\n`).join('')}
own_folders || fail_and_go_on "$UPGRADE is not a folder of root alone" 'see what is in it, then move it away'
if is_in_use "$CONFIG"; then
  # With its kind, which changes when another takes its place. The configuration last: where it is, all is.
  kind=$(kind_in_use)
  echo "$kind" >"$UPGRADE/KIND" && copy_whole "$CONFIG" "$SAVED" ||
    fail_and_go_on "$CONFIG cannot be set aside" 'see whether the disk is full'
fi
exit 0
`;
}

/** A warning at most: to go back to what ran well is a mend too. Of versions the three numbers are compared. */
const notOlder = (version: string) => `
installed=$(/bin/cat "$ROOT/VERSION" 2>/dev/null | /usr/bin/tr -cd '0-9A-Za-z.+-')
if [ -n "$installed" ] && echo "$installed ${version}" | /usr/bin/awk '{
  split($1, installed, /[.+-]/); split($2, own, /[.+-]/)
  for (i = 1; i <= 3; i++) if (installed[i] + 0 != own[i] + 0) exit installed[i] + 0 < own[i] + 0
  exit 1
}'; then
  echo "warning: this package has version ${version}, older than $installed, which is installed: what that wrote may not be read"
fi
`;

/** A cluster node keeps its data in PostgreSQL, and its package carries nothing that opens SQLite. */
const NOT_A_STANDALONE = `
if [ "$(kind_in_use)" = standalone ]; then
  fail 'this Mac is a standalone server: a cluster node could not open its database' \\
    "to bring it up to date, install FleetServerStandalone.pkg; to make it a node, build the package with 'replace', which keeps its configuration beside the new one"
fi
`;

export function postinstall(product: Product, policy: ConfigPolicy): string {
  return `#!/bin/sh
# Gives the configuration its place, lets the program complete it, and starts the service.
# Nothing here needs the network: a server whose cluster is away starts, and says so.
${constants(product)}POLICY=${policy}
${FUNCTIONS}
set --
if is_in_use "$SAVED" && [ "$POLICY" = replace ]; then
  # It stays: its secrets may be the only ones to some database. One of each kind, so that to replace again, as an MDM
  # may, leaves what was there before the first time.
  case $(kind_in_use) in standalone) before=$CONFIG.before-standalone ;; *) before=$CONFIG.before ;; esac
  copy_whole "$SAVED" "$before" && /usr/sbin/chown root:wheel "$before" && /bin/chmod 0600 "$before" ||
    fail "$before cannot be written" 'see whether the disk is full'
  set -- --carry-over "$before"
elif is_in_use "$SAVED"; then
  # In one step over the package's own, which is not left lying about.
  /bin/mv -f "$SAVED" "$CONFIG" || fail "$CONFIG cannot be put back from $SAVED" 'see whether the disk is full'
fi

# The first thing that the new program does on this Mac: it also shows that it can.
summary=$(/usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin \\
  "$ROOT/bin/node" "$ROOT/app/main.js" service prepare --root "$ROOT" --kind "$KIND" "$@")
case $? in
  0) ;;
  126) fail 'the program does not run on this Mac' 'install the package for its processor: see uname -m' ;;
  *) fail "$CONFIG could not be prepared" 'the lines above say why; mend it and install again' ;;
esac
/bin/rm -rf "$UPGRADE"

# launchd takes no plist that somebody else may write, and the program no configuration that somebody else may read.
/usr/sbin/chown root:wheel "$ROOT" "$CONFIG" "$PLIST" &&
  /bin/chmod 0755 "$ROOT" &&
  /bin/chmod 0600 "$CONFIG" &&
  /bin/chmod 0644 "$PLIST" || fail "the modes of $CONFIG and $PLIST cannot be set" 'install as root'

start || fail "launchd does not start $LABEL" "try: sudo launchctl bootstrap system $PLIST"
${product.command === 'server' ? WIRE : ''}
printf '%s\\n' "$summary"
exit 0
`;
}

/** A warning at most: whether a server may use Wi-Fi is not for an installation to say. */
const WIRE = `
# The name of the port that the default route leaves by, as in Ethernet or Wi-Fi.
device=$(/sbin/route -n get default 2>/dev/null | /usr/bin/awk '$1 == "interface:" { print $2 }')
port=$(/usr/sbin/networksetup -listallhardwareports 2>/dev/null |
  /usr/bin/awk -v device="$device" -F ': ' '$1 == "Hardware Port" { name = $2 } $1 == "Device" && $2 == device { print name }')
if [ -z "$device" ]; then
  echo 'warning: this Mac has no default route now; the server starts all the same'
elif [ "$port" = Wi-Fi ]; then
  echo 'warning: this Mac reaches the network through Wi-Fi; a server is better on a wire'
fi
`;

/** Stands in the payload: also who deletes the package can remove what it laid down. */
export function uninstallScript(product: Product): string {
  const { title, label, root, log, crashLog } = product;
  return `#!/bin/sh
# Removes ${title}. Asks nothing.
#   sudo ${root}/bin/uninstall.sh            keeps config.yaml, data and the logs
#   sudo ${root}/bin/uninstall.sh --purge    removes them too
${constants(product)}${FUNCTIONS}
case $* in
  '') purge=no ;;
  --purge) purge=yes ;;
  *)
    echo "usage: sudo $0 [--purge]" >&2
    exit 2
    ;;
esac
[ "$(/usr/bin/id -u)" -eq 0 ] || fail 'only root can remove it' "run: sudo $0 $*"

stop "$LABEL" || fail "$LABEL does not end" "see what holds it: sudo launchctl print system/$LABEL"
/bin/rm -f "$PLIST" /private/etc/newsyslog.d/${label}.conf

if [ "$purge" = yes ]; then
  elsewhere=$(/usr/bin/sed -n "s|^ *data_dir: *[\\"']*\\(/[^\\"'#]*\\).*|\\1|p" "$CONFIG" 2>/dev/null)
  /bin/rm -rf "$ROOT" || fail "$ROOT cannot be removed" 'see what is in it'
  /bin/rm -f ${log} ${log}.* ${crashLog} ${crashLog}.*
  [ ! -d "$elsewhere" ] || echo "not touched: $elsewhere, which data_dir named"
else
  # An upgrade that was cut off: what it had set aside is the configuration.
  if is_in_use "$SAVED" && ! is_in_use "$CONFIG"; then
    /bin/mv -f "$SAVED" "$CONFIG" || fail "$CONFIG cannot be put back from $SAVED" 'see whether the disk is full'
  fi
  # Without a completed installation it is only the secrets of a package.
  is_in_use "$CONFIG" || /bin/rm -f "$CONFIG" "$ROOT/KIND"
  /bin/rm -rf "$ROOT/bin" "$ROOT/app" "$ROOT/LICENSES" "$ROOT/package-files" "$UPGRADE"
  /bin/rm -f "$ROOT/VERSION" "$ROOT/contents.json"
  for kept in "$CONFIG" "$CONFIG".before* "$ROOT/data"; do
    [ ! -e "$kept" ] || echo "kept: $kept, which holds secrets (--purge removes it)"
  done
fi
/usr/sbin/pkgutil --forget "$LABEL" >/dev/null 2>&1
echo "$TITLE is removed"
exit 0
`;
}

/** `bin/atlas-fleet` of an installation, for people. */
export function launcher({ title, root }: Product): string {
  return `#!/bin/sh
# The command line of ${title}. With sudo, because config.yaml is root's alone.
[ -n "$ATLAS_FLEET_CONFIG" ] || ATLAS_FLEET_CONFIG=${root}/config.yaml
export ATLAS_FLEET_CONFIG
exec ${root}/bin/node ${root}/app/main.js "$@"
`;
}
