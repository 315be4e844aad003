/**
 * The kinds of address: hosts, networks, the addresses of servers. Found values that may carry a password or a
 * token (URLs) are never shown.
 */
import { unbracketed } from '../base/host-text.ts';
import { asIs, bad, good, type Kind, quoteHint, type Reading } from './kind.ts';

export const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HOST_RULE = { expected: 'a host name or an IP address', example: '10.0.1.50' };

/** The URL parser knows every spelling of IPv6 (RFC 4291), so no second grammar for it stands here. */
const isIpv6 = (given: string) => /^[0-9a-fA-F:.]+$/.test(given) && URL.canParse(`http://[${given}]/`);
const isIp = (given: string) => IPV4.test(given) || isIpv6(given);
/** Only digits and dots is meant as an address, so it has to be one: 10.0.0.666 is no name. */
const isHost = (given: string) => isIp(given) || (HOST_NAME.test(given) && !/^[\d.]+$/.test(given));

/** IPv6 between brackets, and nothing else. */
export function isUrlHost(given: string): boolean {
  const host = unbracketed(given);
  return host === given ? isHost(given) && !isIpv6(given) : isIpv6(host);
}

function checkedText(
  rule: { expected: string; example: string },
  test: (given: string) => boolean,
): Kind<string> {
  return {
    ...rule,
    schema: { type: 'string', minLength: 1 },
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type', quoteHint(plain));
      return test(plain) ? good(plain) : bad('bad_value');
    },
    fromText: asIs,
  };
}

export const host = (): Kind<string> => checkedText(HOST_RULE, isHost);

export const hostAndPort = (): Kind<string> =>
  checkedText(
    { expected: 'host:port', example: '10.0.1.51:26379' },
    (given) => splitHostAndPort(given) !== undefined,
  );

/** The host without the brackets of IPv6. */
export function splitHostAndPort(given: string): { host: string; port: number } | undefined {
  const [, name = '', digits] = /^(.{1,255}):(\d{1,5})$/.exec(given) ?? [];
  const host = unbracketed(name);
  const port = Number(digits);
  return isUrlHost(name) && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Widest ranges that can be somebody's own: 10.0.0.0/8 and fc00::/7. */
const WIDEST_OWN_IPV4_BITS = 8;
const WIDEST_OWN_IPV6_BITS = 7;

export function network(): Kind<string> {
  const rule = { expected: 'an IP address or a CIDR range', example: '10.0.0.0/8' };
  const kind = checkedText(rule, (given) => {
    const [address = '', bits, ...rest] = given.split('/');
    if (rest.length > 0 || !isIp(address)) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (IPV4.test(address) ? 32 : 128));
  });
  return {
    ...kind,
    read(plain, folder): Reading<string> {
      const reading = kind.read(plain, folder);
      if (!reading.ok || !holdsEverybody(reading.value)) return reading;
      return bad('trusts_everybody', {
        sentence: `${reading.value} holds everybody's addresses, so anybody could name any address as his own`,
        hint: 'Name the addresses of your proxies, such as 10.0.0.7, or a range that is yours alone.',
      });
    },
  };
}

/** Ranges that begin with ::, such as ::ffff:0:0/96, hold every IPv4 address in its IPv6 spelling (RFC 4291). */
function holdsEverybody(range: string): boolean {
  const [address = '', bits] = range.split('/');
  if (bits === undefined) return false;
  if (IPV4.test(address)) return Number(bits) < WIDEST_OWN_IPV4_BITS;
  const beginsWithZeros = new URL(`http://[${address}]/`).hostname.startsWith('[::');
  return Number(bits) < WIDEST_OWN_IPV6_BITS || (beginsWithZeros && Number(bits) < 128);
}

/** Surely this machine: what need not be encrypted hangs on it. */
export function isLoopback(given: string): boolean {
  if (isIpv6(given)) return new URL(`http://[${given}]/`).hostname === '[::1]';
  return /^localhost\.?$/i.test(given) || (IPV4.test(given) && given.startsWith('127.'));
}

/** Names that most systems take for themselves (RFC 6761, 6.3; Debian's hosts), and no other machine should be given. */
export function meansThisMachine(given: string): boolean {
  return isLoopback(given) || /^ip6-(?:localhost|loopback)\.?$|\.localhost\.?$/i.test(given);
}

/** The address of a server, without a path; read as `https://host[:port]`. */
export function serverUrl(): Kind<string> {
  return {
    expected: 'http:// or https:// with a host, without a path, user name or password',
    example: 'https://fleet.example.com:8768',
    schema: { type: 'string', pattern: '^https?://[^@]+$' },
    read(plain) {
      if (typeof plain !== 'string') return bad('wrong_type');
      const [, name = ''] = /^https?:\/\/(\[[^\]]*\]|[^:/]*)(?::\d{1,5})?\/?$/.exec(plain) ?? [];
      return isUrlHost(name) && URL.canParse(plain) ? good(new URL(plain).origin) : bad('bad_value');
    },
    fromText: asIs,
  };
}

/** A web address of any form; some carry a token in their path, so none is shown. */
export const webhook = (): Kind<string> =>
  checkedText(
    { expected: 'a https:// address', example: 'https://hooks.example.com/fleet' },
    (given) => /^https:\/\/\S+$/.test(given) && URL.canParse(given),
  );
