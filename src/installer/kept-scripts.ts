/** The scripts that stay on the Mac, in the payload: how people call the program there, and how they are rid of it. */
import { newsyslogRuleOf, type Product } from './product.ts';
import { constants, FUNCTIONS } from './script-parts.ts';

/** `bin/atlas-fleet` of an installation. */
export function launcher({ title, root }: Product): string {
  return `#!/bin/sh
# The command line of ${title}. With sudo, because config.yaml is root's alone.
[ -n "$ATLAS_FLEET_CONFIG" ] || ATLAS_FLEET_CONFIG=${root}/config.yaml
export ATLAS_FLEET_CONFIG
exec ${root}/bin/node ${root}/app/main.js "$@"
`;
}

/** Also who deletes the package can remove what it laid down. */
export function uninstallScript(product: Product): string {
  const { title, root, log, crashLog, spool } = product;
  return `#!/bin/sh
# Removes ${title}. Asks nothing.
#   sudo ${root}/bin/uninstall.sh            keeps what holds secrets or is not sent yet, and the logs
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
/bin/rm -f "$PLIST" ${newsyslogRuleOf(product)}

if [ "$purge" = yes ]; then
  elsewhere=$(/usr/bin/sed -n "s|^ *data_dir: *[\\"']*\\(/[^\\"'#]*\\).*|\\1|p" "$CONFIG" 2>/dev/null)
  /bin/rm -rf "$ROOT" || fail "$ROOT cannot be removed" 'see what is in it'
  /bin/rm -f ${log} ${log}.* ${crashLog} ${crashLog}.*
  [ ! -d "$elsewhere" ] || echo "not touched: $elsewhere, which data_dir named"
else
  # An upgrade that was cut off: what it had set aside is the configuration.
  if is_in_use "$SAVED" && is_unfinished "$CONFIG"; then
    /bin/mv -f "$SAVED" "$CONFIG" || fail "$CONFIG cannot be put back from $SAVED" 'see whether the disk is full'
  fi
  # Without a completed installation it is only the secrets of a package.
  ! is_unfinished "$CONFIG" || /bin/rm -f "$CONFIG" "$ROOT/KIND"
  for name in $PROGRAM; do
    /bin/rm -rf "$ROOT/$name"
  done
  /bin/rm -rf "$UPGRADE"
  for kept in "$CONFIG" "$CONFIG.before" "$ROOT"/*.before-* "$ROOT"/.*.before-* "$ROOT/config" "$ROOT/data"; do
    [ ! -e "$kept" ] || echo "kept: $kept, which holds secrets (--purge removes it)"
  done${spool === null ? '' : keptSpool(spool)}
fi
for left in "$ROOT".before-*; do
  [ ! -e "$left" ] || echo "not touched: $left, which an installation set aside; it may hold secrets"
done
/usr/sbin/pkgutil --forget "$LABEL" >/dev/null 2>&1
echo "$TITLE is removed"
exit 0
`;
}

const keptSpool = (spool: string) => `
  [ ! -e ${spool} ] || echo 'kept: ${spool}, the reports that were not sent (--purge removes it)'`;
