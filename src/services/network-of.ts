/**
 * Whom an address stands for, where things are counted by address: who holds an IPv6 network holds 2^64 addresses,
 * so the network is counted, as 64 bits of it.
 */

/** `192.0.2.1`, or `2001:db8:1:2::/64`; an IPv4 address inside IPv6 is the IPv4 address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!address.includes(':')) return address;
  const [left = '', right] = address.split('::');
  const head = left.split(':');
  const tail = right === undefined ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...new Array<string>(zeros).fill('0'), ...tail].map((group) => group || '0');
  return `${groups.slice(0, 4).join(':').toLowerCase()}::/64`;
}
