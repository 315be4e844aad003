/**
 * Whom an address stands for, where things are counted by address: who holds an IPv6 network holds 2^64 addresses,
 * so the network is counted, as 64 bits of it.
 */

const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * `192.0.2.1`, or `2001:db8:1:2::/64`, the same for every spelling; an IPv4 address inside IPv6 is the IPv4 address.
 * What is no address stands for itself.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%'); // without the interface by which a neighbour was reached
  const url = URL.parse(`http://[${plain}]`);
  if (url === null) return address;
  const canonical = url.hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return [...bytesOf(high), ...bytesOf(low)].join('.');
  return `${groupsOf(canonical).slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(canonical: string): string[] {
  const [head = [], tail = []] = canonical.split('::').map((half) => half.split(':').filter(Boolean));
  return [...head, ...new Array<string>(IPV6_GROUPS - head.length - tail.length).fill('0'), ...tail];
}

function bytesOf(group: string): [number, number] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
