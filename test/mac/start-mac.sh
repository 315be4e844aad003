# Makes a Mac of this machine, for itself alone: run in mount and process namespaces of its own, it lays a writable
# layer in memory over everything that is here, puts the stand-ins for Apple's tools into it, and stays as its first
# process until its stdin ends.
# Arguments: the checkout, which is shown read-only, and an empty folder.
set -eu
checkout=$1
ground=$2
mount -t tmpfs -o mode=0755 mac "$ground"
mkdir "$ground/upper" "$ground/work" "$ground/mac"
mac=$ground/mac
mount -t overlay -o "lowerdir=/,upperdir=$ground/upper,workdir=$ground/work" mac "$mac"
mount -t proc proc "$mac/proc"
mount --rbind /dev "$mac/dev"
mount -t tmpfs -o mode=1777 tmp "$mac/tmp"
mkdir -p "$mac$checkout" # a checkout may lie in the /tmp that was
mount --bind "$checkout" "$mac$checkout"
mount -o remount,ro,bind "$mac$checkout"

mkdir -p "$mac/Library/LaunchDaemons" "$mac/var/db/receipts" "$mac/var/db/stand-in" "$mac/etc/newsyslog.d"
# As on a Mac, folders and no links: what unpacks an archive may not walk through a link.
for folder in etc var tmp; do
  mkdir -p "$mac/private/$folder"
  mount --bind "$mac/$folder" "$mac/private/$folder"
done
getent group wheel >/dev/null || echo 'wheel:x:0:' >>"$mac/etc/group"
cp -L "$mac/bin/sleep" "$mac/var/db/stand-in/sleep"
for tool in bin/launchctl bin/sleep usr/sbin/scutil usr/sbin/networksetup usr/sbin/pkgutil sbin/route; do
  rm -f "$mac/$tool"
  cp "$checkout/test/mac/stand-ins/${tool##*/}" "$mac/$tool"
done
[ -e "$mac/usr/sbin/chown" ] || ln -s /bin/chown "$mac/usr/sbin/chown"
echo en0 >"$mac/var/db/stand-in/default-route"
echo mac-07 >"$mac/var/db/stand-in/local-host-name"
cd "$mac"
exec chroot "$mac" /bin/sh -c 'echo ready; while read -r _; do :; done'
