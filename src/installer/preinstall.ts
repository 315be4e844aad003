/**
 * What the Installer runs before it lays down the payload (docs/mdm.md says it for people). From here to the end of
 * postinstall the service is disabled, so that a Mac which restarts in between does not run a half-laid program. What
 * cannot be set aside ends the installation before anything is laid down, and what ran before runs on.
 */
import type { ExistingConfig } from './package-mark.ts';
import { type Product, plistOf } from './product.ts';
import { constants, FUNCTIONS } from './script-parts.ts';

/** `version`: of the package. */
export function preinstall(product: Product, existingConfig: ExistingConfig, version: string): string {
  return `#!/bin/sh
# Stops the service and sets its configuration aside, before the Installer lays down the files.
# Arguments: the package, the target, the volume of the target.
${constants(product)}ANCESTORS='${product.ancestors.join(' ')}'
${FUNCTIONS}
# For when nothing was laid down yet: what ran before runs on.
fail_and_go_on() {
  if [ -f "$PLIST" ] && is_in_use "$CONFIG"; then
    /bin/launchctl enable "system/$LABEL"
    start "$LABEL"
  fi
  for ancestor in $ANCESTORS; do
    [ ! -f "${plistOf({ label: '$ancestor' })}" ] || start "$ancestor"
  done
  fail "$1" "$2"
}

# What is judged and moved lies in a folder of root alone, so that nobody changes it in between. Whoever could write there
# may have chosen the keys in it, and where a link in it leads: to set owner and mode anew would make that look like ours.
set_aside() {
  aside=$1.before-$(/bin/date +%Y%m%d-%H%M%S)
  [ ! -e "$aside" ] && [ ! -L "$aside" ] && /bin/mv "$1" "$aside" || return 1
  echo "warning: $1 is not root's alone, or is a link: it is kept as $aside, and nothing of it is used"
  if [ -L "$aside" ]; then
    echo 'hint: put the folder itself there; a data folder elsewhere is named by server.data_dir in config.yaml'
  else
    echo "hint: if all in it is yours: sudo chown -hR root:wheel $aside && sudo chmod -R go-w $aside; sudo mv $1 $1.new; sudo mv $aside $1; and install again"
  fi
}

# Of what was the ancestor's (config) the program judges by itself.
own_folders() {
  [ ! -e "$ROOT" ] && [ ! -L "$ROOT" ] || is_roots "$ROOT" || set_aside "$ROOT" || return 1
  for name in $PROGRAM config.yaml KIND data spool .upgrade; do
    [ -e "$ROOT/$name" ] || [ -L "$ROOT/$name" ] || continue
    is_roots "$ROOT/$name" && [ -z "$(/usr/bin/find "$ROOT/$name" ! -user root)" ] ||
      set_aside "$ROOT/$name" || return 1
  done
  /bin/mkdir -p "$ROOT" && /usr/sbin/chown root:wheel "$ROOT" && /bin/chmod 0755 "$ROOT" &&
    /bin/mkdir -p "$UPGRADE" && /bin/chmod 0700 "$UPGRADE"
}

if [ "$#" -ge 3 ] && [ "$3" != / ]; then
  fail "$TITLE is installed on the startup volume alone" 'install it with: installer -pkg FILE -target /'
fi
${product.kind === 'server' && existingConfig === 'keep' ? NOT_A_STANDALONE : ''}${notOlder(version)}
for label in $LABEL $ANCESTORS; do
  stop "$label" || fail_and_go_on "$label does not end" "see what holds it: sudo launchctl print system/$label"
done
/bin/launchctl disable "system/$LABEL"

own_folders || fail_and_go_on "$UPGRADE is not a folder of root alone" 'see what is in it, then move it away'
if is_in_use "$CONFIG"; then
  # With its kind, which changes when another takes its place. The configuration last: where it is, all is.
  kind=$(kind_in_use)
  echo "$kind" >"$UPGRADE/KIND" && copy_whole "$CONFIG" "$SAVED" ||
    fail_and_go_on "$CONFIG cannot be set aside" 'see whether the disk is full'
fi

# Last: until here they are what goes on when this fails.
for ancestor in $ANCESTORS; do
  /bin/rm -f "${plistOf({ label: '$ancestor' })}"
done
exit 0
`;
}

/** A warning at most: to go back to what ran well is a mend too. Of versions the three numbers are compared. */
const notOlder = (version: string) => `
installed=$(is_roots "$ROOT" "$ROOT/VERSION" && /bin/cat "$ROOT/VERSION" | /usr/bin/tr -cd '0-9A-Za-z.+-')
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
