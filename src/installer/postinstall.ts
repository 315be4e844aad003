/**
 * What the Installer runs once the payload is laid down: the configuration that is in use comes back, or stays beside the
 * new one, the program completes what it finds (cli/service/prepare.ts), and launchd starts the service.
 */
import type { ExistingConfig } from './package-mark.ts';
import type { Product } from './product.ts';
import { constants, FUNCTIONS } from './script-parts.ts';

export function postinstall(product: Product, existingConfig: ExistingConfig): string {
  return `#!/bin/sh
# Gives the configuration its place, lets the program complete it, and starts the service.
# Nothing here needs the network: a server whose cluster is away starts, and says so.
${constants(product)}EXISTING_CONFIG=${existingConfig}
${FUNCTIONS}
set --
if is_in_use "$SAVED" && [ "$EXISTING_CONFIG" = replace ]; then
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
  "$ROOT/bin/node" "$ROOT/app/main.js" service prepare --kind "$KIND" "$@")
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

/bin/launchctl enable "system/$LABEL"
start "$LABEL" || fail "launchd does not start $LABEL" "try: sudo launchctl bootstrap system $PLIST"
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
