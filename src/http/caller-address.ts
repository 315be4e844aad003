/**
 * From which address a request comes, where a proxy may stand between. X-Forwarded-For is believed as far as
 * trusted_proxies wrote it: from its right end, entry by entry, up to the first address that is no such proxy. What
 * stands left of that anybody may have made up. `Forwarded` (RFC 7239) is not read.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

export type IsTrusted = (address: string) => boolean;

/** `networks`: addresses and CIDR ranges, as the configuration has checked them. */
export function trustedAmong(networks: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/**
 * An entry that is no address ends the walk: then the proxy counts that passed it on, which can name its client and
 * does not.
 */
export function callerAddress({ headers, socket }: IncomingMessage, isTrusted: IsTrusted): string {
  let address = socket.remoteAddress ?? '';
  const claimed = headers['x-forwarded-for'];
  const entries = typeof claimed === 'string' ? claimed.split(',') : [];
  while (isTrusted(address)) {
    const next = addressIn(entries.pop() ?? '');
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/** Some proxies write the port too: `192.0.2.1:5678`, `[2001:db8::1]:5678`. It is not who asks. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const [, bracketed, plain] = /^\[(.*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? text;
  return isIP(address) === 0 ? undefined : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
